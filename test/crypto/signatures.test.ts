// The module's signatures against those of the runtime's own crypto, in both directions: the numbers are the same numbers,
// whatever the limbs, the curve's code or the key. Knows keys as DER only.
import {
  createPrivateKey,
  createPublicKey,
  constants,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { expect, test } from "vitest";
import { generateKey, type KeySize, publicKeyOf, signedWith } from "../../ts/engine/keys.ts";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { type SignatureMethod, verifySignature } from "../../ts/engine/signatures.ts";
import { integer, sequence } from "../support/der-writer.ts";

const hashes = [256, 384, 512] as const;
const hashesOf = (size: KeySize): readonly (256 | 384 | 512)[] => (size === 521 ? [512] : hashes); // Deno has no more
const curves: Readonly<Record<256 | 384 | 521, string>> = { 256: "P-256", 384: "P-384", 521: "P-521" };
const realm = sharedRealm();

/** Long and short, with bytes at both ends of their range. */
const messages = [new Uint8Array(), new Uint8Array(200), new Uint8Array(33).fill(255), randomBytes(1000)];

test(
  "the runtime's crypto verifies what the module signs, and signs what the module verifies",
  { timeout: 180_000 },
  () => {
    for (const size of [256, 384, 521, 2048, 3072] as const) {
      for (const [key, publicKey] of [ownKey(size), foreignKey(size)]) {
        const [theirKey, theirPublicKey] = [
          privateKey(key, size),
          createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" }),
        ];
        for (const hash of hashesOf(size)) {
          for (const message of messages) {
            const where = `${size}, SHA-${hash}, ${message.length} bytes`;
            const ours = signedWith(realm, key, hash, message);
            expect(verify(`sha${hash}`, message, theirPublicKey, ours), where).toBe(true);
            const theirs = new Uint8Array(sign(`sha${hash}`, message, theirKey));
            expect(verifySignature(realm, publicKey, { hash }, message, theirs), where).toBe(true);
            refusesOthers(publicKey, { hash }, message, theirs);
          }
        }
      }
    }
  },
);

test("RSASSA-PSS of the runtime's crypto verifies, with its own length of the salt only", () => {
  for (const size of [2048, 3072] as const) {
    const { privateKey: key, publicKey } = generateKeyPairSync("rsa", { modulusLength: size });
    const spki = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
    for (const hash of hashes) {
      for (const saltLength of [0, 20, hash / 8]) {
        const padding = constants.RSA_PKCS1_PSS_PADDING;
        for (const message of messages) {
          const signature = new Uint8Array(sign(`sha${hash}`, message, { key, padding, saltLength }));
          expect(verifySignature(realm, spki, { hash, saltLength }, message, signature)).toBe(true);
          expect(verifySignature(realm, spki, { hash, saltLength: saltLength + 1 }, message, signature)).toBe(false);
          refusesOthers(spki, { hash, saltLength }, message, signature);
        }
      }
    }
  }
});

test("the same message gets the same ECDSA signature (RFC 6979), and another one under another hash", () => {
  for (const size of [256, 384, 521] as const) {
    const key = generateKey(realm, size);
    const once = signedWith(realm, key, 256, messages[3]!);
    expect(signedWith(realm, key, 256, messages[3]!)).toEqual(once);
    expect(signedWith(realm, key, 384, messages[3]!)).not.toEqual(once);
  }
});

test("ECDSA on P-256 gives the signatures of RFC 6979, appendix A.2.5", () => {
  const key = fromHex(
    "30310201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a00a06082a8648ce3d030107",
  );
  const vectors = [
    [
      256,
      "sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ],
    [
      512,
      "sample",
      "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
      "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
    ],
    [
      256,
      "test",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
      "19f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ],
  ] as const;
  for (const [hash, message, r, s] of vectors) {
    const signature = sequence(integer(BigInt(`0x${r}`)), integer(BigInt(`0x${s}`)));
    expect(signedWith(realm, key, hash, new TextEncoder().encode(message))).toEqual(signature);
  }
});

test("ECDSA refuses r and s outside of [1, n - 1]", () => {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const spki = publicKeyOf(realm, generateKey(realm, 256));
  for (const r of [0n, 1n, n - 1n, n, n + 1n, (1n << 256n) - 1n]) {
    for (const s of [0n, 1n, n - 1n, n, n + 1n, (1n << 256n) - 1n])
      expect(verifySignature(realm, spki, { hash: 256 }, messages[3]!, sequence(integer(r), integer(s)))).toBe(false);
  }
});

/** No other message, hash, or signature with a changed bit verifies. */
function refusesOthers(
  publicKey: Uint8Array,
  method: SignatureMethod,
  message: Uint8Array,
  signature: Uint8Array,
): void {
  const other = Uint8Array.of(...message, 0);
  expect(verifySignature(realm, publicKey, method, other, signature)).toBe(false);
  expect(verifySignature(realm, publicKey, { ...method, hash: 224 }, message, signature)).toBe(false);
  const bit = Math.floor(Math.random() * signature.length * 8);
  const flipped = signature.slice();
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  expect(verifySignature(realm, publicKey, method, message, flipped), `bit ${bit}`).toBe(false);
  expect(verifySignature(realm, publicKey, method, message, signature.subarray(1))).toBe(false);
}

function ownKey(size: KeySize): [Uint8Array, Uint8Array] {
  const key = generateKey(realm, size);
  return [key, publicKeyOf(realm, key)];
}

/** A key that the runtime made, in the form that the module writes. */
function foreignKey(size: KeySize): [Uint8Array, Uint8Array] {
  const pair = isCurve(size)
    ? generateKeyPairSync("ec", { namedCurve: curves[size] })
    : generateKeyPairSync("rsa", { modulusLength: size });
  const type = isCurve(size) ? "sec1" : "pkcs1";
  return [
    new Uint8Array(pair.privateKey.export({ format: "der", type })),
    new Uint8Array(pair.publicKey.export({ format: "der", type: "spki" })),
  ];
}

function privateKey(der: Uint8Array, size: KeySize): KeyObject {
  return createPrivateKey({ key: Buffer.from(der), format: "der", type: isCurve(size) ? "sec1" : "pkcs1" });
}

function isCurve(size: KeySize): size is 256 | 384 | 521 {
  return size in curves;
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

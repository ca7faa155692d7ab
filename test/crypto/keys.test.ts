// The ciphers that stay with keys of PSA (wasm/aead.c): each message is as if its cipher were new, and nothing of a key outlives it.
import { expect, test } from "vitest";
import { Evidence, evidenceFile, moduleUnderTest, psa, randomBytes } from "./evidence.ts";
import { sealChaCha } from "./reference/chacha20.ts";
import { seal as sealGcm } from "./reference/gcm.ts";
import { sealCcm } from "./reference/modes.ts";

interface Cipher {
  readonly type: number;
  readonly algorithm: number;
  readonly name: "AES-128-GCM" | "AES-256-GCM" | "AES-128-CCM" | "ChaCha20-Poly1305";
  readonly keySize: number;
  readonly tagSize: number;
}

const { aes, chacha20, gcm, ccm, chacha20Poly1305: chachaPoly } = psa;
const shortest = (algorithm: number, tagSize: number): number =>
  ((algorithm & ~0x003f8000) | (tagSize << 16) | 0x8000) >>> 0;
const withTag = (algorithm: number, tagSize: number): number => (algorithm & ~0x003f0000) | (tagSize << 16);
const [notPermitted, notSupported, invalidSignature, tooSmall] = [-133, -134, -149, -138];

const ciphers: readonly Cipher[] = [
  { type: aes, algorithm: gcm, name: "AES-128-GCM", keySize: 16, tagSize: 16 },
  { type: aes, algorithm: gcm, name: "AES-256-GCM", keySize: 32, tagSize: 16 },
  { type: aes, algorithm: ccm, name: "AES-128-CCM", keySize: 16, tagSize: 16 },
  { type: chacha20, algorithm: chachaPoly, name: "ChaCha20-Poly1305", keySize: 32, tagSize: 16 },
];
const sizes = [0, 1, 16, 100, 300, 1000, 17, 5000, 100];

const evidence = new Evidence(evidenceFile(moduleUnderTest()), { wt_random: () => 0 });
evidence.call("_initialize");
if (evidence.call("wt_start") !== 0) throw new Error("Cannot start the module");
const [iv, text] = [evidence.room(12), evidence.room(6000)];

test.each(ciphers)(
  "one key of $name seals and opens message after message, short after long and long after short",
  (cipher) => {
    const bytes = randomBytes(cipher.keySize, 1);
    const key = imported(cipher, bytes);
    for (const [i, size] of sizes.entries()) {
      const [nonce, plain] = [randomBytes(12, i), randomBytes(size, i)];
      const sealed = plainlySealed(cipher, bytes, nonce, plain);
      expect(seal(key, cipher.algorithm, nonce, plain), `${size} bytes`).toEqual(sealed);
      expect(open(key, cipher.algorithm, nonce, sealed), `${size} bytes`).toEqual(plain);
    }
    destroy(key);
  },
);

test.each(ciphers)("a message of $name that was changed is refused, and the next is opened", (cipher) => {
  const bytes = randomBytes(cipher.keySize, 2);
  const key = imported(cipher, bytes);
  const [nonce, plain] = [randomBytes(12, 1), randomBytes(333, 1)];
  const sealed = plainlySealed(cipher, bytes, nonce, plain);
  for (const at of [0, 200, sealed.length - 1]) {
    expect(open(key, cipher.algorithm, nonce, sealed.with(at, sealed[at]! ^ 1))).toBe(invalidSignature);
    expect(open(key, cipher.algorithm, nonce, sealed)).toEqual(plain);
  }
  destroy(key);
});

test.each(ciphers)("keys of $name do not mix, however their messages alternate", (cipher) => {
  const keys = [1, 2, 3].map((seed) => randomBytes(cipher.keySize, seed));
  const ids = keys.map((bytes) => imported(cipher, bytes));
  for (let i = 0; i < 12; i++) {
    const [nonce, plain] = [randomBytes(12, i), randomBytes(50 + i, i)];
    expect(seal(ids[i % 3]!, cipher.algorithm, nonce, plain)).toEqual(
      plainlySealed(cipher, keys[i % 3]!, nonce, plain),
    );
  }
  for (const id of ids) destroy(id);
});

test("a key whose policy leaves the length of the tag open has the right one each time", () => {
  const bytes = randomBytes(16, 3);
  const [nonce, plain] = [randomBytes(12, 1), randomBytes(70, 1)];
  for (const [algorithm, name] of [
    [gcm, "AES-128-GCM"],
    [ccm, "AES-128-CCM"],
  ] as const) {
    const cipher = { type: aes, algorithm: shortest(algorithm, 8), name, keySize: 16, tagSize: 16 };
    const key = imported(cipher, bytes);
    for (const tagSize of [16, 8, 12, 16]) {
      expect(seal(key, withTag(algorithm, tagSize), nonce, plain)).toEqual(
        plainlySealed({ ...cipher, tagSize }, bytes, nonce, plain),
      );
    }
    expect(seal(key, withTag(algorithm, 4), nonce, plain)).toBe(notPermitted);
    destroy(key);
  }
});

test("what a key cannot do, or has no room to, is refused", () => {
  const [gcmCipher, , , chachaCipher] = ciphers;
  const key = imported(gcmCipher!, randomBytes(16, 1));
  const nonce = randomBytes(12, 1);
  expect(seal(key, chachaPoly, nonce, randomBytes(5, 1))).toBe(notPermitted);
  expect(seal(key, gcm, nonce, randomBytes(5, 1), 20)).toBe(tooSmall);
  expect(seal(key, gcm, nonce, randomBytes(5, 1), 21)).toHaveLength(21);
  destroy(key);
  const wrong = imported({ ...chachaCipher!, type: aes, keySize: 32 }, randomBytes(32, 1));
  expect(seal(wrong, chachaPoly, nonce, randomBytes(5, 1))).toBe(notSupported);
  destroy(wrong);
});

test.each(ciphers)("a destroyed key of $name leaves no block of memory behind", (cipher) => {
  const before = evidence.call("wt_live_blocks");
  const key = imported(cipher, randomBytes(cipher.keySize, 1));
  seal(key, cipher.algorithm, randomBytes(12, 1), randomBytes(400, 1));
  expect(evidence.call("wt_live_blocks")).toBeGreaterThan(before);
  destroy(key);
  expect(evidence.call("wt_live_blocks")).toBe(before);
});

function imported(cipher: Cipher, bytes: Uint8Array): number {
  evidence.write(text, bytes);
  const key = evidence.call("key_import", cipher.type, cipher.algorithm, text, bytes.length);
  expect(key).toBeGreaterThan(0);
  return key;
}

function seal(key: number, algorithm: number, nonce: Uint8Array, plain: Uint8Array, room = 6000): Uint8Array | number {
  evidence.write(iv, nonce);
  evidence.write(text, plain);
  const size = evidence.call("key_seal", key, algorithm, iv, text, plain.length, text, room);
  return size < 0 ? size : evidence.read(text, size);
}

function open(key: number, algorithm: number, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | number {
  evidence.write(iv, nonce);
  evidence.write(text, sealed);
  const size = evidence.call("key_open", key, algorithm, iv, text, sealed.length, text, 6000);
  return size < 0 ? size : evidence.read(text, size);
}

function destroy(key: number): void {
  expect(evidence.call("key_destroy", key)).toBe(0);
}

/** By the plain ones, with the nonce as additional data, as evidence.c has it. */
function plainlySealed({ name, tagSize }: Cipher, key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed =
    name === "AES-128-CCM"
      ? sealCcm(key, nonce, nonce, plain, tagSize)
      : (name === "ChaCha20-Poly1305" ? sealChaCha : sealGcm)(key, nonce, nonce, plain);
  return Uint8Array.of(...sealed.text, ...sealed.tag.subarray(0, tagSize));
}

// ECDH and X25519 against the runtime's own crypto, published vectors, and what must be refused. Keys are bytes as PSA has them:
// little-endian for X25519, big-endian numbers and uncompressed points for the others.
import { createECDH } from "node:crypto";
import { expect, test } from "vitest";
import { agree, type Curve, liveBlocks, publicKey } from "./probe.ts";

const refused = -135; // PSA_ERROR_INVALID_ARGUMENT
const order = {
  256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
} as const;
const names = { 256: "prime256v1", 384: "secp384r1" } as const;
const p25519 = (1n << 255n) - 19n;
const p256 = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

/** Of order 1, 2, 4 and 8, with the encodings that are not reduced. */
const smallOrder = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  p25519 - 1n,
  p25519,
  p25519 + 1n,
];

test("X25519 gives the vectors of RFC 7748, section 5.2, with 1,000 iterations", { timeout: 120_000 }, () => {
  const vectors = [
    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4 e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493 95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
  ];
  for (const vector of vectors) {
    const [key, peer, secret] = vector.split(" ").map(fromHex);
    expect(agree(255, key!, peer!)).toEqual(secret);
  }
  let [key, peer] = [little(9n), little(9n)];
  for (let round = 1; round <= 1000; round++) {
    [key, peer] = [bytes(agree(255, key, peer)), key];
    if (round === 1) expect(key).toEqual(fromHex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
  }
  expect(key).toEqual(fromHex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
});

test("X25519 agrees with the runtime's crypto, for random and for extreme keys and peers", async () => {
  const keys = [
    randomBytes(32),
    randomBytes(32),
    little(0n),
    little((1n << 256n) - 1n),
    little(1n << 255n),
    little(8n),
  ];
  const peers = [little(9n), little(2n), little(p25519 - 2n), little(p25519 + 9n), little((1n << 256n) - 3n)];
  for (const key of keys) {
    const own = bytes(publicKey(255, key));
    expect(own).toEqual(agree(255, key, little(9n)));
    for (const peer of [...peers, bytes(publicKey(255, randomBytes(32))), randomBytes(32)])
      expect(agree(255, key, peer)).toEqual(await webX25519(key, peer));
  }
});

test("X25519 refuses points of small order, whatever their highest bit", () => {
  for (const point of smallOrder) {
    for (const peer of [little(point), little(point | (1n << 255n))])
      expect(agree(255, randomBytes(32), peer)).toBe(refused);
  }
});

test("ECDH agrees with the runtime's crypto, for random keys and those at both ends", () => {
  for (const curve of [256, 384] as const) {
    const n = order[curve];
    const ends = [1n, 2n, 3n, 4n, 5n, 30n, 31n, 32n, 33n, n / 2n, n / 2n + 1n, n - 33n, n - 2n, n - 1n];
    const powers = Array.from({ length: curve / 8 }, (_, i) => 1n << BigInt(8 * i + 5));
    const keys = [...ends, ...powers].map((number) => big(number, curve));
    for (const key of [...keys, ...Array.from({ length: 20 }, () => big(random(n), curve))]) {
      const theirs = createECDH(names[curve]);
      theirs.setPrivateKey(key);
      expect(publicKey(curve, key)).toEqual(new Uint8Array(theirs.getPublicKey()));
      const peer = createECDH(names[curve]);
      const point = new Uint8Array(peer.generateKeys());
      expect(agree(curve, key, point)).toEqual(new Uint8Array(theirs.computeSecret(point)));
    }
  }
});

test("a point and the key of its negative have the same secret, and G with the key n - 1 has its own x", () => {
  const g = bytes(publicKey(256, big(1n, 256)));
  expect(agree(256, big(order[256] - 1n, 256), g)).toEqual(g.slice(1, 33));
  const key = big(random(order[256]), 256);
  const point = bytes(publicKey(256, key));
  const negative = Uint8Array.of(4, ...point.subarray(1, 33), ...big(p256 - number(point.subarray(33)), 256));
  const other = big(random(order[256]), 256);
  expect(agree(256, other, negative)).toEqual(agree(256, other, point));
});

test("private keys outside of the group's order are refused", () => {
  for (const curve of [256, 384] as const) {
    const n = order[curve];
    for (const wrong of [0n, n, n + 1n, (1n << BigInt(curve)) - 1n]) {
      expect(publicKey(curve, big(wrong, curve))).toBe(refused);
      expect(agree(curve, big(wrong, curve), bytes(publicKey(curve, big(1n, curve))))).toBe(refused);
    }
    expect(publicKey(curve, new Uint8Array(curve / 8 - 1))).toBe(refused);
    expect(publicKey(curve, new Uint8Array())).toBe(refused);
  }
  expect(publicKey(255, new Uint8Array(31))).toBe(refused);
});

test("what is no point of the curve is no peer", () => {
  const key = big(random(order[256]), 256);
  const point = bytes(publicKey(256, key));
  const wrong: readonly Uint8Array[] = [
    Uint8Array.of(0), // the point at infinity
    Uint8Array.of(4, ...new Uint8Array(64)),
    Uint8Array.of(2 + (point[64]! & 1), ...point.subarray(1, 33)),
    Uint8Array.of(6 + (point[64]! & 1), ...point.subarray(1)),
    Uint8Array.of(4, ...big(p256, 256), ...point.subarray(33)), // x = p stands for no coordinate
    Uint8Array.of(4, ...point.subarray(1, 33), ...big(p256 - number(point.subarray(33)) + 1n, 256)),
    Uint8Array.of(4, ...new Uint8Array(64).fill(255)),
    point.subarray(0, 64),
    Uint8Array.of(...point, 0),
    new Uint8Array(),
  ];
  for (const peer of wrong) expect(agree(256, key, peer)).toBe(refused);
  for (let bit = 8; bit < 520; bit += 7) {
    const flipped = point.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(agree(256, key, flipped)).toBe(refused);
  }
});

test("a coordinate that is not reduced is refused even where the reduced one is on the curve", () => {
  const y = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n; // of x = 0
  expect(agree(256, big(5n, 256), Uint8Array.of(4, ...new Uint8Array(32), ...big(y, 256)))).toBeInstanceOf(Uint8Array);
  expect(agree(256, big(5n, 256), Uint8Array.of(4, ...big(p256, 256), ...big(y, 256)))).toBe(refused);
});

test("agreements leave nothing behind", () => {
  const blocks = liveBlocks();
  for (const curve of [255, 256] satisfies Curve[]) {
    const key = big(77n, 256);
    agree(curve, key, bytes(publicKey(curve, key)));
    agree(curve, key, new Uint8Array(curve === 255 ? 32 : 65));
  }
  expect(liveBlocks()).toBe(blocks);
});

async function webX25519(key: Uint8Array, peer: Uint8Array): Promise<Uint8Array> {
  const pkcs8 = Uint8Array.of(...fromHex("302e020100300506032b656e04220420"), ...key);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("raw", Uint8Array.from(peer), "X25519", false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, privateKey, 256));
}

function bytes(answer: Uint8Array | number): Uint8Array {
  if (typeof answer === "number") throw new Error(`Cannot go on: PSA answers ${answer}`);
  return answer;
}

function little(value: bigint): Uint8Array {
  return big(value, 256).toReversed();
}

function big(value: bigint, bits: number): Uint8Array {
  return fromHex(value.toString(16).padStart(bits / 4, "0"));
}

function number(value: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(value).toString("hex")}`);
}

function random(below: bigint): bigint {
  return (number(randomBytes(64)) % (below - 1n)) + 1n;
}

function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

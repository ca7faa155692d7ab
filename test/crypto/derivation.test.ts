// HMAC and HKDF, as TLS has them of Mbed TLS, against the vectors of RFC 4231 and RFC 5869 and against node:crypto.
import { createHmac, hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { Derivation, type Hash } from "./derivation.ts";
import { fromHex, randomBytes } from "./evidence.ts";

const derivation = new Derivation();
const hashes: readonly Hash[] = [256, 384, 512];
const text = (ascii: string): Uint8Array => new TextEncoder().encode(ascii);
const counted = (first: number, last: number): Uint8Array =>
  Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i);

test("HMAC: the cases of RFC 4231 come out, short keys and long ones, and a tag that is cut", () => {
  const cases = [
    {
      key: new Uint8Array(20).fill(0x0b),
      data: text("Hi There"),
      tag: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    },
    {
      key: text("Jefe"),
      data: text("what do ya want for nothing?"),
      tag: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    },
    {
      key: new Uint8Array(20).fill(0x0c),
      data: text("Test With Truncation"),
      tag: "a3b6167473100ee06e0c796c2955552b",
    },
    {
      key: new Uint8Array(131).fill(0xaa),
      data: text("Test Using Larger Than Block-Size Key - Hash Key First"),
      tag: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    },
  ];
  for (const { key, data, tag } of cases) expect(derivation.hmac(256, key, data, tag.length / 2)).toEqual(fromHex(tag));
});

test("HKDF: the cases of RFC 5869 with SHA-256 come out", () => {
  const cases = [
    {
      inputs: { secret: new Uint8Array(22).fill(0x0b), salt: counted(0, 0x0c), info: counted(0xf0, 0xf9) },
      wanted: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    },
    {
      inputs: { secret: counted(0, 0x4f), salt: counted(0x60, 0xaf), info: counted(0xb0, 0xff) },
      wanted:
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09" +
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    },
    {
      inputs: { secret: new Uint8Array(22).fill(0x0b), salt: new Uint8Array(), info: new Uint8Array() },
      wanted: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    },
  ];
  for (const { inputs, wanted } of cases) {
    expect(derivation.hkdf(256, inputs, wanted.length / 2)).toEqual(fromHex(wanted));
  }
});

test.each(hashes)(
  "HMAC with SHA-%i is that of node:crypto for keys and messages around the size of a block",
  (hash) => {
    for (const size of [0, 1, 31, 32, 63, 64, 65, 111, 112, 127, 128, 129, 200, 1000]) {
      const [key, data] = [randomBytes(Math.max(size, 1), size), randomBytes(size, size + 1)];
      const wanted = new Uint8Array(createHmac(`sha${hash}`, key).update(data).digest());
      expect(derivation.hmac(hash, key, data, hash / 8), `${size}`).toEqual(wanted);
      for (let bit = 0; bit < hash; bit += 7)
        expect(derivation.verifies(hash, key, data, flipped(wanted, bit))).toBe(false);
      expect(derivation.verifies(hash, key, data, wanted)).toBe(true);
    }
  },
);

test.each(hashes)("HKDF with SHA-%i is that of node:crypto up to the longest, and longer is refused", (hash) => {
  const [secret, salt, info] = [randomBytes(48, 1), randomBytes(64, 2), randomBytes(100, 3)];
  const longest = (255 * hash) / 8;
  for (const size of [1, 31, 32, 33, 63, 64, 65, 255, 1000, longest]) {
    const wanted = new Uint8Array(hkdfSync(`sha${hash}`, secret, salt, info, size));
    expect(derivation.hkdf(hash, { secret, salt, info }, size), `${size}`).toEqual(wanted);
  }
  expect(derivation.hkdf(hash, { secret, salt, info }, longest + 1)).toBeTypeOf("number");
});

function flipped(tag: Uint8Array, bit: number): Uint8Array {
  return tag.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

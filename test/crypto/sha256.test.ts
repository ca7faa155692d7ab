// SHA-256 and SHA-224: the schedule of wasm/crypto word by word, and digests against the vectors of FIPS 180-4's examples and node:crypto,
// which is OpenSSL.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Evidence, evidenceFile, fromHex, moduleUnderTest, randomBytes, unit } from "./evidence.ts";

const limit = 1_000_000;
const evidence = new Evidence(evidenceFile(moduleUnderTest()));
const [data, out] = [evidence.room(limit), evidence.room(32)];

test("the schedule has the words of FIPS 180-4, for each bit of a block alone, for all, and for random blocks", () => {
  const own = new Evidence();
  const [block, words] = [own.room(64), own.room(256)];
  const blocks = [
    ...Array.from({ length: 512 }, (_, bit) => unit(64, bit)),
    new Uint8Array(64).fill(255),
    ...Array.from({ length: 1000 }, (_, seed) => randomBytes(64, seed)),
  ];
  for (const bytes of blocks) {
    own.write(block, bytes);
    own.call("sha256_schedule", block, words);
    expect([...new Uint32Array(own.read(words, 256).slice().buffer)]).toEqual(schedule(bytes));
  }
});

test("the examples of FIPS 180-4 come out: abc, two blocks, and a million times a", () => {
  const examples = [
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ] as const;
  for (const [text, wanted] of examples) expect(digest(new TextEncoder().encode(text))).toEqual(fromHex(wanted));
  expect(digest(new TextEncoder().encode("abc"), true)).toEqual(
    fromHex("23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
  );
});

test("digests of each length from 0 to 300, and of longer texts, are those of node:crypto, at every alignment", () => {
  const lengths = [...Array.from({ length: 301 }, (_, size) => size), 1000, 4095, 4096, 16_385];
  for (const length of lengths) {
    for (const text of [randomBytes(length, length), new Uint8Array(length).fill(255)]) {
      expect(digest(text), `${length}`).toEqual(hashed("sha256", text));
      expect(digest(text, true), `${length}`).toEqual(hashed("sha224", text));
    }
  }
  for (let shift = 0; shift < 16; shift++) {
    const text = randomBytes(200, shift);
    expect(digest(text, false, shift)).toEqual(hashed("sha256", text));
  }
});

function digest(text: Uint8Array, short = false, shift = 0): Uint8Array {
  evidence.write(data + shift, text);
  expect(evidence.call("sha256", data + shift, text.length, out, short ? 1 : 0)).toBe(0);
  return evidence.read(out, short ? 28 : 32);
}

function hashed(name: string, text: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(name).update(text).digest());
}

/** FIPS 180-4, 6.2.2, step 1. */
function schedule(block: Uint8Array): number[] {
  const view = new DataView(block.buffer, block.byteOffset, 64);
  const w = Array.from({ length: 16 }, (_, i) => view.getUint32(4 * i));
  const turned = (x: number, by: number): number => (x >>> by) | (x << (32 - by));
  for (let t = 16; t < 64; t++) {
    const [early, late] = [w[t - 15]!, w[t - 2]!];
    const sigma0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const sigma1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    w.push((sigma1 + w[t - 7]! + sigma0 + w[t - 16]!) >>> 0);
  }
  return w;
}

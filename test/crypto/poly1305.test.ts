// The Poly1305 of wasm/crypto against numbers without bounds. A step is a product, which is bilinear, and carries. So products are
// checked on all pairs of units; that no sum goes beyond 64 bits is checked where all limbs are the largest, since every sum
// only grows with each of them; carries, and the end, at the borders and at random.
import { expect, test } from "vitest";
import { Evidence, randomBytes, unit } from "./evidence.ts";
import { poly1305 } from "./reference/chacha20.ts";

type Limbs = readonly bigint[];

const prime = (1n << 130n) - 5n;
const mask = (1n << 26n) - 1n;
/** What a carry may leave, by poly1305.h. */
const carried: Limbs = [mask, mask + (1n << 10n), mask, mask, mask + (1n << 8n)];
const clamped: Limbs = Array.from({ length: 5 }, () => mask);
/** The block of bytes 255, with 2^128. */
const largestBlock: Limbs = [mask, mask, mask, mask, (1n << 25n) - 1n];
/** What goes into a carry is below this. */
const beforeCarry = 1n << 59n;

const evidence = new Evidence();
const [first, second, third] = [evidence.room(40), evidence.room(40), evidence.room(40)];
const [block, tag, long] = [evidence.room(32), evidence.room(16), evidence.room(1024)];

test("a block becomes its number with 2^128 on top, for each bit alone, all and none", () => {
  const blocks = [
    ...Array.from({ length: 128 }, (_, bit) => unit(16, bit)),
    new Uint8Array(16).fill(255),
    new Uint8Array(16),
  ];
  for (const bytes of blocks) {
    evidence.write(block, bytes);
    write(first, [0n, 0n, 0n, 0n, 0n]);
    evidence.call("poly_add_block", first, block);
    const limbs = read(first);
    expect(numberOf(limbs)).toBe(bytesNumber(bytes) + (1n << 128n));
    expect(limbs.every((limb) => limb <= mask)).toBe(true);
  }
});

test("limb k of a product has each pair of limbs whose places add up to k, and five times those that add up to k + 5", () => {
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 5; j++) {
      write(first, [7n, 0n, 0n, 0n, 0n]);
      evidence.call("poly_product", first, at(second, unitLimbs(i)), at(third, unitLimbs(j)));
      const expected = [7n, 0n, 0n, 0n, 0n];
      expected[(i + j) % 5]! += i + j < 5 ? 1n : 5n;
      expect(read(first), `${i} ${j}`).toEqual(expected);
    }
  }
});

test("with the largest limbs of all no sum of a step reaches what a carry takes", () => {
  const sum = carried.map((limb, i) => limb + largestBlock[i]!);
  const all = product(sum, carried).map((limb, k) => limb + product(largestBlock, clamped)[k]!);
  for (const limb of all) expect(limb).toBeLessThan(beforeCarry);
});

test("a carry keeps the number modulo 2^130 - 5 and leaves limbs within their bounds", () => {
  const borders = [0n, 1n, mask, mask + 1n, beforeCarry - 1n];
  const cases = [
    ...borders.map((limb) => Array.from({ length: 5 }, () => limb)),
    ...Array.from({ length: 5 * borders.length }, (_, n) =>
      unitLimbs(n % 5).map((one) => one * borders[Math.floor(n / 5)]!),
    ),
    ...Array.from({ length: 2000 }, (_, seed) => randomLimbs(seed, 59n)),
  ];
  for (const limbs of cases) {
    write(first, limbs);
    evidence.call("poly_carry", first);
    expectCarried(read(first), numberOf(limbs));
  }
});

test("a step is (sum + m) r^2 + n r, with the largest, the smallest and random limbs and blocks", () => {
  const none = [0n, 0n, 0n, 0n, 0n];
  const sums = [carried, none, randomLimbs(1, 26n)];
  const factors = [clamped, none, randomLimbs(2, 26n)];
  const squares = [carried, none, randomLimbs(3, 26n)];
  const blocks = [new Uint8Array(32).fill(255), new Uint8Array(32), randomBytes(32, 4)];
  for (const sum of sums) {
    for (const r of factors) {
      for (const square of squares) {
        for (const bytes of blocks) {
          evidence.write(block, bytes);
          evidence.call("poly_step", at(first, sum), at(second, r), at(third, square), block);
          const [m, n] = [bytes.subarray(0, 16), bytes.subarray(16)].map((part) => bytesNumber(part) + (1n << 128n));
          expectCarried(read(first), (numberOf(sum) + m!) * numberOf(square) + n! * numberOf(r));
        }
      }
    }
  }
});

test("the tag is the sum modulo 2^130 - 5 plus the pad modulo 2^128, around every border", () => {
  const near = [0n, prime, 1n << 130n, 1n << 128n, 1n << 64n].flatMap((number) =>
    Array.from({ length: 21 }, (_, i) => number + BigInt(i - 10)).filter((sum) => sum >= 0n && sum < 1n << 130n),
  );
  const sums = [
    ...near.map(limbsOf),
    carried,
    ...Array.from({ length: 5 }, (_, i) => unitLimbs(i).map((one, k) => one * carried[k]!)),
  ];
  const pads = [new Uint8Array(16), new Uint8Array(16).fill(255), unit(16, 64), randomBytes(16, 1)];
  for (const sum of sums) {
    for (const pad of pads) {
      evidence.call("poly_finish", at(first, sum), pad, tag);
      const expected = ((numberOf(sum) % prime) + bytesNumber(pad)) & ((1n << 128n) - 1n);
      expect(bytesNumber(evidence.read(tag, 16))).toBe(expected);
    }
  }
});

test("tags of 0 to 60 blocks are those of the plain one, with keys and texts of ones, zeros and random bytes", () => {
  for (const key of [new Uint8Array(32).fill(255), new Uint8Array(32), randomBytes(32, 1), randomBytes(32, 2)]) {
    for (let blocks = 0; blocks <= 60; blocks++) {
      for (const text of [new Uint8Array(16 * blocks).fill(255), randomBytes(16 * blocks, blocks)]) {
        evidence.write(long, text);
        evidence.call("poly_mac", key, long, blocks, tag);
        expect(evidence.read(tag, 16)).toEqual(poly1305(key, text));
      }
    }
  }
});

function expectCarried(limbs: Limbs, number: bigint): void {
  expect(numberOf(limbs) % prime).toBe(number % prime);
  for (const [i, limb] of limbs.entries()) expect(limb).toBeLessThanOrEqual(carried[i]!);
}

/** What poly1305.h says of a product, without bounds. */
function product(a: Limbs, b: Limbs): bigint[] {
  const d = [0n, 0n, 0n, 0n, 0n];
  for (const [i, x] of a.entries()) {
    for (const [j, y] of b.entries()) d[(i + j) % 5]! += x * y * (i + j < 5 ? 1n : 5n);
  }
  return d;
}

function at(address: number, limbs: Limbs): number {
  write(address, limbs);
  return address;
}

function write(address: number, limbs: Limbs): void {
  evidence.write(address, new Uint8Array(BigUint64Array.from(limbs).buffer));
}

function read(address: number): bigint[] {
  return [...new BigUint64Array(evidence.read(address, 40).slice().buffer)];
}

function numberOf(limbs: Limbs): bigint {
  return limbs.reduce((number, limb, i) => number + (limb << BigInt(26 * i)), 0n);
}

function limbsOf(number: bigint): bigint[] {
  return Array.from({ length: 5 }, (_, i) => (number >> BigInt(26 * i)) & mask);
}

function unitLimbs(place: number): bigint[] {
  return Array.from({ length: 5 }, (_, i) => (i === place ? 1n : 0n));
}

function randomLimbs(seed: number, bits: bigint): bigint[] {
  const words = new BigUint64Array(randomBytes(40, seed).slice().buffer);
  return [...words].map((word) => word & ((1n << bits) - 1n));
}

function bytesNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

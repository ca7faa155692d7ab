// Big numbers against BigInt: products and powers of random numbers and of those that carry the most, in all lengths around
// the ends of limbs and of the unrolled loop.
import { expect, test } from "vitest";
import { liveBlocks, multiply, power } from "./probe.ts";

const lengths = [
  1, 31, 32, 33, 63, 64, 65, 127, 128, 192, 255, 256, 257, 384, 511, 512, 513, 521, 576, 1024, 1031, 2048,
];

test("products are those of BigInt", () => {
  const numbers = lengths.flatMap(numbersOf);
  const wrong = numbers.flatMap((a) => numbers.filter((b) => multiply(a, b) !== a * b).map((b) => `${a} * ${b}`));
  expect(wrong).toEqual([]);
});

test("powers modulo odd numbers are those of BigInt", () => {
  for (const bits of lengths.filter((length) => length >= 32 && length <= 1031)) {
    for (const number of numbersOf(bits)) {
      const modulus = number | 1n;
      for (const base of [0n, 1n, 2n, modulus - 1n, random(bits) % modulus]) {
        for (const exponent of [1n, 2n, 65537n, random(200), (1n << 130n) - 1n])
          expect(power(base, exponent, modulus)).toBe(powerOf(base, exponent, modulus));
      }
    }
  }
});

test("calculations leave nothing behind", () => {
  const blocks = liveBlocks();
  multiply(random(2048), random(2048));
  power(random(1000), random(200), random(1024) | 1n);
  expect(liveBlocks()).toBe(blocks);
});

/** Of that many bits: all set, one set, every other half limb set, random. */
function numbersOf(bits: number): readonly bigint[] {
  const size = BigInt(bits);
  const halves = BigInt(`0x${"ffffffff00000000".repeat(Math.ceil(bits / 64))}`);
  return [(1n << size) - 1n, 1n << (size - 1n), BigInt.asUintN(bits, halves) | (1n << (size - 1n)), random(bits)];
}

function random(bits: number): bigint {
  const bytes = crypto.getRandomValues(new Uint8Array(Math.ceil(bits / 8)));
  return BigInt.asUintN(bits, BigInt(`0x${Buffer.from(bytes).toString("hex")}`)) | (1n << BigInt(bits - 1));
}

function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}

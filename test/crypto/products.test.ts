// The products of big numbers (wasm/crypto/products.c) against BigInt, to the last limb: with numbers that carry the most and
// the least, in all lengths of RSA and of the curves, odd ones among them. With WANTTLS_PROOF=all all lengths up to 4096 bits.
import process from "node:process";
import { expect, test } from "vitest";
import { Evidence, randomBytes } from "./evidence.ts";

const all = process.env["WANTTLS_PROOF"] === "all";
const lengths = all ? Array.from({ length: 64 }, (_, i) => i + 1) : [1, 2, 3, 4, 5, 6, 8, 9, 16, 17, 24, 32, 33, 64];
const evidence = new Evidence();
const room = (): number => evidence.room(8 * (2 * 64 + 2));
const [a, b, n, mm, result] = [room(), room(), room(), room(), room()];
const untouched = 0xa5;

test("products of any two lengths are those of BigInt, and nothing behind them is written", () => {
  for (const left of [0, ...lengths]) {
    for (const right of [0, 1, 2, 3, 6, left]) {
      const pairs = numbersOf(left).flatMap((x) => numbersOf(right).map((y) => [x, y] as const));
      const wrong = pairs.filter(([x, y]) => productOf(x, left, y, right) !== x * y);
      expect(wrong, `${left} and ${right} limbs`).toEqual([]);
    }
  }
});

test("Montgomery's products are (a b + m n) / 2^(64 limbs) exactly, also of numbers above the modulus", () => {
  for (const limbs of lengths) {
    const r = 1n << BigInt(64 * limbs);
    for (const modulus of numbersOf(limbs).map((number) => number | 1n)) {
      const factor = r - inverseOf(modulus, r);
      place(n, modulus, limbs);
      place(mm, BigInt.asUintN(64, factor), 1);
      const others = [...numbersOf(limbs), modulus - 1n];
      const pairs = numbersOf(limbs).flatMap((x) => [...others, x % modulus].map((y) => [x, y] as const));
      const exact = (x: bigint, y: bigint): bigint => (x * y + ((x * y * factor) % r) * modulus) / r;
      const wrong = pairs.filter(([x, y]) => montgomeryOf(x, y, limbs) !== exact(x, y));
      expect(wrong, `${limbs} limbs modulo ${modulus}`).toEqual([]);
    }
  }
});

function productOf(x: bigint, left: number, y: bigint, right: number): bigint {
  place(a, x, left);
  place(b, y, right);
  return written(left + right, () => evidence.call("multiply", result, a, left, b, right));
}

/** Modulo what is in `n`, with its `mm`. */
function montgomeryOf(x: bigint, y: bigint, limbs: number): bigint {
  place(a, x, limbs);
  place(b, y, limbs);
  return written(limbs + 1, () => evidence.call("montgomery", result, a, b, n, limbs, mm));
}

/** Of so many limbs: none and one, all bits, one bit, every other half limb and limb, what looks random. */
function numbersOf(limbs: number): readonly bigint[] {
  if (limbs === 0) return [0n];
  const pattern = (hex: string): bigint => BigInt(`0x0${hex.repeat(limbs).slice(0, 16 * limbs)}`);
  const extreme = [pattern("0000000000000000"), pattern("ffffffffffffffff"), pattern("ffffffff00000000")];
  const more = [pattern("00000000ffffffff"), pattern("ffffffffffffffff0000000000000000"), pattern("8000000000000000")];
  const random = numberIn(randomBytes(8 * limbs, limbs));
  return [...extreme, ...more, 1n, 1n << BigInt(64 * limbs - 1), random];
}

/** By Newton's steps, which double the bits that are right; a number times itself is 1 modulo 8. */
function inverseOf(odd: bigint, r: bigint): bigint {
  let inverse = odd;
  for (let bits = 3; 1n << BigInt(bits) < r; bits *= 2) inverse = (inverse * (2n - odd * inverse)) % r;
  return ((inverse % r) + r) % r;
}

function place(at: number, number: bigint, limbs: number): void {
  const hex = number.toString(16).padStart(16 * limbs, "0");
  evidence.write(at, limbs === 0 ? new Uint8Array() : Uint8Array.from(Buffer.from(hex, "hex")).toReversed());
}

/** What the call has written: so many limbs, and nothing into the two behind them. */
function written(limbs: number, call: () => void): bigint {
  evidence.write(result, new Uint8Array(8 * (limbs + 2)).fill(untouched));
  call();
  const bytes = evidence.read(result, 8 * (limbs + 2));
  expect(bytes.subarray(8 * limbs).every((byte) => byte === untouched)).toBe(true);
  return numberIn(bytes.subarray(0, 8 * limbs));
}

function numberIn(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes.toReversed()).toString("hex")}`);
}

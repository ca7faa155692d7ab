// What a local of a WebAssembly function holds, when it is not known: a whole number modulo some power of two, or an address. Owns what
// each instruction makes of such words, and refuses what would need to know more: so an overflow that matters has no answer here.
import type { WholeNumber } from "./whole-number.ts";

export type Width = 32 | 64;

/** `offset` bytes behind something whose place is not known, and which nothing else overlaps that goes by another name. */
export interface Address {
  readonly base: string;
  readonly offset: number;
}

/** The word is congruent to the number modulo 2^precision, of which it has at least as many bits. */
export interface Numeral {
  readonly number: WholeNumber;
  readonly precision: number;
}

export type Word = Address | Numeral;

type Operation = (a: Numeral, b: Numeral, width: Width) => Numeral;

export const operations = {
  add: ring((a, b) => a.plus(b)),
  sub: ring((a, b) => a.minus(b)),
  mul: ring((a, b) => a.times(b)),
  shl: (a, b, width) => exactWithin(a.number.shifted(places(b, width)), a.precision, width),
  shr_s: (a, b, width) => ({ number: signed(a, width).quotient(places(b, width)), precision: width }),
  shr_u: shiftedRight,
  and: masked,
  or: put,
} as const satisfies Readonly<Record<string, Operation>>;

export function isAddress(word: Word): word is Address {
  return "base" in word;
}

export function numeral(number: WholeNumber, precision: number): Numeral {
  return { number, precision };
}

/** What i32.wrap_i64 makes of a word of 64 bits. */
export function wrapped(word: Numeral): Numeral {
  return numeral(word.number, Math.min(word.precision, 32));
}

/** The number that the word is when its highest bit is a sign; throws when it may be another one. */
export function signed({ number, precision }: Numeral, width: Width): WholeNumber {
  const half = 1n << BigInt(width - 1);
  if (precision >= width && number.isWithin(-half, half - 1n)) return number;
  throw new Error(`Cannot prove: [${number.low}, ${number.high}] may overflow ${width} bits with a sign`);
}

/** The same without a sign. */
export function unsigned({ number, precision }: Numeral, width: Width): WholeNumber {
  if (precision >= width && number.isWithin(0n, (1n << BigInt(width)) - 1n)) return number;
  throw new Error(`Cannot prove: [${number.low}, ${number.high}] may overflow ${width} bits`);
}

/** The number where it is known, and exact in JavaScript as well. */
export function constant({ number }: Numeral): number {
  if (number.isConstant && Number.isSafeInteger(Number(number.low))) return Number(number.low);
  throw new Error("Cannot prove: what has to be a constant is none");
}

/** By how many places is shifted: instructions take it modulo the width. */
function places(by: Numeral, width: Width): number {
  const bits = constant(by);
  if (bits >= 0 && bits < width) return bits;
  throw new Error(`Cannot prove: it shifts ${width} bits by ${bits}`);
}

/** Sums, differences and products are those of whole numbers modulo any power of two. */
function ring(operation: (a: WholeNumber, b: WholeNumber) => WholeNumber): Operation {
  return (a, b, width) => exactWithin(operation(a.number, b.number), Math.min(a.precision, b.precision), width);
}

function exactWithin(number: WholeNumber, precision: number, width: Width): Numeral {
  return numeral(number, Math.min(precision, width));
}

/** Of a word that is 2^width higher than its number, the quotient is higher by 2^(width - bits). */
function shiftedRight(a: Numeral, b: Numeral, width: Width): Numeral {
  const bits = places(b, width);
  if (a.precision < width)
    throw new Error("Cannot prove: of a number that is shifted down the upper bits are not known");
  const isUnsigned = a.number.isWithin(0n, (1n << BigInt(width)) - 1n);
  return numeral(a.number.quotient(bits), isUnsigned ? width : width - bits);
}

/** By a constant whose ones are the lowest bits. */
function masked(a: Numeral, b: Numeral, width: Width): Numeral {
  const [word, mask] = a.number.isConstant ? [b, a] : [a, b];
  const bits = constant(mask).toString(2).length;
  if (mask.number.low + 1n !== 1n << BigInt(bits) || bits > word.precision)
    throw new Error("Cannot prove: the mask is none of low bits");
  return numeral(word.number.remainder(bits), width);
}

/** Two that have no bit in common: then it is their sum. */
function put(a: Numeral, b: Numeral, width: Width): Numeral {
  const [upper, lower] = a.number.zeros > b.number.zeros ? [a, b] : [b, a];
  unsigned(upper, width);
  if (!unsigned(lower, width).isWithin(0n, (1n << BigInt(upper.number.zeros)) - 1n))
    throw new Error("Cannot prove: bits that are put together may overlap");
  return numeral(upper.number.plusBelow(lower.number), width);
}

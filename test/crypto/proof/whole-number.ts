// A whole number that is not known: between which bounds it lies, and what it is modulo the prime, as a polynomial in named whole
// numbers. Owns exact arithmetic with such numbers, which has no size and never overflows; knows nothing of words and instructions.
import { inverse, Polynomial } from "./polynomial.ts";

let names = 0;

export class WholeNumber {
  readonly low: bigint;
  readonly high: bigint;
  /** It is a multiple of 2^zeros. */
  readonly zeros: number;
  /** Congruent to it modulo the prime. */
  readonly polynomial: Polynomial;
  /** What was divided once has the same name the next time. */
  readonly #quotients = new Map<number, WholeNumber>();
  /** What its quotient by 2^bits is, of which further ones are quotients. */
  readonly #above: { readonly bits: number; readonly number: WholeNumber } | undefined;

  constructor(
    low: bigint,
    high: bigint,
    polynomial: Polynomial,
    zeros = 0,
    above?: { readonly bits: number; readonly number: WholeNumber },
  ) {
    this.#above = above;
    this.low = low;
    this.high = high;
    this.polynomial = polynomial;
    this.zeros = zeros;
  }

  static constant(number: bigint): WholeNumber {
    return new WholeNumber(number, number, Polynomial.constant(number));
  }

  /** One that has no name yet. */
  static unknown(low: bigint, high: bigint, name = `_${(names++).toString(36)}`): WholeNumber {
    return new WholeNumber(low, high, Polynomial.variable(name));
  }

  get isConstant(): boolean {
    return this.low === this.high;
  }

  isWithin(low: bigint, high: bigint): boolean {
    return low <= this.low && this.high <= high;
  }

  plus(other: WholeNumber): WholeNumber {
    const zeros = Math.min(this.zeros, other.zeros);
    return new WholeNumber(this.low + other.low, this.high + other.high, this.polynomial.plus(other.polynomial), zeros);
  }

  minus(other: WholeNumber): WholeNumber {
    return this.plus(other.times(WholeNumber.constant(-1n)));
  }

  times(other: WholeNumber): WholeNumber {
    const corners = [this.low, this.high].flatMap((a) => [a * other.low, a * other.high]);
    const [low, high] = [least(corners), -least(corners.map((corner) => -corner))];
    const isSquare = this === other;
    return new WholeNumber(
      isSquare && low < 0n ? 0n : low,
      high,
      this.polynomial.times(other.polynomial),
      this.zeros + other.zeros,
    );
  }

  /** The sum with one that is in [0, 2^zeros). */
  plusBelow(lower: WholeNumber): WholeNumber {
    const { low, high, polynomial, zeros } = this.plus(lower);
    return new WholeNumber(low, high, polynomial, zeros, { bits: this.zeros, number: this.quotient(this.zeros) });
  }

  shifted(bits: number): WholeNumber {
    const by = 1n << BigInt(bits);
    const above = { bits, number: this };
    return new WholeNumber(this.low * by, this.high * by, this.polynomial.scaled(by), this.zeros + bits, above);
  }

  /** Divided by 2^bits and rounded down. */
  quotient(bits: number): WholeNumber {
    if (bits === 0) return this;
    const quotient = this.#quotients.get(bits) ?? this.#divided(bits);
    this.#quotients.set(bits, quotient);
    return quotient;
  }

  /** What is left after that, in [0, 2^bits). */
  remainder(bits: number): WholeNumber {
    const quotient = this.quotient(bits);
    if (quotient.isConstant && quotient.low === 0n) return this;
    const { polynomial } = this.minus(quotient.shifted(bits));
    return new WholeNumber(0n, (1n << BigInt(bits)) - 1n, polynomial, Math.min(this.zeros, bits));
  }

  #divided(bits: number): WholeNumber {
    const above = this.#above;
    if (above !== undefined && above.bits <= bits) return above.number.quotient(bits - above.bits);
    const [low, high] = [this.low >> BigInt(bits), this.high >> BigInt(bits)];
    if (low === high) return WholeNumber.constant(low);
    if (this.zeros < bits) return WholeNumber.unknown(low, high);
    return new WholeNumber(low, high, this.polynomial.scaled(inverse(1n << BigInt(bits))));
  }
}

function least(numbers: readonly bigint[]): bigint {
  return numbers.reduce((low, number) => (number < low ? number : low));
}

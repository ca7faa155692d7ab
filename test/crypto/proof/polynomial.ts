// Polynomials in any number of variables over the integers modulo a prime. Owns their arithmetic and their one form, so that two that
// are equal look the same; knows nothing of what the variables stand for.

/** By the names of its variables in order, each as often as its power, with a blank between them; "" is the constant term. */
type Terms = ReadonlyMap<string, bigint>;

/** That of P-256: 2^256 - 2^224 + 2^192 + 2^96 - 1. */
export const prime = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;

export class Polynomial {
  /** Coefficients are in [1, prime): there are no terms of zero. */
  readonly #terms: Terms;

  private constructor(terms: Terms) {
    this.#terms = terms;
  }

  static constant(number: bigint): Polynomial {
    return collected([["", number]]);
  }

  static variable(name: string): Polynomial {
    return collected([[name, 1n]]);
  }

  static from(terms: Terms): Polynomial {
    return new Polynomial(terms);
  }

  get terms(): Terms {
    return this.#terms;
  }

  plus(other: Polynomial): Polynomial {
    return collected([...this.#terms, ...other.#terms]);
  }

  minus(other: Polynomial): Polynomial {
    return this.plus(other.scaled(-1n));
  }

  times(other: Polynomial): Polynomial {
    return collected(
      [...this.#terms].flatMap(([names, factor]) =>
        [...other.#terms].map(([more, by]): [string, bigint] => [multiplied(names, more), factor * by]),
      ),
    );
  }

  scaled(by: bigint): Polynomial {
    return collected([...this.#terms].map(([names, factor]) => [names, factor * by]));
  }

  equals(other: Polynomial): boolean {
    return this.minus(other).#terms.size === 0;
  }
}

/** The inverse modulo the prime, by Fermat. */
export function inverse(number: bigint): bigint {
  let [result, square] = [1n, modulo(number)];
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function collected(terms: readonly (readonly [string, bigint])[]): Polynomial {
  const sums = new Map<string, bigint>();
  for (const [names, factor] of terms) sums.set(names, (sums.get(names) ?? 0n) + factor);
  for (const [names, sum] of sums) {
    const factor = modulo(sum);
    if (factor === 0n) sums.delete(names);
    else sums.set(names, factor);
  }
  return Polynomial.from(sums);
}

function multiplied(names: string, more: string): string {
  if (names === "" || more === "") return names + more;
  return [...names.split(" "), ...more.split(" ")].toSorted().join(" ");
}

function modulo(number: bigint): bigint {
  const rest = number % prime;
  return rest < 0n ? rest + prime : rest;
}

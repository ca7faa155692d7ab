// The curve P-256 and ECDSA's verification as SP 800-186 and FIPS 186-5 say them, for comparison. Owns being obvious.

/** Undefined is the point at infinity. */
export type Point = { readonly x: bigint; readonly y: bigint } | undefined;

export const prime = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
export const generator: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

const doubles = new WeakMap<object, Point[]>();

export function modulo(number: bigint, modulus: bigint): bigint {
  const rest = number % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** By Euclid's algorithm, of a number that has no factor in common with the modulus. */
export function inverse(number: bigint, modulus: bigint): bigint {
  let [rest, last, factor, lastFactor] = [modulo(number, modulus), modulus, 1n, 0n];
  while (rest > 0n) [rest, last, factor, lastFactor] = [last % rest, rest, lastFactor - (last / rest) * factor, factor];
  return modulo(lastFactor, modulus);
}

export function add(p: Point, q: Point): Point {
  if (p === undefined) return q;
  if (q === undefined) return p;
  if (p.x === q.x && p.y !== q.y) return undefined;
  const slope =
    p.x === q.x
      ? (3n * p.x * p.x - 3n) * inverse(2n * p.y, prime)
      : (q.y - p.y) * inverse(modulo(q.x - p.x, prime), prime);
  const x = modulo(slope * slope - p.x - q.x, prime);
  return { x, y: modulo(slope * (p.x - x) - p.y, prime) };
}

export function negative(p: Point): Point {
  return p === undefined ? undefined : { x: p.x, y: prime - p.y };
}

/** By adding up doubles; the factor is taken modulo the order, and what is above half of it as negative. */
export function multiple(factor: bigint, p: Point): Point {
  const rest = modulo(factor, order);
  if (2n * rest > order) return negative(multiple(order - rest, p));
  let sum: Point;
  for (let i = 0; rest >> BigInt(i) > 0n; i++) {
    if ((rest >> BigInt(i)) & 1n) sum = add(sum, doubled(p, i));
  }
  return sum;
}

/** 2^times p. What was doubled once is kept. */
function doubled(p: Point, times: number): Point {
  if (p === undefined || times === 0) return p;
  const known = doubles.get(p) ?? [p];
  doubles.set(p, known);
  while (known.length <= times) known.push(add(known.at(-1), known.at(-1)));
  return known[times];
}

/** One of the two points with this x, if there are any. */
export function pointWith(x: bigint): Point {
  const square = modulo(x * x * x - 3n * x + b, prime);
  const y = power(square, (prime + 1n) / 4n, prime);
  return (y * y) % prime === square ? { x, y } : undefined;
}

/** Whether r and s are a signature of the number of a digest, already cut to 256 bits. */
export function verifies(r: bigint, s: bigint, digest: bigint, key: Point): boolean {
  if (r < 1n || r >= order || s < 1n || s >= order) return false;
  const w = inverse(s, order);
  const sum = add(multiple(digest * w, generator), multiple(r * w, key));
  return sum !== undefined && sum.x % order === r;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, modulo(base, modulus)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

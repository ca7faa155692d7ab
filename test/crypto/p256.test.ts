// Verification on P-256 beside AWS-LC's, which vetted.wasm has, and beside a plain one: what p256-proof.test.ts does not prove, which is
// digits, tables, exceptions and the arithmetic modulo the order; and the whole, where points meet that seldom do.
import { expect, test } from "vitest";
import { Evidence, evidenceFile, moduleUnderTest, randomBytes } from "./evidence.ts";
import {
  add,
  generator,
  inverse,
  modulo,
  multiple,
  negative,
  order,
  type Point,
  pointWith,
  prime,
  verifies,
} from "./reference/p256.ts";

const evidence = new Evidence(evidenceFile(moduleUnderTest()));
const own = new Evidence(); // of the default module, with what is inside

interface Signed {
  readonly r: bigint;
  readonly s: bigint;
  readonly digest: Uint8Array;
  readonly key: Point;
}

/** The plain one takes its time. */
const slow = { timeout: 180_000 };
const small = Array.from({ length: 17 }, (_, i) => BigInt(i));
const extremes = [0n, 1n, 2n, 3n, (1n << 128n) - 1n, 1n << 255n, order >> 1n, order - 2n, order - 1n];
const scalars = [...extremes.slice(1), ...Array.from({ length: 30 }, (_, seed) => randomScalar(seed))];

test("digits are 0 or odd, below the window, and make up the number", () => {
  const digits = own.room(257);
  for (const number of [...scalars, ...small, order, (1n << 256n) - 1n]) {
    for (const window of [4, 5]) {
      own.call("p256_recode", digits, bytesOf(number), window);
      const all = [...new Int8Array(own.read(digits, 257).buffer)];
      expect(all.reduceRight((sum, digit) => 2n * sum + BigInt(digit), 0n)).toBe(number);
      expect(all.every((digit) => digit === 0 || (digit % 2 !== 0 && Math.abs(digit) < 2 ** window))).toBe(true);
    }
  }
});

test("the multiples of the base point are its odd ones", () => {
  const point = own.room(64);
  for (let i = 0; i < 16; i++) {
    own.call("p256_base_multiple", point, i);
    expect(pointOf(own.read(point, 64))).toEqual(multiple(BigInt(2 * i + 1), generator));
  }
});

test("almost an inverse is one but for a power of two", () => {
  const room = own.room(32);
  const limbs = (number: bigint): Uint8Array => bytesOf(number).toReversed();
  for (const modulus of [order, prime]) {
    for (const number of scalars) {
      const shifts = own.call("almost_invert", room, limbs(number), limbs(modulus));
      const answer = numberOf(own.read(room, 32).toReversed());
      expect(modulo(answer * number, modulus)).toBe(modulo(1n << BigInt(shifts), modulus));
      expect(answer).toBeLessThan(modulus);
    }
  }
});

test("multipliers are digest / s and r / s, of all r and s in range", () => {
  const [base, key] = [own.room(32), own.room(32)];
  const powers = Array.from({ length: 256 }, (_, bit) => 1n << BigInt(bit));
  for (const s of [...scalars, ...powers]) {
    for (const [r, e] of [
      [1n, 0n],
      [order - 1n, (1n << 256n) - 1n],
      [randomScalar(1), order],
    ] as const) {
      const signature = Uint8Array.of(...bytesOf(r), ...bytesOf(s));
      expect(own.call("p256_multipliers", base, key, signature, bytesOf(e), 32)).toBe(0);
      expect(numberOf(own.read(base, 32))).toBe(modulo(e * inverse(s, order), order));
      expect(numberOf(own.read(key, 32))).toBe(modulo(r * inverse(s, order), order));
    }
  }
});

test("zero is each multiple of the prime that a number may be, and nothing beside one", () => {
  const digits = [-1, 0, 0, 2 ** 9, 0, 0, 2 ** 18, -(2 ** 21), 2 ** 24];
  expect(digits.reduceRight((sum, digit) => (sum << 29n) + BigInt(digit), 0n)).toBe(prime);
  const limbs = own.room(36);
  const isZero = (number: readonly number[]): boolean => {
    own.write(limbs, new Uint8Array(Int32Array.from(number).buffer));
    return own.call("p256_is_zero", limbs) === 1;
  };
  for (let m = -63; m <= 63; m++) {
    const number = digits.map((digit) => m * digit);
    expect(number.slice(0, 8).every((digit) => Math.abs(digit) < 2 ** 28)).toBe(true);
    expect(isZero(number)).toBe(true);
    for (let i = 0; i < 9; i++) {
      for (const by of [-1, 1, -(2 ** 27), 2 ** 27]) expect(isZero(number.with(i, number[i]! + by))).toBe(false);
    }
  }
});

test("sums of small multiples of the base point are right: the same, opposite, infinite and all others", () => {
  for (const i of small) {
    for (const j of small.slice(1)) {
      for (const sign of [1n, -1n]) {
        const sum = placed(multiple(i, generator), i + 2n);
        own.call("p256_add", sum, placed(multiple(j, generator), j + 20n), Number(sign));
        expectPoint(sum, i + sign * j);
        const doubled = placed(multiple(i, generator), i + 3n);
        own.call("p256_double_add", doubled, placed(multiple(j, generator), 1n), Number(sign));
        expectPoint(doubled, 2n * i + sign * j);
      }
    }
  }
});

test("what AWS-LC verifies is verified, and what it refuses is refused", slow, () => {
  for (let seed = 0; seed < 8; seed++) {
    const [u1, u2, key] = [randomScalar(3 * seed), randomScalar(3 * seed + 1), multiple(randomScalar(seed), generator)];
    const signed = signedWith(u1, u2, key);
    expectVerified(signed, true);
    expectVerified({ ...signed, r: signed.r ^ (1n << BigInt(seed)) }, false);
    expectVerified({ ...signed, s: signed.s ^ (1n << BigInt(4 * seed)) }, false);
    expectVerified({ ...signed, digest: signed.digest.with(seed % 32, signed.digest[seed % 32]! ^ 1) }, false);
    expectVerified({ ...signed, key: negative(key) }, false);
    expectVerified({ ...signed, s: order - signed.s }, true); // the other signature that each one has
  }
});

test("multiples of both points that meet, lie opposite or vanish are summed up right", slow, () => {
  const keys = [1n, 2n, 3n, 15n, 16n, 17n, order - 1n, order - 2n, randomScalar(7)];
  const multipliers = [0n, 1n, 2n, 3n, 15n, 31n, 32n, 33n, order - 1n, order - 2n];
  for (const d of keys) {
    const key = multiple(d, generator);
    for (const u2 of multipliers.slice(1)) {
      for (const u1 of [...multipliers, modulo(u2 * d, order)]) {
        if (modulo(u1 + u2 * d, order) !== 0n) expectVerified(signedWith(u1, u2, key), true);
      }
      for (const r of [1n, u2, order - 1n]) expectVerified(signedFor(r, modulo(-u2 * d, order), u2, key), false);
    }
  }
});

test("an x beyond the order is r + n, and only where that is below p", slow, () => {
  const found = Array.from({ length: 8 }, (_, i) => pointWith(order + BigInt(i))).filter(
    (point) => point !== undefined,
  );
  const last = Array.from({ length: 8 }, (_, i) => pointWith(prime - 1n - BigInt(i))).filter(
    (point) => point !== undefined,
  );
  for (const sum of [...found, ...last]) {
    const [u1, u2] = [randomScalar(1), randomScalar(2)];
    const key = multiple(inverse(u2, order), add(sum, negative(multiple(u1, generator))));
    const signed = signedFor(sum.x - order, u1, u2, key);
    expectVerified(signed, signed.r !== 0n);
    expectVerified({ ...signed, r: signed.r + 1n }, false);
  }
  // Of an x that is r, or r + n - p, or as far from it as p is from 2^256
  for (const x of [...small, prime - order - 1n, prime - order, prime - order + 1n, (1n << 256n) - prime + 1n]) {
    const sum = pointWith(x);
    if (sum === undefined) continue;
    const [u1, u2] = [randomScalar(3), randomScalar(4)];
    const key = multiple(inverse(u2, order), add(sum, negative(multiple(u1, generator))));
    if (x > 0n) expectVerified(signedFor(x, u1, u2, key), true);
    const wrong = modulo(x + prime - order, order);
    expectVerified(signedFor(wrong, u1, u2, key), false);
  }
});

test("r and s outside of [1, n - 1] are refused", () => {
  const key = multiple(5n, generator);
  for (const out of [0n, order, order + 1n, prime, (1n << 256n) - 1n]) {
    const { r, s, digest } = signedWith(3n, 4n, key);
    expectVerified({ r: out, s, digest, key }, false);
    expectVerified({ r, s: out, digest, key }, false);
  }
});

test("of a digest the first 32 bytes count, and all of a shorter one", () => {
  const key = multiple(77n, generator);
  for (const size of [0, 1, 20, 28, 31, 32]) {
    const digest = randomBytes(size, size);
    const [r, d] = [modulo(multiple(9n, generator)!.x, order), 77n];
    const s = modulo((numberOf(digest) + r * d) * inverse(9n, order), order);
    expectVerified({ r, s, digest, key }, true);
    if (size === 32) expectVerified({ r, s, digest: Uint8Array.of(...digest, 1, 2, 3), key }, true);
    else expectVerified({ r, s, digest: Uint8Array.of(...digest, 1), key }, false);
  }
});

/** A signature for which the sum of points is u1 G + u2 key, whoever has the key. */
function signedWith(u1: bigint, u2: bigint, key: Point): Signed {
  return signedFor(modulo(add(multiple(u1, generator), multiple(u2, key))!.x, order), u1, u2, key);
}

/** The r, s and digest from which these multipliers come. */
function signedFor(r: bigint, u1: bigint, u2: bigint, key: Point): Signed {
  const s = modulo(r * inverse(u2, order), order);
  return { r, s, digest: bytesOf(modulo(u1 * s, order)), key };
}

/** By the module, by AWS-LC and by the plain one. */
function expectVerified({ r, s, digest, key }: Signed, expected: boolean): void {
  const parameters = [Uint8Array.of(...bytesOf(r), ...bytesOf(s)), bytesOfPoint(key), digest, digest.length] as const;
  const number = numberOf(digest.subarray(0, 32));
  const verdicts = [
    evidence.call("p256_verify", ...parameters) === 0,
    evidence.call("p256_verify_awslc", ...parameters) === 0,
    verifies(r, s, number, key),
  ];
  expect(verdicts, `r ${r}, s ${s}, digest ${number}, key ${key?.x}`).toEqual([expected, expected, expected]);
}

/** The point in the module's memory, over this z. */
function placed(point: Point, z: bigint): number {
  const at = own.room(own.call("p256_point_size"));
  own.call("p256_infinite", at);
  if (point === undefined) return at;
  const [x, y] = [modulo(point.x * z * z, prime), modulo(point.y * z * z * z, prime)];
  own.call("p256_set", at, bytesOf(x), bytesOf(y), bytesOf(z));
  return at;
}

/** By its x, and by the x of the next multiple, which tells its y. */
function expectPoint(at: number, factor: bigint): void {
  const expected = multiple(factor, generator);
  expect(own.call("p256_is_infinite", at) === 1).toBe(expected === undefined);
  if (expected === undefined) return;
  expect(own.call("p256_has_x", at, bytesOf(expected.x))).toBe(1);
  expect(own.call("p256_has_x", at, bytesOf(expected.x ^ 1n))).toBe(0);
  const next = multiple(factor + 1n, generator);
  own.call("p256_add", at, placed(generator, 5n), 1);
  expect(own.call("p256_is_infinite", at) === 1).toBe(next === undefined);
  if (next !== undefined) expect(own.call("p256_has_x", at, bytesOf(next.x))).toBe(1);
}

function randomScalar(seed: number): bigint {
  return modulo(numberOf(randomBytes(40, seed)), order - 1n) + 1n;
}

function bytesOfPoint(point: Point): Uint8Array {
  return Uint8Array.of(...bytesOf(point!.x), ...bytesOf(point!.y));
}

function pointOf(bytes: Uint8Array): Point {
  return { x: numberOf(bytes.subarray(0, 32)), y: numberOf(bytes.subarray(32)) };
}

function bytesOf(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * (31 - i))) & 0xffn));
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

// Secrets of every kind that the audits of constant time compare: the extremes, the sparse and the random ones. Owns the choice;
// knows nothing of what is done with them.
import { randomBytes, unit } from "./evidence.ts";

/** How many there are: the extremes alone take a few seconds for all primitives, everything takes minutes. */
export type Amount = "few" | "all";

const orders = {
  256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  521: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
} as const;

export type NistCurve = keyof typeof orders;

/** Keys, texts and passwords: any bytes. */
export function byteSecrets(size: number, amount: Amount): Uint8Array[] {
  const extremes = [
    new Uint8Array(size),
    new Uint8Array(size).fill(0xff),
    new Uint8Array(size).fill(0x63),
    unit(size, 7),
    unit(size, 8 * size - 1),
    randomBytes(size, 0),
  ];
  if (amount === "few") return extremes;
  return [...extremes, ...Array.from({ length: 8 }, (_, seed) => randomBytes(size, seed + 1))];
}

/**
 * Private keys of a curve, big-endian: one, two, sparse and short ones, half of the order, the last two, random ones. Without the
 * short ones for the curves that are Mbed TLS's: it does not calculate with limbs that are zero at the upper end.
 */
export function scalars(curve: NistCurve, amount: Amount): Uint8Array[] {
  const order = orders[curve];
  const random = Array.from({ length: amount === "few" ? 1 : 8 }, (_, seed) => randomBelow(order, curve, seed));
  const few = [1n, order - 1n, 1n << BigInt(curve - 2), ...random];
  const more = [2n, order - 2n, order >> 1n, 0xffffffffn, 1n << 128n, 1n | (1n << BigInt(curve - 2))];
  const whole = curve === 256 ? 0n : 1n << BigInt(curve - 10);
  const chosen = (amount === "few" ? few : [...few, ...more]).filter((scalar) => scalar >= whole);
  return chosen.map((scalar) => bigEndian(scalar, Math.ceil(curve / 8)));
}

function randomBelow(order: bigint, curve: NistCurve, seed: number): bigint {
  const bytes = randomBytes(Math.ceil(curve / 8), seed);
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % order;
}

function bigEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 255n));
}

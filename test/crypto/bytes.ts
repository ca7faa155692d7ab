// What the tests of ciphers do with bytes that they expect.
import { expect } from "vitest";

/** `toEqual`, but quick when all is well: some tests compare a hundred thousand times. */
export function expectSame(found: Uint8Array, right: Uint8Array, name: string): void {
  if (found.length !== right.length || found.some((byte, i) => byte !== right[i])) expect(found, name).toEqual(right);
}

/** A copy with one bit changed. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

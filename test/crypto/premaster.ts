// Premaster secrets as RSA key exchange of TLS 1.2 encrypts them (RFC 5246, 7.4.7.1), right ones and those that Bleichenbacher's attack
// sends: wrong in the padding of PKCS#1 v1.5, in the version or in length. Owns encoding and encryption; knows no messages.
import type { KeyObject } from "node:crypto";
import { randomBytes } from "./evidence.ts";

const size = 256; // of a modulus of 2048 bits

/** Encrypted for a public key of RSA with 2048 bits. */
export function premasters(key: KeyObject): Uint8Array[] {
  return encoded().map((bytes) => encrypt(bytes, key));
}

/** Right, right with another secret, of another version; then wrong in the first two bytes, the separator and the length. */
function encoded(): Uint8Array[] {
  const secret = Uint8Array.of(3, 3, ...randomBytes(46, 1));
  const good = Uint8Array.of(0, 2, ...filler(size - 51), 0, ...secret);
  return [
    good,
    Uint8Array.of(...good.subarray(0, -46), ...randomBytes(46, 2)),
    changed(good, -47, 2),
    changed(good, 0, 1),
    changed(good, 1, 1),
    changed(good, -49, 7),
    changed(good, 4, 0),
    Uint8Array.of(0, 2, ...filler(size - 50), 0, ...secret.subarray(1)),
    Uint8Array.of(0, 2, ...filler(size - 52), 0, 3, ...secret),
    Uint8Array.of(0, 2, ...filler(size - 3), 0),
  ];
}

function filler(bytes: number): Uint8Array {
  return randomBytes(bytes, 3).map((byte) => byte | 1);
}

/** A negative index counts from the end. */
function changed(bytes: Uint8Array, at: number, to: number): Uint8Array {
  const copy = bytes.slice();
  copy[at < 0 ? copy.length + at : at] = to;
  return copy;
}

/** Without any padding of its own, which not every runtime's node:crypto can. */
function encrypt(message: Uint8Array, key: KeyObject): Uint8Array {
  const { n } = key.export({ format: "jwk" });
  const modulus = numberOf(Buffer.from(n!, "base64url"));
  const base = numberOf(message);
  let power = base;
  for (let i = 0; i < 16; i++) power = (power * power) % modulus; // to the 65537th
  const result = (power * base) % modulus;
  return Uint8Array.from({ length: size }, (_, i) => Number((result >> BigInt(8 * (size - 1 - i))) & 255n));
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

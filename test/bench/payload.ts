// Owns the bytes that are moved. Both sides know them, so that what arrives can be checked.
import { createHash } from "node:crypto";

/** A multiple of both sizes of records, 16384 and 100. */
export const payload: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: 409_600 },
  (_, i) => (i * 31 + (i >> 8)) & 255,
);

/** SHA-256 of so many payloads, one behind the other, in hexadecimal. */
export function digestOf(payloads: number): string {
  const hash = createHash("sha256");
  for (let i = 0; i < payloads; i++) hash.update(payload);
  return hash.digest("hex");
}

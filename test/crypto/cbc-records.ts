// Plaintexts of CBC records of TLS 1.2 with the MAC inside (RFC 5246, 6.2.3.2), all of one size: right ones, and wrong ones that
// a padding oracle would tell apart (Vaudenay; Lucky Thirteen). Owns what stands in them; encrypts nothing.
import { createHmac } from "node:crypto";
import { randomBytes } from "./evidence.ts";

/** The key of AES-128 and that of HMAC with SHA-256. */
export const keys: Uint8Array = randomBytes(48, 1);

/** Of each plaintext, in bytes. */
export const size = 320;

const macSize = 32;
const paddings = [0, 1, 15, 16, 63, 64, 100, 254, 255];

export function valid(): Uint8Array[] {
  return paddings.map(plaintext);
}

/** Wrong in a byte of the MAC or of the padding, or with a padding that is longer than the record. */
export function invalid(): Uint8Array[] {
  return [
    ...paddings.flatMap((padding) => {
      const mac = size - 1 - padding - macSize;
      return [mac, mac + 15, mac + 31].map((at) => flipped(plaintext(padding), at));
    }),
    ...[1, 15, 100, 255].flatMap((padding) =>
      [size - 1 - padding, size - 2].map((at) => flipped(plaintext(padding), at)),
    ),
    ...[0, 15, 254, 255].map((padding) => new Uint8Array(size).fill(padding)),
  ];
}

function plaintext(padding: number): Uint8Array {
  const content = randomBytes(size - macSize - 1 - padding, 2);
  const header = Uint8Array.of(...new Uint8Array(8), 23, 3, 3, content.length >> 8, content.length & 255);
  const mac = createHmac("sha256", keys.subarray(16)).update(header).update(content).digest();
  return Uint8Array.of(...content, ...mac, ...new Uint8Array(padding + 1).fill(padding));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

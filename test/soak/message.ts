// Owns what is said on a connection, for both of its sides: a message is 4 bytes of length and as many of content; its answer is the
// same content and then the SHA-256 of all content that has come on this connection, so that each side hashes every byte and a lost,
// doubled or changed one is seen at once. Knows no sockets.
import { createHash, randomBytes } from "node:crypto";

export const headerSize = 4;
export const digestSize = 32;

/** The length that asks for bytes without end, and no answer. */
export const flood = 0xffff_ffff;

/** What no message is longer than. */
export const longest: number = 1 << 20;

/** So much of a message is read and answered at a time. */
export const pieceSize = 16_384;

const noise = new Uint8Array(randomBytes(2 * longest));

/** Bytes that nobody can guess; a view, which nobody may write to. */
export function content(length: number): Uint8Array<ArrayBuffer> {
  const from = Math.floor(Math.random() * (noise.length - length));
  return noise.subarray(from, from + length);
}

export function headerOf(length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(headerSize);
  new DataView(header.buffer).setUint32(0, length);
  return header;
}

export function lengthIn(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(0);
}

/** The hash of all that was said so far. */
export class Running {
  readonly #hash = createHash("sha256");

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  now(): Uint8Array {
    return this.#hash.copy().digest();
  }
}

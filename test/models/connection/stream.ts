// Owns one direction of a conversation as it must be: bytes that were taken come out in order, once, and then, if it was said,
// the end. And what was done to it on the way, which is the only excuse for anything else. Refuses to know TLS.
import { expect } from "vitest";
import { pattern } from "../../socket/moving.ts";

/** Enough for the longest script. */
const source: Uint8Array<ArrayBuffer> = pattern(8_000_000);

export class Stream {
  /** How many bytes were taken, and how many were received. */
  taken = 0;
  received = 0;
  /** What a call that is not finished may have taken beside. */
  underway = 0;
  /** The sender has queued its close_notify; the receiver has been told. */
  ended = false;
  endSeen = false;
  /** How the wire has treated it. */
  cut = false;
  reset = false;
  tampered = false;
  /** The receiver has thrown away an unknown number of bytes. */
  discarded = false;
  /** How many key updates the sender may have made; too many in a row are refused. */
  updates = 0;

  /** Whether nothing was done to it. */
  get whole(): boolean {
    return !this.cut && !this.reset && !this.tampered;
  }

  /** Whether all that was taken for sure has come out. */
  get complete(): boolean {
    return this.discarded || this.received >= this.taken;
  }

  /** The next `count` bytes to send. */
  next(count: number): Uint8Array<ArrayBuffer> {
    return source.subarray(this.taken, this.taken + count);
  }

  receive(bytes: Uint8Array): void {
    if (!this.discarded) {
      const expected = source.subarray(this.received, this.received + bytes.length);
      expect(sameBytes(bytes, expected), `${bytes.length} bytes from ${this.received} on are the ones sent`).toBe(true);
    }
    this.received += bytes.length;
    expect(this.received, "bytes received of those sent").toBeLessThanOrEqual(this.taken + this.underway);
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

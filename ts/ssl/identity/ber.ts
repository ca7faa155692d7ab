// From the Basic to the Distinguished Encoding Rules (X.690), as far as PKCS#12 files need it: lengths that are written in
// another way, or only known at the end, and octet strings in pieces. What the values mean is for others.
import { DerReader, tag } from "../der.ts";
import { concat, element } from "../der-writer.ts";

/** One element with everything in it, in DER. Throws SSLError with reason "DECODE_ERROR", which names `field`. */
export function derOfBer(ber: Uint8Array, field: string): Uint8Array {
  const reader = new BerReader(ber, field);
  const der = reader.element(0);
  reader.end();
  return der;
}

/** Deeper than any file that means something; a recursion needs an end. */
const deepest = 32;
const constructed = 32;

class BerReader {
  readonly #bytes: Uint8Array;
  readonly #field: string;
  #at = 0;

  constructor(bytes: Uint8Array, field: string) {
    this.#bytes = bytes;
    this.#field = field;
  }

  element(depth: number): Uint8Array {
    if (depth > deepest) this.#fail("it is nested too deeply");
    const kind = this.#byte();
    if (kind % 32 === 31) this.#fail("a tag has more than one byte");
    const length = this.#length();
    if (Math.floor(kind / constructed) % 2 === 0) return element(kind, this.#primitive(length));
    const parts = length === null ? this.#untilMark(depth) : this.#within(this.#at + length, depth);
    if (kind !== tag.octetString + constructed) return element(kind, concat(parts));
    const pieces = parts.map((part) => new DerReader(part, this.#field).only(tag.octetString).content);
    return element(tag.octetString, concat(pieces));
  }

  end(): void {
    if (this.#at < this.#bytes.length) this.#fail("something follows its end");
  }

  #primitive(length: number | null): Uint8Array {
    if (length === null) return this.#fail("a length is missing");
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  #untilMark(depth: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    while (this.#bytes[this.#at] !== 0 || this.#bytes[this.#at + 1] !== 0) parts.push(this.element(depth + 1));
    this.#at += 2;
    return parts;
  }

  #within(end: number, depth: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    while (this.#at < end) parts.push(this.element(depth + 1));
    if (this.#at > end) this.#fail("an element is longer than what contains it");
    return parts;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? this.#fail("it ends too early");
  }

  /** Null when the end is marked instead. */
  #length(): number | null {
    const first = this.#byte();
    if (first === 128) return null;
    let length = first < 128 ? first : 0;
    for (let i = 128; i < first; i++) length = length * 256 + this.#byte();
    if (length > this.#bytes.length - this.#at) this.#fail("it ends too early");
    return length;
  }

  #fail(why: string): never {
    throw new DerReader(this.#bytes, this.#field).malformed(why);
  }
}

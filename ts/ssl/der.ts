// A reader for the Distinguished Encoding Rules (X.690), as far as certificates need it. Strict about lengths, and it
// never reads past what it was given.
import { SSLError } from "../engine/errors.ts";

export const tag = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8String: 12,
  printableString: 19,
  teletexString: 20,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  universalString: 28,
  bmpString: 30,
  sequence: 48,
  set: 49,
} as const;

/** One element: its tag and its content. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** A run of elements, read from the front. Throws SSLError with reason "DECODE_ERROR" for what is no DER. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  peekTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  next(expected?: number): Element {
    const start = this.#at;
    const kind = this.#byte();
    if (expected !== undefined && kind !== expected) throw malformed(`expected tag ${expected}, found ${kind}`);
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw malformed("an element is longer than what contains it");
    const content = this.#bytes.subarray(this.#at, (this.#at += length));
    return { tag: kind, content, whole: this.#bytes.subarray(start, this.#at) };
  }

  /** The next element if it has this tag. */
  optional(expected: number): Element | undefined {
    return this.peekTag() === expected ? this.next() : undefined;
  }

  inside(expected: number): DerReader {
    return new DerReader(this.next(expected).content);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed("it ends too early");
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 128) return first;
    const size = first - 128;
    if (size === 0 || size > 4) throw malformed("a length is not in DER");
    let length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + this.#byte();
    return length;
  }
}

/** The dotted form of an object identifier. */
export function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte % 128);
    if (byte >= 128) continue;
    if (arcs.length === 0) arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
}

/** The text of any of the string types; null for other tags. */
export function stringOf(element: Element): string | null {
  switch (element.tag) {
    case tag.utf8String:
      return new TextDecoder("utf-8").decode(element.content);
    case tag.printableString:
    case tag.ia5String:
    case tag.teletexString:
      return String.fromCharCode(...element.content);
    case tag.bmpString:
      return wideText(element.content, 2);
    case tag.universalString:
      return wideText(element.content, 4);
    default:
      return null;
  }
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime (RFC 5280, section 4.1.2.5). */
export function timeOf(element: Element): number {
  const text = String.fromCharCode(...element.content);
  const long = element.tag === tag.generalizedTime;
  const match = (long ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (match === null) throw malformed("a time is not in the form that RFC 5280 wants");
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const full = long ? year : year < 50 ? 2000 + year : 1900 + year;
  const date = new Date(0);
  date.setUTCFullYear(full, month - 1, day);
  return date.setUTCHours(hour, minute, second);
}

function wideText(content: Uint8Array, width: 2 | 4): string {
  let text = "";
  for (let i = 0; i + width <= content.length; i += width) {
    text += String.fromCodePoint(content.subarray(i, i + width).reduce((sum, byte) => sum * 256 + byte, 0) % 1114112);
  }
  return text;
}

function malformed(why: string): SSLError {
  return new SSLError(`Cannot decode the certificate: ${why}`, { reason: "DECODE_ERROR", library: "X509" });
}

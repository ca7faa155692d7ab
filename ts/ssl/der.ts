// A reader for the Distinguished Encoding Rules (X.690), as far as certificates and revocation lists need it. Strict: one
// value has one encoding, and it never reads past what it was given. What the values mean is for others.
import { SSLError } from "../engine/errors.ts";

export const tag = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  oid: 6,
  enumerated: 10,
  utf8String: 12,
  numericString: 18,
  printableString: 19,
  teletexString: 20,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  visibleString: 26,
  universalString: 28,
  bmpString: 30,
  sequence: 48,
  set: 49,
} as const;

/**
 * Bytes of an object identifier; RFC 5280, appendix B, asks for fewer. To write down a number that fills a certificate takes
 * seconds, in which nothing else happens.
 */
const longestOid = 128;

/** One element: its tag and its content. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** A run of elements, read from the front. Throws SSLError with reason "DECODE_ERROR", which names `field`, for what is no DER. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly field: string;
  #at = 0;

  constructor(bytes: Uint8Array, field = "certificate") {
    this.#bytes = bytes;
    this.field = field;
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
    if (expected !== undefined && kind !== expected) throw this.malformed(`expected tag ${expected}, found ${kind}`);
    if (kind % 32 === 31) throw this.malformed("a tag has more than one byte");
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw this.malformed("an element is longer than what contains it");
    const content = this.#bytes.subarray(this.#at, (this.#at += length));
    return { tag: kind, content, whole: this.#bytes.subarray(start, this.#at) };
  }

  /** The next element if it has this tag. */
  optional(expected: number): Element | undefined {
    return this.peekTag() === expected ? this.next() : undefined;
  }

  inside(expected: number, field: string = this.field): DerReader {
    return new DerReader(this.next(expected).content, field);
  }

  /** What is inside the next element if it has this tag. */
  optionalInside(expected: number, field: string = this.field): DerReader | undefined {
    return this.peekTag() === expected ? this.inside(expected, field) : undefined;
  }

  /** The only element that is left. */
  only(expected?: number): Element {
    const element = this.next(expected);
    this.end();
    return element;
  }

  end(): void {
    if (this.more) throw this.malformed("something follows its end");
  }

  /** The readers of the elements of a SEQUENCE OF or SET OF, which may not be empty. */
  *each(expected: number): Generator<DerReader> {
    if (!this.more) throw this.malformed("the list is empty");
    while (this.more) yield this.inside(expected);
  }

  boolean(kind: number = tag.boolean): boolean {
    return this.booleanOf(this.next(kind));
  }

  booleanOf({ content }: Element): boolean {
    if (content.length === 1 && content[0] === 0) return false;
    if (content.length === 1 && content[0] === 255) return true;
    throw this.malformed("a boolean is neither 0 nor 255");
  }

  /** The content of an INTEGER, in as few bytes as possible. */
  integer(kind: number = tag.integer): Uint8Array {
    const { content } = this.next(kind);
    const [first, second] = content;
    if (first === undefined) throw this.malformed("an integer is empty");
    if (second !== undefined && ((first === 0 && second < 128) || (first === 255 && second >= 128)))
      throw this.malformed("an integer has a superfluous byte");
    return content;
  }

  /** An INTEGER that is not negative; what is too big to count with is Infinity. */
  count(kind: number = tag.integer): number {
    const content = this.integer(kind);
    if (content[0]! >= 128) throw this.malformed("a number is negative");
    return content.length > 6 ? Infinity : content.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  oid(kind: number = tag.oid): string {
    const { content } = this.next(kind);
    if (content.length === 0 || content.at(-1)! >= 128) throw this.malformed("an object identifier is cut off");
    if (content.some((byte, i) => byte === 128 && (i === 0 || content[i - 1]! < 128)))
      throw this.malformed("an object identifier has a superfluous byte");
    if (content.length > longestOid) throw this.malformed(`an object identifier has more than ${longestOid} bytes`);
    return oidText(content);
  }

  /** A BIT STRING of whole bytes. */
  wholeBits(kind: number = tag.bitString): Uint8Array {
    const { content } = this.next(kind);
    if (content[0] !== 0) throw this.malformed("a bit string is not made of whole bytes");
    return content.subarray(1);
  }

  /** The positions of the bits that are set in a BIT STRING of named bits. */
  namedBits(kind: number = tag.bitString): ReadonlySet<number> {
    const { content } = this.next(kind);
    const [unused] = content;
    const limit = content.length === 1 ? 0 : 7;
    if (unused === undefined || unused > limit || (limit > 0 && content.at(-1)! % 2 ** unused !== 0))
      throw this.malformed("a bit string has a wrong end");
    const bits = new Set<number>();
    for (let i = 0; i < (content.length - 1) * 8; i++) {
      if (Math.floor(content[1 + Math.floor(i / 8)]! / 2 ** (7 - (i % 8))) % 2 === 1) bits.add(i);
    }
    return bits;
  }

  /** The error for something that is wrong here. */
  malformed(why: string): SSLError {
    return new SSLError(`Cannot decode the ${this.field}: ${why}`, { reason: "DECODE_ERROR", library: "X509" });
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw this.malformed("it ends too early");
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 128) return first;
    const size = first - 128;
    if (size === 0 || size > 4) throw this.malformed("a length is not in DER");
    let length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + this.#byte();
    if (length < 128 || length < 256 ** (size - 1)) throw this.malformed("a length has a superfluous byte");
    return length;
  }
}

/** Context-specific tags: constructed and primitive. */
export function explicit(number: number): number {
  return 160 + number;
}

export function implicit(number: number): number {
  return 128 + number;
}

/** The dotted form of an object identifier. */
export function oidText(content: Uint8Array): string {
  let text = "";
  let arc: number | bigint = 0;
  for (const byte of content) {
    arc = typeof arc === "bigint" || arc > 2 ** 45 ? BigInt(arc) * 128n + BigInt(byte % 128) : arc * 128 + (byte % 128);
    if (byte >= 128) continue;
    text += text === "" ? firstArcs(arc) : `.${arc}`;
    arc = 0;
  }
  return text;
}

/** The first two arcs share a number. */
function firstArcs(both: number | bigint): string {
  if (both < 80) return `${both < 40 ? 0 : 1}.${Number(both) % 40}`;
  return `2.${typeof both === "bigint" ? both - 80n : both - 80}`;
}

/** The text of any of the string types; null for other tags. */
export function stringOf(element: Element): string | null {
  switch (element.tag) {
    case tag.utf8String:
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(element.content);
    case tag.printableString:
    case tag.ia5String:
    case tag.teletexString:
      return latin1Text(element.content);
    case tag.bmpString:
      return wideText(element.content, 2);
    case tag.universalString:
      return wideText(element.content, 4);
    default:
      return null;
  }
}

/** One character for each byte, however many there are. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime (RFC 5280, section 4.1.2.5). */
export function timeOf(element: Element, field = "certificate"): number {
  const text = latin1Text(element.content);
  const long = element.tag === tag.generalizedTime;
  const form = long ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const match = form.exec(text);
  const fail = (why: string): SSLError => new DerReader(element.whole, field).malformed(why);
  if (match === null || (!long && element.tag !== tag.utcTime))
    throw fail("a time is not in the form that RFC 5280 wants");
  const parts = match.slice(1).map(Number) as [number, number, number, number, number, number];
  const [year, month, day, hour, minute, second] = parts;
  const date = new Date(0);
  date.setUTCFullYear(long ? year : year < 50 ? 2000 + year : 1900 + year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59)
    throw fail("a time is not on the calendar");
  return date.setUTCHours(hour, minute, second);
}

function wideText(content: Uint8Array, width: 2 | 4): string {
  let text = "";
  for (let i = 0; i + width <= content.length; i += width) {
    text += String.fromCodePoint(content.subarray(i, i + width).reduce((sum, byte) => sum * 256 + byte, 0) % 1114112);
  }
  return text;
}

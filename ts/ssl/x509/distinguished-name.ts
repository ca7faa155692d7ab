// Distinguished names as path validation needs them: parsed once, brought into the one form that is compared
// (RFC 5280, section 7.1). Knows nothing of the names of servers.
import { DerReader, type Element, latin1Text, stringOf, tag } from "../der.ts";

/** One attribute: its type, its text if it has one, and the form that is compared. */
export interface Attribute {
  readonly oid: string;
  readonly text: string | null;
  readonly folded: string;
}

export interface Name {
  readonly raw: Uint8Array;
  readonly rdns: readonly (readonly Attribute[])[];
  /** The comparable form of each RDN. */
  readonly parts: readonly string[];
  /** Two names are the same when their keys are. */
  readonly key: string;
}

/** Parses a Name, given its SEQUENCE. Throws SSLError with reason `"DECODE_ERROR"`. */
export function parseName(element: Element, field: string): Name {
  const rdns: Attribute[][] = [];
  const sets = new DerReader(element.content, field);
  while (sets.more) {
    const attributes: Attribute[] = [];
    for (const attribute of sets.inside(tag.set).each(tag.sequence)) attributes.push(parseAttribute(attribute));
    rdns.push(attributes);
  }
  const parts = rdns.map(foldedRdn);
  return { raw: element.whole, rdns, parts, key: parts.join("\n") };
}

/** Whether the name lies below the other one: begins with all of its RDNs. */
export function isWithin(name: Name, base: Name): boolean {
  return base.parts.every((part, i) => name.parts[i] === part);
}

/** The texts of an attribute, in their order. */
export function attributesOf(name: Name, oid: string): string[] {
  return name.rdns.flat().flatMap((attribute) => (attribute.oid === oid ? [attribute.text ?? ""] : []));
}

/** A short name for an error sentence: the last attribute that has a text. */
export function nameForPeople(name: Name): string {
  const text = name.rdns.flat().findLast((attribute) => attribute.text !== null)?.text;
  return text === undefined || text === null ? "without a name" : JSON.stringify(text);
}

/** The attributes of an RDN are a set: their order does not count. The lengths keep different names different. */
function foldedRdn(rdn: readonly Attribute[]): string {
  const parts = rdn.map(({ oid, folded }) => `${oid}=${folded.length}:${folded}`);
  return (parts.length > 1 ? parts.toSorted() : parts).join("+");
}

function parseAttribute(reader: DerReader): Attribute {
  const oid = reader.oid();
  const value = reader.only();
  const text = attributeText(value, reader);
  if (text !== null && unsafeRun.test(text)) throw reader.malformed("a text has too many combining marks in a row");
  // Behind a space, with which no text begins when it is folded.
  return { oid, text, folded: text === null ? ` ${latin1Text(value.whole)}` : fold(text) };
}

/** Null for what is no text; what claims to be text must be some. */
function attributeText(value: Element, reader: DerReader): string | null {
  const { content } = value;
  if (!attributeTags.has(value.tag)) throw reader.malformed(`an attribute has the tag ${value.tag}`);
  if (value.tag === tag.utf8String) return utf8(content, reader);
  if ((value.tag === tag.printableString || value.tag === tag.ia5String) && content.some((byte) => byte >= 128))
    throw reader.malformed("a text is not ASCII");
  if (value.tag === tag.bmpString) checkWide(content, 2, reader);
  if (value.tag === tag.universalString) checkWide(content, 4, reader);
  return stringOf(value);
}

/**
 * The texts of DirectoryString and of emailAddress, numbers, and the two kinds without a text that are in use. Anything else,
 * like a text in pieces, would show as a name and not be compared as that name.
 */
const attributeTags: ReadonlySet<number> = new Set([
  tag.utf8String,
  tag.printableString,
  tag.ia5String,
  tag.teletexString,
  tag.bmpString,
  tag.universalString,
  tag.numericString,
  tag.bitString,
  tag.sequence,
]);

/** Each character is one of Unicode: no half of a pair, and nothing beyond its end. */
function checkWide(content: Uint8Array, width: 2 | 4, reader: DerReader): void {
  if (content.length % width !== 0) throw reader.malformed("a text is cut off");
  for (let i = 0; i < content.length; i += width) {
    const code = content.subarray(i, i + width).reduce((sum, byte) => sum * 256 + byte, 0);
    if (code > lastCharacter || (code >= firstHalf && code <= lastHalf))
      throw reader.malformed("a text has a character that there is not");
  }
}

/** U+10FFFF, and U+D800 to U+DFFF. */
const [lastCharacter, firstHalf, lastHalf] = [1_114_111, 55_296, 57_343] as const;

function utf8(content: Uint8Array, reader: DerReader): string {
  try {
    return strictUtf8.decode(content);
  } catch {
    throw reader.malformed("a text is not UTF-8");
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * More than 30 characters in a row that normalization puts in order among themselves (Unicode Standard Annex 15, section 13): it takes
 * their number squared for that, which in a certificate can be seconds. The last two become such characters by it.
 */
const unsafeRun = /[\p{M}\uff9e\uff9f]{31}/u;

/** Case and the amount of space do not count, nor does the string type (RFC 5280, section 7.1; RFC 4518). */
function fold(text: string): string {
  const plain = /^[\x21-\x7e]*$/.test(text) ? text : text.normalize("NFKC").trim().replace(/\s+/g, " ");
  return plain.toLowerCase();
}

// Owns how what a peer says becomes text that is safe to show: names, lists, sizes. Refuses to know where it is shown.
import type { DistinguishedName } from "../certificate.ts";
import type { WireReader } from "../../engine/wire-reader.ts";

/** Text of the peer, in which nothing can move a cursor, end a line or turn the direction of writing. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** A name as people write it: "CN=example.org, O=Example"; "(empty)" when there is nothing in it. Not yet printable. */
export function nameText(name: DistinguishedName): string {
  const text = name.map((rdn) =>
    rdn.map(([attribute, value]) => `${abbreviations[attribute] ?? attribute}=${value}`).join("+"),
  );
  return text.join(", ") || "(empty)";
}

export function sizeText(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

export function listText(texts: readonly string[]): string {
  return texts.join(", ") || "none";
}

/** Bytes that should be ASCII: each becomes the character of its number. */
export function asciiText(bytes: Uint8Array): string {
  return printable(String.fromCharCode(...bytes));
}

/** What is left in `reader`, as numbers with names. */
export function namesText(reader: WireReader, name: (id: number) => string, size: 1 | 2 = 2): string {
  return listText(reader.numbers(size).map(name));
}

/** The usual abbreviations (RFC 4514, section 3). */
const abbreviations: Readonly<Record<string, string>> = {
  commonName: "CN",
  countryName: "C",
  localityName: "L",
  organizationName: "O",
  organizationalUnitName: "OU",
  stateOrProvinceName: "ST",
};

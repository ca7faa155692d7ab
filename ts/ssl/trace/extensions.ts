// Owns what an extension of a handshake message says, for people. Refuses to know which of it is allowed, or was agreed on.
import { WireReader } from "../../engine/wire-reader.ts";
import { extensionName, groupName, isGrease, schemeName, versionName } from "./names.ts";
import { asciiText, listText, namesText, sizeText } from "./text.ts";

/** The message that an extension is in: some have another form in each. */
export type Carrier = "ClientHello" | "ServerHello" | "HelloRetryRequest" | "other";

/** A list of extensions behind its length, each by its name. Throws RangeError when the lengths of the list do not fit. */
export function extensionDetails(list: WireReader, carrier: Carrier): (readonly [name: string, value: string])[] {
  const details: (readonly [string, string])[] = [];
  while (list.left > 0) {
    const type = list.number(2);
    details.push([extensionName(type), textOf(type, list.vector(2).rest(), carrier)]);
  }
  return details;
}

function textOf(type: number, data: Uint8Array, carrier: Carrier): string {
  const read = isGrease(type) ? undefined : readers[type];
  if (read === undefined || data.length === 0) return data.length === 0 ? "(empty)" : sizeText(data.length);
  try {
    return read(new WireReader(data), carrier);
  } catch (error) {
    if (error instanceof RangeError) return `${sizeText(data.length)}, malformed`;
    throw error;
  }
}

type Read = (data: WireReader, carrier: Carrier) => string;

const readers: Readonly<Record<number, Read>> = {
  0: serverName,
  1: (data) => `${2 ** (8 + data.number(1))} bytes`,
  10: (data) => namesText(data.only(2), groupName),
  11: (data) => namesText(data.only(1), (format) => pointFormats[format] ?? `format ${format}`, 1),
  13: (data) => namesText(data.only(2), schemeName),
  16: (data) => listText(vectors(data.only(2), 1).map(asciiText)),
  28: (data) => sizeText(data.number(2)),
  41: preSharedKey,
  42: (data) => `at most ${sizeText(data.number(4))}`,
  43: (data, carrier) =>
    carrier === "ClientHello" ? namesText(data.only(1), versionName) : versionName(data.number(2)),
  45: (data) => namesText(data.only(1), (mode) => pskModes[mode] ?? `mode ${mode}`, 1),
  47: (data) => `${vectors(data.only(2), 2).length} names`,
  50: (data) => namesText(data.only(2), schemeName),
  51: keyShare,
};

function serverName(data: WireReader): string {
  const list = data.only(2);
  const names: string[] = [];
  while (list.left > 0) {
    list.number(1);
    names.push(asciiText(list.vector(2).rest()));
  }
  return listText(names);
}

function keyShare(data: WireReader, carrier: Carrier): string {
  if (carrier === "HelloRetryRequest") return groupName(data.number(2));
  const list = carrier === "ClientHello" ? data.only(2) : data;
  const shares: string[] = [];
  while (list.left > 0) shares.push(`${groupName(list.number(2))} (${sizeText(list.vector(2).left)})`);
  return listText(shares);
}

function preSharedKey(data: WireReader, carrier: Carrier): string {
  if (carrier !== "ClientHello") return `identity ${data.number(2)}`;
  const list = data.vector(2);
  const identities: string[] = [];
  while (list.left > 0) {
    identities.push(sizeText(list.vector(2).left));
    list.number(4); // obfuscated_ticket_age
  }
  return `${identities.length === 1 ? "1 identity" : `${identities.length} identities`} (${identities.join(", ")})`;
}

function vectors(list: WireReader, lengthSize: 1 | 2): Uint8Array[] {
  const all: Uint8Array[] = [];
  while (list.left > 0) all.push(list.vector(lengthSize).rest());
  return all;
}

const pointFormats: Readonly<Record<number, string>> = {
  0: "uncompressed",
  1: "ansiX962_compressed_prime",
  2: "ansiX962_compressed_char2",
};
const pskModes: Readonly<Record<number, string>> = { 0: "psk_ke", 1: "psk_dhe_ke" };

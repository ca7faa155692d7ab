// Owns what a handshake message says, for people. Refuses to know which of it is allowed, and what became of it.
import type { TraceMessage } from "../../engine/trace.ts";
import { WireReader } from "../../engine/wire-reader.ts";
import { SSLError } from "../../engine/errors.ts";
import { parseCertificate } from "../certificate.ts";
import { type Carrier, extensionDetails } from "./extensions.ts";
import { groupName, messageName, schemeName, suiteName, versionName } from "./names.ts";
import { listText, nameText, namesText, printable, sizeText } from "./text.ts";

/** A message in words; `details` are names and values in the order of the message. */
export interface MessageText {
  readonly title: string;
  readonly details: readonly Detail[];
}

type Detail = readonly [name: string, value: string];

/** Never throws: what cannot be read is shown by its size. */
export function messageText({ type, body, protection }: TraceMessage): MessageText {
  const title = isRetry(type, body) ? "HelloRetryRequest" : messageName(type);
  try {
    const reader = new WireReader(body);
    // In TLS 1.2 only Finished is encrypted, in TLS 1.3 all but the hellos: so this tells the versions apart.
    return { title, details: detailsOf(type, title, reader, protection !== "none") };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { title, details: [["malformed", sizeText(body.length)]] };
  }
}

function detailsOf(type: number, title: string, body: WireReader, tls13: boolean): Detail[] {
  switch (type) {
    case 1:
      return clientHello(body);
    case 2:
      return serverHello(body, title as Carrier);
    case 4:
      return tls13 ? newSessionTicket13(body) : newSessionTicket12(body);
    case 8:
      return extensionDetails(body.only(2), "other");
    case 11:
      return tls13 ? certificate13(body) : chain(body.only(3), false);
    case 12:
      return serverKeyExchange(body);
    case 13:
      return tls13 ? certificateRequest13(body) : certificateRequest12(body);
    case 15:
      return [["signature", `${schemeName(body.number(2))}, ${sizeText(body.only(2).left)}`]];
    case 20:
      return [["verify_data", sizeText(body.left)]];
    case 24:
      return [["answer", body.number(1) === 1 ? "asked for" : "not asked for"]];
    default:
      return body.left === 0 ? [] : [["content", sizeText(body.left)]];
  }
}

function clientHello(body: WireReader): Detail[] {
  const version = body.number(2);
  body.bytes(32);
  const sessionId = body.vector(1).left;
  const suites = namesText(body.vector(2), suiteName);
  body.vector(1); // compression methods
  const extensions = body.left === 0 ? [] : extensionDetails(body.only(2), "ClientHello");
  return [
    versionDetail(version, extensions),
    ["session id", sizeText(sessionId)],
    ["cipher suites", suites],
    ...extensions,
  ];
}

function serverHello(body: WireReader, carrier: Carrier): Detail[] {
  const version = body.number(2);
  body.bytes(32);
  const sessionId = body.vector(1).left;
  const suite = suiteName(body.number(2));
  body.number(1); // compression method
  const extensions = body.left === 0 ? [] : extensionDetails(body.only(2), carrier);
  return [
    versionDetail(version, extensions),
    ["session id", sizeText(sessionId)],
    ["cipher suite", suite],
    ...extensions,
  ];
}

/** With the extension that tells the version, the field only pretends to (RFC 8446, section 4.1.2). */
function versionDetail(version: number, extensions: readonly Detail[]): Detail {
  const legacy = extensions.some(([name]) => name === "supported_versions");
  return [legacy ? "legacy_version" : "version", versionName(version)];
}

function newSessionTicket12(body: WireReader): Detail[] {
  return [
    ["lifetime", `${body.number(4)} seconds`],
    ["ticket", sizeText(body.only(2).left)],
  ];
}

function newSessionTicket13(body: WireReader): Detail[] {
  const lifetime = body.number(4);
  body.number(4); // ticket_age_add
  const nonce = body.vector(1).left;
  const ticket = body.vector(2).left;
  return [
    ["lifetime", `${lifetime} seconds`],
    ["nonce", sizeText(nonce)],
    ["ticket", sizeText(ticket)],
    ...extensionDetails(body.only(2), "other"),
  ];
}

function certificate13(body: WireReader): Detail[] {
  const context = body.vector(1).left;
  const details = chain(body.only(3), true);
  return context === 0 ? details : [["context", sizeText(context)], ...details];
}

function chain(list: WireReader, withExtensions: boolean): Detail[] {
  if (list.left === 0) return [["certificates", "no certificate"]];
  const details: Detail[] = [];
  for (let index = 1; list.left > 0; index++) {
    details.push(...certificate(list.vector(3).rest(), index));
    if (withExtensions) details.push(...extensionDetails(list.vector(2), "other"));
  }
  return details;
}

function certificate(der: Uint8Array, index: number): Detail[] {
  const name = `certificate ${index}`;
  try {
    const { subject, issuer, notBefore, notAfter } = parseCertificate(der.slice());
    return [
      [name, printable(nameText(subject))],
      ["issuer", printable(nameText(issuer))],
      ["valid", `from ${notBefore} to ${notAfter}`],
    ];
  } catch (error) {
    if (error instanceof SSLError) return [[name, `${sizeText(der.length)}, malformed`]];
    throw error;
  }
}

/** With a named curve and a signature (RFC 8422, section 5.4); other kinds are not told apart without the suite. */
function serverKeyExchange(body: WireReader): Detail[] {
  const whole = body.left;
  const namedCurve = 3;
  if (body.number(1) !== namedCurve) return [["content", sizeText(whole)]];
  const group = groupName(body.number(2));
  const share: Detail = ["key share", `${group} (${sizeText(body.vector(1).left)})`];
  if (body.left === 0) return [share];
  return [share, ["signature", `${schemeName(body.number(2))}, ${sizeText(body.only(2).left)}`]];
}

function certificateRequest12(body: WireReader): Detail[] {
  const types = namesText(body.vector(1), (type) => certificateTypes[type] ?? `type ${type}`, 1);
  return [
    ["certificate types", types],
    ["signature_algorithms", namesText(body.vector(2), schemeName)],
    ["certificate_authorities", authorities(body.only(2))],
  ];
}

function certificateRequest13(body: WireReader): Detail[] {
  const context = body.vector(1).left;
  const details = extensionDetails(body.only(2), "other");
  return context === 0 ? details : [["context", sizeText(context)], ...details];
}

function authorities(list: WireReader): string {
  const sizes: string[] = [];
  while (list.left > 0) sizes.push(`a name of ${sizeText(list.vector(2).left)}`);
  return listText(sizes);
}

const certificateTypes: Readonly<Record<number, string>> = { 1: "rsa_sign", 2: "dss_sign", 64: "ecdsa_sign" };

/** The random of a ServerHello that asks for another ClientHello: a hash of its name (RFC 8446, section 4.1.3). */
const retryRandom = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

function isRetry(type: number, body: Uint8Array): boolean {
  const random = Array.from(body.subarray(2, 34), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return type === 2 && random === retryRandom;
}

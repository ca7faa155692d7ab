// A certificate as path validation sees it: every field parsed, nothing tolerated that RFC 5280 does not allow. For people
// there is ../certificate.ts, which is more forgiving.
import { DerReader, type Element, explicit, implicit, tag, timeOf } from "../der.ts";
import { attributesOf, type Name, parseName } from "./distinguished-name.ts";
import { type Extensions, parseExtensions } from "./extensions.ts";
import type { GeneralName } from "./general-name.ts";
import {
  parsePublicKey,
  parseSignatureAlgorithm,
  type PublicKey,
  type SignatureAlgorithm,
  type Signed,
} from "./keys.ts";
import { type ConstrainedName, textName, toConstrainedNames } from "./name-constraints.ts";
import { attributeOid } from "./oids.ts";

export interface X509 extends Signed {
  readonly raw: Uint8Array;
  /** What the signature is over. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The content of the INTEGER. */
  readonly serial: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  /** Milliseconds since 1970; both ends are valid. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** A year before 2050 written with four digits (RFC 5280, section 4.1.2.5, wants two). */
  readonly hasLongTimes: boolean;
  readonly publicKey: PublicKey;
  readonly extensions: Extensions;
  readonly selfIssued: boolean;
}

const what = "certificate";

/** Parses one certificate (DER). Throws SSLError with reason `"DECODE_ERROR"`, which names the field. */
export function parseX509(raw: Uint8Array): X509 {
  const signed = new DerReader(new DerReader(raw, what).only(tag.sequence).content, what);
  const tbs = signed.next(tag.sequence);
  const outer = signed.next(tag.sequence).whole;
  const signature = new DerReader(signed.only(tag.bitString).whole, `signature of the ${what}`).wholeBits();
  const body = new DerReader(tbs.content, what);
  const version = parseVersion(body);
  const serial = parseSerial(body);
  const signatureAlgorithm = parseAlgorithm(body, outer);
  const issuer = parseName(body.next(tag.sequence), `issuer of the ${what}`);
  const validity = parseValidity(body);
  const subject = parseName(body.next(tag.sequence), `subject of the ${what}`);
  const publicKey = parsePublicKey(body.next(tag.sequence).whole, `public key of the ${what}`);
  const extensions = parseTail(body, version);
  const selfIssued = subject.key === issuer.key;
  const names = { issuer, subject, selfIssued };
  const signing = { tbs: tbs.whole, signatureAlgorithm, signature };
  return { raw, version, serial, ...names, ...validity, publicKey, extensions, ...signing };
}

/** The subject alone, for an index of many certificates. */
export function parseSubject(raw: Uint8Array): Name {
  const body = afterSerial(raw);
  for (let skipped = 0; skipped < 3; skipped++) body.next(tag.sequence); // algorithm, issuer, validity
  return parseName(body.next(tag.sequence), `subject of the ${what}`);
}

/** The issuer alone, of a certificate that need not be right otherwise. */
export function parseIssuer(raw: Uint8Array): Name {
  const body = afterSerial(raw);
  body.next(tag.sequence); // algorithm
  return parseName(body.next(tag.sequence), `issuer of the ${what}`);
}

/** The SubjectPublicKeyInfo alone, of a certificate that need not be right otherwise. */
export function publicKeyOf(raw: Uint8Array): Uint8Array {
  const body = afterSerial(raw);
  for (let skipped = 0; skipped < 4; skipped++) body.next(tag.sequence); // algorithm, issuer, validity, subject
  return body.next(tag.sequence).whole;
}

/** Every name that name constraints can be about. The common name is among them only if it is going to be compared. */
export function constrainedNames(certificate: X509, commonNameCounts: boolean): ConstrainedName[] {
  const altNames = certificate.extensions.subjectAltName?.value ?? [];
  const names: ConstrainedName[] = altNames.flatMap(toConstrainedNames);
  if (certificate.subject.rdns.length > 0) names.push({ kind: "directory", name: certificate.subject });
  if (!altNames.some(({ kind }) => kind === "email")) {
    for (const text of attributesOf(certificate.subject, attributeOid.emailAddress))
      names.push(textName("email", text));
  }
  if (commonNameCounts && !altNames.some(isServerName)) {
    const text = attributesOf(certificate.subject, attributeOid.commonName).at(-1);
    if (text !== undefined) names.push(textName("dns", text));
  }
  return names;
}

/** With such a name the common name never stands for a server. */
export function isServerName({ kind }: GeneralName): boolean {
  return kind === "dns" || kind === "ip";
}

/** In a loop, as whole certificates are compared in each handshake. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What is signed, behind the version and the serial number. */
function afterSerial(raw: Uint8Array): DerReader {
  const body = new DerReader(raw, what).inside(tag.sequence).inside(tag.sequence);
  body.optional(explicit(0));
  body.next(tag.integer);
  return body;
}

function parseVersion(body: DerReader): 1 | 2 | 3 {
  const wrapped = body.optionalInside(explicit(0), `version of the ${what}`);
  if (wrapped === undefined) return 1;
  const number = wrapped.count();
  wrapped.end();
  if (number === 1) return 2;
  if (number === 2) return 3;
  throw wrapped.malformed(number === 0 ? "the default is spelt out" : "it is not known");
}

function parseSerial(body: DerReader): Uint8Array {
  const reader = new DerReader(body.next(tag.integer).whole, `serial number of the ${what}`);
  const serial = reader.integer();
  if (serial.length > 20) throw reader.malformed("it has more than 20 bytes");
  return serial;
}

/** The algorithm stands inside and outside of what is signed, and must be the same. */
function parseAlgorithm(body: DerReader, outer: Uint8Array): SignatureAlgorithm {
  const field = `signature algorithm of the ${what}`;
  const inner = body.next(tag.sequence).whole;
  if (!sameBytes(inner, outer)) throw new DerReader(inner, field).malformed("it differs inside and outside");
  return parseSignatureAlgorithm(inner, field);
}

function parseValidity(body: DerReader): Pick<X509, "notBefore" | "notAfter" | "hasLongTimes"> {
  const validity = body.inside(tag.sequence, `validity of the ${what}`);
  const [from, to] = [validity.next(), validity.next()];
  validity.end();
  const [notBefore, notAfter] = [timeOf(from, validity.field), timeOf(to, validity.field)];
  return { notBefore, notAfter, hasLongTimes: isLong(from, notBefore) || isLong(to, notAfter) };
}

function isLong(element: Element, time: number): boolean {
  return element.tag === tag.generalizedTime && time < Date.UTC(2050, 0);
}

function parseTail(body: DerReader, version: 1 | 2 | 3): Extensions {
  const unique = [body.optional(implicit(1)), body.optional(implicit(2))].some((id) => id !== undefined);
  const wrapped = body.optionalInside(explicit(3), `extensions of the ${what}`);
  body.end();
  if (unique && version === 1) throw body.malformed("it has unique identifiers, but is of version 1");
  if (wrapped === undefined) return { notUnderstood: [] };
  if (version !== 3) throw wrapped.malformed("there are some, but the version is not 3");
  const list = wrapped.inside(tag.sequence);
  wrapped.end();
  return parseExtensions(list, what);
}

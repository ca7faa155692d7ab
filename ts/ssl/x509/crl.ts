// Certificate revocation lists (RFC 5280, sections 5 and 6.3): parsed strictly, and asked about one certificate. Only
// complete lists by the issuer itself count: no indirect ones, no deltas, none for some reasons only.
import { type Bytes, toBytes } from "../bytes.ts";
import { DerReader, explicit, implicit, latin1Text, tag, timeOf } from "../der.ts";
import { pemBlocks, pemTextOf } from "../pem.ts";
import { SSLConfigError } from "../../engine/errors.ts";
import { sameBytes, type X509 } from "./certificate.ts";
import { type Name, parseName } from "./distinguished-name.ts";
import { keyUsageBit, parseDistributionPointName, type RawExtension, rawExtensions } from "./extensions.ts";
import type { GeneralName } from "./general-name.ts";
import { parseSignatureAlgorithm, type Signed } from "./keys.ts";
import { extensionOid } from "./oids.ts";
import { type Complaint, dateText, type Profile } from "./profile.ts";

/** Which certificates of a path need a revocation list that covers them: none, the peer's, or all but the anchor. */
export type CrlCheck = "off" | "leaf" | "chain";

export interface Crl extends Signed {
  readonly version: 1 | 2;
  readonly issuer: Name;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly hasNumber: boolean;
  /** What keeps the list from being used at all. */
  readonly notUnderstood: string | null;
  readonly scope: Scope;
  /** Whether the serial number (the content of its INTEGER) is on the list. */
  has(serial: Uint8Array): boolean;
}

/** The issuing distribution point: what the list is about. */
export interface Scope {
  /** Null when it is about everything that the issuer issued. */
  readonly fullName: readonly GeneralName[] | null;
  readonly userCertificates: boolean;
  readonly authorities: boolean;
  /** About other issuers, about attribute certificates, or about some reasons only. */
  readonly partial: boolean;
}

const what = "revocation list";

/** Every list in it: PEM with any number of them, or DER. Throws SSLConfigError, or SSLError with reason `"DECODE_ERROR"`. */
export function crlsFrom(value: string | Bytes): Crl[] {
  const text = pemTextOf(value, "crls");
  if (typeof value !== "string" && !text.includes("-----BEGIN")) return [parseCrl(toBytes(value, "crls").slice())];
  const blocks = [...pemBlocks(text, new Set(["X509 CRL"]))];
  const broken = blocks.find(({ der }) => der === null)?.reason;
  if (blocks.length === 0 || (broken ?? null) !== null)
    throw new SSLConfigError(`Cannot use crls: ${broken ?? "the text has no X509 CRL block"}`, {
      reason: "BAD_PEM",
      library: "PEM",
    });
  return blocks.flatMap(({ der }) => (der === null ? [] : parseCrl(der)));
}

/** Parses one CertificateList (DER). Throws SSLError with reason `"DECODE_ERROR"`. */
export function parseCrl(raw: Uint8Array): Crl {
  const list = new DerReader(new DerReader(raw, what).only(tag.sequence).content, what);
  const tbs = list.next(tag.sequence);
  const outer = list.next(tag.sequence).whole;
  const signature = list.wholeBits();
  list.end();
  const body = new DerReader(tbs.content, what);
  const version = parseVersion(body);
  const inner = body.next(tag.sequence).whole;
  if (!sameBytes(inner, outer)) throw body.malformed("its signature algorithm differs inside and outside");
  const signatureAlgorithm = parseSignatureAlgorithm(inner, `signature algorithm of the ${what}`);
  const issuer = parseName(body.next(tag.sequence), `issuer of the ${what}`);
  const thisUpdate = timeOf(body.next(), `time of the ${what}`);
  const timed = body.peekTag() === tag.utcTime || body.peekTag() === tag.generalizedTime;
  const nextUpdate = timed ? timeOf(body.next(), `time of the ${what}`) : null;
  const entries = body.optional(tag.sequence)?.content ?? new Uint8Array();
  const extensions = parseListExtensions(body, version);
  const revoked = parseEntries(entries, version);
  return {
    ...{ tbs: tbs.whole, signatureAlgorithm, signature, version, issuer, thisUpdate, nextUpdate },
    hasNumber: extensions.some(({ oid, critical }) => oid === extensionOid.crlNumber && !critical),
    notUnderstood: revoked.notUnderstood ?? notUnderstoodIn(extensions, understoodInList),
    scope: parseScope(extensions),
    has: (serial) => revoked.serials.has(latin1Text(serial)),
  };
}

export interface RevocationQuestion {
  readonly certificate: X509;
  readonly issuer: X509;
  readonly time: number;
  readonly crls: readonly Crl[];
  readonly profile: Profile;
  /** Whether the list was signed with the key of the issuer. */
  readonly signed: (crl: Crl) => boolean;
}

/** What the lists say against the certificate; silence of all of them is something too. */
export function revocationComplaints(question: RevocationQuestion): Complaint[] {
  const { certificate, issuer, crls } = question;
  const own = crls.filter((crl) => crl.issuer.key === certificate.issuer.key);
  if (own.length === 0) return [["UNABLE_TO_GET_CRL", "is covered by no revocation list"]];
  if (issuer.extensions.keyUsage?.value.has(keyUsageBit.cRLSign) === false)
    return [["KEYUSAGE_NO_CRL_SIGN", "has an issuer that may not sign revocation lists, as its keyUsage says"]];
  const obstacles = own.map((crl) => obstacle(crl, question));
  const useful = own.filter((_, i) => obstacles[i] === null);
  if (useful.some((crl) => crl.has(certificate.serial))) return [["CERT_REVOKED", "has been revoked"]];
  return useful.length > 0 ? [] : obstacles.flatMap((one) => (one === null ? [] : [one])).slice(0, 1);
}

/** Why the list cannot answer, or null. */
function obstacle(crl: Crl, { certificate, time, profile, signed }: RevocationQuestion): Complaint | null {
  const { scope } = crl;
  const authority = certificate.extensions.basicConstraints?.value.ca === true;
  const covered = authority ? scope.authorities : scope.userCertificates;
  if (crl.notUnderstood !== null)
    return [
      "UNHANDLED_CRITICAL_CRL_EXTENSION",
      `has a revocation list with ${crl.notUnderstood}, which is not understood`,
    ];
  if (scope.partial || !covered || !isPointOf(certificate, scope))
    return ["DIFFERENT_CRL_SCOPE", "has a revocation list that is about other certificates"];
  if (crl.thisUpdate > time) return ["CRL_NOT_YET_VALID", `has a revocation list from ${dateText(crl.thisUpdate)}`];
  if (crl.nextUpdate === null || crl.nextUpdate < time) {
    const end = crl.nextUpdate === null ? "that does not say how long it is valid" : `of ${dateText(crl.thisUpdate)}`;
    return ["CRL_HAS_EXPIRED", `has a revocation list ${end}, which is too old`];
  }
  if (profile.strict && (crl.version !== 2 || !crl.hasNumber))
    return ["UNABLE_TO_GET_CRL", "has a revocation list without a number of its own"];
  if (!profile.hashes.includes(crl.signatureAlgorithm.hash) || !signed(crl))
    return ["CRL_SIGNATURE_FAILURE", "has a revocation list whose signature is wrong"];
  return null;
}

/** A list for one distribution point covers the certificates that name this point, for all reasons (section 6.3.3 (b) (2), (d)). */
function isPointOf({ extensions }: X509, { fullName }: Scope): boolean {
  if (fullName === null) return true;
  const points = extensions.crlDistributionPoints?.value ?? [];
  return points.some(
    (point) =>
      point.crlIssuer.length === 0 &&
      !point.someReasons &&
      point.fullName.some((name) => fullName.some((other) => sameBytes(name.raw, other.raw))),
  );
}

function parseVersion(body: DerReader): 1 | 2 {
  if (body.peekTag() !== tag.integer) return 1;
  if (body.count() !== 1) throw body.malformed("its version is not known");
  return 2;
}

function parseListExtensions(body: DerReader, version: 1 | 2): RawExtension[] {
  const wrapped = body.optionalInside(explicit(0), `extensions of the ${what}`);
  body.end();
  if (wrapped === undefined) return [];
  if (version === 1) throw wrapped.malformed("there are some, but the version is not 2");
  const extensions = rawExtensions(wrapped.inside(tag.sequence));
  wrapped.end();
  return extensions;
}

interface Entries {
  readonly serials: ReadonlySet<string>;
  readonly notUnderstood: string | null;
}

function parseEntries(content: Uint8Array, version: 1 | 2): Entries {
  const serials = new Set<string>();
  const list = new DerReader(content, what);
  let notUnderstood: string | null = null;
  while (list.more) {
    const entry = list.inside(tag.sequence, `entries of the ${what}`);
    serials.add(latin1Text(entry.integer()));
    entry.next(); // the date: whatever it is, the certificate is on the list
    if (entry.more) {
      if (version === 1) throw entry.malformed("an entry has extensions, but the version is not 2");
      notUnderstood ??= notUnderstoodIn(rawExtensions(entry.inside(tag.sequence)), understoodInEntry);
    }
    entry.end();
  }
  return { serials, notUnderstood };
}

function notUnderstoodIn(extensions: readonly RawExtension[], understood: ReadonlySet<string>): string | null {
  const oid = extensions.find((extension) => extension.critical && !understood.has(extension.oid))?.oid;
  return oid === undefined ? null : `the critical extension ${oid}`;
}

const understoodInList: ReadonlySet<string> = new Set([extensionOid.issuingDistributionPoint]);

const understoodInEntry: ReadonlySet<string> = new Set([extensionOid.crlReason, extensionOid.invalidityDate]);

const everything: Scope = { fullName: null, userCertificates: true, authorities: true, partial: false };

function parseScope(extensions: readonly RawExtension[]): Scope {
  const delta = extensions.some(({ oid }) => oid === extensionOid.deltaCrlIndicator);
  const point = extensions.find(({ oid }) => oid === extensionOid.issuingDistributionPoint);
  if (point === undefined) return { ...everything, partial: delta };
  const reader = new DerReader(point.value, `issuingDistributionPoint of the ${what}`);
  const inner = reader.inside(tag.sequence);
  reader.end();
  const name = inner.optionalInside(explicit(0));
  const fullName = name === undefined ? null : parseDistributionPointName(name);
  const [onlyUsers, onlyAuthorities] = [flag(inner, 1), flag(inner, 2)];
  const someReasons = inner.optional(implicit(3)) !== undefined;
  const [indirect, onlyAttributes] = [flag(inner, 4), flag(inner, 5)];
  inner.end();
  const partial = delta || someReasons || indirect || onlyAttributes;
  return { fullName, userCertificates: !onlyAuthorities, authorities: !onlyUsers, partial };
}

function flag(reader: DerReader, number: number): boolean {
  return reader.peekTag() === implicit(number) && reader.boolean(implicit(number));
}

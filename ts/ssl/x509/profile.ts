// Which keys, which algorithms and which forms of certificates are good enough: the rules that need one certificate only.
// Three profiles, from what safety needs to the whole of what the CA/Browser Forum demands of public servers.
import { attributesOf } from "./distinguished-name.ts";
import { isServerName, sameBytes, type X509 } from "./certificate.ts";
import { keyUsageBit } from "./extensions.ts";
import type { FindingCode } from "./findings.ts";
import { type Curve, type Hash, hashName, type PublicKey } from "./keys.ts";
import { attributeOid, purposeOid } from "./oids.ts";
import { addressOf } from "../names.ts";

/** What the certificate is used for. */
export type Purpose = "serverAuth" | "clientAuth" | "any";

/** Where a certificate stands: at the bottom, in between, or trusted as such. `"trusted leaf"` is both ends at once. */
export type Role = "leaf" | "intermediate" | "anchor" | "trusted leaf";

export interface Profile {
  readonly minimumRsaBits: number;
  readonly curves: readonly Curve[];
  readonly hashes: readonly Hash[];
  /** What RFC 5280 demands of those who issue: key identifiers, what must be critical, positive serial numbers. */
  readonly strict: boolean;
  /** Servers: extended key usage is there and names its purpose; no certificate authority serves. */
  readonly namedPurpose: boolean;
  /** The rest of the CA/Browser Forum's Baseline Requirements that can be seen in a path. */
  readonly baseline: boolean;
}

/** Something that a rule found; the place in the path is added by who knows it. */
export type Complaint = readonly [code: FindingCode, text: string];

/** What safety needs, and no more: for certificates that were made by hand. */
export const lenientProfile: Profile = {
  minimumRsaBits: 2048,
  curves: ["P-256", "P-384", "P-521"],
  hashes: [256, 384, 512],
  strict: false,
  namedPurpose: false,
  baseline: false,
};

/** RFC 5280 to the letter; a certificate that names no purpose serves all, as everywhere but on the public web. */
export const standardProfile: Profile = { ...lenientProfile, strict: true };

/** What public servers have to send. */
export const webProfile: Profile = { ...standardProfile, namedPurpose: true, baseline: true };

/** What is wrong with the certificate wherever it stands, and with the algorithm it is signed with. */
export function complaintsAbout(certificate: X509, role: Role, purpose: Purpose, profile: Profile): Complaint[] {
  const trusted = role === "anchor" || role === "trusted leaf";
  const authority = role === "anchor" || role === "intermediate";
  return [
    ...extensionComplaints(certificate),
    ...keyComplaints(certificate.publicKey, authority, profile),
    ...(trusted ? [] : signatureComplaints(certificate, profile)),
    ...(authority
      ? authorityComplaints(certificate, role === "anchor", profile)
      : usageComplaints(certificate, purpose)),
    ...purposeComplaints(certificate, authority, purpose),
    ...(profile.strict ? strictComplaints(certificate, authority, trusted) : []),
    ...(profile.namedPurpose && role === "leaf" ? leafComplaints(certificate, purpose) : []),
    ...(profile.baseline ? baselineComplaints(certificate, role, purpose) : []),
  ];
}

/** Whether the certificate is valid at the time (milliseconds since 1970). */
export function timeComplaints(certificate: X509, time: number): Complaint[] {
  if (!(time >= certificate.notBefore))
    return [["CERT_NOT_YET_VALID", `is not valid before ${dateText(certificate.notBefore)}`]];
  if (!(time <= certificate.notAfter))
    return [["CERT_HAS_EXPIRED", `has expired on ${dateText(certificate.notAfter)}`]];
  return [];
}

export function dateText(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

function extensionComplaints({ extensions }: X509): Complaint[] {
  return extensions.notUnderstood.map((oid) => [
    "UNHANDLED_CRITICAL_EXTENSION",
    `has the critical extension ${oid}, which is not understood`,
  ]);
}

function keyComplaints(key: PublicKey, authority: boolean, profile: Profile): Complaint[] {
  const small = authority ? "CA_KEY_TOO_SMALL" : "EE_KEY_TOO_SMALL";
  if (key.kind === "rsa" || key.kind === "rsa-pss") {
    if (key.bits < profile.minimumRsaBits || key.bits > largestRsaBits)
      return [
        [small, `has an RSA key of ${key.bits} bits, where ${profile.minimumRsaBits} to ${largestRsaBits} are needed`],
      ];
    return profile.strict && key.bits % 8 !== 0 ? [[small, `has an RSA key of ${key.bits} bits, no whole bytes`]] : [];
  }
  if (key.kind !== "ec") return [[small, `has a key of a kind that is not accepted`]];
  if (key.curve === "explicit") return [["EC_KEY_EXPLICIT_PARAMS", "has a key on a curve without a name"]];
  if (key.curve === "unknown" || !profile.curves.includes(key.curve))
    return [[small, `has a key on a curve that is not accepted`]];
  return [];
}

/** What PSA can calculate with in this build; larger ones would look like wrong signatures. */
const largestRsaBits = 4096;

function signatureComplaints({ signatureAlgorithm: { scheme, hash, salt, oid } }: X509, profile: Profile): Complaint[] {
  if (scheme === "other")
    return [["UNSUPPORTED_SIGNATURE_ALGORITHM", `is signed with the algorithm ${oid}, which is not known`]];
  if (!profile.hashes.includes(hash))
    return [["CA_MD_TOO_WEAK", `is signed with ${hashName(hash)}, which is too weak`]];
  if (scheme === "rsa-pss" && salt !== hash / 8)
    return [["UNSUPPORTED_SIGNATURE_ALGORITHM", `is signed with a salt of ${salt} bytes, not as long as the hash`]];
  return [];
}

/** RFC 5280, section 6.1.4 (k) and (n). Version 1 has no extensions to say so: only who is trusted may be that old. */
function authorityComplaints(certificate: X509, anchor: boolean, profile: Profile): Complaint[] {
  const { basicConstraints, keyUsage } = certificate.extensions;
  const ancient = anchor && certificate.version < 3 && !profile.strict;
  const found: Complaint[] = [];
  if (basicConstraints?.value.ca !== true && !ancient)
    found.push(["INVALID_CA", "is not that of a certificate authority"]);
  if (keyUsage !== undefined && !keyUsage.value.has(keyUsageBit.keyCertSign))
    found.push(["KEYUSAGE_NO_CERTSIGN", "may not sign certificates, as its keyUsage says"]);
  return found;
}

/** TLS signs with the key (RFC 8446, section 4.4.2.2), or (long ago) encrypts to it; nobody agrees on keys with it. */
function usageComplaints({ extensions: { keyUsage } }: X509, purpose: Purpose): Complaint[] {
  if (keyUsage === undefined || purpose === "any") return [];
  const bits = keyUsage.value;
  if (bits.has(keyUsageBit.digitalSignature) || (purpose === "serverAuth" && bits.has(keyUsageBit.keyEncipherment)))
    return [];
  return [["INVALID_PURPOSE", "may not be used for TLS, as its keyUsage says"]];
}

function purposeComplaints({ extensions: { extKeyUsage } }: X509, authority: boolean, purpose: Purpose): Complaint[] {
  if (extKeyUsage === undefined || purpose === "any" || extKeyUsage.value.has(purposeOid[purpose])) return [];
  if (extKeyUsage.value.has(purposeOid.any)) return [];
  const forWhat = purpose === "serverAuth" ? "servers" : "clients";
  return [["INVALID_PURPOSE", `may not ${authority ? "vouch for" : "be used by"} ${forWhat}, as its extKeyUsage says`]];
}

/** What RFC 5280 says with MUST about those who issue. Who is trusted already may have an odd number, odd times and no
 * identifiers, as some of the roots that browsers trust do. */
function strictComplaints(certificate: X509, authority: boolean, trusted: boolean): Complaint[] {
  const { extensions, subject, issuer } = certificate;
  const found: Complaint[] = [];
  const { authorityKeyIdentifier: aki, subjectKeyIdentifier: ski, subjectAltName } = extensions;
  if (issuer.rdns.length === 0) found.push(["ISSUER_NAME_EMPTY", "does not name its issuer"]);
  if (aki?.critical === true)
    found.push(["AUTHORITY_KEY_IDENTIFIER_CRITICAL", "has a critical authorityKeyIdentifier"]);
  if (ski?.critical === true) found.push(["SUBJECT_KEY_IDENTIFIER_CRITICAL", "has a critical subjectKeyIdentifier"]);
  if (subject.rdns.length === 0 && subjectAltName !== undefined && !subjectAltName.critical)
    found.push(["EMPTY_SUBJECT_SAN_NOT_CRITICAL", "has no subject, but its subjectAltName is not critical"]);
  if (subject.rdns.length === 0 && (authority || subjectAltName === undefined))
    found.push(["SUBJECT_NAME_EMPTY", "does not name its subject"]);
  if (!trusted) found.push(...issuedComplaints(certificate));
  return [...found, ...constraintComplaints(certificate, authority, trusted)];
}

function issuedComplaints({ extensions, version, serial, hasLongTimes, selfIssued }: X509): Complaint[] {
  const found: Complaint[] = [];
  if (hasLongTimes) found.push(["INVALID_EXTENSION", "spells a year before 2050 with four digits"]);
  if (serial[0]! >= 128 || serial.every((byte) => byte === 0))
    found.push(["INVALID_EXTENSION", "has a serial number that is not positive"]);
  if (version < 3) found.push(["EXTENSIONS_REQUIRE_VERSION_3", `is of version ${version}, which is too old`]);
  else if (!selfIssued && (extensions.authorityKeyIdentifier?.value.keyId ?? null) === null)
    found.push(["MISSING_AUTHORITY_KEY_IDENTIFIER", "does not identify the key of its issuer"]);
  return found;
}

function constraintComplaints({ extensions }: X509, authority: boolean, trusted: boolean): Complaint[] {
  const { basicConstraints, keyUsage, nameConstraints, policyConstraints, inhibitAnyPolicy } = extensions;
  const ca = basicConstraints?.value.ca === true;
  const signs = keyUsage?.value.has(keyUsageBit.keyCertSign) === true;
  const found: Complaint[] = [];
  if (ca && authority && !basicConstraints.critical)
    found.push(["CA_BCONS_NOT_CRITICAL", "has basicConstraints that are not critical"]);
  if (authority && keyUsage === undefined && !trusted)
    found.push(["CA_CERT_MISSING_KEY_USAGE", "is that of a certificate authority without keyUsage"]);
  if (authority && extensions.subjectKeyIdentifier === undefined && !trusted)
    found.push(["MISSING_SUBJECT_KEY_IDENTIFIER", "does not identify its key"]);
  if (!ca && signs)
    found.push(["KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA", "may sign certificates, but is not that of an authority"]);
  if (!ca && (basicConstraints?.value.pathLength ?? null) !== null)
    found.push(["PATHLEN_INVALID_FOR_NON_CA", "limits the path, but is not that of an authority"]);
  if (ca && (basicConstraints?.value.pathLength ?? null) !== null && keyUsage !== undefined && !signs)
    found.push(["PATHLEN_WITHOUT_KU_KEY_CERT_SIGN", "limits the path, but may not sign certificates"]);
  if (!ca && nameConstraints !== undefined)
    found.push(["INVALID_EXTENSION", "constrains names, but is not that of an authority"]);
  if (policyConstraints?.critical === false)
    found.push(["INVALID_POLICY_EXTENSION", "has policyConstraints that are not critical"]);
  if (inhibitAnyPolicy?.critical === false)
    found.push(["INVALID_POLICY_EXTENSION", "has inhibitAnyPolicy that is not critical"]);
  return found;
}

/** CA/Browser Forum, Baseline Requirements, 7.1.2.7: a server's certificate says that it is one and is nothing else. */
function leafComplaints({ extensions }: X509, purpose: Purpose): Complaint[] {
  const { basicConstraints, extKeyUsage } = extensions;
  const found: Complaint[] = [];
  if (basicConstraints?.value.ca === true) found.push(["INVALID_PURPOSE", "is that of a certificate authority"]);
  if (purpose !== "serverAuth") return found;
  if (extKeyUsage === undefined)
    found.push(["INVALID_PURPOSE", "does not say that it is for servers: it has no extKeyUsage"]);
  if (extKeyUsage?.value.has(purposeOid.any) === true)
    found.push(["INVALID_PURPOSE", "may be used for anything, as its extKeyUsage says"]);
  return found;
}

function baselineComplaints(certificate: X509, role: Role, purpose: Purpose): Complaint[] {
  if (purpose !== "serverAuth") return [];
  if (role === "leaf") return baselineLeafComplaints(certificate);
  return role === "anchor" ? baselineRootComplaints(certificate) : [];
}

function baselineLeafComplaints(certificate: X509): Complaint[] {
  const { subjectAltName, extKeyUsage } = certificate.extensions;
  const found: Complaint[] = [];
  if (subjectAltName === undefined) found.push(["INVALID_EXTENSION", "has no subjectAltName"]);
  if (subjectAltName?.critical === true && certificate.subject.rdns.length > 0)
    found.push(["INVALID_EXTENSION", "has a subject, but its subjectAltName is critical"]);
  if (extKeyUsage?.critical === true) found.push(["INVALID_EXTENSION", "has an extKeyUsage that is critical"]);
  const commonNames = attributesOf(certificate.subject, attributeOid.commonName);
  if (commonNames.some((name) => !isAmongNames(name, certificate)))
    found.push(["INVALID_EXTENSION", "has a common name that is not in its subjectAltName"]);
  return found;
}

/** The common name is a copy of a subjectAltName, character for character (7.1.4.3); addresses in their usual form. */
function isAmongNames(commonName: string, { extensions }: X509): boolean {
  const address = addressOf(commonName);
  const usual = address !== null && (address.length === 4 || isUsualForm(commonName));
  return (extensions.subjectAltName?.value ?? []).some((name) => {
    if (!isServerName(name)) return false;
    if (name.kind === "dns") return name.text === commonName;
    return usual && name.kind === "ip" && sameBytes(name.bytes, address);
  });
}

/** RFC 5952, which the URL parser writes. */
function isUsualForm(v6: string): boolean {
  return !v6.includes("%") && new URL(`http://[${v6}]`).host === `[${v6}]`;
}

function baselineRootComplaints({ extensions, selfIssued }: X509): Complaint[] {
  const { authorityKeyIdentifier: aki, subjectKeyIdentifier: ski, extKeyUsage } = extensions;
  const found: Complaint[] = [];
  if (!selfIssued) return found;
  if (extKeyUsage !== undefined) found.push(["INVALID_EXTENSION", "is a root with an extKeyUsage"]);
  const own = aki?.value.keyId ?? null;
  if (aki !== undefined && (own === null || aki.value.byIssuer))
    found.push(["INVALID_EXTENSION", "is a root that does not identify its issuer by the key alone"]);
  if (own !== null && ski !== undefined && !sameBytes(own, ski.value))
    found.push(["INVALID_EXTENSION", "is a root that identifies its key in two ways"]);
  return found;
}

// The extensions of certificates (RFC 5280, section 4.2), each parsed strictly. What they demand is judged elsewhere.
import { DerReader, explicit, implicit, tag } from "../der.ts";
import { type GeneralName, parseGeneralName, parseGeneralNames } from "./general-name.ts";
import { type NameConstraints, parseNameConstraints } from "./name-constraints.ts";
import { extensionOid } from "./oids.ts";

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | null;
}

/** The bits of keyUsage. */
export const keyUsageBit = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

export interface AuthorityKeyIdentifier {
  readonly keyId: Uint8Array | null;
  /** The other way to name the key: by its certificate's issuer and serial number. */
  readonly byIssuer: boolean;
}

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | null;
  readonly inhibitPolicyMapping: number | null;
}

export interface DistributionPoint {
  /** Empty when the point is named in another way. */
  readonly fullName: readonly GeneralName[];
  readonly crlIssuer: readonly GeneralName[];
  readonly someReasons: boolean;
}

interface ExtensionValues {
  readonly subjectKeyIdentifier: Uint8Array;
  readonly keyUsage: ReadonlySet<number>;
  readonly subjectAltName: readonly GeneralName[];
  readonly issuerAltName: readonly GeneralName[];
  readonly basicConstraints: BasicConstraints;
  readonly nameConstraints: NameConstraints;
  readonly crlDistributionPoints: readonly DistributionPoint[];
  readonly certificatePolicies: ReadonlySet<string>;
  readonly policyMappings: readonly (readonly [issuer: string, subject: string])[];
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier;
  readonly policyConstraints: PolicyConstraints;
  readonly extKeyUsage: ReadonlySet<string>;
  readonly inhibitAnyPolicy: number;
  readonly authorityInfoAccess: readonly AccessDescription[];
}

export interface AccessDescription {
  readonly method: string;
  readonly location: GeneralName;
}

export interface Extension<Value> {
  readonly critical: boolean;
  readonly value: Value;
}

type Known = keyof ExtensionValues;

/** The extensions of one certificate, by name, and the identifiers of the critical ones that nobody here understands. */
export type Extensions = { readonly [K in Known]?: Extension<ExtensionValues[K]> } & {
  readonly notUnderstood: readonly string[];
};

/** An extension as it stands: before anybody knows what it means. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Parses Extensions, given a reader of the SEQUENCE around them. Throws SSLError with reason `"DECODE_ERROR"`. */
export function parseExtensions(reader: DerReader, what: string): Extensions {
  const found: Record<string, Extension<unknown>> = {};
  const notUnderstood: string[] = [];
  for (const { oid, critical, value } of rawExtensions(reader)) {
    const name = names.get(oid);
    if (name !== undefined) found[name] = { critical, value: parseValue(name, value, what) };
    if (critical && (name === undefined || !understoodWhenCritical.has(name))) notUnderstood.push(oid);
  }
  return { ...found, notUnderstood };
}

/** The list itself: nothing twice, nothing left over. */
export function rawExtensions(reader: DerReader): RawExtension[] {
  const found = new Map<string, RawExtension>();
  for (const extension of reader.each(tag.sequence)) {
    const oid = extension.oid();
    const flag = extension.optional(tag.boolean);
    const critical = flag !== undefined && extension.booleanOf(flag);
    const value = extension.only(tag.octetString).content;
    if (found.has(oid)) throw reader.malformed(`the extension ${oid} is there twice`);
    found.set(oid, { oid, critical, value });
  }
  return [...found.values()];
}

/** Parses DistributionPointName, given a reader of the element around it. */
export function parseDistributionPointName(reader: DerReader): GeneralName[] {
  const choice = reader.only();
  if (choice.tag === explicit(0)) return parseGeneralNames(new DerReader(choice.content, reader.field));
  if (choice.tag !== explicit(1)) throw reader.malformed("a distribution point has no name that is known");
  return [];
}

const parsers: { readonly [K in Known]: (reader: DerReader) => ExtensionValues[K] } = {
  subjectKeyIdentifier: parseKeyId,
  keyUsage: parseKeyUsage,
  subjectAltName: parseAltNames,
  issuerAltName: parseAltNames,
  basicConstraints: parseBasicConstraints,
  nameConstraints: parseNameConstraints,
  crlDistributionPoints: parseDistributionPoints,
  certificatePolicies: parsePolicies,
  policyMappings: parsePolicyMappings,
  authorityKeyIdentifier: parseAuthorityKeyIdentifier,
  policyConstraints: parsePolicyConstraints,
  extKeyUsage: parseExtKeyUsage,
  inhibitAnyPolicy: parseInhibitAnyPolicy,
  authorityInfoAccess: parseAccess,
};

const names: ReadonlyMap<string, Known> = new Map(
  (Object.keys(parsers) as Known[]).map((name) => [extensionOid[name], name]),
);

/** The others may only be informative (RFC 5280 wants them not critical). */
const understoodWhenCritical: ReadonlySet<string> = new Set<Known>([
  "keyUsage",
  "subjectAltName",
  "basicConstraints",
  "nameConstraints",
  "crlDistributionPoints",
  "certificatePolicies",
  "policyMappings",
  "policyConstraints",
  "extKeyUsage",
  "inhibitAnyPolicy",
  // These two are understood, but RFC 5280 forbids to make them critical: the rules say so with a better error.
  "authorityKeyIdentifier",
  "subjectKeyIdentifier",
]);

function parseValue(name: Known, value: Uint8Array, what: string): unknown {
  const reader = new DerReader(value, `${name} of the ${what}`);
  const parsed = parsers[name](reader);
  reader.end();
  return parsed;
}

function parseKeyId(reader: DerReader): Uint8Array {
  const { content } = reader.next(tag.octetString);
  if (content.length === 0) throw reader.malformed("it is empty");
  return content;
}

function parseKeyUsage(reader: DerReader): ReadonlySet<number> {
  const bits = reader.namedBits();
  if (bits.size === 0) throw reader.malformed("it allows nothing");
  return bits;
}

function parseAltNames(reader: DerReader): GeneralName[] {
  const altNames = parseGeneralNames(reader.inside(tag.sequence));
  for (const name of altNames) {
    if (name.kind === "ip" && name.bytes.length !== 4 && name.bytes.length !== 16)
      throw reader.malformed("an IP address has neither 4 nor 16 bytes");
    if ("text" in name && name.text.trim() === "") throw reader.malformed("a name is empty");
  }
  return altNames;
}

/** An explicit FALSE is no DER, but widespread and harmless. */
function parseBasicConstraints(reader: DerReader): BasicConstraints {
  const inner = reader.inside(tag.sequence);
  const flag = inner.optional(tag.boolean);
  const ca = flag !== undefined && inner.booleanOf(flag);
  const pathLength = inner.more ? inner.count() : null;
  inner.end();
  return { ca, pathLength };
}

function parseDistributionPoints(reader: DerReader): DistributionPoint[] {
  return Array.from(reader.inside(tag.sequence).each(tag.sequence), (point) => {
    const name = point.optionalInside(explicit(0));
    const fullName = name === undefined ? [] : parseDistributionPointName(name);
    const someReasons = point.optional(implicit(1)) !== undefined;
    const issuer = point.optionalInside(explicit(2));
    const crlIssuer = issuer === undefined ? [] : parseGeneralNames(issuer);
    point.end();
    if (name === undefined && issuer === undefined) throw point.malformed("a distribution point has no name");
    return { fullName, crlIssuer, someReasons };
  });
}

function parsePolicies(reader: DerReader): ReadonlySet<string> {
  const policies = new Set<string>();
  for (const information of reader.inside(tag.sequence).each(tag.sequence)) {
    const policy = information.oid();
    if (information.more) {
      const qualifiers = new DerReader(information.only(tag.sequence).content, reader.field);
      for (const qualifier of qualifiers.each(tag.sequence)) {
        qualifier.oid();
        qualifier.only();
      }
    }
    if (policies.has(policy)) throw reader.malformed(`the policy ${policy} is there twice`);
    policies.add(policy);
  }
  return policies;
}

function parsePolicyMappings(reader: DerReader): (readonly [string, string])[] {
  return Array.from(reader.inside(tag.sequence).each(tag.sequence), (mapping) => {
    const pair = [mapping.oid(), mapping.oid()] as const;
    mapping.end();
    return pair;
  });
}

function parseAuthorityKeyIdentifier(reader: DerReader): AuthorityKeyIdentifier {
  const inner = reader.inside(tag.sequence);
  const keyId = inner.optional(implicit(0))?.content ?? null;
  const issuer = inner.optionalInside(explicit(1));
  if (issuer !== undefined) parseGeneralNames(issuer);
  const serial = inner.peekTag() === implicit(2) ? inner.integer(implicit(2)) : undefined;
  inner.end();
  if ((issuer === undefined) !== (serial === undefined))
    throw inner.malformed("issuer and serial number come together");
  return { keyId, byIssuer: issuer !== undefined };
}

function parsePolicyConstraints(reader: DerReader): PolicyConstraints {
  const inner = reader.inside(tag.sequence);
  const requireExplicitPolicy = inner.peekTag() === implicit(0) ? inner.count(implicit(0)) : null;
  const inhibitPolicyMapping = inner.peekTag() === implicit(1) ? inner.count(implicit(1)) : null;
  inner.end();
  if (requireExplicitPolicy === null && inhibitPolicyMapping === null) throw inner.malformed("it is empty");
  return { requireExplicitPolicy, inhibitPolicyMapping };
}

function parseExtKeyUsage(reader: DerReader): ReadonlySet<string> {
  const inner = reader.inside(tag.sequence);
  if (!inner.more) throw inner.malformed("it allows nothing");
  const purposes = new Set<string>();
  while (inner.more) purposes.add(inner.oid());
  return purposes;
}

function parseInhibitAnyPolicy(reader: DerReader): number {
  return reader.count();
}

function parseAccess(reader: DerReader): AccessDescription[] {
  return Array.from(reader.inside(tag.sequence).each(tag.sequence), (description) => {
    const method = description.oid();
    return { method, location: parseGeneralName(description.only(), reader.field) };
  });
}

// Makes certificates and revocation lists with any content, also such as nobody should accept. Everything has a sensible
// default; whatever is given replaces it, down to the bytes. Runs on every runtime that has node:crypto.
import { Buffer } from "node:buffer";
import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  type Der,
  ascii,
  bits,
  concat,
  element,
  explicit,
  implicit,
  integer,
  oid,
  sequence,
  time,
  utf8,
} from "./der-writer.ts";
import { addressOf } from "../../ts/ssl/names.ts";
import {
  authorityKeyIdentifier as aki,
  basicConstraints,
  dnsName,
  extension,
  extKeyUsage,
  hostName,
  keyUsage,
  relativeName,
  signatureId,
  signed,
  subjectAltName,
  subjectKeyIdentifier as ski,
} from "../../ts/ssl/x509/writer.ts";

export type KeyKind = "P-256" | "P-384" | "P-521" | "P-224" | "ed25519" | `rsa${number}`;

export interface Key {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly spki: Der;
  readonly id: Der;
}

export type Algorithm =
  | `${"ecdsa" | "rsa" | "pss"}-${"md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512"}`
  | "pss-sha256-20" // with a salt of 20 bytes
  | "ed25519";

export interface CertificateSpec {
  /** 0 for version 1, 2 for version 3, and so on. */
  readonly version?: number;
  /** The whole field in place of the number. */
  readonly versionField?: Der;
  readonly serial?: Der | number | bigint;
  readonly subject?: Der | string;
  readonly issuer?: Der | string;
  readonly notBefore?: Der | number;
  readonly notAfter?: Der | number;
  readonly key?: Key;
  readonly spki?: Der;
  /** The extensions by name, in this order; null leaves out what would be there by default. */
  readonly extensions?: Readonly<Record<string, Der | null>>;
  readonly uniqueIds?: readonly Der[];
  /** Extensions in place of all the others, or no extensions at all. */
  readonly onlyExtensions?: readonly Der[] | null;
  readonly algorithm?: Algorithm;
  /** AlgorithmIdentifier: the inner and the outer one, or only the outer one. */
  readonly algorithmId?: Der;
  readonly outerAlgorithmId?: Der;
  readonly signature?: Der;
  /** What follows the fields of the tbsCertificate. */
  readonly tail?: Der;
}

/** A certificate together with what is needed to issue more with it. */
export interface Made {
  readonly der: Der;
  readonly key: Key;
  readonly subject: Der;
}

/** Everything happens on this day. */
export const today: number = Date.UTC(2026, 5, 15, 12);
export const day: number = 86_400_000;

const keys = new Map<string, Key>();

/** A key with this name, always the same within one run: making RSA keys takes long. */
export function keyNamed(name: string, kind: KeyKind = "P-256"): Key {
  const known = keys.get(`${kind} ${name}`);
  if (known !== undefined) return known;
  const made = makeKey(kind);
  keys.set(`${kind} ${name}`, made);
  return made;
}

/** A self-signed root with the sensible extensions of one. */
export function makeRoot(name: string, spec: CertificateSpec = {}): Made {
  const key = spec.key ?? keyNamed(name);
  const self: Made = { der: new Uint8Array(), key, subject: nameFrom(spec.subject ?? name) };
  const defaults = { basicConstraints: basicConstraints(true), keyUsage: keyUsage(5, 6), ski: ski(key.id) };
  return makeCertificate(self, {
    ...spec,
    key,
    subject: self.subject,
    extensions: { ...defaults, ...spec.extensions },
  });
}

/** An intermediate authority. */
export function makeAuthority(issuer: Made, name: string, spec: CertificateSpec = {}): Made {
  const key = spec.key ?? keyNamed(name);
  const defaults = {
    basicConstraints: basicConstraints(true),
    keyUsage: keyUsage(5, 6),
    ski: ski(key.id),
    aki: aki(issuer.key.id),
  };
  return makeCertificate(issuer, {
    ...spec,
    key,
    subject: spec.subject ?? name,
    extensions: { ...defaults, ...spec.extensions },
  });
}

/** A server's certificate for these DNS names and addresses. */
export function makeServer(issuer: Made, host: string | readonly string[], spec: CertificateSpec = {}): Made {
  const hosts = typeof host === "string" ? [host] : host;
  const key = spec.key ?? keyNamed("server");
  const defaults = {
    basicConstraints: basicConstraints(false),
    keyUsage: keyUsage(0),
    extKeyUsage: extKeyUsage([serverAuth]),
    aki: aki(issuer.key.id),
    subjectAltName: subjectAltName(hosts.map(hostName)),
  };
  return makeCertificate(issuer, {
    ...spec,
    key,
    subject: spec.subject ?? hosts[0]!,
    extensions: { ...defaults, ...spec.extensions },
  });
}

/** A certificate with exactly these extensions. */
export function makeCertificate(issuer: Made, spec: CertificateSpec): Made {
  const key = spec.key ?? keyNamed("server");
  const algorithm = spec.algorithm ?? defaultAlgorithm(issuer.key);
  const id = spec.algorithmId ?? algorithmId(algorithm);
  const subject = nameFrom(spec.subject ?? "server");
  const version = spec.version ?? 2;
  const tbs = sequence(
    spec.versionField ?? (version === 0 ? new Uint8Array() : explicit(0, integer(version))),
    derOr(spec.serial ?? nextSerial(), integer),
    id,
    spec.issuer === undefined ? issuer.subject : nameFrom(spec.issuer),
    sequence(derOr(spec.notBefore ?? today - 30 * day, time), derOr(spec.notAfter ?? today + 60 * day, time)),
    subject,
    spec.spki ?? key.spki,
    ...(spec.uniqueIds ?? []),
    ...extensionsField(spec),
    spec.tail ?? new Uint8Array(),
  );
  const signature = spec.signature ?? signWith(issuer.key, algorithm, tbs);
  return { der: signed(tbs, spec.outerAlgorithmId ?? id, signature), key, subject };
}

export interface CrlSpec {
  readonly version?: number | null;
  readonly issuer?: Der;
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  /** Serial numbers, or whole entries. */
  readonly revoked?: readonly (number | bigint | Der)[];
  readonly extensions?: Readonly<Record<string, Der | null>>;
  readonly algorithm?: Algorithm;
  readonly signature?: Der;
}

export function makeCrl(issuer: Made, spec: CrlSpec = {}): Der {
  const algorithm = spec.algorithm ?? defaultAlgorithm(issuer.key);
  const entries = (spec.revoked ?? []).map((entry) =>
    entry instanceof Uint8Array ? entry : sequence(integer(entry), time(today - day)),
  );
  const defaults = { crlNumber: extension("2.5.29.20", integer(1)), aki: aki(issuer.key.id) };
  const extensions = present({ ...defaults, ...spec.extensions });
  const tbs = sequence(
    ...(spec.version === null ? [] : [integer(spec.version ?? 1)]),
    algorithmId(algorithm),
    spec.issuer ?? issuer.subject,
    time(spec.thisUpdate ?? today - day),
    ...(spec.nextUpdate === null ? [] : [time(spec.nextUpdate ?? today + day)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(extensions.length === 0 ? [] : [explicit(0, sequence(...extensions))]),
  );
  return signed(tbs, algorithmId(algorithm), spec.signature ?? signWith(issuer.key, algorithm, tbs));
}

// Extensions

export { aki, basicConstraints, dnsName, extension, extKeyUsage, hostName, keyUsage, ski, subjectAltName };

export const serverAuth = "1.3.6.1.5.5.7.3.1";
export const clientAuth = "1.3.6.1.5.5.7.3.2";
export const anyUsage = "2.5.29.37.0";

export function nameConstraints(permitted: readonly Der[], excluded: readonly Der[] = [], critical = true): Der {
  const subtrees = (number: number, list: readonly Der[]): Der[] =>
    list.length === 0 ? [] : [explicit(number, ...list.map((base) => sequence(base)))];
  return extension("2.5.29.30", sequence(...subtrees(0, permitted), ...subtrees(1, excluded)), critical);
}

export function policies(...ids: readonly string[]): Der {
  return extension("2.5.29.32", sequence(...ids.map((id) => sequence(oid(id)))));
}

export function policyMappings(...pairs: readonly (readonly [string, string])[]): Der {
  return extension("2.5.29.33", sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to)))), true);
}

export function policyConstraints(requireExplicit?: number, inhibitMapping?: number, critical = true): Der {
  const number = (tag: number, value: number | undefined): Der[] =>
    value === undefined ? [] : [implicit(tag, Uint8Array.of(value))];
  return extension("2.5.29.36", sequence(...number(0, requireExplicit), ...number(1, inhibitMapping)), critical);
}

export function inhibitAnyPolicy(skip: number, critical = true): Der {
  return extension("2.5.29.54", integer(skip), critical);
}

/** A list of distribution points, each named by a URI. */
export function crlDistributionPoints(...uris: readonly string[]): Der {
  const points = uris.map((uri) => sequence(explicit(0, explicit(0, uriName(uri)))));
  return extension("2.5.29.31", sequence(...points));
}

// Names

/** A distinguished name: its common name, or attributes such as "O=Example,CN=host" in this order, each an RDN. */
export function nameFrom(value: Der | string): Der {
  if (typeof value !== "string") return value;
  if (value === "") return sequence();
  const parts = value.includes("=") ? value.split(",") : [`CN=${value}`];
  return sequence(...parts.map((part) => rdn(part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1))));
}

export function rdn(type: string, value: string | Der): Der {
  return relativeName(attributes[type] ?? type, value);
}

export function emailName(name: string): Der {
  return implicit(1, ascii(name));
}

export function uriName(uri: string): Der {
  return implicit(6, ascii(uri));
}

export function directoryName(name: Der | string): Der {
  return explicit(4, nameFrom(name));
}

export function otherName(type: string, value: string): Der {
  return explicit(0, oid(type), explicit(0, utf8(value)));
}

/** A network for name constraints: "10.0.0.0/255.0.0.0". */
export function network(value: string): Der {
  return implicit(7, concat(value.split("/").map((part) => addressOf(part)!)));
}

const attributes: Readonly<Record<string, string>> = {
  CN: "2.5.4.3",
  C: "2.5.4.6",
  O: "2.5.4.10",
  OU: "2.5.4.11",
  emailAddress: "1.2.840.113549.1.9.1",
};

// Keys and signatures

export function algorithmId(algorithm: Algorithm): Der {
  if (algorithm === "ed25519") return sequence(oid("1.3.101.112"));
  const [scheme, hash, salt] = algorithm.split("-") as ["ecdsa" | "rsa" | "pss", string, string?];
  if (scheme === "pss") return pssId(hash, Number(salt ?? digestSizes[hash]));
  const id = algorithms[algorithm]!;
  return signatureId(id, scheme === "rsa");
}

export function pssId(hash: string, salt: number, maskHash: string = hash): Der {
  const identifier = (name: string): Der => sequence(oid(digests[name]!), element(5));
  const mask = sequence(oid("1.2.840.113549.1.1.8"), identifier(maskHash));
  return sequence(
    oid("1.2.840.113549.1.1.10"),
    sequence(explicit(0, identifier(hash)), explicit(1, mask), explicit(2, integer(salt))),
  );
}

export function signWith(key: Key, algorithm: Algorithm, data: Der): Der {
  if (algorithm === "ed25519") return new Uint8Array(sign(null, data, key.privateKey));
  const [scheme, hash, salt] = algorithm.split("-") as [string, string, string?];
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(salt ?? digestSizes[hash]) };
  return new Uint8Array(sign(hash, data, { key: key.privateKey, ...(scheme === "pss" ? pss : {}) }));
}

/** An RSA key (SubjectPublicKeyInfo) of any size, that nobody has the other half of. */
export function rsaKey(modulusBytes: number, exponentBytes: number): Der {
  const odd = (size: number): Der => new Uint8Array(size).fill(0x55).with(size - 1, 0x57);
  const modulus = element(2, Uint8Array.of(0, 0xd5), odd(modulusBytes - 1));
  return sequence(signatureId("1.2.840.113549.1.1.1", true), bits(sequence(modulus, element(2, odd(exponentBytes)))));
}

/** A key on secp256k1 (its base point), which not every runtime can make. */
export const koblitzKey: Der = sequence(
  sequence(oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")),
  bits(
    Buffer.from(
      "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" +
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
      "hex",
    ),
  ),
);

function makeKey(kind: KeyKind): Key {
  const { privateKey, publicKey } = generate(kind);
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  return { kind, privateKey, spki, id: new Uint8Array(createHash("sha1").update(spki).digest()) };
}

function generate(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === "ed25519") return generateKeyPairSync("ed25519");
  if (kind.startsWith("rsa")) return generateKeyPairSync("rsa", { modulusLength: Number(kind.slice(3)) });
  return generateKeyPairSync("ec", { namedCurve: kind });
}

function defaultAlgorithm({ kind }: Key): Algorithm {
  if (kind === "ed25519") return "ed25519";
  return kind.startsWith("rsa") ? "rsa-sha256" : "ecdsa-sha256";
}

const algorithms: Readonly<Record<string, string>> = {
  "rsa-md5": "1.2.840.113549.1.1.4",
  "rsa-sha1": "1.2.840.113549.1.1.5",
  "rsa-sha224": "1.2.840.113549.1.1.14",
  "rsa-sha256": "1.2.840.113549.1.1.11",
  "rsa-sha384": "1.2.840.113549.1.1.12",
  "rsa-sha512": "1.2.840.113549.1.1.13",
  "ecdsa-sha1": "1.2.840.10045.4.1",
  "ecdsa-sha224": "1.2.840.10045.4.3.1",
  "ecdsa-sha256": "1.2.840.10045.4.3.2",
  "ecdsa-sha384": "1.2.840.10045.4.3.3",
  "ecdsa-sha512": "1.2.840.10045.4.3.4",
};

const digests: Readonly<Record<string, string>> = {
  sha1: "1.3.14.3.2.26",
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  sha512: "2.16.840.1.101.3.4.2.3",
};

const digestSizes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

// The rest

let serial = 1000;

function nextSerial(): number {
  return ++serial;
}

function extensionsField(spec: CertificateSpec): Der[] {
  if (spec.onlyExtensions === null) return [];
  const list = spec.onlyExtensions ?? present(spec.extensions ?? {});
  return list.length === 0 && spec.onlyExtensions === undefined ? [] : [explicit(3, sequence(...list))];
}

function present(extensions: Readonly<Record<string, Der | null>>): Der[] {
  return Object.values(extensions).filter((value) => value !== null);
}

function derOr<T extends number | bigint>(value: Der | T, make: (value: T) => Der): Der {
  return value instanceof Uint8Array ? value : make(value);
}

/** The bytes as they are, with one of them changed. */
export function tampered(der: Der, at = der.length - 5): Der {
  const copy = new Uint8Array(Buffer.from(der));
  copy[at]! ^= 1;
  return copy;
}

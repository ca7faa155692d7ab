// Public keys and signature algorithms: what they are called and whether they fit each other. The arithmetic is elsewhere,
// and which of them are good enough is the profile's business.
import type { SignatureMethod } from "../../engine/signatures.ts";
import { DerReader, explicit, tag } from "../der.ts";
import { curves, keyOid, mgf1 } from "./oids.ts";

export type Curve = "P-192" | "P-224" | "P-256" | "P-384" | "P-521";

export type PublicKey =
  | {
      readonly kind: "rsa" | "rsa-pss";
      readonly bits: number;
      readonly pss: PssParameters | null;
      readonly raw: Uint8Array;
    }
  | { readonly kind: "ec"; readonly curve: Curve | "explicit" | "unknown"; readonly raw: Uint8Array }
  | { readonly kind: "ed25519"; readonly raw: Uint8Array }
  | { readonly kind: "other"; readonly oid: string; readonly raw: Uint8Array };

export interface PssParameters {
  readonly hash: Hash;
  readonly salt: number;
}

/** The size of the SHA-2 digest, 1 for SHA-1, 5 for MD5, 0 for what is not known. */
export type Hash = SignatureMethod["hash"] | 5 | 0;

export interface SignatureAlgorithm {
  readonly scheme: "rsa" | "rsa-pss" | "ecdsa" | "other";
  readonly hash: Hash;
  readonly salt?: number;
  readonly oid: string;
  readonly raw: Uint8Array;
}

/** Checks one signature over `data` with `publicKey` (SubjectPublicKeyInfo, DER). */
export type SignatureCheck = (
  publicKey: Uint8Array,
  method: SignatureMethod,
  data: Uint8Array,
  signature: Uint8Array,
) => boolean;

/** Something signed: a certificate or a revocation list. */
export interface Signed {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** Whether `signed` was signed with the key. A key that does not fit the algorithm never did. */
export function isSignedBy(signed: Signed, key: PublicKey, check: SignatureCheck): boolean {
  const { scheme, hash, salt } = signed.signatureAlgorithm;
  if (hash === 0 || hash === 5 || !fits(signed.signatureAlgorithm, key)) return false;
  const method = scheme === "rsa-pss" ? { hash, saltLength: salt! } : { hash };
  return check(plainKey(key), method, signed.tbs, signed.signature);
}

/** Parses a SubjectPublicKeyInfo, given its SEQUENCE. */
export function parsePublicKey(raw: Uint8Array, field: string): PublicKey {
  const reader = new DerReader(new DerReader(raw, field).only(tag.sequence).content, field);
  const algorithm = reader.inside(tag.sequence);
  const oid = algorithm.oid();
  const bits = reader.wholeBits();
  reader.end();
  if (oid === keyOid.rsa) {
    parseNull(algorithm, true);
    return { kind: "rsa", bits: rsaBits(bits, field), pss: null, raw };
  }
  if (oid === keyOid.rsaPss) {
    const pss = algorithm.more ? parsePss(algorithm) : null;
    return { kind: "rsa-pss", bits: rsaBits(bits, field), pss, raw };
  }
  if (oid === keyOid.ec) return { kind: "ec", curve: parseCurve(algorithm, bits), raw };
  return oid === keyOid.ed25519 ? { kind: "ed25519", raw } : { kind: "other", oid, raw };
}

/** Parses the AlgorithmIdentifier of a signature, given its SEQUENCE. */
export function parseSignatureAlgorithm(raw: Uint8Array, field: string): SignatureAlgorithm {
  const reader = new DerReader(raw, field).inside(tag.sequence);
  const oid = reader.oid();
  if (oid === keyOid.rsaPss) {
    const { hash, salt } = parsePss(reader);
    return { scheme: "rsa-pss", hash, salt, oid, raw };
  }
  const [scheme, hash] = algorithms[oid] ?? (["other", 0] as const);
  if (scheme === "rsa") parseNull(reader, false);
  if (scheme === "ecdsa") reader.end();
  return { scheme, hash, oid, raw };
}

/** What to call an algorithm in an error sentence. */
export function hashName(hash: Hash): string {
  if (hash === 0) return "an unknown hash";
  if (hash === 5) return "MD5";
  return hash === 1 ? "SHA-1" : `SHA-${hash}`;
}

const algorithms: Readonly<Record<string, readonly ["rsa" | "ecdsa", Hash]>> = {
  "1.2.840.113549.1.1.4": ["rsa", 5],
  "1.2.840.113549.1.1.5": ["rsa", 1],
  "1.2.840.113549.1.1.11": ["rsa", 256],
  "1.2.840.113549.1.1.12": ["rsa", 384],
  "1.2.840.113549.1.1.13": ["rsa", 512],
  "1.2.840.113549.1.1.14": ["rsa", 224],
  "1.2.840.10045.4.1": ["ecdsa", 1],
  "1.2.840.10045.4.3.1": ["ecdsa", 224],
  "1.2.840.10045.4.3.2": ["ecdsa", 256],
  "1.2.840.10045.4.3.3": ["ecdsa", 384],
  "1.2.840.10045.4.3.4": ["ecdsa", 512],
};

const hashes: Readonly<Record<string, Hash>> = {
  "1.3.14.3.2.26": 1,
  "2.16.840.1.101.3.4.2.1": 256,
  "2.16.840.1.101.3.4.2.2": 384,
  "2.16.840.1.101.3.4.2.3": 512,
  "2.16.840.1.101.3.4.2.4": 224,
};

function fits(algorithm: SignatureAlgorithm, key: PublicKey): boolean {
  if (algorithm.scheme === "ecdsa") return key.kind === "ec" && key.curve !== "explicit" && key.curve !== "unknown";
  if (algorithm.scheme === "rsa") return key.kind === "rsa";
  if (algorithm.scheme !== "rsa-pss" || (key.kind !== "rsa" && key.kind !== "rsa-pss")) return false;
  return key.pss === null || (key.pss.hash === algorithm.hash && algorithm.salt! >= key.pss.salt);
}

/** Keys that are restricted to PSS have another identifier in front of the same numbers; the arithmetic knows one only. */
function plainKey(key: PublicKey): Uint8Array {
  if (key.kind !== "rsa-pss") return key.raw;
  const reader = new DerReader(key.raw).inside(tag.sequence);
  reader.next();
  const numbers = reader.next().whole;
  const length = plainRsa.length + numbers.length;
  return Uint8Array.from([tag.sequence, 130, Math.floor(length / 256), length % 256, ...plainRsa, ...numbers]);
}

/** The AlgorithmIdentifier rsaEncryption. */
const plainRsa: readonly number[] = [48, 13, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0];

function parseNull(reader: DerReader, required: boolean): void {
  if (!required && !reader.more) return;
  if (reader.only(tag.null).content.length > 0) throw reader.malformed("a NULL has content");
}

/** The size of the modulus. Numbers that can be no key are refused here, as everybody would choke on them. */
function rsaBits(bits: Uint8Array, field: string): number {
  const reader = new DerReader(bits, field).inside(tag.sequence);
  const [modulus, exponent] = [reader.integer(), reader.integer()];
  reader.end();
  const odd = modulus.at(-1)! % 2 === 1 && exponent.at(-1)! % 2 === 1;
  const positive = modulus[0]! < 128 && exponent[0]! < 128;
  if (!odd || !positive || exponent.length > 5 || (exponent.length === 1 && exponent[0]! < 3))
    throw reader.malformed("its numbers are no RSA key");
  const significant = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  return significant.length === 0 ? 0 : significant.length * 8 - Math.clz32(significant[0]!) + 24;
}

/** RFC 5480: a named curve, and a point in the compressed or the uncompressed form. */
function parseCurve(algorithm: DerReader, point: Uint8Array): Curve | "explicit" | "unknown" {
  if (algorithm.peekTag() === tag.sequence) return "explicit";
  const oid = algorithm.oid();
  algorithm.end();
  const curve = curves[oid];
  if (curve === undefined) return "unknown";
  const [name, size] = curve;
  const whole = point.length === 1 + 2 * size && point[0] === 4;
  const compressed = point.length === 1 + size && (point[0] === 2 || point[0] === 3);
  if (!whole && !compressed) throw algorithm.malformed("its point does not fit its curve");
  return name as Curve;
}

/** RSASSA-PSS-params (RFC 4055, section 3.1). The hash of MGF1 must be the other one; what is left out means SHA-1. */
function parsePss(reader: DerReader): PssParameters {
  const parameters = reader.only(tag.sequence);
  const fields = new DerReader(parameters.content, reader.field);
  const hash = wrapped(fields, 0, parseHash) ?? 1;
  const maskHash = wrapped(fields, 1, parseMask) ?? 1;
  if (maskHash !== hash) throw reader.malformed("its two hashes differ");
  const salt = wrapped(fields, 2, (number) => number.count()) ?? 20;
  const trailer = wrapped(fields, 3, (number) => number.count()) ?? 1;
  fields.end();
  if (trailer !== 1 || salt > 64) throw reader.malformed("its parameters are not usable");
  return { hash, salt };
}

/** What `read` makes of the field with this number, undefined when it is left out. */
function wrapped<T>(fields: DerReader, number: number, read: (reader: DerReader) => T): T | undefined {
  const field = fields.optionalInside(explicit(number));
  const value = field && read(field);
  field?.end();
  return value;
}

/** The hash of MGF1. */
function parseMask(reader: DerReader): Hash {
  const mask = reader.inside(tag.sequence);
  if (mask.oid() !== mgf1) throw mask.malformed("its mask is not MGF1");
  const hash = parseHash(mask);
  mask.end();
  return hash;
}

function parseHash(reader: DerReader): Hash {
  const algorithm = reader.inside(tag.sequence);
  const hash = hashes[algorithm.oid()] ?? 0;
  parseNull(algorithm, false);
  return hash;
}

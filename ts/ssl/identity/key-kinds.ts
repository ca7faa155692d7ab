// The kinds of keys, by the AlgorithmIdentifier that names them in certificates and private keys (RFC 5480, RFC 8410): which can be
// used here, and what the others are called.
import { SSLConfigError } from "../../engine/errors.ts";
import { DerReader, explicit, tag } from "../der.ts";
import { curves, keyOid } from "../x509/oids.ts";

/** Refuses a kind that cannot be used, by its name; `algorithm` stands inside of the AlgorithmIdentifier. */
export function checkKeyKind(algorithm: DerReader, name: string): void {
  const oid = algorithm.oid();
  if (oid === keyOid.rsa) return;
  if (oid !== keyOid.ec) throw unsupportedKey(name, kinds[oid] ?? `a key of the kind ${oid}`);
  if (algorithm.peekTag() === tag.oid) checkCurve(algorithm.oid(), name);
}

/** Refuses a curve that cannot be used. */
export function checkCurve(oid: string, name: string): void {
  const known = curves[oid]?.[0] ?? "";
  if (!supportedCurves.has(known)) throw unsupportedKey(name, `a key on the curve ${otherCurves[oid] ?? oid}`);
}

/** What of a certificate names it and its neighbours in a chain, each as its whole element. */
export interface Outline {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Null for what is no certificate. */
export function outlineOf(der: Uint8Array): Outline | null {
  try {
    const body = new DerReader(der).inside(tag.sequence).inside(tag.sequence);
    body.optional(explicit(0)); // version
    body.integer(); // serial number
    body.next(tag.sequence); // algorithm
    const issuer = body.next(tag.sequence).whole;
    body.next(tag.sequence); // validity
    const subject = body.next(tag.sequence).whole;
    return { issuer, subject, publicKey: body.next(tag.sequence).whole };
  } catch {
    return null;
  }
}

/** Refuses a certificate whose key is of another kind. What is no certificate is left to who parses it. */
export function checkCertificateKind(der: Uint8Array, name: string): void {
  const outline = outlineOf(der);
  if (outline === null) return;
  try {
    checkKeyKind(new DerReader(outline.publicKey).inside(tag.sequence).inside(tag.sequence), name);
  } catch (error) {
    if (error instanceof SSLConfigError) throw error;
  }
}

export function unsupportedKey(name: string, what: string): SSLConfigError {
  const message = `Cannot use ${name}: it has ${what}, which is not supported (supported: RSA, P-256, P-384, P-521)`;
  return new SSLConfigError(message, { reason: "UNSUPPORTED_KEY_TYPE", library: "PK" });
}

const supportedCurves: ReadonlySet<string> = new Set(["P-256", "P-384", "P-521"]);

const kinds: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.10": "an RSA key that is restricted to PSS",
  "1.3.101.110": "an X25519 key",
  "1.3.101.111": "an X448 key",
  "1.3.101.112": "an Ed25519 key",
  "1.3.101.113": "an Ed448 key",
  "1.2.840.10040.4.1": "a DSA key",
  "1.2.840.113549.1.3.1": "a Diffie-Hellman key",
  "1.2.840.10046.2.1": "a Diffie-Hellman key",
  "2.16.840.1.101.3.4.3.17": "an ML-DSA-44 key",
  "2.16.840.1.101.3.4.3.18": "an ML-DSA-65 key",
  "2.16.840.1.101.3.4.3.19": "an ML-DSA-87 key",
};

const otherCurves: Readonly<Record<string, string>> = {
  "1.2.840.10045.3.1.1": "P-192",
  "1.3.132.0.33": "P-224",
  "1.3.132.0.10": "secp256k1",
  "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
  "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
  "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
  "1.2.156.10197.1.301": "SM2",
};

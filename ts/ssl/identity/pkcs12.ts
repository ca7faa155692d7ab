// PKCS#12 files (RFC 7292), also called PFX: a private key with its certificates, under a password. Owns what is in such a
// file and which of it is one identity; how it is encrypted is known next door.
import { SSLConfigError, SSLError } from "../../engine/errors.ts";
import { publicKeyOf } from "../../engine/keys.ts";
import type { Realm } from "../../engine/realms.ts";
import { DerReader, type Element, explicit, implicit, tag } from "../der.ts";
import { concat } from "../der-writer.ts";
import { sameBytes } from "../x509/certificate.ts";
import { derOfBer } from "./ber.ts";
import { decryptWith, macWith, type Opener } from "./encryption.ts";
import { type Outline, outlineOf } from "./key-kinds.ts";
import { isWrongPassword, type Passphrase, Work, wrongOrMissing } from "./password.ts";
import { checkPkcs8, decryptPkcs8 } from "./private-key.ts";

/** A private key (PKCS#8, DER, not encrypted) and its certificates, the own one first. */
export interface Pkcs12Identity {
  readonly key: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/**
 * The first key in the file that has a certificate, with the certificates that lead away from it.
 *
 * Throws SSLConfigError for a file that is broken, of a kind that is not supported, without a key or a certificate for it,
 * and when the password is wrong or missing.
 */
export function openPkcs12(file: Uint8Array, name: string, passphrase: Passphrase, realm: Realm): Pkcs12Identity {
  const work = new Work(name);
  let wrong: SSLConfigError | undefined;
  for (const form of formsOf(passphrase)) {
    try {
      return identityIn(file, { realm, passphrase: form, work, name });
    } catch (error) {
      if (!isWrongPassword(error)) throw explained(error, name);
      wrong ??= error;
    }
  }
  throw wrongOrMissing(wrong!, passphrase, name);
}

/** "No password" is written as an empty text with its zeros, or as nothing at all. */
function formsOf(passphrase: Passphrase): Passphrase[] {
  return passphrase.bytes.length > 0 ? [passphrase] : [passphrase, { ...passphrase, wide: new Uint8Array() }];
}

/** What the readers find wrong is said in a sentence about the file. */
function explained(error: unknown, name: string): unknown {
  if (!(error instanceof SSLError) || error.reason !== "DECODE_ERROR") return error;
  const options = { reason: "BAD_PKCS12", library: "PK", cause: error } as const;
  return new SSLConfigError(`Cannot use ${name} as a PKCS#12 file: ${error.message}`, options);
}

function identityIn(file: Uint8Array, opener: Opener): Pkcs12Identity {
  const bags: Bags = { keys: [], certificates: [] };
  const safes = authenticSafes(file, opener);
  while (safes.more) readSafe(safes.inside(tag.sequence), opener, bags);
  return choose(bags, opener);
}

/** The content whose MAC was checked. A file without a MAC is taken as it is: it proves nothing, but opens. */
function authenticSafes(file: Uint8Array, opener: Opener): DerReader {
  const pfx = readerOf(file);
  if (pfx.count() !== 3) throw pfx.malformed("its version is not 3");
  const content = pfx.inside(tag.sequence);
  const type = content.oid();
  if (type === contentType.signedData) throw unsupported(opener.name, "its integrity is protected by a public key");
  if (type !== contentType.data) throw pfx.malformed(`its content is of type ${type}`);
  const safes = content.inside(explicit(0)).only(tag.octetString).content;
  const mac = pfx.optionalInside(tag.sequence);
  pfx.end();
  if (mac !== undefined) checkMac(mac, safes, opener);
  return readerOf(safes);
}

function checkMac(mac: DerReader, data: Uint8Array, opener: Opener): void {
  const digest = mac.inside(tag.sequence);
  const algorithm = digest.inside(tag.sequence);
  const expected = digest.only(tag.octetString).content;
  const salt = mac.next(tag.octetString).content;
  const iterations = mac.more ? mac.count() : 1;
  mac.end();
  if (sameBytes(macWith(opener, algorithm, salt, iterations, data), expected)) return;
  throw new SSLConfigError(`Cannot use ${opener.name}: the password is wrong, or the file was altered`, {
    reason: "MAC_VERIFY_FAILURE",
    library: "PK",
  });
}

interface KeyBag {
  readonly localKeyId: string | null;
  /** Decrypts it, if need be. */
  readonly open: () => Uint8Array;
}

interface CertificateBag {
  readonly localKeyId: string | null;
  readonly der: Uint8Array;
  readonly outline: Outline;
}

interface Bags {
  readonly keys: KeyBag[];
  readonly certificates: CertificateBag[];
}

function readSafe(content: DerReader, opener: Opener, into: Bags): void {
  const type = content.oid();
  const value = content.inside(explicit(0));
  content.end();
  if (type === contentType.data) return readBags(readerOf(value.only(tag.octetString).content), opener, into, 0);
  if (type !== contentType.encryptedData) throw unsupported(opener.name, `a part of it is ${contentName(type)}`);
  const encrypted = new DerReader(value.only(tag.sequence).content, field);
  encrypted.count(); // version
  const info = encrypted.inside(tag.sequence);
  info.oid(); // of what is inside: data
  const plain = decryptWith(opener, info.inside(tag.sequence), octetsOf(info.next()));
  readBags(readerOfDecrypted(plain, opener.name), opener, into, 0);
}

/** [0] IMPLICIT OCTET STRING, whole or in pieces. */
function octetsOf({ tag: kind, content, whole }: Element): Uint8Array {
  if (kind === implicit(0)) return content;
  const pieces = new DerReader(content, field);
  if (kind !== explicit(0)) throw new DerReader(whole, field).malformed("it has no encrypted content");
  const parts: Uint8Array[] = [];
  while (pieces.more) parts.push(pieces.next(tag.octetString).content);
  return concat(parts);
}

function readBags(bags: DerReader, opener: Opener, into: Bags, depth: number): void {
  while (bags.more) {
    const bag = bags.inside(tag.sequence);
    const type = bag.oid();
    const value = bag.inside(explicit(0));
    const localKeyId = localKeyIdOf(bag);
    if (type === bagType.key) {
      const { whole } = value.only(tag.sequence);
      into.keys.push({ localKeyId, open: () => whole });
    } else if (type === bagType.shroudedKey) {
      const { content } = value.only(tag.sequence);
      into.keys.push({ localKeyId, open: () => decryptPkcs8(new DerReader(content, field), opener) });
    } else if (type === bagType.certificate) {
      const der = certificateIn(value);
      const outline = der === null ? null : outlineOf(der);
      if (der !== null && outline !== null) into.certificates.push({ localKeyId, der, outline });
    } else if (type === bagType.safeContents) {
      if (depth >= deepestBag) throw bag.malformed("it is nested too deeply");
      readBags(value.inside(tag.sequence), opener, into, depth + 1);
    } // what else there may be, revocation lists and secrets, is no part of an identity
  }
}

function localKeyIdOf(bag: DerReader): string | null {
  const attributes = bag.optionalInside(tag.set);
  bag.end();
  while (attributes?.more === true) {
    const attribute = attributes.inside(tag.sequence);
    const type = attribute.oid();
    const values = attribute.inside(tag.set);
    if (type === localKeyId && values.more) return values.next().content.join();
  }
  return null;
}

function certificateIn(value: DerReader): Uint8Array | null {
  const bag = value.inside(tag.sequence);
  return bag.oid() === x509Certificate ? bag.inside(explicit(0)).only(tag.octetString).content : null;
}

/** A key that cannot be used does not stand in the way of one that can. */
function choose({ keys, certificates }: Bags, { name, realm }: Opener): Pkcs12Identity {
  let problem: SSLConfigError | undefined;
  for (const { localKeyId, open } of keys) {
    try {
      const key = open();
      checkPkcs8(key, name);
      const own = certificateOf(publicKeyIn(key, name, realm), localKeyId, certificates);
      if (own !== undefined) return { key, chain: chainFrom(own, certificates) };
    } catch (error) {
      if (!(error instanceof SSLConfigError) || isWrongPassword(error)) throw error;
      problem ??= error;
    }
  }
  throw problem ?? without(name, keys.length === 0 ? "it has no private key" : "no key in it has a certificate in it");
}

function publicKeyIn(key: Uint8Array, name: string, realm: Realm): Uint8Array {
  try {
    return publicKeyOf(realm, key);
  } catch (cause) {
    if (!(cause instanceof SSLError) || cause.library !== "PK") throw cause;
    const options = { reason: "BAD_KEY", library: "PK", cause } as const;
    throw new SSLConfigError(`Cannot use ${name}: a key in it cannot be parsed: ${cause.message}`, options);
  }
}

/** By the key itself, as identifiers can be wrong; but the same key may be written in two ways. */
function certificateOf(
  publicKey: Uint8Array,
  id: string | null,
  certificates: readonly CertificateBag[],
): CertificateBag | undefined {
  const named = certificates.filter(({ localKeyId }) => id !== null && localKeyId === id);
  return [...named, ...certificates].find(({ outline }) => sameBytes(outline.publicKey, publicKey)) ?? named[0];
}

/** From the own certificate to its issuer and on, as far as the file goes. */
function chainFrom(own: CertificateBag, certificates: readonly CertificateBag[]): Uint8Array[] {
  const chain = [own];
  for (let last = own; chain.length < longestChain;) {
    const { issuer } = last.outline;
    const next = certificates.find((other) => !chain.includes(other) && sameBytes(other.outline.subject, issuer));
    if (next === undefined) break;
    chain.push(next);
    last = next;
  }
  return chain.map(({ der }) => der);
}

const field = "PKCS#12 file";
const deepestBag = 4;
const longestChain = 16;

const contentType = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  envelopedData: "1.2.840.113549.1.7.3",
  encryptedData: "1.2.840.113549.1.7.6",
} as const;

const bagType = {
  key: "1.2.840.113549.1.12.10.1.1",
  shroudedKey: "1.2.840.113549.1.12.10.1.2",
  certificate: "1.2.840.113549.1.12.10.1.3",
  safeContents: "1.2.840.113549.1.12.10.1.6",
} as const;

const x509Certificate = "1.2.840.113549.1.9.22.1";
const localKeyId = "1.2.840.113549.1.9.21";

/** What is inside the one SEQUENCE. */
function readerOf(ber: Uint8Array): DerReader {
  return new DerReader(derOfBer(ber, field), field).inside(tag.sequence);
}

function readerOfDecrypted(plain: Uint8Array | null, name: string): DerReader {
  try {
    if (plain !== null) return readerOf(plain);
  } catch {
    // what makes no sense was decrypted with the wrong key
  }
  throw new SSLConfigError(`Cannot use ${name}: the password is wrong`, { reason: "BAD_DECRYPT", library: "PK" });
}

function contentName(type: string): string {
  return type === contentType.envelopedData ? "encrypted with a public key" : `of the type ${type}`;
}

function unsupported(name: string, why: string): SSLConfigError {
  const message = `Cannot use ${name}: ${why}, which is not supported`;
  return new SSLConfigError(message, { reason: "UNSUPPORTED_ENCRYPTION", library: "PK" });
}

function without(name: string, why: string): SSLConfigError {
  return new SSLConfigError(`Cannot use ${name}: ${why}`, { reason: "BAD_PKCS12", library: "PK" });
}

// Private keys in all their wrappings: PKCS#8 (RFC 5958), PKCS#1, SEC 1 (RFC 5915), PEM or DER, encrypted or not. What comes out is
// the plain key in DER; whether it fits a certificate is for others.
import { isEngineTrouble, SSLConfigError, SSLError } from "../../engine/errors.ts";
import { DerReader, explicit, tag } from "../der.ts";
import { type KeyBlock, keyBlock, type PemOrDer } from "../pem.ts";
import { isWrongPassword, wrongOrMissing } from "./password.ts";
import { decryptPem, decryptWith, type Opener } from "./encryption.ts";
import { checkCurve, checkKeyKind, unsupportedKey } from "./key-kinds.ts";

/**
 * The plain key in DER. `opener` is asked for only when the key is encrypted.
 *
 * Throws SSLConfigError for a key that is broken or of an unsupported kind, and when the password is wrong or missing.
 */
export function privateKeyFrom(value: PemOrDer, name: string, opener: () => Opener): Uint8Array {
  const block = keyBlock(value, name);
  try {
    return plainKey(block, name, opener);
  } catch (cause) {
    if (!(cause instanceof SSLError) || cause instanceof SSLConfigError || isEngineTrouble(cause)) throw cause;
    throw badKey(name, `it cannot be parsed: ${cause.message}`, cause);
  }
}

/** The plain PKCS#8 key in an EncryptedPrivateKeyInfo (RFC 5958, section 3), given its SEQUENCE. */
export function decryptPkcs8(encrypted: DerReader, opener: Opener): Uint8Array {
  const key = decryptWith(opener, encrypted.inside(tag.sequence), encrypted.only(tag.octetString).content);
  return checkDecrypted(key, opener.name);
}

/** Refuses a PKCS#8 key (DER) of a kind that cannot be used. */
export function checkPkcs8(der: Uint8Array, name: string): void {
  const key = new DerReader(der, field).inside(tag.sequence);
  key.count(); // version
  checkKeyKind(key.inside(tag.sequence), name);
}

const field = "private key";

function plainKey(block: KeyBlock, name: string, opener: () => Opener): Uint8Array {
  if (block.label === "DSA PRIVATE KEY") throw unsupportedKey(name, "a DSA key");
  const { dekInfo } = block;
  const der =
    dekInfo === null ? block.der : unlocked(opener, (own) => checkDecrypted(decryptPem(own, dekInfo, block.der), name));
  const key = new DerReader(new DerReader(der, field).only(tag.sequence).content, field);
  if (key.peekTag() === tag.sequence) {
    const plain = unlocked(opener, (own) => decryptPkcs8(key, own));
    checkPkcs8(plain, name);
    return plain;
  }
  const version = key.count();
  if (key.peekTag() === tag.sequence) checkPkcs8(der, name);
  else if (key.peekTag() === tag.octetString) checkSec1(key, name);
  else checkPkcs1(key, version, name);
  return der;
}

function unlocked(opener: () => Opener, decrypt: (opener: Opener) => Uint8Array): Uint8Array {
  const own = opener();
  try {
    return decrypt(own);
  } catch (error) {
    throw isWrongPassword(error) ? wrongOrMissing(error, own.passphrase, own.name) : error;
  }
}

/** A wrong password is seen by the padding nearly always, else by this: all keys are one SEQUENCE. */
function checkDecrypted(key: Uint8Array | null, name: string): Uint8Array {
  if (key !== null && isOneSequence(key)) return key;
  throw new SSLConfigError(`Cannot use ${name}: the password is wrong`, { reason: "BAD_DECRYPT", library: "PK" });
}

function isOneSequence(der: Uint8Array): boolean {
  try {
    new DerReader(der).only(tag.sequence);
    return true;
  } catch {
    return false;
  }
}

function checkSec1(key: DerReader, name: string): void {
  key.next(tag.octetString);
  const parameters = key.optionalInside(explicit(0));
  if (parameters?.peekTag() === tag.oid) checkCurve(parameters.oid(), name);
}

/** A DSA key has the same form with fewer numbers. */
function checkPkcs1(key: DerReader, version: number, name: string): void {
  let numbers = 0;
  for (; key.peekTag() === tag.integer; numbers++) key.next();
  if (version === 0 && numbers === 5) throw unsupportedKey(name, "a DSA key");
  if (numbers !== 8) throw badKey(name, "it is no RSA key, and of no other kind that is known");
}

function badKey(name: string, why: string, cause?: unknown): SSLConfigError {
  return new SSLConfigError(`Cannot use ${name}: ${why}`, { reason: "BAD_KEY", library: "PK", cause });
}

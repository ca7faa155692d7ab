// The ways to encrypt and to authenticate something with a password: PBES2 and PBES1 (RFC 8018), those of PKCS#12
// (RFC 7292, appendix C), PBMAC1 (RFC 9579) and the header lines of old PEM text (RFC 1421). Each is one AlgorithmIdentifier; the
// arithmetic is the engine's.
import { SSLConfigError } from "../../engine/errors.ts";
import {
  decrypted,
  digestSize,
  hmac,
  type KeyHash,
  pbkdf1,
  pbkdf2,
  pkcs12Key,
  type Stretching,
} from "../../engine/passwords.ts";
import type { Realm } from "../../engine/realms.ts";
import { concat } from "../der-writer.ts";
import type { DerReader } from "../der.ts";
import { tag } from "../der.ts";
import type { Passphrase, Work } from "./password.ts";

/** What it takes to open something. */
export interface Opener {
  readonly realm: Realm;
  readonly passphrase: Passphrase;
  readonly work: Work;
  /** The option, for error sentences. */
  readonly name: string;
}

/**
 * Decrypts with the AlgorithmIdentifier that `algorithm` stands inside of. Null when the padding is wrong, which a wrong
 * password leads to in all but one of 250 cases. Throws SSLConfigError for a scheme that is not supported.
 */
export function decryptWith(opener: Opener, algorithm: DerReader, data: Uint8Array): Uint8Array | null {
  const scheme = algorithm.oid();
  const parameters = algorithm.inside(tag.sequence);
  if (scheme === pbes2) return decryptPbes2(opener, parameters, data);
  const known = oldSchemes[scheme];
  if (known === undefined) throw unsupported(opener.name, schemeNames[scheme] ?? `the scheme ${scheme}`);
  const salt = parameters.next(tag.octetString).content;
  const iterations = parameters.count();
  parameters.end();
  const { key, iv } = known(opener, salt, iterations);
  return decrypted(opener.realm, key, iv, data);
}

/** The MAC of a PKCS#12 file: over `data`, with the DigestInfo's AlgorithmIdentifier, salt and iterations. */
export function macWith(
  { realm, passphrase, work, name }: Opener,
  algorithm: DerReader,
  salt: Uint8Array,
  iterations: number,
  data: Uint8Array,
): Uint8Array {
  const scheme = algorithm.oid();
  if (scheme === pbmac1) {
    const parameters = algorithm.inside(tag.sequence);
    const derivation = parseKdf(name, parameters.inside(tag.sequence));
    const hash = lookUp(name, hmacs, parameters.inside(tag.sequence).oid());
    const { size } = derivation; // required, and at least 20 (RFC 9579, section 4)
    if (size === null || size < 20 || size > 64) throw unsupported(name, "a MAC key without a usable size");
    work.spend(derivation.iterations, Math.ceil(size / digestSize(derivation.hash)));
    return hmac(realm, hash, pbkdf2(realm, { ...derivation, password: passphrase.bytes }, size), data);
  }
  const hash = lookUp(name, digests, scheme);
  work.spend(iterations, 1);
  const stretching = { password: passphrase.wide, salt, iterations, hash };
  return hmac(realm, hash, pkcs12Key(realm, stretching, "mac", digestSize(hash)), data);
}

/** Decrypts the body of a PEM block with `DEK-Info: CIPHER,IV` in its head; the IV is the salt of the key, too. */
export function decryptPem({ realm, passphrase, name }: Opener, dekInfo: string, data: Uint8Array): Uint8Array | null {
  const [, cipher = "", hex = ""] = /^([A-Za-z0-9-]+),([0-9A-Fa-f]*)$/.exec(dekInfo.trim()) ?? [];
  const known = pemCiphers[cipher.toUpperCase()];
  if (known === undefined) throw unsupported(name, cipher === "" ? "an unknown cipher" : cipher);
  const iv = Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  if (iv.length !== known.ivSize) throw badEncryption(name, "the IV in its DEK-Info has the wrong size");
  const salt = iv.subarray(0, 8);
  const round = (before: Uint8Array): Uint8Array =>
    pbkdf1(realm, { password: concat([before, passphrase.bytes]), salt, iterations: 1, hash: 5 });
  const first = round(new Uint8Array());
  const key = concat([first, round(first)]).subarray(0, known.keySize);
  return decrypted(realm, key, iv, data);
}

interface KeyAndIv {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

type OldScheme = (opener: Opener, salt: Uint8Array, iterations: number) => KeyAndIv;

function decryptPbes2(
  { realm, passphrase, work, name }: Opener,
  parameters: DerReader,
  data: Uint8Array,
): Uint8Array | null {
  const derivation = parseKdf(name, parameters.inside(tag.sequence));
  const encryption = parameters.inside(tag.sequence);
  parameters.end();
  const { keySize, ivSize } = lookUp(name, ciphers, encryption.oid());
  const iv = encryption.only(tag.octetString).content;
  if (iv.length !== ivSize) throw badEncryption(name, "its IV has the wrong size");
  if ((derivation.size ?? keySize) !== keySize) throw badEncryption(name, "its key has the wrong size");
  work.spend(derivation.iterations, Math.ceil(keySize / digestSize(derivation.hash)));
  const key = pbkdf2(realm, { ...derivation, password: passphrase.bytes }, keySize);
  return decrypted(realm, key, iv, data);
}

interface Kdf extends Omit<Stretching, "password"> {
  readonly size: number | null;
}

/** PBKDF2-params (RFC 8018, appendix A.2). */
function parseKdf(name: string, kdf: DerReader): Kdf {
  const scheme = kdf.oid();
  if (scheme !== pbkdf2Oid) throw unsupported(name, schemeNames[scheme] ?? `the key derivation ${scheme}`);
  const parameters = kdf.inside(tag.sequence);
  const salt = parameters.next(tag.octetString).content;
  const iterations = parameters.count();
  const size = parameters.peekTag() === tag.integer ? parameters.count() : null;
  const prf = parameters.optionalInside(tag.sequence);
  parameters.end();
  return { salt, iterations, size, hash: prf === undefined ? 1 : lookUp(name, hmacs, prf.oid()) };
}

const pbes2 = "1.2.840.113549.1.5.13";
const pbmac1 = "1.2.840.113549.1.5.14";
const pbkdf2Oid = "1.2.840.113549.1.5.12";

interface Cipher {
  readonly keySize: number;
  readonly ivSize: number;
}

const tripleDes: Cipher = { keySize: 24, ivSize: 8 };
const des: Cipher = { keySize: 8, ivSize: 8 };
const aes = (keySize: number): Cipher => ({ keySize, ivSize: 16 });

const ciphers: Readonly<Record<string, Cipher>> = {
  "2.16.840.1.101.3.4.1.2": aes(16),
  "2.16.840.1.101.3.4.1.22": aes(24),
  "2.16.840.1.101.3.4.1.42": aes(32),
  "1.2.840.113549.3.7": tripleDes,
  "1.3.14.3.2.7": des,
};

const pemCiphers: Readonly<Record<string, Cipher>> = {
  "AES-128-CBC": aes(16),
  "AES-192-CBC": aes(24),
  "AES-256-CBC": aes(32),
  "DES-EDE3-CBC": tripleDes,
  "DES-CBC": des,
};

const hmacs: Readonly<Record<string, KeyHash>> = {
  "1.2.840.113549.2.7": 1,
  "1.2.840.113549.2.8": 224,
  "1.2.840.113549.2.9": 256,
  "1.2.840.113549.2.10": 384,
  "1.2.840.113549.2.11": 512,
};

const digests: Readonly<Record<string, KeyHash>> = {
  "1.2.840.113549.2.5": 5,
  "1.3.14.3.2.26": 1,
  "2.16.840.1.101.3.4.2.4": 224,
  "2.16.840.1.101.3.4.2.1": 256,
  "2.16.840.1.101.3.4.2.2": 384,
  "2.16.840.1.101.3.4.2.3": 512,
};

/** RFC 7292, appendix C: key and IV are derived apart. Two keys of DES make the third. */
function pkcs12Scheme(keySize: number): OldScheme {
  return ({ realm, passphrase, work }, salt, iterations) => {
    work.spend(iterations, 3);
    const stretching = { password: passphrase.wide, salt, iterations, hash: 1 } as const;
    return { key: pkcs12Key(realm, stretching, "key", keySize), iv: pkcs12Key(realm, stretching, "iv", 8) };
  };
}

/** PBES1: one hash is key and IV. */
function pbes1Scheme(hash: KeyHash): OldScheme {
  return ({ realm, passphrase, work }, salt, iterations) => {
    work.spend(iterations, 1);
    const both = pbkdf1(realm, { password: passphrase.bytes, salt, iterations, hash });
    return { key: both.subarray(0, 8), iv: both.subarray(8, 16) };
  };
}

const oldSchemes: Readonly<Record<string, OldScheme>> = {
  "1.2.840.113549.1.12.1.3": pkcs12Scheme(24),
  "1.2.840.113549.1.12.1.4": pkcs12Scheme(16),
  "1.2.840.113549.1.5.3": pbes1Scheme(5),
  "1.2.840.113549.1.5.10": pbes1Scheme(1),
};

/** What is known by name only. */
const schemeNames: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.12.1.1": "RC4 with 128 bits",
  "1.2.840.113549.1.12.1.2": "RC4 with 40 bits",
  "1.2.840.113549.1.12.1.5": "RC2 with 128 bits",
  "1.2.840.113549.1.12.1.6": "RC2 with 40 bits",
  "1.2.840.113549.1.5.1": "MD2 and DES",
  "1.2.840.113549.1.5.4": "MD2 and RC2",
  "1.2.840.113549.1.5.6": "MD5 and RC2",
  "1.2.840.113549.1.5.11": "SHA-1 and RC2",
  "1.2.840.113549.3.2": "RC2",
  "1.2.840.113549.3.4": "RC4",
  "1.3.6.1.4.1.11591.4.11": "scrypt",
  "2.16.840.1.101.3.4.1.6": "AES-128-GCM",
  "2.16.840.1.101.3.4.1.26": "AES-192-GCM",
  "2.16.840.1.101.3.4.1.46": "AES-256-GCM",
};

function lookUp<T>(name: string, table: Readonly<Record<string, T>>, oid: string): T {
  const found = table[oid];
  if (found !== undefined) return found;
  throw unsupported(name, schemeNames[oid] ?? `the algorithm ${oid}`);
}

function unsupported(name: string, what: string): SSLConfigError {
  const supported = "PBES2 with PBKDF2, HMAC with SHA-1 or SHA-2, and AES-CBC or DES; 3DES of PKCS#12; PBES1 with DES";
  return new SSLConfigError(
    `Cannot use ${name}: it is protected with ${what}, which is not supported (supported: ${supported})`,
    {
      reason: "UNSUPPORTED_ENCRYPTION",
      library: "PK",
    },
  );
}

function badEncryption(name: string, why: string): SSLConfigError {
  return new SSLConfigError(`Cannot use ${name}: ${why}`, { reason: "BAD_DECRYPT", library: "PK" });
}

// PKCS#12 files and private keys as openssl and keytool write them; scripts/make-identities.ts says what each one is.
import { encryptedKeys, otherCertificates, otherKeys, pkcs12Files } from "./identities.gen.ts";

export type Pkcs12Name =
  | "openssl"
  | "rsa"
  | "tripleDes"
  | "rc2"
  | "twoKeysDes"
  | "aes128And192"
  | "pbes2With3Des"
  | "macSha1"
  | "onlyKeyEncrypted"
  | "notEncrypted"
  | "notProtected"
  | "withoutMac"
  | "legacyWithoutMac"
  | "manyIterations"
  | "oneIteration"
  | "emptyPassword"
  | "emptyPasswordLegacy"
  | "unicodePassword"
  | "longPassword"
  | "unsorted"
  | "withoutKey"
  | "withoutCertificate"
  | "ed25519"
  | "keytool"
  | "keytoolLegacy"
  | "keytoolTripleDes";

export interface Pkcs12File {
  readonly password: string;
  readonly base64: string;
}

export { encryptedKeys, otherCertificates, otherKeys };

/** A file with its password, as an identity. */
export function pfx(name: Pkcs12Name): { pfx: Uint8Array<ArrayBuffer>; password: string } {
  const { base64, password } = pkcs12Files[name];
  return { pfx: Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)), password };
}

// Owns what an identity is: a certificate chain with its private key, opened and checked, in whatever form it comes. Refuses to
// know what it is used for, and whether the key fits, which the engine finds out.
import { type Realm, sharedRealm } from "../../engine/realms.ts";
import type { IdentityInput } from "../../engine/settings.ts";
import { type Bytes, checkOptionNames, describe, toBytes } from "../bytes.ts";
import { parseCertificate } from "../certificate.ts";
import { list, readCertificate, wrong } from "../option-values.ts";
import { certificateList, type PemOrDer } from "../pem.ts";
import { checkCertificateKind } from "./key-kinds.ts";
import { checkPassword, type Password, passphraseFrom, Work } from "./password.ts";
import { openPkcs12 } from "./pkcs12.ts";
import { privateKeyFrom } from "./private-key.ts";

/**
 * A certificate chain with its private key: each for itself, or both in a PKCS#12 file.
 *
 * @example
 * const identities = [{ cert: certPem, key: keyPem }, { pfx: bytesOfTheFile, password: "changeit" }];
 */
export type Identity = KeyIdentity | PfxIdentity;

/** A certificate chain and its private key, each for itself. */
export interface KeyIdentity {
  /** The own certificate first, then the intermediate ones. */
  readonly cert: PemOrDer | readonly PemOrDer[];
  /**
   * PKCS#8, PKCS#1 or SEC 1; PEM or DER; in the clear or encrypted: PBES2 with PBKDF2 and AES-CBC or DES, 3DES of PKCS#12,
   * PBES1 with DES, and the old PEM text with a `DEK-Info` line.
   */
  readonly key: PemOrDer;
  /** For an encrypted key. */
  readonly password?: Password;
}

/** A PKCS#12 file (`.p12`, `.pfx`; RFC 7292), as openssl, Java, Windows and macOS write it. */
export interface PfxIdentity {
  /**
   * The bytes of the file. The first private key in it that has a certificate is used, with the certificates that lead away
   * from that; nothing in the file is trusted. RC2 and RC4 are not supported: `openssl pkcs12 -legacy` can make another file.
   */
  readonly pfx: Bytes;
  readonly password?: Password;
}

export function checkIdentities(identities: readonly Identity[] = [], realm: () => Realm): IdentityInput[] {
  return list("identities", identities).map((identity, i) => checkIdentity(identity, `identities[${i}]`, realm));
}

/** `realm` tells where a password is made a key. */
function checkIdentity(identity: Identity, name: string, realm: () => Realm): IdentityInput {
  if (typeof identity !== "object" || identity === null)
    throw new TypeError(`Cannot use ${name}: expected { cert, key } or { pfx }, got ${describe(identity)}`);
  checkPassword(identity.password, `${name}.password`);
  const input = "pfx" in identity ? openPfx(identity, name, realm) : openKey(identity, name, realm);
  checkCertificateKind(input.chain[0]!, `${name}.${"pfx" in identity ? "pfx" : "cert"}`);
  return input;
}

/** An identity with its file opened and its key decrypted, so that contexts made of it need no password and little time. */
export function openIdentity(
  identity: Identity,
  name: string,
): { readonly cert: Uint8Array[]; readonly key: Uint8Array } {
  const { chain, key } = checkIdentity(identity, name, sharedRealm);
  return { cert: [...chain], key };
}

function openPfx(identity: PfxIdentity, name: string, realm: () => Realm): IdentityInput {
  checkOptionNames(identity, ["pfx", "password"], name);
  const file = toBytes(identity.pfx, `${name}.pfx`);
  return openPkcs12(file, `${name}.pfx`, passphraseFrom(identity.password, `${name}.password`), realm());
}

function openKey(identity: KeyIdentity, name: string, realm: () => Realm): IdentityInput {
  checkOptionNames(identity, ["cert", "key", "password"], name);
  const chain = certificateList(`${name}.cert`, identity.cert);
  for (const [i, der] of chain.entries()) if (i > 0) readCertificate(`${name}.cert[${i}]`, () => parseCertificate(der));
  if (chain.length === 0) throw wrong(`${name}.cert`, "it is missing");
  const keyName = `${name}.key`;
  const key = privateKeyFrom(identity.key, keyName, () => ({
    realm: realm(),
    passphrase: passphraseFrom(identity.password, `${name}.password`),
    work: new Work(keyName),
    name: keyName,
  }));
  return { chain, key };
}

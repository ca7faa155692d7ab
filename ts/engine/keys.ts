// Private keys outside of a handshake: Mbed TLS makes them, signs with them and tells their public half.
import type { Realm } from "../wasm/realm.ts";
import { SSLError, textOf } from "./errors.ts";
import { shortage } from "./shortages.ts";
import type { SignatureMethod } from "./signatures.ts";

/** A curve by the number in its name, or an RSA key by its bits. */
export type KeySize = 256 | 384 | 521 | 2048 | 3072 | 4096;

/** A new private key: SEC 1 or PKCS#1 (DER). */
export function generateKey(realm: Realm, size: KeySize): Uint8Array {
  return made(realm, "make a key", () => realm.exports.wt_generate_key(size));
}

/** The SubjectPublicKeyInfo of a private key (DER). Throws SSLError for what is no key. */
export function publicKeyOf(realm: Realm, key: Uint8Array): Uint8Array {
  return made(realm, "use a key", () => realm.lend(key, (at, length) => realm.exports.wt_public_key(at, length)));
}

/** Signs with ECDSA, or PKCS#1 v1.5 for RSA. */
export function signedWith(realm: Realm, key: Uint8Array, hash: SignatureMethod["hash"], data: Uint8Array): Uint8Array {
  const together = new Uint8Array(key.length + data.length);
  together.set(key);
  together.set(data, key.length);
  return made(realm, "sign", () =>
    realm.lend(together, (at) => realm.exports.wt_sign(at, key.length, data.length, hash)),
  );
}

function made(realm: Realm, doing: string, call: () => number): Uint8Array {
  realm.forgetRandomFailure();
  const size = call();
  if (size < 0) {
    const failure = shortage(realm, size, doing);
    throw failure?.error ?? new SSLError(`Cannot ${doing}: ${textOf(size)}`, { library: "PK", errno: size });
  }
  const result = new Uint8Array(size);
  realm.moveFromScratch(result, size);
  return result;
}

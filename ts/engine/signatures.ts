// Whether a signature over a certificate or a revocation list is right: Mbed TLS's arithmetic, nothing else.
import type { Realm } from "../wasm/realm.ts";
import { SSLError, textOf } from "./errors.ts";
import { withoutMemory } from "./shortages.ts";

/** How something was signed. `saltLength` is that of RSASSA-PSS, absent for PKCS#1 v1.5 and ECDSA. */
export interface SignatureMethod {
  readonly hash: 1 | 224 | 256 | 384 | 512;
  readonly saltLength?: number;
}

/** The hash of `data`. */
export function hashOf(realm: Realm, hash: SignatureMethod["hash"], data: Uint8Array): Uint8Array {
  const size = realm.lend(data, (at, length) => realm.exports.wt_hash(at, length, hash));
  if (size < 0) {
    const failure = withoutMemory(realm, size, "hash");
    throw failure?.error ?? new SSLError(`Cannot hash: ${textOf(size)}`, { errno: size });
  }
  const digest = new Uint8Array(size);
  realm.moveFromScratch(digest, size);
  return digest;
}

/** True when `signature` over `data` was made by the owner of `publicKey`, a SubjectPublicKeyInfo (DER). */
export function verifySignature(
  realm: Realm,
  publicKey: Uint8Array,
  method: SignatureMethod,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const together = new Uint8Array(publicKey.length + data.length + signature.length);
  together.set(publicKey);
  together.set(data, publicKey.length);
  together.set(signature, publicKey.length + data.length);
  const { exports } = realm;
  const salt = method.saltLength ?? -1;
  const result = realm.lend(together, (at) =>
    exports.wt_verify_signature(at, publicKey.length, data.length, signature.length, method.hash, salt),
  );
  const failure = result === 0 ? null : withoutMemory(realm, result, "verify a signature");
  if (failure !== null) throw failure.error;
  return result === 0;
}

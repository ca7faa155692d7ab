// Private keys outside of a handshake: Mbed TLS makes them, signs with them and tells their public half.
import type { Realm } from "../wasm/realm.ts";
import { SSLError, textOf } from "./errors.ts";
import { withoutRandomness } from "./randomness.ts";

/** The SubjectPublicKeyInfo of a private key (DER). Throws SSLError for what is no key. */
export function publicKeyOf(realm: Realm, key: Uint8Array): Uint8Array {
  return made(realm, "use a key", () => realm.lend(key, (at, length) => realm.exports.wt_public_key(at, length)));
}

function made(realm: Realm, doing: string, call: () => number): Uint8Array {
  realm.forgetRandomFailure();
  const size = call();
  if (size < 0) {
    const failure = withoutRandomness(realm, size, doing);
    throw failure?.error ?? new SSLError(`Cannot ${doing}: ${textOf(size)}`, { library: "PK", errno: size });
  }
  const result = new Uint8Array(size);
  realm.moveFromScratch(result, size);
  return result;
}

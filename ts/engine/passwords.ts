// Keys from passwords and what they open: Mbed TLS's arithmetic below encrypted keys and PKCS#12 files, nothing else.
import type { Address, WasmExports } from "../wasm/exports.gen.ts";
import type { Realm } from "../wasm/realm.ts";
import { SSLError, textOf } from "./errors.ts";
import { withoutMemory } from "./shortages.ts";

/** The size of the SHA-2 digest, 1 for SHA-1, 5 for MD5. */
export type KeyHash = 5 | 1 | 224 | 256 | 384 | 512;

/** The size of a digest in bytes. */
export function digestSize(hash: KeyHash): number {
  if (hash === 5) return 16;
  return hash === 1 ? 20 : hash / 8;
}

/** What PKCS#12 derives from a password (RFC 7292, appendix B.3). */
const pkcs12Purpose = { key: 1, iv: 2, mac: 3 } as const;

export interface Stretching {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly hash: KeyHash;
}

/** PBKDF1 (RFC 8018, section 5.1), as long as the hash. */
export function pbkdf1(realm: Realm, { password, salt, iterations, hash }: Stretching): Uint8Array {
  return answered(realm, digestSize(hash), [password, salt], (exports, at, length) =>
    exports.wt_pbkdf1(at, length, iterations, hash),
  );
}

/** PBKDF2 (RFC 8018, section 5.2). */
export function pbkdf2(realm: Realm, { password, salt, iterations, hash }: Stretching, size: number): Uint8Array {
  return answered(realm, size, [password, salt], (exports, at) =>
    exports.wt_pbkdf2(at, password.length, salt.length, iterations, hash, size),
  );
}

/** The derivation of PKCS#12; the password comes with its two zeros at the end. At most as long as the hash, for a key twice that. */
export function pkcs12Key(
  realm: Realm,
  { password, salt, iterations, hash }: Stretching,
  purpose: keyof typeof pkcs12Purpose,
  size: number,
): Uint8Array {
  const all = digestSize(hash) * (purpose === "key" ? 2 : 1);
  const whole = answered(realm, all, [password, salt], (exports, at) =>
    exports.wt_pkcs12_key(at, password.length, salt.length, iterations, hash, pkcs12Purpose[purpose]),
  );
  return whole.slice(0, size);
}

export function hmac(realm: Realm, hash: KeyHash, key: Uint8Array, data: Uint8Array): Uint8Array {
  return answered(realm, digestSize(hash), [key, data], (exports, at) =>
    exports.wt_hmac(at, key.length, data.length, hash),
  );
}

/** AES (an IV of 16 bytes) or DES in its three forms (8) in CBC mode. Null when the padding is wrong, as it is with a wrong key. */
export function decrypted(realm: Realm, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array | null {
  return realm.lend(joined([key, iv, data]), (at) => {
    const size = realm.exports.wt_decrypt(at, key.length, iv.length, data.length);
    const failure = size < 0 ? withoutMemory(realm, size, "decrypt a key") : null;
    if (failure !== null) throw failure.error;
    return size < 0 ? null : realm.copyOut(at + key.length + iv.length, size);
  });
}

/** What a call leaves in the scratch area. */
function answered(
  realm: Realm,
  size: number,
  parts: readonly Uint8Array[],
  call: (exports: WasmExports, at: Address, length: number) => number,
): Uint8Array {
  const result = realm.lend(joined(parts), (at, length) => call(realm.exports, at, length));
  if (result < 0) {
    const failure = withoutMemory(realm, result, "use a password");
    throw failure?.error ?? new SSLError(`Cannot use a password: ${textOf(result)}`, { library: "PK", errno: result });
  }
  const answer = new Uint8Array(size);
  realm.moveFromScratch(answer, size);
  return answer;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

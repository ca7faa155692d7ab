// What it means when the runtime gives no randomness. Mbed TLS has a dozen ways to say so, some of them misleading; the
// realm knows it for certain.
import type { Realm } from "../wasm/realm.ts";
import { alert } from "./alerts.ts";
import { type Failure, SSLError } from "./errors.ts";

/** What a failing call means when it asked for randomness and got none; null when that is not so. */
export function withoutRandomness(realm: Realm, number: number, doing: string): Failure | null {
  const failure = realm.randomFailure;
  if (failure === undefined) return null;
  return { error: noRandomness(doing, number, failure.error), alert: alert.internal_error };
}

/** Random bytes for TypeScript's own needs. `doing` completes "Cannot ...". */
export function randomBytes(size: number, doing: string): Uint8Array {
  try {
    return crypto.getRandomValues(new Uint8Array(size));
  } catch (cause) {
    throw noRandomness(doing, 0, cause);
  }
}

function noRandomness(doing: string, errno: number, cause: unknown): SSLError {
  const options = { reason: "NO_RANDOMNESS", library: "SYS", errno, cause } as const;
  return new SSLError(`Cannot ${doing}: the runtime gave no randomness`, options);
}

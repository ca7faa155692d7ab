// Mbed TLS has a dozen ways to say that it got no randomness, some of them misleading; the realm knows it for certain.
import type { Realm } from "../wasm/realm.ts";
import { alert } from "./alerts.ts";
import { type Failure, SSLError } from "./errors.ts";

/** What a failing call means when it asked for randomness and got none; null when that is not so. */
export function withoutRandomness(realm: Realm, number: number, doing: string): Failure | null {
  const failure = realm.randomFailure;
  if (failure === undefined) return null;
  const options = { reason: "NO_RANDOMNESS", library: "SYS", errno: number, cause: failure.error } as const;
  return {
    error: new SSLError(`Cannot ${doing}: the runtime gave no randomness`, options),
    alert: alert.internal_error,
  };
}

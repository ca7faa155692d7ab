// What it means when a call fails because the runtime gave it no randomness, or the module no memory. Mbed TLS has a dozen ways to say
// so, some of them misleading, such as that a signature is wrong; the realm knows it for certain.
import type { Realm } from "../wasm/realm.ts";
import { alert } from "./alerts.ts";
import { type Failure, SSLMemoryError } from "./errors.ts";
import { withoutRandomness } from "./randomness.ts";

/** What a call that has just failed with `number` went without; null when it had all it asked for. `doing` completes "Cannot ...". */
export function shortage(realm: Realm, number: number, doing: string): Failure | null {
  return withoutRandomness(realm, number, doing) ?? withoutMemory(realm, number, doing);
}

/** As `shortage`, for calls that need no randomness. */
export function withoutMemory(realm: Realm, number: number, doing: string): Failure | null {
  if (realm.exports.wt_allocation_failed() === 0) return null;
  const error = new SSLMemoryError(`Cannot ${doing}: the wasm memory is full`, { errno: number });
  return { error, alert: alert.internal_error };
}

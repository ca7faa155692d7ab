// Owns what the value of an option may be like, and the sentences for what it may not. Refuses to know what options there are.
import { SSLConfigError } from "../engine/errors.ts";
import { describe, toCount } from "./bytes.ts";

export function checkFunction<T>(option: string, value: T): T {
  if (typeof value !== "function")
    throw new TypeError(`Cannot use ${option}: expected a function, got ${describe(value)}`);
  return value;
}

export function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw wrong(option, `expected ${allowed.map((name) => JSON.stringify(name)).join(" or ")}, got ${describe(value)}`);
}

/** Only what is left out has a default: null is somebody's mistake. */
export function or<T>(value: T | undefined, fallback: T): T {
  if (value === undefined) return fallback;
  return value;
}

/** Throws TypeError when it is no array. */
export function list<T>(option: string, value: readonly T[]): readonly T[] {
  const given: unknown = value;
  if (!Array.isArray(given)) throw new TypeError(`Cannot use ${option}: expected an array, got ${describe(given)}`);
  return value;
}

export function nonEmpty<T>(option: string, value: readonly T[]): readonly T[] {
  if (list(option, value).length === 0) throw wrong(option, "the list is empty");
  return value;
}

/** The error for a value of the right type. */
export function wrong(option: string, why: string): SSLConfigError {
  return new SSLConfigError(`Cannot use ${option}: ${why}`, { reason: "BAD_OPTION" });
}

export function countUpTo(
  option: string,
  value: number | undefined,
  least: number,
  most: number,
  fallback: number,
): number {
  const count = toCount(value, option, fallback);
  if (count >= least && count <= most) return count;
  throw new RangeError(`Cannot use ${option}: expected ${least} to ${most}, got ${count}`);
}

/** What `read` makes of a certificate, or the error that names the option. */
export function readCertificate<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const options = { reason: "BAD_CONFIG", library: "X509", cause } as const;
    throw new SSLConfigError(`Cannot use ${name} as a certificate: ${why}`, options);
  }
}

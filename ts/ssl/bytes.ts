// What the public calls accept as bytes, counts, flags and options, and the sentences for what they do not.
import { SSLConfigError } from "../engine/errors.ts";

/** Bytes that a caller gives: any view of an ArrayBuffer, or the buffer itself. They are copied before the call returns. */
export type Bytes = ArrayBufferView | ArrayBuffer;

/** A Uint8Array over the caller's bytes; throws TypeError for anything else, shared or detached memory included. */
export function toBytes(value: Bytes, name: string): Uint8Array<ArrayBuffer> {
  if (isPlain(value)) return value;
  if (!(value instanceof ArrayBuffer || ArrayBuffer.isView(value)))
    throw new TypeError(`Cannot use ${name}: expected bytes (a Uint8Array or ArrayBuffer), got ${describe(value)}`);
  const buffer = value instanceof ArrayBuffer ? value : value.buffer;
  if (!(buffer instanceof ArrayBuffer))
    throw new TypeError(`Cannot use ${name}: its memory is shared, so it may change during the call`);
  const start = value instanceof ArrayBuffer ? 0 : value.byteOffset;
  // A detached buffer has length 0 like an empty one; only making a view of it tells them apart on every runtime.
  try {
    return new Uint8Array(buffer, start, value.byteLength);
  } catch (cause) {
    throw new TypeError(`Cannot use ${name}: its memory is detached, somebody else has it now`, { cause });
  }
}

/** A Uint8Array (no Buffer) with bytes that are not shared: most calls get one, and a view of it would cost as much as a small record. */
function isPlain(value: Bytes): value is Uint8Array<ArrayBuffer> {
  if (!(value instanceof Uint8Array) || Object.getPrototypeOf(value) !== Uint8Array.prototype) return false;
  return value.byteLength > 0 && value.buffer instanceof ArrayBuffer;
}

/** A non-negative integer, or the fallback when it is left out. */
export function toCount(value: number | undefined, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number") throw new TypeError(`Cannot use ${name}: expected a number, got ${describe(value)}`);
  if (!Number.isInteger(value) || value < 0)
    throw new RangeError(`Cannot use ${name}: expected an integer from 0 up, got ${value}`);
  return value;
}

/** True or false, or the fallback when it is left out. */
export function toFlag(value: boolean | undefined, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean")
    throw new TypeError(`Cannot use ${name}: expected true or false, got ${describe(value)}`);
  return value;
}

/** Refuses what is no object and what has other properties than those known: a misspelt option must not be ignored. */
export function checkOptionNames(given: object, known: readonly string[], what: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new TypeError(`Cannot use the options for ${what}: expected an object, got ${describe(given)}`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new SSLConfigError(
    `Cannot use ${unknown}: there is no such option for ${what} (there are ${known.join(", ")})`,
    { reason: "BAD_OPTION" },
  );
}

/** A value as an error sentence names it. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return value.length > 40 ? "a string" : `the string ${JSON.stringify(value)}`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object of type ${value.constructor?.name ?? "Object"}`;
  return `${typeof value === "undefined" ? "" : `the ${typeof value} `}${String(value)}`;
}

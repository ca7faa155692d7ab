// What the public calls accept as bytes, and the sentences for what they do not.

/** Bytes that a caller gives: any view of an ArrayBuffer, or the buffer itself. They are copied before the call returns. */
export type Bytes = ArrayBufferView | ArrayBuffer;

/** A Uint8Array over the caller's bytes; throws TypeError for anything else, shared or detached memory included. */
export function toBytes(value: Bytes, name: string): Uint8Array<ArrayBuffer> {
  if (value instanceof ArrayBuffer) return new Uint8Array(checkedBuffer(value, name));
  if (!ArrayBuffer.isView(value))
    throw new TypeError(`Cannot use ${name}: expected bytes (a Uint8Array or ArrayBuffer), got ${describe(value)}`);
  return new Uint8Array(checkedBuffer(value.buffer, name), value.byteOffset, value.byteLength);
}

/** A non-negative integer, or the fallback when it is left out. */
export function toCount(value: number | undefined, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number") throw new TypeError(`Cannot use ${name}: expected a number, got ${describe(value)}`);
  if (!Number.isInteger(value) || value < 0)
    throw new RangeError(`Cannot use ${name}: expected an integer from 0 up, got ${value}`);
  return value;
}

/** A value as an error sentence names it. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return value.length > 40 ? "a string" : `the string ${JSON.stringify(value)}`;
  if (typeof value === "object") return `an object of type ${value.constructor?.name ?? "Object"}`;
  return `${typeof value === "undefined" ? "" : `the ${typeof value} `}${String(value)}`;
}

function checkedBuffer(buffer: ArrayBufferLike, name: string): ArrayBuffer {
  if (!(buffer instanceof ArrayBuffer))
    throw new TypeError(`Cannot use ${name}: its memory is shared, so it may change during the call`);
  // A detached buffer has length 0 like an empty one; only making a view of it tells them apart on every runtime.
  new Uint8Array(buffer);
  return buffer;
}

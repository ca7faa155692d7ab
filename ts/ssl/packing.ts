// Several byte strings in one, each behind its length (four bytes, big-endian): the inside of tickets and kept sessions.

/** The strings one behind the other. */
export function pack(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(whole.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    whole.set(part, at + 4);
    at += 4 + part.length;
  }
  return whole;
}

/** The strings again; throws RangeError when the lengths do not add up. */
export function unpack(whole: Uint8Array): Uint8Array[] {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < whole.length;) {
    const length = view.getUint32(at);
    if (length > whole.length - at - 4) throw new RangeError("Cannot unpack: a length is wrong");
    parts.push(whole.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts;
}

// A writer for the Distinguished Encoding Rules (X.690): what certificates are made of. The counterpart of der.ts.
import { tag } from "./der.ts";

export type Der = Uint8Array;

/** An element with this tag; its content is the parts, one behind the other. */
export function element(kind: number, ...parts: readonly Uint8Array[]): Der {
  const content = concat(parts);
  return concat([Uint8Array.of(kind), lengthBytes(content.length), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Der {
  return element(tag.sequence, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Der {
  return element(tag.set, ...parts);
}

export function boolean(value: boolean): Der {
  return element(tag.boolean, Uint8Array.of(value ? 255 : 0));
}

/** Any integer, two's complement in as few bytes as possible. */
export function integer(value: number | bigint): Der {
  return element(tag.integer, integerBytes(BigInt(value)));
}

export function integerBytes(value: bigint): Der {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while (!(rest === 0n && bytes[0]! < 128) && !(rest === -1n && bytes[0]! >= 128));
  return Uint8Array.from(bytes);
}

export function oid(dotted: string): Der {
  return element(tag.oid, oidBytes(dotted));
}

export function oidBytes(dotted: string): Der {
  const [first = 0n, second = 0n, ...rest] = dotted.split(".").map(BigInt);
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128));
}

export function octets(content: Uint8Array): Der {
  return element(tag.octetString, content);
}

export function bits(content: Uint8Array, unused = 0): Der {
  return element(tag.bitString, Uint8Array.of(unused), content);
}

/** A BIT STRING of named bits, without the zeros at the end. */
export function namedBits(...positions: readonly number[]): Der {
  const last = Math.max(-1, ...positions);
  const content = new Uint8Array(Math.ceil((last + 1) / 8));
  for (const position of positions) content[Math.floor(position / 8)]! |= 128 >> (position % 8);
  return bits(content, last === -1 ? 0 : 7 - (last % 8));
}

/** A string in UTF-8 if the tag is that of UTF8String, else in one byte for each character. */
export function text(kind: number, value: string): Der {
  return element(kind, kind === tag.utf8String ? new Uint8Array(new TextEncoder().encode(value)) : latin1(value));
}

export function utf8(value: string): Der {
  return text(tag.utf8String, value);
}

/** As RFC 5280 wants it: the short form until 2049. */
export function time(milliseconds: number): Der {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, "");
  return milliseconds < Date.UTC(2050, 0) ? text(tag.utcTime, digits.slice(2)) : text(tag.generalizedTime, digits);
}

/** [number] EXPLICIT, or a constructed IMPLICIT one. */
export function explicit(number: number, ...parts: readonly Uint8Array[]): Der {
  return element(160 + number, ...parts);
}

/** [number] IMPLICIT of something primitive, given its content. */
export function implicit(number: number, content: Uint8Array): Der {
  return element(128 + number, content);
}

/** One byte for each character. */
export function latin1(value: string): Der {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

export function concat(parts: readonly Uint8Array[]): Der {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function lengthBytes(length: number): Der {
  if (length < 128) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from([128 + bytes.length, ...bytes]);
}

function base128(arc: bigint): number[] {
  const bytes = [Number(arc % 128n)];
  for (let rest = arc / 128n; rest > 0n; rest /= 128n) bytes.unshift(128 + Number(rest % 128n));
  return bytes;
}

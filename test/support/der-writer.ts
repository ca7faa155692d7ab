// A writer for DER, and for what only looks like it: every element can be given a wrong tag, length or content.
import { Buffer } from "node:buffer";

export type Der = Uint8Array;

export function element(tag: number, ...parts: readonly Der[]): Der {
  const content = concat(parts);
  return concat([Uint8Array.of(tag), lengthBytes(content.length), content]);
}

/** The same with a length that has more bytes than needed. */
export function sloppyElement(tag: number, ...parts: readonly Der[]): Der {
  const content = concat(parts);
  const length = [
    131,
    Math.floor(content.length / 65536),
    Math.floor(content.length / 256) % 256,
    content.length % 256,
  ];
  return concat([Uint8Array.of(tag), Uint8Array.from(length), content]);
}

export function sequence(...parts: readonly Der[]): Der {
  return element(48, ...parts);
}

export function set(...parts: readonly Der[]): Der {
  return element(49, ...parts);
}

export function boolean(value: boolean): Der {
  return element(1, Uint8Array.of(value ? 255 : 0));
}

/** Any integer, two's complement in as few bytes as possible. */
export function integer(value: number | bigint): Der {
  return element(2, integerBytes(BigInt(value)));
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
  return element(6, oidBytes(dotted));
}

export function oidBytes(dotted: string): Der {
  const [first = 0n, second = 0n, ...rest] = dotted.split(".").map(BigInt);
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128));
}

export function octets(content: Der): Der {
  return element(4, content);
}

export function bits(content: Der, unused = 0): Der {
  return element(3, Uint8Array.of(unused), content);
}

/** A BIT STRING of named bits, without the zeros at the end. */
export function namedBits(...positions: readonly number[]): Der {
  const last = Math.max(-1, ...positions);
  const content = new Uint8Array(Math.ceil((last + 1) / 8));
  for (const position of positions) content[Math.floor(position / 8)]! |= 128 >> (position % 8);
  return bits(content, last === -1 ? 0 : 7 - (last % 8));
}

export function text(tag: number, value: string): Der {
  return element(tag, Buffer.from(value, tag === 12 ? "utf8" : "latin1"));
}

export function utf8(value: string): Der {
  return text(12, value);
}

export function printable(value: string): Der {
  return text(19, value);
}

/** As RFC 5280 wants it: the short form until 2049. */
export function time(milliseconds: number): Der {
  const iso = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, "");
  return milliseconds < Date.UTC(2050, 0) ? text(23, iso.slice(2)) : text(24, iso);
}

/** [number] EXPLICIT, or a constructed IMPLICIT one. */
export function explicit(number: number, ...parts: readonly Der[]): Der {
  return element(160 + number, ...parts);
}

/** [number] IMPLICIT of something primitive, given its content. */
export function implicit(number: number, content: Der): Der {
  return element(128 + number, content);
}

export function ascii(value: string): Der {
  return Buffer.from(value, "latin1");
}

export function concat(parts: readonly Der[]): Der {
  return new Uint8Array(Buffer.concat(parts));
}

export function pem(label: string, der: Der): string {
  const base64 = Buffer.from(der).toString("base64");
  return `-----BEGIN ${label}-----\n${base64.replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;
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

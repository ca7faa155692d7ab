// The writer for DER, and for what only looks like it: elements with a wrong length, and strings that are rarely used.
import { concat, type Der, text } from "../../ts/ssl/der-writer.ts";

export * from "../../ts/ssl/der-writer.ts";
export { latin1 as ascii } from "../../ts/ssl/der-writer.ts";
export { pemOf as pem } from "../../ts/ssl/pem.ts";

/** An element with a length that has more bytes than needed. */
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

export function printable(value: string): Der {
  return text(19, value);
}

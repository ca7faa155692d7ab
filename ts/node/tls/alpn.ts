// Owns ALPN's names between their three forms: lists of names, the bytes of the wire, and the library's strings, whose
// characters stand for bytes (RFC 7301, section 3.1).
import { outOfRange } from "./errors.ts";

/**
 * Puts the protocols into `out.ALPNProtocols` in the form of the wire, as Node's function of that name does. Throws
 * ERR_OUT_OF_RANGE for a name of more than 255 bytes.
 */
export function convertALPNProtocols(protocols: unknown, out: { ALPNProtocols?: Buffer }): void {
  if (Array.isArray(protocols)) out.ALPNProtocols = wireOf(protocols);
  else if (protocols instanceof Uint8Array) out.ALPNProtocols = Buffer.from(protocols);
  else if (ArrayBuffer.isView(protocols)) {
    const { buffer, byteOffset, byteLength } = protocols;
    out.ALPNProtocols = Buffer.from(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
  }
}

function wireOf(names: readonly unknown[]): Buffer {
  const parts = names.map((name, i) => {
    const bytes = Buffer.from(name as string);
    if (bytes.length > 255)
      throw outOfRange(
        `The byte length of the protocol at index ${i} exceeds the maximum length.`,
        "<= 255",
        bytes.length,
      );
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat(parts);
}

/** The names in the form of the wire, for the library; what is cut short is left out. */
export function namesOf(wire: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < wire.length; at += 1 + wire[at]!) {
    const name = Buffer.from(wire.subarray(at + 1, at + 1 + wire[at]!)).toString("latin1");
    if (name.length === wire[at] && name.length > 0) names.push(name);
  }
  return names;
}

/** A protocol that was agreed on, as Node shows it. */
export function textOf(protocol: string): string {
  return Buffer.from(protocol, "latin1").toString("utf8");
}

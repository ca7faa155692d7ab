// PEM text (RFC 7468) to DER and back. Refuses what is broken, saying which block and why.
import { type Bytes, describe, toBytes } from "./bytes.ts";
import { latin1Text } from "./der.ts";
import { SSLConfigError } from "../engine/errors.ts";

/** A certificate or key as PEM text, or as bytes that hold PEM text or DER. */
export type PemOrDer = string | Bytes;

/** Every certificate in it, DER, in order. Throws SSLConfigError when there is none or one is broken. */
export function certificatesFrom(value: PemOrDer, name: string): Uint8Array[] {
  const text = pemText(value, name);
  if (text === null) return [oneElement(nonEmpty(toBytes(value as Bytes, name), name).slice(), name)];
  const found = blocksOf(text, name).filter(({ label }) => label === "CERTIFICATE" || label === "X509 CERTIFICATE");
  if (found.length === 0) throw broken(name, "the text has no CERTIFICATE block");
  return found.map(({ body }, i) => {
    const which = found.length === 1 ? name : `${name}[${i}]`;
    return oneElement(decode(body, which), which);
  });
}

/** As `certificatesFrom`, of one or more; none when it is left out. */
export function certificateList(name: string, value: PemOrDer | readonly PemOrDer[] | undefined): Uint8Array[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return certificatesFrom(value as PemOrDer, name);
  return value.flatMap((item: PemOrDer, i) => certificatesFrom(item, `${name}[${i}]`));
}

/** One block of a PEM text: its bytes, or why there are none. */
export type PemBlock =
  { readonly der: Uint8Array; readonly reason: null } | { readonly der: null; readonly reason: string };

/** Every block with one of the labels, broken ones too, decoded as they are asked for. What stands between blocks does not count. */
export function* pemBlocks(text: string, labels: ReadonlySet<string>): Generator<PemBlock> {
  const begin = "-----BEGIN ";
  for (let at = text.indexOf(begin); at !== -1;) {
    const next = text.indexOf(begin, at + begin.length);
    const part = text.slice(at + begin.length, next === -1 ? undefined : next);
    at = next;
    const label = /^([A-Z0-9 ]+)-----/.exec(part)?.[1];
    if (label === undefined || !labels.has(label)) continue;
    const end = part.indexOf(`-----END ${label}-----`);
    if (end === -1) yield { der: null, reason: `the ${label} block has no end` };
    else yield decodeBlock(part.slice(label.length + 5, end));
  }
}

/** PEM as text. What lies outside of ASCII stands between blocks or breaks one; it only must not get in the way. */
export function pemTextOf(pem: PemOrDer, name: string): string {
  return typeof pem === "string" ? pem : new TextDecoder("latin1").decode(toBytes(pem, name));
}

/** A private key as it was given. */
export interface KeyBlock {
  /** Of the PEM block; null without one. */
  readonly label: string | null;
  readonly der: Uint8Array;
  /** How the bytes are encrypted, when the head of the PEM block says so (RFC 1421, section 4.6.1.3). */
  readonly dekInfo: string | null;
}

/** The private key in a PEM text, or the bytes themselves. Throws SSLConfigError when there is none or it is broken. */
export function keyBlock(value: PemOrDer, name: string): KeyBlock {
  const text = pemText(value, name);
  if (text === null) return { der: nonEmpty(toBytes(value as Bytes, name), name).slice(), label: null, dekInfo: null };
  const key = blocksOf(text, name).find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (key === undefined) throw broken(name, "the text has no PRIVATE KEY block");
  if (!keyLabels.includes(key.label)) {
    const why = `${key.label} is not supported (supported: ${keyLabels.slice(0, -1).join(", ")})`;
    throw new SSLConfigError(`Cannot use ${name}: ${why}`, { reason: "UNSUPPORTED_KEY_TYPE", library: "PK" });
  }
  // Bounded, as a regular expression remembers its way back through each line.
  const [, head, body] = /^\s*((?:[A-Za-z0-9-]+:.*\r?\n(?:[ \t]+\S.*\r?\n){0,9}){0,99})([^]*)$/.exec(key.body)!;
  const dekInfo = /^DEK-Info:(.*)$/im.exec(head!)?.[1] ?? null;
  if (dekInfo === null && /^Proc-Type:.*ENCRYPTED/im.test(head!)) throw broken(name, "its head has no DEK-Info");
  return { der: nonEmpty(decode(body!, name), name), label: key.label, dekInfo };
}

const keyLabels: readonly string[] = [
  "PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "RSA PRIVATE KEY",
  "EC PRIVATE KEY",
  "DSA PRIVATE KEY", // to be refused by its kind
];

/** DER bytes as a PEM certificate (Python's `DER_cert_to_PEM_cert`). */
export function derCertToPem(der: Bytes): string {
  return pemOf("CERTIFICATE", toBytes(der, "der"));
}

export function pemOf(label: string, der: Uint8Array): string {
  const text = btoa(latin1Text(der));
  return `-----BEGIN ${label}-----\n${text.replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;
}

/** The first certificate of a PEM text as DER bytes (Python's `PEM_cert_to_DER_cert`). */
export function pemCertToDer(pem: string): Uint8Array {
  return certificatesFrom(pem, "pem")[0]!;
}

interface Block {
  readonly label: string;
  readonly body: string;
}

/** All blocks; one that does not end hides what comes behind it, so it is an error whatever it is. */
function blocksOf(text: string, name: string): Block[] {
  return text
    .split("-----BEGIN ")
    .slice(1)
    .map((part, i) => {
      const [, label, body, end] = /^([A-Z0-9 ]+)-----([^]*?)-----END ([A-Z0-9 ]+)-----/.exec(part) ?? [];
      if (label === undefined) throw broken(name, `block ${i + 1} of the text has no end`);
      if (label !== end) throw broken(name, `BEGIN ${label} is ended by END ${end}`);
      return { label, body: body! };
    });
}

/** Mbed TLS reads one certificate and passes over what follows: half of a chain would be lost without a word. */
function oneElement(der: Uint8Array, name: string): Uint8Array {
  const size = elementSize(der);
  if (size === null || size > der.length) throw broken(name, "it is not a certificate, or was cut off");
  if (size < der.length) throw broken(name, `bytes follow the certificate (${der.length - size})`);
  return der;
}

/** The size of the SEQUENCE at the front (X.690, section 8.1.3), null when there is none. */
function elementSize(der: Uint8Array): number | null {
  const [tag, length] = der;
  if (tag !== 48 || length === undefined) return null;
  if (length < 128) return 2 + length;
  const bytes = der.subarray(2, 2 + length - 128);
  if (bytes.length !== length - 128 || bytes.length < 1 || bytes.length > 4) return null;
  return 2 + bytes.length + bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The text if the value is PEM, null if it is DER. */
function pemText(value: PemOrDer, name: string): string | null {
  if (typeof value === "string") {
    if (value.trim() === "") throw broken(name, "the text is empty");
    return value;
  }
  if (value === null || value === undefined || typeof value !== "object") {
    throw new TypeError(`Cannot use ${name}: expected PEM text or bytes, got ${describe(value)}`);
  }
  const bytes = toBytes(value, name);
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 4096));
  return text.includes("-----BEGIN") ? new TextDecoder("latin1").decode(bytes) : null;
}

function nonEmpty(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length === 0) throw broken(name, "it is empty");
  return bytes;
}

function decodeBlock(body: string): PemBlock {
  try {
    return { der: bytesOfBase64(body), reason: null };
  } catch {
    return { der: null, reason: "its Base64 text is broken" };
  }
}

/** In a loop, as a store of all public roots is a quarter of a megabyte. */
function bytesOfBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function decode(body: string, name: string): Uint8Array {
  try {
    return bytesOfBase64(body);
  } catch {
    throw broken(name, "its Base64 text is broken");
  }
}

function broken(name: string, why: string): SSLConfigError {
  return new SSLConfigError(`Cannot use ${name}: ${why}`, { reason: "BAD_PEM", library: "PEM" });
}

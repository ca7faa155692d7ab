// Reads the first message of a client before Mbed TLS does (RFC 8446, section 4.1.2), for decisions that must be taken
// before the engine exists, and for whoever wants to look at it. Knows bytes and lengths only; what a client may say is
// for hello-rules.ts to judge.
import { SSLError } from "./errors.ts";
import { WireReader } from "./wire-reader.ts";

/** One extension as it came (RFC 8446, section 4.2). */
export interface HelloExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

/**
 * What a client says first. Everything is as it was sent: numbers are those of the IANA registries, in the client's order,
 * also ones that nobody knows.
 */
export interface ClientHello {
  /** The whole message with its header of four bytes, without records. */
  readonly raw: Uint8Array;
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** 0 to 32 bytes. */
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  readonly extensions: readonly HelloExtension[];
  /** The name of the server that the client wants, or null (RFC 6066, section 3). */
  readonly serverName: string | null;
  /** The versions that the client offers; only `legacyVersion` when it does not list them (RFC 8446, section 4.2.1). */
  readonly versions: readonly number[];
  /** Application protocols; characters above ASCII stand for the byte of the same number (RFC 7301). */
  readonly alpn: readonly string[];
  /** RFC 8446, section 4.2.7. */
  readonly groups: readonly number[];
  /** RFC 8446, section 4.2.3. */
  readonly signatureAlgorithms: readonly number[];
  /** The groups of the key shares (RFC 8446, section 4.2.8). */
  readonly keyShares: readonly number[];
  /** Identities of pre-shared keys, tickets among them (RFC 8446, section 4.2.11). */
  readonly pskIdentities: readonly Uint8Array[];
  /** The ticket of TLS 1.2, empty when the client would like one, null when it knows none (RFC 5077). */
  readonly sessionTicket: Uint8Array | null;
}

const recordHeaderSize = 5;
const messageHeaderSize = 4;
const handshakeType = 22;
const clientHelloType = 1;
const largestFragment = 16384; // RFC 8446, section 5.1
const extension = {
  serverName: 0,
  groups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  sessionTicket: 35,
  preSharedKey: 41,
  versions: 43,
  keyShare: 51,
} as const;

/** A ClientHello, "incomplete" while more bytes are needed, "malformed" when its lengths do not fit, or null when this is none. */
export type Reading = ClientHello | "incomplete" | "malformed" | null;

/**
 * Reads a ClientHello from the first bytes of a connection, for fingerprints, routing or a look at what a client offers.
 * `bytes` are TLS records as they come from the wire, or the bare handshake message; what follows it does not matter.
 * Null while more bytes are needed.
 *
 * Throws SSLError with reason `"DECODE_ERROR"` when this is no ClientHello.
 *
 * @example
 * const hello = parseClientHello(bytes);
 * console.log(hello?.serverName, hello?.alpn);
 */
export function parseClientHello(bytes: Uint8Array): ClientHello | null {
  const reading = bytes[0] === clientHelloType ? readMessage(bytes) : new ClientHelloCollector().add(bytes);
  if (reading === "incomplete") return null;
  if (reading !== null && reading !== "malformed") return reading;
  const why = reading === null ? "the bytes are none" : "its lengths do not fit";
  throw new SSLError(`Cannot parse the ClientHello: ${why}`, { reason: "DECODE_ERROR" });
}

/** Puts the first message together as its bytes come, from as many records as it spans; each byte is looked at once. */
export class ClientHelloCollector {
  readonly #message: number[] = [];
  /** The record in progress. */
  #record = new Uint8Array(0);

  add(bytes: Uint8Array): Reading {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#missing());
      at += part.length;
      const record = new Uint8Array(this.#record.length + part.length);
      record.set(this.#record);
      record.set(part, this.#record.length);
      this.#record = record;
      if (record.length >= recordHeaderSize && !this.#mayGoOn()) return null;
      if (this.#missing() > 0 || record.length < recordHeaderSize) continue;
      const reading = this.#endRecord();
      if (reading !== "incomplete") return reading;
    }
    return this.#record.length < recordHeaderSize || this.#mayGoOn() ? "incomplete" : null;
  }

  /** Whether the header of the record in progress is one that a ClientHello can have. */
  #mayGoOn(): boolean {
    const [type, major, , high, low] = this.#record;
    const length = high! * 256 + low!;
    return type === handshakeType && major === 3 && length > 0 && length <= largestFragment;
  }

  /** How many bytes the header, or the record, in progress lacks. */
  #missing(): number {
    const record = this.#record;
    return (
      (record.length < recordHeaderSize ? recordHeaderSize : recordHeaderSize + record[3]! * 256 + record[4]!) -
      record.length
    );
  }

  #endRecord(): Reading {
    const fragment = this.#record.subarray(recordHeaderSize);
    this.#record = new Uint8Array(0);
    const whole = this.#message.length === 0 ? readMessage(fragment) : "incomplete"; // as a rule there is one record
    if (whole !== "incomplete") return whole;
    this.#message.push(...fragment);
    const size = messageSize(this.#message);
    return size !== null && this.#message.length < size ? "incomplete" : readMessage(Uint8Array.from(this.#message));
  }
}

function readMessage(bytes: Uint8Array): Reading {
  const size = messageSize(bytes);
  if (size === null) return null;
  return bytes.length < size ? "incomplete" : helloOf(bytes.slice(0, size));
}

/** With its header, as far as it is known; null when the message is another. */
function messageSize(message: ArrayLike<number>): number | null {
  if (message.length > 0 && message[0] !== clientHelloType) return null;
  if (message.length < messageHeaderSize) return messageHeaderSize;
  return messageHeaderSize + message[1]! * 65536 + message[2]! * 256 + message[3]!;
}

function helloOf(raw: Uint8Array): ClientHello | "malformed" {
  try {
    return readHello(raw);
  } catch (error) {
    if (error instanceof RangeError) return "malformed";
    throw error;
  }
}

function readHello(raw: Uint8Array): ClientHello {
  const hello = new WireReader(raw.subarray(messageHeaderSize));
  const legacyVersion = hello.number(2);
  const random = hello.bytes(32);
  const sessionId = hello.vector(1).rest();
  const cipherSuites = hello.vector(2).numbers(2);
  const compressionMethods = hello.vector(1).numbers(1);
  const extensions = hello.left === 0 ? [] : extensionsOf(hello.vector(2));
  hello.end();
  const find = (wanted: number): WireReader | undefined => {
    const found = extensions.find(({ type }) => type === wanted);
    return found === undefined ? undefined : new WireReader(found.data);
  };
  const list = (wanted: number, lengthSize: 1 | 2 = 2): WireReader | undefined => find(wanted)?.only(lengthSize);
  return {
    raw,
    legacyVersion,
    random,
    sessionId,
    cipherSuites,
    compressionMethods,
    extensions,
    serverName: serverNameOf(list(extension.serverName)),
    versions: list(extension.versions, 1)?.numbers(2) ?? [legacyVersion],
    alpn: namesOf(list(extension.alpn)),
    groups: list(extension.groups)?.numbers(2) ?? [],
    signatureAlgorithms: list(extension.signatureAlgorithms)?.numbers(2) ?? [],
    keyShares: sharesOf(list(extension.keyShare)),
    pskIdentities: identitiesOf(find(extension.preSharedKey)?.vector(2)),
    sessionTicket: find(extension.sessionTicket)?.rest() ?? null,
  };
}

function extensionsOf(list: WireReader): HelloExtension[] {
  const extensions: HelloExtension[] = [];
  while (list.left > 0) extensions.push({ type: list.number(2), data: list.vector(2).rest() });
  return extensions;
}

/** The only kind of name that there is has number 0, and comes once. */
function serverNameOf(list: WireReader | undefined): string | null {
  if (list === undefined) return null;
  let found: string | null = null;
  while (list.left > 0) {
    const kind = list.number(1);
    const name = list.vector(2).rest();
    if (kind !== 0) continue;
    if (found !== null || name.length === 0) throw new RangeError("Cannot read more than one name, or an empty one");
    found = String.fromCharCode(...name);
  }
  return found;
}

function namesOf(list: WireReader | undefined): string[] {
  const names: string[] = [];
  while (list !== undefined && list.left > 0) {
    const name = list.vector(1).rest();
    if (name.length === 0) throw new RangeError("Cannot read an empty name");
    names.push(String.fromCharCode(...name));
  }
  return names;
}

function sharesOf(list: WireReader | undefined): number[] {
  const groups: number[] = [];
  while (list !== undefined && list.left > 0) {
    groups.push(list.number(2));
    list.vector(2);
  }
  return groups;
}

function identitiesOf(list: WireReader | undefined): Uint8Array[] {
  const identities: Uint8Array[] = [];
  while (list !== undefined && list.left > 0) {
    identities.push(list.vector(2).rest());
    list.bytes(4); // obfuscated_ticket_age
  }
  return identities;
}

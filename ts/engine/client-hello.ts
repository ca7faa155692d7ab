// Reads the first message of a client before Mbed TLS does (RFC 8446, section 4.1.2), for decisions that must be taken
// before the engine exists. Knows bytes only; refuses to judge: what cannot be read is left to Mbed TLS to refuse.

export interface ClientHelloSummary {
  /** The versions that the client offers, null when it knows nothing newer than TLS 1.2 (RFC 8446, section 4.2.1). */
  readonly versions: readonly number[] | null;
  /** The application protocols that the client offers, empty without the extension (RFC 7301). */
  readonly alpn: readonly string[];
}

const headerSize = 5;
const handshakeType = 22;
const clientHelloType = 1;
const alpnExtension = 16;
const versionsExtension = 43;

/** The summary, "incomplete" while more bytes are needed, or null when this is no ClientHello that can be read. */
export type Reading = ClientHelloSummary | "incomplete" | null;

/** What the records at the beginning of a connection hold. */
export function summarizeClientHello(records: Uint8Array): Reading {
  return new ClientHelloCollector().add(records);
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
      if (this.#missing() > 0 || record.length < headerSize) continue;
      const reading = this.#endRecord();
      if (reading !== "incomplete") return reading;
    }
    return this.#record.length >= headerSize && this.#record[0] !== handshakeType ? null : "incomplete";
  }

  /** How many bytes the header, or the record, in progress lacks. */
  #missing(): number {
    const record = this.#record;
    return (record.length < headerSize ? headerSize : headerSize + record[3]! * 256 + record[4]!) - record.length;
  }

  #endRecord(): Reading {
    const record = this.#record;
    this.#record = new Uint8Array(0);
    if (record[0] !== handshakeType) return null;
    this.#message.push(...record.subarray(headerSize));
    const [type, high, middle, low] = this.#message;
    if (type !== undefined && type !== clientHelloType) return null;
    if (low === undefined) return "incomplete";
    const size = high! * 65536 + middle! * 256 + low;
    return this.#message.length < 4 + size
      ? "incomplete"
      : summaryOf(Uint8Array.from(this.#message.slice(4, 4 + size)));
  }
}

function summaryOf(body: Uint8Array): ClientHelloSummary | null {
  try {
    const extensions = extensionsOf(body);
    return { versions: versionsOf(extensions), alpn: alpnOf(extensions) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function extensionsOf(body: Uint8Array): Map<number, Reader> {
  const hello = new Reader(body);
  hello.bytes(2 + 32); // legacy_version, random
  hello.vector(1); // legacy_session_id
  hello.vector(2); // cipher_suites
  hello.vector(1); // legacy_compression_methods
  const extensions = new Map<number, Reader>();
  if (hello.left === 0) return extensions;
  const list = hello.vector(2);
  while (list.left > 0) extensions.set(list.number(2), list.vector(2));
  return extensions;
}

function versionsOf(extensions: Map<number, Reader>): number[] | null {
  const list = extensions.get(versionsExtension)?.vector(1);
  if (list === undefined) return null;
  const versions: number[] = [];
  while (list.left > 0) versions.push(list.number(2));
  return versions;
}

function alpnOf(extensions: Map<number, Reader>): string[] {
  const list = extensions.get(alpnExtension)?.vector(2);
  const names: string[] = [];
  while (list !== undefined && list.left > 0) names.push(String.fromCharCode(...list.vector(1).rest()));
  return names;
}

/** Big-endian numbers and length-prefixed vectors; throws RangeError past the end. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new RangeError("Cannot read past the end of the message");
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  number(size: 1 | 2): number {
    return this.bytes(size).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  vector(lengthSize: 1 | 2): Reader {
    return new Reader(this.bytes(this.number(lengthSize)));
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }
}

// Owns what a trace tells about a connection: records as the module noted them (wasm/trace.c), and the handshake messages and
// alerts that are put together from them. Refuses to know what a message says, and who looks.
import { keyLabel } from "./key-log.ts";

/** Which way something went, as this side sees it. */
export type TraceDirection = "sent" | "received";

/**
 * Under which keys: none, those of the TLS 1.3 handshake, or those of the data. TLS 1.2 has one set of keys for a connection,
 * `"application"` here.
 */
export type TraceProtection = "none" | "handshake" | "application";

interface Timed {
  /** Milliseconds since the connection began, by the context's `now`. */
  readonly time: number;
}

interface Carried extends Timed {
  readonly direction: TraceDirection;
  readonly protection: TraceProtection;
}

/** One record (RFC 8446, section 5). Comes before what is in it. */
export interface TraceRecord extends Carried {
  readonly kind: "record";
  /** 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data: of the content, where the record hides it. */
  readonly type: number;
  /** As the header says, which is 771 for every version from 1.2 on. */
  readonly version: number;
  /** Bytes on the wire, without the header of five. */
  readonly length: number;
  /** Bytes of what it carries, or null when it could not be decrypted. */
  readonly plaintext: number | null;
}

/** A handshake message, in the clear, when its last byte was there. */
export interface TraceMessage extends Carried {
  readonly kind: "message";
  /** 1 client_hello, 2 server_hello, ... (RFC 8446, section 4). */
  readonly type: number;
  /** A copy, without the header of four bytes. */
  readonly body: Uint8Array;
}

/** An alert (RFC 8446, section 6). */
export interface TraceAlert extends Carried {
  readonly kind: "alert";
  /** 1 warning, 2 fatal. */
  readonly level: number;
  /** As in `alertDescription`. */
  readonly description: number;
}

/** In TLS 1.2: what follows is encrypted. In TLS 1.3 it means nothing (RFC 8446, appendix D.4). */
export interface TraceChangeCipherSpec extends Carried {
  readonly kind: "change-cipher-spec";
}

/** A secret was derived. Its value is never part of a trace. */
export interface TraceSecret extends Timed {
  readonly kind: "secret";
  /** Its name in key logs, such as `CLIENT_HANDSHAKE_TRAFFIC_SECRET`; `CLIENT_RANDOM` for the master secret of TLS 1.2. */
  readonly label: string;
}

/** The handshake is over. */
export interface TraceEstablished extends Timed {
  readonly kind: "established";
  /** 771 for TLS 1.2, 772 for TLS 1.3. */
  readonly version: number;
  /** The number of the cipher suite. */
  readonly cipherSuite: number;
  readonly resumed: boolean;
}

/** What `onTrace` is told. */
export type TraceEvent =
  TraceRecord | TraceMessage | TraceAlert | TraceChangeCipherSpec | TraceSecret | TraceEstablished;

const contentType = { changeCipherSpec: 20, alert: 21, handshake: 22 } as const;
const recordHeaderSize = 5;
const messageHeaderSize = 4;
const none = new Uint8Array(0);

/** What became of one connection, in the order in which it happened. */
export class Trace {
  readonly #now: () => number;
  readonly #began: number;
  #events: TraceEvent[] = [];
  /** The beginning of a handshake message that goes on in the next record. */
  readonly #partial = { sent: none, received: none };
  /** Records that were told before the module had them. */
  #told = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#began = now();
  }

  /** What has happened since it was last asked. */
  take(): TraceEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Server: the records of a ClientHello, told when it is there, as the module is made afterwards and is not given all of them. */
  hello(records: Uint8Array): void {
    const time = this.#time();
    for (let at = 0; records[at] === contentType.handshake;) {
      const [, major, minor, high, low] = records.subarray(at, at + recordHeaderSize);
      const length = high! * 256 + low!;
      const content = records.slice(at + recordHeaderSize, at + recordHeaderSize + length);
      if (content.length < length || low === undefined) return;
      const head = { direction: "received", protection: "none", time } as const;
      this.#record(
        { kind: "record", ...head, type: records[at]!, version: versionOf(major!, minor!), length, plaintext: length },
        content,
      );
      this.#told++;
      at += recordHeaderSize + length;
    }
  }

  /** What the module noted during a call, as trace.c laid it out. */
  add(notes: Uint8Array): void {
    const time = this.#time();
    for (let at = 0; at < notes.length;) {
      const note = readNote(notes, at);
      at = note.end;
      if (note.kind === noteKind.secret) this.#events.push({ kind: "secret", label: keyLabel(note.type), time });
      else if (note.kind === noteKind.received && this.#told > 0) this.#told--;
      else this.#record(recordOf(note, time), note.content);
    }
  }

  /** The handshake is over. */
  established(what: Omit<TraceEstablished, "kind" | "time">): void {
    this.#events.push({ kind: "established", time: this.#time(), ...what });
  }

  #record(record: TraceRecord, content: Uint8Array): void {
    this.#events.push(record);
    if (record.plaintext === null) return;
    const { direction, protection, time } = record;
    const carried = { direction, protection, time };
    if (record.type === contentType.handshake) this.#messages(carried, content);
    if (record.type === contentType.changeCipherSpec) this.#events.push({ kind: "change-cipher-spec", ...carried });
    if (record.type === contentType.alert && content.length === 2)
      this.#events.push({ kind: "alert", ...carried, level: content[0]!, description: content[1]! });
  }

  /** A record carries parts of messages, one, or several (RFC 8446, section 5.1). */
  #messages(carried: Carried, content: Uint8Array): void {
    const { direction } = carried;
    let bytes = joined(this.#partial[direction], content);
    while (bytes.length >= messageHeaderSize) {
      const size = messageHeaderSize + bytes[1]! * 65536 + bytes[2]! * 256 + bytes[3]!;
      if (bytes.length < size) break;
      this.#events.push({ kind: "message", ...carried, type: bytes[0]!, body: bytes.slice(messageHeaderSize, size) });
      bytes = bytes.subarray(size);
    }
    this.#partial[direction] = bytes.slice();
  }

  #time(): number {
    return Math.max(0, this.#now() - this.#began);
  }
}

const noteKind = { sent: 0, received: 1, secret: 2 } as const;
const protections: readonly TraceProtection[] = ["none", "handshake", "application"];
const noteHeadSize = 10;
const applicationData = 23;

interface Note {
  readonly kind: number;
  readonly type: number;
  readonly protection: TraceProtection;
  readonly readable: boolean;
  readonly version: number;
  readonly wireSize: number;
  readonly size: number;
  readonly content: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

function readNote(notes: Uint8Array, at: number): Note {
  const view = new DataView(notes.buffer, notes.byteOffset + at);
  const [kind, type, protection, readable] = [
    view.getUint8(0),
    view.getUint8(1),
    view.getUint8(2),
    view.getUint8(3) !== 0,
  ];
  const size = view.getUint16(8);
  const end = at + noteHeadSize + (readable && type !== applicationData ? size : 0);
  return {
    kind,
    type,
    protection: protections[protection]!,
    readable,
    version: view.getUint16(4),
    wireSize: view.getUint16(6),
    size,
    content: notes.subarray(at + noteHeadSize, end),
    end,
  };
}

function recordOf({ kind, type, protection, readable, version, wireSize, size }: Note, time: number): TraceRecord {
  const direction = kind === noteKind.sent ? "sent" : "received";
  return {
    kind: "record",
    direction,
    protection,
    time,
    type,
    version,
    length: wireSize,
    plaintext: readable ? size : null,
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function versionOf(major: number, minor: number): number {
  return major * 256 + minor;
}

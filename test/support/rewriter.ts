// A man in the middle who has the keys: what one side of a handshake says is opened with the secrets of a key log, rewritten by the test,
// and in TLS 1.3 sealed again, with a CertificateVerify and a Finished that fit what the other side hears. AES-128-GCM only.
import { createHash, createHmac, sign } from "node:crypto";
import type { TLSVersion } from "../../ts/ssl/index.ts";
import { certs } from "./certs.ts";
import {
  attempt,
  cut,
  type End,
  joined,
  pairOf,
  type PairOptions,
  recordOf,
  recordsOf,
  recordType,
  type Role,
  roles,
} from "./conversation.ts";
import { expandLabel, keysOf, open13, seal13, secretIn, suites } from "./forger.ts";

export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

export const messageType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  endOfEarlyData: 5,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  certificateStatus: 22,
  keyUpdate: 24,
  messageHash: 254,
} as const;

/** The messages that a side says in one go, and which go that is, from 0 on. */
type Rewrite = (messages: readonly Message[], flight: number) => readonly Message[];

export interface Play {
  /** Default: TLS 1.3. */
  readonly version?: TLSVersion;
  /** Whose words are rewritten; default: the server's. */
  readonly speaker?: Role;
  readonly pair?: PairOptions;
  /** The messages in the clear as the test wants them; without it they stay. */
  readonly rewritePlain?: Rewrite;
  /** As before, for those that TLS 1.3 encrypts. */
  readonly rewrite?: Rewrite;
  /** The body of a CertificateVerify over this content (RFC 8446, section 4.4.3). Default: as the speaker would. */
  readonly prove?: (content: Uint8Array) => Uint8Array;
  /** The most bytes of the encrypted messages in one record. */
  readonly most?: number;
}

export interface Heard {
  readonly client: End;
  /** What the client threw, undefined if it was content. */
  readonly error: unknown;
  /** What the server threw. */
  readonly server: unknown;
  /** The side that heard what was rewritten, and the other one. */
  readonly own: End;
  readonly peer: End;
}

/** What both sides make of it. */
export function hearFlight(play: Play): Heard {
  const { version = "TLSv1.3", speaker = "server" } = play;
  const log: string[] = [];
  const pair = pairOf({
    ...play.pair,
    version,
    client: { cipherSuites: [suites[version]], ...play.pair?.client },
    server: { ...play.pair?.server, onKeyLog: (line) => void log.push(line) },
  });
  const middle = new Middle(play, version, speaker, log);
  const { client, server } = attempt(pair, Infinity, (from, bytes) =>
    from === speaker ? middle.rewrite(bytes) : middle.listen(bytes),
  );
  const [own, peer] = speaker === "server" ? [pair.client, pair.server] : [pair.server, pair.client];
  return { client: pair.client, error: client, server, own, peer };
}

/** A handshake of which one side's words are rewritten. */
export interface Conversation {
  readonly name: string;
  readonly version: TLSVersion;
  readonly speaker: Role;
  readonly pair: PairOptions;
}

/** Both versions, TLS 1.3 with and without a HelloRetryRequest, and both sides. */
export function conversationsWith(pair: PairOptions): Conversation[] {
  const retry: PairOptions = {
    client: { ...pair.client, groups: ["secp256r1", "x25519"] },
    server: { ...pair.server, groups: ["x25519"] },
  };
  return roles.flatMap((speaker): Conversation[] => [
    { name: `TLSv1.2, by the ${speaker}`, version: "TLSv1.2", speaker, pair },
    { name: `TLSv1.3, by the ${speaker}`, version: "TLSv1.3", speaker, pair },
    { name: `TLSv1.3 with a HelloRetryRequest, by the ${speaker}`, version: "TLSv1.3", speaker, pair: retry },
  ]);
}

/** A message as it stands in a record. */
export function encoded({ type, body }: Message): Uint8Array {
  const [high, rest] = [Math.floor(body.length / 65536), body.length % 65536];
  return joined([Uint8Array.of(type, high, Math.floor(rest / 256), rest % 256), body]);
}

/** The body of a CertificateVerify. */
export function proof(scheme: number, signature: Uint8Array): Uint8Array {
  const [a, b] = [scheme, signature.length].map((n) => [Math.floor(n / 256), n % 256]) as [number[], number[]];
  return Uint8Array.of(...a, ...b, ...signature);
}

/** One handshake, as far as it has come. */
class Middle {
  readonly #play: Play;
  readonly #version: TLSVersion;
  readonly #speaker: Role;
  readonly #log: readonly string[];
  /** As the listening side has it. */
  #transcript: Uint8Array = new Uint8Array(0);
  #flights = 0;
  #over = false;

  constructor(play: Play, version: TLSVersion, speaker: Role, log: readonly string[]) {
    this.#play = play;
    this.#version = version;
    this.#speaker = speaker;
    this.#log = log;
  }

  /** Notes what the side says that is left alone. */
  listen(bytes: Uint8Array): Uint8Array {
    const role = this.#speaker === "client" ? "server" : "client";
    const { plain, sealed } = this.#over ? nothing : this.#open(bytes, role);
    for (const message of [...plain, ...sealed]) this.#note(message);
    return bytes;
  }

  rewrite(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || this.#over) return bytes;
    const { plain, others, sealed } = this.#open(bytes, this.#speaker);
    if (this.#over) return bytes; // the two sides have no keys in common, as they have heard different hellos
    const flight = this.#flights++;
    const first = this.#play.rewritePlain?.(plain, flight) ?? plain;
    for (const message of first) this.#note(message);
    const clear = first.flatMap((message) => cut(encoded(message), largest).map((piece) => recordOf(handshake, piece)));
    if (sealed.length === 0) return joined([...clear, ...others]);
    this.#over = true;
    return joined([...clear, ...others, ...this.#seal(this.#play.rewrite?.(sealed, flight) ?? sealed, sealed)]);
  }

  #open(bytes: Uint8Array, role: Role): Flight {
    const records = recordsOf(bytes);
    const keysAt = this.#version === "TLSv1.2" ? records.findIndex(([type]) => type === changeCipherSpec) : -1;
    const isPlain = (record: Uint8Array, i: number): boolean =>
      record[0] === handshake && !this.#over && (keysAt === -1 || i < keysAt);
    const isSealed = ([type]: Uint8Array): boolean => type === applicationData && this.#version === "TLSv1.3";
    return {
      plain: messagesIn(joined(records.filter(isPlain).map((record) => record.subarray(5)))),
      others: records.filter((record, i) => !isPlain(record, i) && !isSealed(record)),
      sealed: messagesIn(joined(this.#unsealed(records.filter(isSealed), role))),
    };
  }

  /** What the records have about the handshake, as far as its last message: alerts behind that are under other keys. */
  #unsealed(records: readonly Uint8Array[], role: Role): Uint8Array[] {
    const contents: Uint8Array[] = [];
    for (const [i, record] of records.entries()) {
      const inner = opened(this.#keys(role), i, record);
      if (inner === null) {
        this.#over = true;
        break;
      }
      if (inner.at(-1) === handshake) contents.push(inner.subarray(0, -1));
      if (inner[0] === messageType.finished) break;
    }
    return contents;
  }

  #keys(role: Role): ReturnType<typeof keysOf> {
    return keysOf(this.#secret(role));
  }

  #secret(role: Role): Uint8Array {
    return secretIn(this.#log, `${role.toUpperCase()}_HANDSHAKE_TRAFFIC_SECRET`);
  }

  #note(message: Message): void {
    // RFC 8446, section 4.4.1: of a ClientHello that meets a HelloRetryRequest only the hash remains.
    if (isRetry(message)) this.#transcript = encoded({ type: messageType.messageHash, body: digest(this.#transcript) });
    this.#transcript = joined([this.#transcript, encoded(message)]);
  }

  /** Proofs are made anew, but for those whose body the test has changed. */
  #seal(messages: readonly Message[], original: readonly Message[]): Uint8Array[] {
    const flight = messages.map((message) => {
      const made = original.some(({ body }) => body === message.body) ? this.#remade(message) : message;
      this.#note(made);
      return encoded(made);
    });
    const pieces = cut(joined(flight), this.#play.most ?? largest);
    return pieces.map((piece, i) => seal13(this.#keys(this.#speaker), i, handshake, piece));
  }

  #remade({ type, body }: Message): Message {
    const hash = digest(this.#transcript);
    if (type === messageType.certificateVerify) {
      const label = Buffer.from(`${" ".repeat(64)}TLS 1.3, ${this.#speaker} CertificateVerify\0`, "latin1");
      const { prove = (content: Uint8Array) => proofOf(this.#speaker, content) } = this.#play;
      return { type, body: prove(joined([label, hash])) };
    }
    if (type !== messageType.finished) return { type, body };
    const key = expandLabel(this.#secret(this.#speaker), "finished", 32);
    return { type, body: new Uint8Array(createHmac("sha256", key).update(hash).digest()) };
  }
}

interface Flight {
  readonly plain: readonly Message[];
  /** ChangeCipherSpec, alerts, and what TLS 1.2 encrypts. */
  readonly others: readonly Uint8Array[];
  readonly sealed: readonly Message[];
}

const { handshake, changeCipherSpec, applicationData } = recordType;
const nothing: Flight = { plain: [], others: [], sealed: [] };
const largest = 16384;
const ecdsaSecp256r1Sha256 = 0x0403;
/** The beginning of the random in a ServerHello that is a HelloRetryRequest (RFC 8446, section 4.1.3). */
const retryRandom = [0xcf, 0x21, 0xad, 0x74];

/** Whether it is a HelloRetryRequest. */
export function isRetry({ type, body }: Message): boolean {
  return type === messageType.serverHello && retryRandom.every((byte, i) => body[2 + i] === byte);
}

function opened(keys: ReturnType<typeof keysOf>, sequence: number, record: Uint8Array): Uint8Array | null {
  try {
    return open13(keys, sequence, record);
  } catch {
    return null;
  }
}

function messagesIn(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = bytes[at + 1]! * 65536 + bytes[at + 2]! * 256 + bytes[at + 3]!;
    messages.push({ type: bytes[at]!, body: bytes.slice(at + 4, at + 4 + size) });
    at += 4 + size;
  }
  return messages;
}

function proofOf(role: Role, content: Uint8Array): Uint8Array {
  return proof(ecdsaSecp256r1Sha256, sign("sha256", content, certs[role === "server" ? "localhost" : "client"].key));
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

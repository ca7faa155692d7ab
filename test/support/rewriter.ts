// A server of TLS 1.3 that says what no implementation would: its encrypted flight is opened with the secrets of a key log,
// rewritten by the test, and sealed again, with a CertificateVerify and a Finished that fit. AES-128-GCM only.
import { createHash, createHmac, sign } from "node:crypto";
import { certs } from "./certs.ts";
import { attempt, cut, type End, joined, pairOf, type PairOptions, recordsOf, recordType } from "./conversation.ts";
import { expandLabel, keysOf, open13, seal13, secretIn } from "./forger.ts";

export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

export const messageType = {
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  certificateVerify: 15,
  finished: 20,
} as const;

export interface Play {
  readonly pair?: PairOptions;
  /** The messages as the test wants them; without it they stay. */
  readonly rewrite?: (messages: readonly Message[]) => readonly Message[];
  /** The body of a CertificateVerify over this content (RFC 8446, section 4.4.3). Default: as the server would. */
  readonly prove?: (content: Uint8Array) => Uint8Array;
  /** The most bytes of the flight in one record. */
  readonly most?: number;
}

export interface Heard {
  readonly client: End;
  /** What the client threw, undefined if it was content with the flight. */
  readonly error: unknown;
  /** What the server threw: the client's alert. */
  readonly server: unknown;
}

/** What the client makes of it. */
export function hearFlight(play: Play): Heard {
  const log: string[] = [];
  const pair = pairOf({
    ...play.pair,
    version: "TLSv1.3",
    client: { cipherSuites: ["TLS_AES_128_GCM_SHA256"], ...play.pair?.client },
    server: { ...play.pair?.server, onKeyLog: (line) => void log.push(line) },
  });
  let hello = new Uint8Array(0);
  let done = false;
  const { client, server } = attempt(pair, Infinity, (from, bytes) => {
    if (from === "client" && hello.length === 0) hello = new Uint8Array(bytes.subarray(5));
    if (from === "client" || done || bytes.length === 0) return bytes;
    done = true;
    return rewrite(bytes, hello, secretIn(log, "SERVER_HANDSHAKE_TRAFFIC_SECRET"), play);
  });
  return { client: pair.client, error: client, server };
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

function rewrite(bytes: Uint8Array, hello: Uint8Array, secret: Uint8Array, play: Play): Uint8Array {
  const keys = keysOf(secret);
  const records = recordsOf(bytes);
  const sealed = records.filter(([type]) => type === recordType.applicationData);
  const plain = records.filter(([type]) => type !== recordType.applicationData);
  const messages = messagesIn(joined(sealed.map((record, i) => open13(keys, i, record).subarray(0, -1))));
  let transcript = joined([hello, plain[0]!.subarray(5)]);
  const flight: Uint8Array[] = [];
  for (const message of play.rewrite?.(messages) ?? messages) {
    const made = encoded(remade(message, digest(transcript), secret, play.prove ?? proveAsServer));
    transcript = joined([transcript, made]);
    flight.push(made);
  }
  const pieces = cut(joined(flight), play.most ?? 16384);
  return joined([...plain, ...pieces.map((piece, i) => seal13(keys, i, recordType.handshake, piece))]);
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

function remade(
  message: Message,
  transcriptHash: Uint8Array,
  secret: Uint8Array,
  prove: (content: Uint8Array) => Uint8Array,
): Message {
  if (message.type === messageType.certificateVerify) {
    const label = Buffer.from(`${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`, "latin1");
    return { type: message.type, body: prove(joined([label, transcriptHash])) };
  }
  if (message.type !== messageType.finished) return message;
  const key = expandLabel(secret, "finished", 32);
  return { type: message.type, body: new Uint8Array(createHmac("sha256", key).update(transcriptHash).digest()) };
}

function proveAsServer(content: Uint8Array): Uint8Array {
  const ecdsaSecp256r1Sha256 = 0x0403;
  return proof(ecdsaSecp256r1Sha256, sign("sha256", content, certs.localhost.key));
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

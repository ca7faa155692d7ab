// Makes records that no implementation would send, from the secrets in a key log: a record of any type with any content,
// encrypted as the peer would have done it (RFC 5246, section 6.2.3.3; RFC 8446, section 5.2). AES-128-GCM only.
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { TLSVersion } from "../../ts/ssl/index.ts";
import {
  type Chunk,
  drained,
  type End,
  handshake,
  type Pair,
  pairOf,
  type PairOptions,
  recordOf,
  recordType,
  type Role,
  sides,
} from "./conversation.ts";

/** What protects the records of one direction. */
export interface Keys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

export interface Forged {
  /** The side under test. */
  readonly own: End;
  /** The side in whose name records are forged; it must not write by itself. */
  readonly peer: End;
  /** The next record from the peer. */
  record(type: number, content: Uint8Array | readonly number[]): Uint8Array;
}

/** What the keys here are for. */
export const suites = {
  "TLSv1.2": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLSv1.3": "TLS_AES_128_GCM_SHA256",
} as const;

/** An open connection with one side of it in our hands. */
export function forged(version: TLSVersion, role: Role, options: PairOptions = {}, chunk: Chunk = Infinity): Forged {
  const log: string[] = [];
  const client = {
    ...options.client,
    cipherSuites: [suites[version]],
    onKeyLog: (line: string) => void log.push(line),
  };
  const pair = pairOf({ ...options, version, client });
  const serverRandom = handshakeWithRandom(pair, chunk);
  const [own, peer] = sides(pair, role);
  const keys = version === "TLSv1.2" ? keys12(log, serverRandom, peer.role) : keys13(log, peer.role);
  let sequence = version === "TLSv1.2" ? 1 : 0; // the Finished message was the first record under the keys of TLS 1.2
  const seal = version === "TLSv1.2" ? seal12 : seal13;
  return { own, peer, record: (type, content) => seal(keys, sequence++, type, Uint8Array.from(content)) };
}

function handshakeWithRandom(pair: Pair, chunk: Chunk): Uint8Array {
  const { client, server } = pair;
  try {
    client.tls.doHandshake();
  } catch {
    server.incoming.write(drained(client));
  }
  try {
    server.tls.doHandshake();
  } catch {
    client.incoming.write(server.outgoing.peek());
  }
  const random = drained(server).slice(5 + 4 + 2, 5 + 4 + 2 + 32);
  handshake(pair, chunk);
  return random;
}

function keys12(log: readonly string[], serverRandom: Uint8Array, writer: Role): Keys {
  const [, clientRandom, master] = lineOf(log, "CLIENT_RANDOM");
  const seed = Buffer.concat([Buffer.from("key expansion"), serverRandom, clientRandom!]);
  const block = prf(master!, seed, 2 * (16 + 4));
  const at = writer === "client" ? 0 : 1;
  return { key: block.subarray(16 * at, 16 * (at + 1)), iv: block.subarray(32 + 4 * at, 32 + 4 * (at + 1)) };
}

function keys13(log: readonly string[], writer: Role): Keys {
  return keysOf(secretIn(log, writer === "client" ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0"));
}

/** The secret with that label in a key log. */
export function secretIn(log: readonly string[], label: string): Uint8Array {
  return lineOf(log, label)[2]!;
}

/** RFC 8446, section 7.3. */
export function keysOf(secret: Uint8Array): Keys {
  return { key: expandLabel(secret, "key", 16), iv: expandLabel(secret, "iv", 12) };
}

function seal12({ key, iv }: Keys, sequence: number, type: number, content: Uint8Array): Uint8Array {
  const number = Buffer.alloc(8);
  number.writeUInt32BE(sequence, 4);
  const data = Buffer.concat([
    number,
    Uint8Array.of(type, 3, 3, Math.floor(content.length / 256), content.length % 256),
  ]);
  const sealed = gcm(key, Buffer.concat([iv, number]), data, content);
  return recordOf(type, Buffer.concat([number, sealed]));
}

/** A record of TLS 1.3. */
export function seal13({ key, iv }: Keys, sequence: number, type: number, content: Uint8Array): Uint8Array {
  const inner = Buffer.concat([content, Uint8Array.of(type)]);
  const header = recordOf(recordType.applicationData, new Uint8Array(inner.length + 16)).subarray(0, 5);
  return recordOf(recordType.applicationData, gcm(key, nonce13(iv, sequence), header, inner));
}

/** What a record of TLS 1.3 carries, its type behind the content. */
export function open13({ key, iv }: Keys, sequence: number, record: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-128-gcm", key, nonce13(iv, sequence)).setAAD(record.subarray(0, 5));
  decipher.setAuthTag(record.subarray(-16));
  return new Uint8Array(Buffer.concat([decipher.update(record.subarray(5, -16)), decipher.final()]));
}

function nonce13(iv: Uint8Array, sequence: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8);
  return nonce;
}

function gcm(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, content: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-128-gcm", key, nonce).setAAD(data);
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** RFC 5246, section 5, with SHA-256. */
function prf(secret: Uint8Array, seed: Uint8Array, length: number): Buffer {
  const hmac = (data: Uint8Array): Buffer => createHmac("sha256", secret).update(data).digest();
  const blocks: Buffer[] = [];
  for (let a = hmac(seed); blocks.length * 32 < length; a = hmac(a)) blocks.push(hmac(Buffer.concat([a, seed])));
  return Buffer.concat(blocks).subarray(0, length);
}

/** RFC 8446, section 7.1, with SHA-256 and for at most one block. */
export function expandLabel(secret: Uint8Array, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Uint8Array.of(0, length, name.length), name, Uint8Array.of(0, 1)]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}

/** A line of the key log: its label, the random of the client, and the secret. */
function lineOf(log: readonly string[], label: string): (Buffer | undefined)[] {
  const line = log.find((one) => one.startsWith(`${label} `));
  if (line === undefined) throw new Error(`The key log has no ${label}`);
  return line.split(" ").map((part) => Buffer.from(part, "hex"));
}

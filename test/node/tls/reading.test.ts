// How what has come is handed to the reader, however the network has cut it into pieces.
import { once } from "node:events";
import { Duplex, duplexPair } from "node:stream";
import type { TLSSocket } from "node:tls";
import nodeTls from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { cert, connecting, failureOf, key, replacement, versions } from "./pairs.ts";

interface Conversation {
  readonly socket: TLSSocket;
  readonly server: TLSSocket;
  /** What the server says from now on arrives only when it is pushed here. */
  readonly between: Duplex;
  /** The ciphertext of it so far. */
  readonly held: Buffer[];
}

/** A client, with a server of node:tls at the other end, when the handshake is over. */
async function conversation(options: nodeTls.ConnectionOptions): Promise<Conversation> {
  const [left, right] = duplexPair();
  const server = new nodeTls.TLSSocket(right, { isServer: true, cert, key });
  server.on("error", () => {}).resume();
  onTestFinished(() => void server.destroy());
  const between = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => left.write(chunk, done),
    final: (done) => done(),
  });
  const held: Buffer[] = [];
  let holds = false;
  left.on("data", (chunk: Buffer) => {
    if (holds) held.push(chunk);
    else between.push(chunk);
  });
  const socket = connecting(replacement, { socket: between, ...options });
  server.write("ready");
  await once(socket, "data");
  holds = true;
  return { socket, server, between, held };
}

/** Each part in records of its own. */
async function say({ server }: Conversation, ...parts: readonly (string | Buffer)[]): Promise<void> {
  for (const part of parts) await new Promise((resolve) => server.write(part, resolve));
}

describe.each(versions)("TLSSocket reads (%s)", (maxVersion) => {
  it.each([1, 999, 16_384, 70_000, 1_000_000])("everything that comes in pieces of %i bytes", async (size) => {
    const talk = await conversation({ maxVersion });
    const sent = Buffer.from(Array.from({ length: size === 1 ? 20_000 : 200_000 }, (_, i) => (i * 7) ^ (i >> 8)));
    await say(talk, sent.subarray(0, 10), sent.subarray(10, 110), sent.subarray(110));
    const got: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      talk.socket.on("data", (chunk: Buffer) => {
        got.push(chunk);
        if (got.reduce((sum, { length }) => sum + length, 0) === sent.length) resolve();
      });
    });
    const ciphertext = Buffer.concat(talk.held);
    for (let at = 0; at < ciphertext.length; at += size) talk.between.push(ciphertext.subarray(at, at + size));
    await all;
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    expect(talk.socket.bytesRead).toBe("ready".length + sent.length);
  });

  it("records that have come together one by one, as node:tls does", async () => {
    const talk = await conversation({ maxVersion });
    await say(talk, "one", "two", "three");
    const seen: string[] = [];
    const all = new Promise<void>((resolve) => {
      talk.socket.on("data", (chunk: Buffer) => {
        seen.push(chunk.toString());
        if (seen.length === 3) resolve();
      });
    });
    talk.between.push(Buffer.concat(talk.held));
    await all;
    expect(seen).toEqual(["one", "two", "three"]);
  });

  it("what came before a record that was tampered with, and then tells of that", async () => {
    const talk = await conversation({ maxVersion });
    await say(talk, "good", "bad");
    const ciphertext = Buffer.concat(talk.held);
    ciphertext[ciphertext.length - 1]! ^= 1;
    const seen: string[] = [];
    talk.socket.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
    const failed = failureOf(talk.socket);
    talk.between.push(ciphertext);
    expect((await failed).code).toBe("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC");
    expect(seen).toEqual(["good"]);
  });

  it("what came before the peer's goodbye, and then its end", async () => {
    const talk = await conversation({ maxVersion });
    talk.server.end("the last word");
    await once(talk.server, "finish");
    const seen: string[] = [];
    talk.socket.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
    talk.between.push(Buffer.concat(talk.held));
    await once(talk.socket, "end");
    expect(seen).toEqual(["the last word"]);
  });
});

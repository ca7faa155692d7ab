// What is asked of the system for sockets that this library makes on Node.
import net from "node:net";
import { Duplex } from "node:stream";
import { expect, test, vi } from "vitest";
import { connect, fromNodeSocket, listen } from "../../ts/node/index.ts";
import { generateSelfSigned, SSLContext, type TLSConnection } from "../../ts/index.ts";
import { dial, listenTcp } from "../../ts/node/tcp.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { pattern } from "../support/conversation.ts";
import { tcpHandlePrototype } from "../support/tcp-handles.ts";

/** Two ends of a connection that `connect` and `listen` have made. */
async function overTcp(use: (client: TLSConnection, server: TLSConnection) => void | Promise<void>): Promise<void> {
  const identity = generateSelfSigned();
  using clients = SSLContext.client({ ca: identity.cert });
  using servers = SSLContext.server({ identities: [identity] });
  await using listener = await listen({ port: 0, context: servers });
  const accepted = listener.accept();
  await using client = await connect({ hostname: "localhost", port: listener.port, context: clients });
  await using server = (await accepted)!;
  await use(client, server);
}

test("connect and listen have small writes sent at once, without waiting for acknowledgements (TCP_NODELAY)", async () => {
  const setNoDelay = vi.spyOn(await tcpHandlePrototype(), "setNoDelay");
  await overTcp((client, server) => expect([client.info.version, server.info.version]).toEqual(["TLSv1.3", "TLSv1.3"]));
  expect(setNoDelay.mock.calls).toEqual([[true], [true]]);
  setNoDelay.mockRestore();
});

/** What the sockets of Node have received and sent, as the very arrays; whoever looks for what became of them has them all. */
function chunksSeen(): { received: Uint8Array[]; sent: Uint8Array[]; restore: () => void } {
  const [received, sent]: Uint8Array[][] = [[], []];
  const { push, write } = net.Socket.prototype;
  const pushing = vi.spyOn(net.Socket.prototype, "push").mockImplementation(function (this: net.Socket, chunk) {
    if (chunk instanceof Uint8Array && chunk.length > 0) received!.push(chunk);
    return push.call(this, chunk);
  });
  const writing = vi.spyOn(net.Socket.prototype, "write").mockImplementation(function (this: net.Socket, chunk) {
    sent!.push(chunk as Uint8Array);
    return write.call(this, chunk);
  });
  const restore = (): void => [pushing, writing].forEach((spy) => spy.mockRestore());
  return { received: received!, sent: sent!, restore };
}

/** Whether the memory of arrays is given back at once here: Node 20 has no way to do so. */
const givesBack = "transfer" in ArrayBuffer.prototype;

test.runIf(givesBack)(
  "the chunks of our sockets give their memory back as soon as they are read, and sent",
  async () => {
    await overTcp(async (client, server) => {
      const chunks = chunksSeen();
      await Promise.all([received(client, 200_000), received(server, 200_000), talk(client), talk(server)]);
      chunks.restore();
      const kept = (arrays: readonly Uint8Array[]): number => arrays.filter(({ length }) => length > 16_000).length;
      expect(chunks.received.length).toBeGreaterThan(2);
      expect(kept(chunks.received)).toBe(0);
      expect(chunks.sent.length).toBeGreaterThan(2);
      expect(kept(chunks.sent)).toBeLessThan(chunks.sent.length); // what the kernel did not take at once is left to the collector
    });
  },
);

async function talk(own: TLSConnection): Promise<void> {
  for (let i = 0; i < 10; i++) await own.write(pattern(20_000));
}

async function received(own: TLSConnection, size: number): Promise<void> {
  const into = new Uint8Array(size);
  for (let got = 0; got < size;) got += (await own.read(into.subarray(got)))!;
  for (let at = 0; at < size; at += 20_000) expect(into.subarray(at, at + 20_000)).toEqual(pattern(20_000));
}

test.runIf(givesBack)("a transport that nobody speaks TLS over keeps no chunk that was read", async () => {
  const { promise, resolve } = Promise.withResolvers<NonBlockingTransport>();
  const listening = await listenTcp("127.0.0.1", 0, { take: resolve, failed: () => {} });
  const left = await dial("127.0.0.1", listening.port);
  const right = await promise;
  const chunks = chunksSeen();
  const [into, bytes] = [new Uint8Array(100_000), pattern(100_000)];
  for (let sent = 0, got = 0; got < bytes.length;) {
    if (sent < bytes.length) sent += left.send(bytes.subarray(sent, sent + 10_000));
    const part = right.recvInto(into.subarray(got));
    if (typeof part === "number") got += part;
    else await new Promise((turn) => setImmediate(turn));
  }
  chunks.restore();
  expect(into).toEqual(bytes);
  expect(chunks.received.map(({ length }) => length)).toEqual(chunks.received.map(() => 0));
  for (const end of [left, right]) end.close();
  listening.close();
});

test("the chunks of a stream that somebody else has made stay whole", async () => {
  const [incoming, outgoing]: Uint8Array[][] = [[], []];
  const stream = new Duplex({
    read: () => {},
    write(chunk: Uint8Array, _encoding, done) {
      outgoing!.push(chunk);
      done();
    },
  });
  const transport = fromNodeSocket(stream);
  const into = new Uint8Array(20_000);
  for (let i = 0; i < 3; i++) {
    const chunk = pattern(20_000);
    incoming!.push(chunk);
    stream.push(chunk);
    await new Promise((turn) => setImmediate(turn));
    expect(transport.recvInto(into)).toBe(20_000);
    expect(transport.send(pattern(20_000))).toBe(20_000);
  }
  for (const chunk of [...incoming!, ...outgoing!]) expect(new Uint8Array(chunk)).toEqual(pattern(20_000));
  transport.abort();
});

// The connection with promises, over transports in memory and over the sockets of the runtime that runs the tests.
import { Duplex, PassThrough, Transform } from "node:stream";
import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import {
  SSLAlertError,
  SSLCertVerificationError,
  SSLConfigError,
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLTimeoutError,
  startTls,
  type TLSConnection,
} from "../../ts/index.ts";
import { pattern } from "../support/conversation.ts";
import { memoryPair, type Pair, tcpPair } from "../socket/pairs.ts";
import { connected, contexts, readAll, versions } from "./contexts.ts";

const transports: [string, () => Promise<Pair>][] = [
  ["memory", memoryPair],
  ["memory, 7 bytes at a time", () => Promise.resolve(memoryTransportPair({ capacity: 7 }))],
  ["TCP", () => tcpPair()],
];

for (const version of versions) {
  for (const [name, pair] of transports) {
    describe(`${version} over ${name}`, () => {
      it("carries data in both directions at once, and ends each on its own", async () => {
        const [client, server] = await connected(await pair(), version);
        expect(client.info).toMatchObject({ version, sessionReused: false, alpnProtocol: null });
        expect(client.info.peerCertificate).not.toBe(null);
        const size = name.includes("7 bytes") ? 3000 : 300_000;
        const [there, back] = [pattern(size), pattern(size + 5)];
        const talk = async (own: TLSConnection, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
          await own.write(bytes.subarray(0, 1000));
          await own.write(bytes.subarray(1000));
          await own.closeWrite();
        };
        const [atServer, atClient] = await Promise.all([
          readAll(server),
          readAll(client),
          talk(client, there),
          talk(server, back),
        ]);
        expect(atServer).toEqual(there);
        expect(atClient).toEqual(back);
        await Promise.all([client.close(), server.close()]);
        expect((await client.closed).reason).toBe("close-notify");
      });

      it("B54 refuses a second read while one is not finished", async () => {
        const [client, server] = await connected(await pair(), version);
        const first = client.read(new Uint8Array(10));
        await expect(client.read(new Uint8Array(10))).rejects.toThrow(SSLStateError);
        await server.write(Uint8Array.of(1));
        expect(await first).toBe(1);
        await Promise.all([client.close(), server.close()]);
      });

      it("gives its bytes as streams", async () => {
        const [client, server] = await connected(await pair(), version);
        const bytes = pattern(5000);
        const writer = client.writable.getWriter();
        const sent = writer.write(bytes).then(() => writer.close());
        const parts: number[] = [];
        for await (const chunk of server.readable) parts.push(...chunk);
        await sent;
        expect(Uint8Array.from(parts)).toEqual(bytes);
        await Promise.all([client.close(), server.close()]);
      });

      it("reads into the buffers that a reader brings along", async () => {
        const [client, server] = await connected(await pair(), version);
        const sent = client.write(pattern(1000)).then(() => client.closeWrite());
        const reader = server.readable.getReader({ mode: "byob" });
        const parts: number[] = [];
        for (let buffer = new ArrayBuffer(300); ;) {
          const { value, done } = await reader.read(new Uint8Array(buffer, 0, 300));
          if (done) break;
          expect(value.byteLength).toBeLessThanOrEqual(300);
          parts.push(...value);
          buffer = value.buffer;
        }
        await sent;
        expect(Uint8Array.from(parts)).toEqual(pattern(1000));
        await Promise.all([client.close(), server.close()]);
      });

      it("B75 gives the transport back when both sides stop TLS", async () => {
        const [left, right] = await pair();
        const [client, server] = await connected([left, right], version);
        const [mine, theirs] = await Promise.all([client.stopTls(), server.stopTls()]);
        expect([mine, theirs]).toEqual([left, right]);
        for (const transport of [mine, theirs]) transport.close();
      });
    });
  }
}

it("S21 rejects when the peer cannot be trusted, on both sides", async () => {
  const [left, right] = memoryTransportPair();
  const { client, server } = contexts("TLSv1.3");
  const outcomes = await Promise.allSettled([
    startTls(left, { context: client, serverHostname: "other.host" }),
    startTls(right, { context: server }),
  ]);
  expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as unknown)).toEqual([
    expect.any(SSLCertVerificationError),
    expect.any(SSLAlertError),
  ]);
});

it("B31 S13 a handshake can be given a time and a signal", async () => {
  const { client } = contexts("TLSv1.3");
  const start = (options: {
    handshakeTimeout?: number;
    signal?: AbortSignal;
  }): [NonBlockingTransport, Promise<unknown>] => {
    const [left] = memoryTransportPair();
    return [left, startTls(left, { context: client, serverHostname: "localhost", ...options })];
  };
  const [slow, late] = start({ handshakeTimeout: 20 });
  await expect(late).rejects.toThrow(SSLTimeoutError);
  expect(slow.closed).toBe(true);
  const controller = new AbortController();
  const beyondTimers = 2 ** 40;
  const [patient, endless] = start({ handshakeTimeout: beyondTimers, signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(patient.closed).toBe(false);
  const [cut, aborted] = start({ signal: controller.signal });
  controller.abort(new Error("no longer needed"));
  for (const ended of [aborted, endless]) await expect(ended).rejects.toThrow("no longer needed");
  expect([cut.closed, patient.closed]).toEqual([true, true]);
});

it("B45 a transport that is cut rejects the read, and tells why it is over", async () => {
  const pair = memoryTransportPair();
  const [client, server] = await connected(pair, "TLSv1.3");
  pair[1].shutdownWrite();
  await expect(client.read(new Uint8Array(10))).rejects.toThrow(SSLEOFError);
  expect(await client.closed).toEqual({ reason: "truncated" });
  await Promise.all([client.close(), server.close()]);
});

it("abort ends what is waiting", async () => {
  const [client, server] = await connected(memoryTransportPair(), "TLSv1.3");
  const waiting = client.read(new Uint8Array(10));
  client.abort();
  await expect(waiting).rejects.toThrow(SSLStateError);
  expect(await client.closed).toEqual({ reason: "local" });
  await server.close();
});

it("a write to a peer that does not read waits, and goes on when it does", async () => {
  const [client, server] = await connected(memoryTransportPair({ capacity: 1000 }), "TLSv1.3");
  const bytes = pattern(2_000_000);
  let done = false;
  const written = client.write(bytes).then(() => (done = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(done).toBe(false);
  const reading = readAll(server);
  await written;
  await client.closeWrite();
  expect(await reading).toEqual(bytes);
  await Promise.all([client.close(), server.close()]);
});

describe("closing", () => {
  const narrow = { highWaterMark: { outgoing: 1000 } };

  it("B79 delivers what was written, then close_notify, to a peer that is slow; every close is the same", async () => {
    const pair = memoryTransportPair({ capacity: 50 });
    const [client, server] = await connected(pair, "TLSv1.3", narrow);
    const written = client.write(pattern(30_000));
    const closing = client.close();
    expect(client.close()).toBe(closing);
    const received = await readAll(server);
    expect(received).toEqual(Uint8Array.from(pattern(30_000)));
    await Promise.all([written, closing]);
    expect(pair[0].closed).toBe(true);
    await server.close();
    expect((await server.closed).reason).toBe("close-notify");
  });

  const endless = 2 ** 31 - 1;
  for (const [whose, options, timeout] of [
    ["its own", { shutdownTimeout: endless }, { timeout: 20 }],
    ["the connection's", { shutdownTimeout: 20 }, { timeout: endless }],
  ] as const) {
    it(`B79 a peer that does not receive is cut off in ${whose} time, and the loss is told`, async () => {
      const pair = memoryTransportPair({ capacity: 50 });
      const [client, server] = await connected(pair, "TLSv1.3", { ...narrow, ...options });
      await client.write(pattern(900));
      await expect(client.close(timeout)).rejects.toThrow(SSLTimeoutError);
      expect(await client.closed).toEqual({ reason: "timeout" });
      expect(pair[0].closed).toBe(true);
      await expect(readAll(server)).rejects.toThrow(SSLError);
      await server.close();
    });
  }

  it("B79 waits for a transport to tell that all is delivered, where it can", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const [left, right] = memoryTransportPair();
    const telling = Object.defineProperty(left, "delivered", { value: promise });
    const [client, server] = await connected([telling, right], "TLSv1.3");
    let over = false;
    const closing = client.close().then(() => (over = true));
    expect(await server.read(new Uint8Array(1))).toBe(null);
    await server.close();
    expect([over, left.closed]).toEqual([false, true]);
    resolve();
    await closing;
  });

  it("B79 there are thirty seconds to close in unless told", async () => {
    const both = await connected(memoryTransportPair(), "TLSv1.3");
    expect(both.map(({ socket }) => socket.shutdownTimeout)).toEqual([30_000, 30_000]);
    await Promise.all(both.map((one) => one.close()));
  });

  it("a write that is stuck does not hold up closing for ever", async () => {
    const [client, server] = await connected(memoryTransportPair({ capacity: 50 }), "TLSv1.3", narrow);
    const stuck = client.write(pattern(30_000));
    await expect(client.close({ timeout: 20 })).rejects.toThrow(SSLTimeoutError);
    await expect(stuck).rejects.toThrow(SSLStateError);
    await server.close();
  });

  it("is no error when the connection is broken already", async () => {
    const pair = memoryTransportPair();
    const [client, server] = await connected(pair, "TLSv1.3");
    pair[1].abort();
    await expect(client.read(new Uint8Array(1))).rejects.toMatchObject({ code: "ECONNRESET" });
    await client.close();
    expect(await client.closed).toEqual({ reason: "reset" });
    await server.close();
  });

  it("cancelling the readable closes in good order: what was written arrives", async () => {
    const [client, server] = await connected(memoryTransportPair(), "TLSv1.3");
    await server.write(pattern(3));
    await client.write(pattern(5000));
    for await (const chunk of client.readable) {
      expect(chunk.length).toBe(3);
      break;
    }
    expect(await readAll(server)).toEqual(Uint8Array.from(pattern(5000)));
    await Promise.all([client.close(), server.close()]);
  });

  it("aborting the writable cuts the connection", async () => {
    const [client, server] = await connected(memoryTransportPair(), "TLSv1.3");
    await client.writable.abort(new Error("given up"));
    await expect(readAll(server)).rejects.toThrow(SSLError);
    expect(await client.closed).toEqual({ reason: "local" });
    await server.close();
  });
});

describe("stopTls", () => {
  it.each(versions)("B75 no byte behind the peer's close_notify is lost, however it comes, %s", async (version) => {
    const [left, right] = memoryTransportPair();
    const [client, server] = await connected([left, right], version);
    const stopping = server.stopTls();
    const mine = await client.stopTls();
    mine.send(new TextEncoder().encode("plain again"));
    const theirs = await stopping;
    const into = new Uint8Array(20);
    await expect.poll(() => theirs.readable).toBe(true);
    expect(new TextDecoder().decode(into.subarray(0, theirs.recvInto(into) as number))).toBe("plain again");
    const ends = await Promise.all([client.closed, server.closed]);
    expect(ends).toEqual([{ reason: "close-notify" }, { reason: "close-notify" }]);
    await Promise.all([client.close(), server.close()]); // leaves the transports alone
    expect([left.closed, right.closed]).toEqual([false, false]);
    for (const transport of [left, right]) transport.close();
  });

  it("B73 unread data stays readable, and stopping can go on behind it; discard drops it", async () => {
    for (const discard of [false, true]) {
      const [left, right] = memoryTransportPair();
      const [client, server] = await connected([left, right], "TLSv1.3");
      await server.write(pattern(10));
      const theirs = server.stopTls();
      if (!discard) {
        await expect(client.stopTls()).rejects.toThrow(SSLStateError);
        expect(await client.read(new Uint8Array(100))).toBe(10);
      }
      expect([await client.stopTls({ discard }), await theirs]).toEqual([left, right]);
      await Promise.all([client.close(), server.close()]);
      for (const transport of [left, right]) transport.close();
    }
  });

  it("waits for no peer for ever, and not beside a read", async () => {
    const [client, server] = await connected(memoryTransportPair(), "TLSv1.3");
    const reading = client.read(new Uint8Array(1));
    await expect(client.stopTls()).rejects.toThrow("Cannot stop TLS: another read is not finished yet");
    await server.write(pattern(1));
    await reading;
    await expect(client.stopTls({ timeout: 10 })).rejects.toThrow(SSLTimeoutError);
    await Promise.all([client.close(), server.close()]);
  });
});

describe("startTls", () => {
  /** Two Duplex streams, each reading what is written to the other. */
  function duplexPair(): [Duplex, Duplex] {
    const [there, back] = [new PassThrough(), new PassThrough()];
    return [Duplex.from({ readable: back, writable: there }), Duplex.from({ readable: there, writable: back })];
  }

  it.each(versions)("takes Duplex streams of Node, %s", async (version) => {
    const [left, right] = duplexPair();
    const { client, server } = contexts(version);
    const [ours, theirs] = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const reading = readAll(theirs);
    await ours.write(pattern(100_000));
    await ours.closeWrite();
    expect(await reading).toEqual(Uint8Array.from(pattern(100_000)));
    await Promise.all([ours.close(), theirs.close()]);
  });

  it("S16 goes on with bytes that were read too early, when they are given", async () => {
    const { client, server } = contexts("TLSv1.3");
    const [there, back] = [
      new TransformStream<Uint8Array, Uint8Array>(),
      new TransformStream<Uint8Array, Uint8Array>(),
    ];
    const dialling = startTls(
      { readable: back.readable, writable: there.writable },
      { context: client, serverHostname: "localhost" },
    );
    const reader = there.readable.getReader();
    const head = (await reader.read()).value!;
    reader.releaseLock();
    const [ours, theirs] = await Promise.all([
      dialling,
      startTls({ readable: there.readable, writable: back.writable }, { context: server, head }),
    ]);
    expect([ours, theirs].map(({ info }) => info.version)).toEqual(["TLSv1.3", "TLSv1.3"]);
    await Promise.all([ours.close(), theirs.close()]);
  });

  it("refuses what cannot carry TLS, and leaves it alone", async () => {
    const { client } = contexts("TLSv1.3");
    const options = { context: client, serverHostname: "localhost" };
    const [left] = memoryTransportPair();
    const start = (over: unknown, more = {}): Promise<TLSConnection> =>
      startTls(over as NonBlockingTransport, { ...options, ...more });
    await expect(start(null)).rejects.toThrow(
      "Cannot start TLS: expected a transport, a pair of Web Streams or a Duplex",
    );
    await expect(start({ readable: true, writable: true })).rejects.toThrow(TypeError);
    await expect(start(new Transform({ objectMode: true }))).rejects.toThrow(SSLConfigError);
    await expect(start(left, { head: new Uint8Array(1) })).rejects.toThrow(SSLConfigError);
    await expect(start(left, { serverHostnme: "x" })).rejects.toThrow(SSLConfigError);
    await expect(start(left, { handshakeTimeout: -1 })).rejects.toThrow(RangeError);
    expect(left.closed).toBe(false);
    const streams = new TransformStream<Uint8Array, Uint8Array>();
    const [duplex] = duplexPair();
    const untouched = ["data", "error"].map((event) => duplex.listenerCount(event));
    for (const over of [streams, duplex])
      await expect(start(over, { verifyName: "\0" })).rejects.toThrow(SSLConfigError);
    expect([streams.readable.locked, streams.writable.locked]).toEqual([false, false]);
    expect(["data", "error"].map((event) => duplex.listenerCount(event))).toEqual(untouched);
  });

  it("B3 the alert about a certificate that is not trusted reaches a peer that is slow", async () => {
    const { client, server } = contexts("TLSv1.3");
    const [left, right] = memoryTransportPair({ capacity: 7 });
    const [ours, theirs] = await Promise.allSettled([
      startTls(left, { context: client, serverHostname: "other.host" }),
      startTls(right, { context: server }),
    ]);
    expect((ours as PromiseRejectedResult).reason).toBeInstanceOf(SSLCertVerificationError);
    expect((theirs as PromiseRejectedResult).reason).toBeInstanceOf(SSLAlertError);
  });
});

it("a peer that does not read bounds what is queued for it, at every layer", async () => {
  const [client, server] = await connected(memoryTransportPair({ capacity: 1000 }), "TLSv1.3", {
    highWaterMark: { outgoing: 50_000 },
  });
  const bytes = pattern(5_000_000);
  const controller = new AbortController();
  const writing = client.write(bytes, { signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  const { bytesSent } = (await writing.catch((error: unknown) => error)) as { bytesSent: number };
  expect(bytesSent).toBeLessThan(50_000 + 1000 + 16_384);
  client.abort();
  await server.close();
});

it("a close that takes too long cuts streams that deliver in the background", async () => {
  const { client, server } = contexts("TLSv1.3", { numTickets: 0 });
  const [there, back] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  const next = there.writable.getWriter();
  let stuck = false;
  let cut: AbortSignal | undefined;
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => void (cut = (controller as unknown as { readonly signal: AbortSignal }).signal),
    write: (chunk) => (stuck ? new Promise(() => {}) : next.write(chunk)),
  });
  const [own, peer] = await Promise.all([
    startTls({ readable: back.readable, writable }, { context: client, serverHostname: "localhost" }),
    startTls({ readable: there.readable, writable: back.writable }, { context: server }),
  ]);
  stuck = true;
  await expect(own.close({ timeout: 1 })).rejects.toThrow(SSLTimeoutError);
  expect(cut!.aborted).toBe(true);
  expect(await own.closed).toEqual({ reason: "timeout" });
  peer.abort();
});

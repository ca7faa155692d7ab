// The connection with promises, over transports in memory and over the sockets of the runtime that runs the tests.
import { afterAll, describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import {
  type ServerOptions,
  SSLAlertError,
  SSLCertVerificationError,
  SSLContext,
  SSLEOFError,
  SSLStateError,
  SSLTimeoutError,
  startTls,
  type TLSConnection,
  type TLSVersion,
} from "../../ts/index.ts";
import { pattern } from "../support/conversation.ts";
import { certs } from "../support/certs.ts";
import { memoryPair, type Pair, tcpPair } from "../socket/pairs.ts";

const made: { dispose(): void }[] = [];
afterAll(() => made.splice(0).forEach((context) => context.dispose()));

function contexts(
  version: TLSVersion,
  server: Partial<ServerOptions> = {},
): { client: SSLContext; server: SSLContext } {
  const only = { minVersion: version, maxVersion: version };
  const { chain: cert, key } = certs.localhost;
  const both = {
    client: SSLContext.client({ ...only, ca: certs.root.cert }),
    server: SSLContext.server({ ...only, identities: [{ cert, key }], ...server }),
  };
  made.push(both.client, both.server);
  return both;
}

async function connected([left, right]: Pair, version: TLSVersion): Promise<[TLSConnection, TLSConnection]> {
  const { client, server } = contexts(version);
  return Promise.all([
    startTls(left, { context: client, serverHostname: "localhost" }),
    startTls(right, { context: server }),
  ]);
}

async function readAll(from: TLSConnection): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(20_000);
  for (let size: number | null; (size = await from.read(into)) !== null;) parts.push(into.slice(0, size));
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const transports: [string, () => Promise<Pair>][] = [
  ["memory", memoryPair],
  ["memory, 7 bytes at a time", () => Promise.resolve(memoryTransportPair({ capacity: 7 }))],
  ["TCP", () => tcpPair()],
];

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
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
  const [cut, aborted] = start({ signal: controller.signal });
  controller.abort(new Error("no longer needed"));
  await expect(aborted).rejects.toThrow("no longer needed");
  expect(cut.closed).toBe(true);
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

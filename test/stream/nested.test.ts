// TLS inside TLS: what the ends, the errors and the backpressure of one layer are to the other.
import { afterAll, describe, expect, it } from "vitest";
import { SSLContext, SSLEOFError, SSLSyscallError, startTls, type TLSConnection } from "../../ts/index.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { concat, sha256 } from "../socket/moving.ts";
import { type Pair, tcpPair } from "../socket/pairs.ts";
import { certs } from "../support/certs.ts";
import { pattern } from "../support/conversation.ts";

const made: SSLContext[] = [];
afterAll(() => made.forEach((context) => context.dispose()));

type Layer = [TLSConnection, TLSConnection];

describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s in itself", (version) => {
  const only = { minVersion: version, maxVersion: version };
  const client = SSLContext.client({ ...only, ca: certs.root.cert });
  const server = SSLContext.server({
    ...only,
    identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }],
  });
  made.push(client, server);

  function layer([left, right]: Pair | Layer): Promise<Layer> {
    return Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
  }

  it.each([
    ["TCP", tcpPair],
    ["memory that holds 100 bytes", () => Promise.resolve(memoryTransportPair({ capacity: 100 }))],
  ])(
    "carries data both ways at once over %s, and ends each direction and each layer on its own",
    async (name, open) => {
      const outer = await layer(await open());
      const inner = await layer(outer);
      const size = name === "TCP" ? 1_500_000 : 30_000;
      const [there, back] = [pattern(size), pattern(size + 1)];
      const [atServer, atClient] = await Promise.all([
        readAll(inner[1]),
        readAll(inner[0]),
        inner[0].write(there).then(() => inner[0].closeWrite()),
        inner[1].write(back).then(() => inner[1].closeWrite()),
      ]);
      expect([sha256(atServer), sha256(atClient)]).toEqual([sha256(there), sha256(back)]);
      expect(await Promise.all(outer.map(closedReason))).toEqual(["open", "open"]);
      await Promise.all(inner.map((tls) => tls.close()));
      expect(await Promise.all(inner.map(closedReason))).toEqual(["close-notify", "close-notify"]);
      await Promise.all(outer.map((tls) => tls.close()));
    },
  );

  it("delivers everything when the inner and then the outer connection are closed at once", async () => {
    const outer = await layer(memoryTransportPair({ capacity: 1000 }));
    const inner = await layer(outer);
    const bytes = pattern(60_000); // less than the layers hold, so that nothing waits for the reader before the end
    await inner[0].write(bytes);
    const closing = inner[0].close().then(() => outer[0].close());
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const reading = readAll(inner[1]);
    await closing;
    expect(sha256(await reading)).toBe(sha256(bytes));
    await inner[1].close();
    await outer[1].close();
  });

  it("B45 reports an outer connection that was cut as the cause of the inner one's failure", async () => {
    const transports = memoryTransportPair();
    const outer = await layer(transports);
    const inner = await layer(outer);
    const reading = inner[0].read(new Uint8Array(10));
    transports[1].shutdownWrite();
    const failure: unknown = await reading.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SSLSyscallError);
    expect((failure as Error).cause).toBeInstanceOf(SSLEOFError);
    expect(await closedReason(outer[0])).toBe("truncated");
    for (const tls of [...inner, ...outer]) tls.abort();
  });

  it("B45 rejects when the outer connection ends in good order and the inner one does not", async () => {
    const outer = await layer(memoryTransportPair());
    const inner = await layer(outer);
    const reading = inner[0].read(new Uint8Array(10));
    inner[1].socket.transport.shutdownWrite();
    await expect(reading).rejects.toThrow(SSLEOFError);
    expect(await closedReason(inner[0])).toBe("truncated");
    expect(await closedReason(outer[0])).toBe("open");
    for (const tls of [...inner, ...outer]) tls.abort();
  });

  it("tells the peer of both layers when the inner one is aborted", async () => {
    const outer = await layer(memoryTransportPair());
    const inner = await layer(outer);
    const reading = inner[1].read(new Uint8Array(10));
    inner[0].abort();
    await expect(reading).rejects.toThrow(SSLSyscallError);
    for (const tls of [inner[1], ...outer]) tls.abort();
  });

  it("B89 a reader that stops holds up the writer through both layers", async () => {
    const outer = await layer(memoryTransportPair({ capacity: 1000 }));
    const inner = await layer(outer);
    const bytes = pattern(3_000_000);
    const events: string[] = [];
    const writing = inner[0].write(bytes).then(() => events.push("written"));
    const into = new Uint8Array(10);
    expect(await inner[1].read(into)).toBeGreaterThan(0);
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    events.push("read on");
    const reading = readAll(inner[1]);
    await writing;
    await inner[0].closeWrite();
    expect(await reading).toHaveLength(bytes.length - into.length);
    expect(events).toEqual(["read on", "written"]);
    for (const tls of [...inner, ...outer]) tls.abort();
  });
});

async function readAll(from: TLSConnection): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(20_000);
  for (let size: number | null; (size = await from.read(into)) !== null;) parts.push(into.slice(0, size));
  return concat(parts);
}

/** Why the connection is over, or that it is not. */
function closedReason(tls: TLSConnection): Promise<string> {
  return Promise.race([tls.closed.then(({ reason }) => reason), nextTurn().then(() => "open")]);
}

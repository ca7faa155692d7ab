// What becomes of many small writes: which share records and sends, in what order they arrive, and what is left of those that are
// given up.
import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { Piece, Pieces } from "../../ts/stream/writes.ts";
import type { SSLError, TLSConnection } from "../../ts/index.ts";
import { joined, pattern, recordsOf } from "../support/conversation.ts";
import { connected, readAll, versions } from "./contexts.ts";

const cancelled = new Error("cancelled");

/** The transport as somebody else would have written it, and what is sent through it. */
function tapped(below: NonBlockingTransport): { transport: NonBlockingTransport; sends: Uint8Array[] } {
  const sends: Uint8Array[] = [];
  const transport: NonBlockingTransport = {
    recvInto: (into) => below.recvInto(into),
    send(bytes) {
      const taken = below.send(bytes);
      if (taken > 0) sends.push(bytes.slice(0, taken));
      return taken;
    },
    get readable() {
      return below.readable;
    },
    get writable() {
      return below.writable;
    },
    get closed() {
      return below.closed;
    },
    watch: (listener) => below.watch(listener),
    shutdownWrite: () => below.shutdownWrite(),
    close: () => below.close(),
    abort: (error) => below.abort(error),
    takeRemaining: () => below.takeRemaining(),
  };
  return { transport, sends };
}

async function closed(...both: readonly TLSConnection[]): Promise<void> {
  await Promise.all(both.map((one) => one.close()));
}

describe.each(versions)("%s", (version) => {
  it("writes begun in one go share a record and a send", async () => {
    const [left, right] = memoryTransportPair();
    const { transport, sends } = tapped(left);
    const [client, server] = await connected([transport, right], version);
    sends.length = 0;
    const parts = Array.from({ length: 50 }, (_, i) => pattern(100).map((byte) => byte ^ i));
    await Promise.all(parts.map((part) => client.write(part)));
    expect(sends.map((bytes) => recordsOf(bytes).length)).toEqual([1]);
    const into = new Uint8Array(20_000);
    expect(await server.read(into)).toBe(5000);
    expect(into.slice(0, 5000)).toEqual(joined(parts));
    await closed(client, server);
  });

  it("writes that are awaited one by one are sent one by one", async () => {
    const [left, right] = memoryTransportPair();
    const { transport, sends } = tapped(left);
    const [client, server] = await connected([transport, right], version);
    sends.length = 0;
    for (let i = 0; i < 3; i++) await client.write(pattern(100));
    expect(sends.map((bytes) => recordsOf(bytes).length)).toEqual([1, 1, 1]);
    await closed(client, server);
  });

  it("what fills records is sent at once when nothing waits, and not when it was given up before", async () => {
    const [left, right] = memoryTransportPair({ capacity: 100_000 });
    const { transport, sends } = tapped(left);
    const [client, server] = await connected([transport, right], version);
    sends.length = 0;
    const written = client.write(pattern(20_000));
    expect(sends.flatMap((bytes) => recordsOf(bytes)).length).toBe(2);
    await written;
    const signal = AbortSignal.abort(cancelled);
    await expect(client.write(pattern(20_000), { signal })).rejects.toMatchObject({ cause: cancelled, bytesSent: 0 });
    expect(await server.read(new Uint8Array(50_000))).toBe(20_000);
    await closed(client, server);
  });

  it("what fills records goes as it is, and all arrives in its order", async () => {
    for (const capacity of [7, 1000, 1_000_000]) {
      const [left, right] = memoryTransportPair({ capacity });
      const { transport, sends } = tapped(left);
      const [client, server] = await connected([transport, right], version, { highWaterMark: { outgoing: 10_000 } });
      sends.length = 0;
      const sizes = [1, 0, 300, 16_383, 2, 16_384, 1, 40_000, 0, 5];
      const parts = sizes.map((size, i) => pattern(size).map((byte) => byte ^ (i * 17)));
      const reading = readAll(server);
      await Promise.all(parts.map((part) => client.write(part)));
      await client.closeWrite();
      expect(await reading).toEqual(joined(parts));
      // Full ones but the last: 73,076 bytes. The goodbye is one more.
      expect(recordsOf(joined(sends)).length).toBe(Math.ceil(73_076 / 16_384) + 1);
      await closed(client, server);
    }
  });

  it("what is written behind the goodbye is not joined with what came before it", async () => {
    const [client, server] = await connected(memoryTransportPair(), version);
    const before = client.write(pattern(10));
    const goodbye = client.closeWrite();
    const behind = client.write(pattern(20));
    await expect(behind).rejects.toMatchObject({ reason: "PROTOCOL_IS_SHUTDOWN", bytesSent: 0 });
    await Promise.all([before, goodbye]);
    expect(await readAll(server)).toEqual(Uint8Array.from(pattern(10)));
    await closed(client, server);
  });

  it("no write resolves while more than the high-water mark waits for the transport", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const [client, server] = await connected([left, right], version, { highWaterMark: { outgoing: 2000 } });
    let resolved = 0;
    const writes = Array.from({ length: 1000 }, () => client.write(pattern(100)).then(() => resolved++));
    await new Promise((resolve) => setTimeout(resolve, 20));
    // One record was taken when the queue was empty; its bytes count, the others wait.
    expect(resolved).toBeLessThanOrEqual(Math.floor(16_384 / 100));
    const reading = readAll(server);
    await Promise.all(writes);
    await client.closeWrite();
    expect((await reading).length).toBe(100_000);
    await closed(client, server);
  });

  it("one that is cancelled at any time tells exactly what was sent of it, and those around it arrive", async () => {
    for (const capacity of [50, 100_000]) {
      for (let tick = 0; tick < 25; tick++) {
        const [left, right] = memoryTransportPair({ capacity });
        const [client, server] = await connected([left, right], version, { highWaterMark: { outgoing: 1000 } });
        const controller = new AbortController();
        const [first, second, third] = [pattern(200), pattern(30_000), pattern(300)];
        const around = [client.write(first)];
        const given = client.write(second, { signal: controller.signal }).then(
          () => second.length,
          (error: unknown) => error as SSLError & { bytesSent: number },
        );
        around.push(client.write(third));
        for (let turns = tick; turns > 0; turns--) await Promise.resolve();
        controller.abort(cancelled);
        const reading = readAll(server);
        const outcome = await given;
        if (typeof outcome !== "number") expect(outcome).toMatchObject({ name: "AbortError", cause: cancelled });
        const sent = typeof outcome === "number" ? outcome : outcome.bytesSent;
        await Promise.all(around);
        await client.closeWrite();
        expect(await reading).toEqual(joined([first, second.subarray(0, sent), third]));
        await closed(client, server);
      }
    }
  });

  it("all that wait fail when the connection does, and tell what was taken of each", async () => {
    const [left, right] = memoryTransportPair({ capacity: 100 });
    const [client, server] = await connected([left, right], version, { highWaterMark: { outgoing: 1000 } });
    const writes = [10_000, 10_000, 10_000].map((size) => client.write(pattern(size)).catch((error: unknown) => error));
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.abort();
    const taken = (await Promise.all(writes)).map((error) => (error as { bytesSent?: number } | undefined)?.bytesSent);
    expect(taken).toEqual([undefined, 6384, 0]); // a record was taken: all of the first
    await server.close();
  });
});

describe("Pieces", () => {
  it("answers the oldest alone when it fills a record, without a copy", () => {
    const pieces = new Pieces();
    const [large, small] = [new Piece(pattern(20_000)), new Piece(pattern(10))];
    for (const piece of [large, small]) pieces.add(piece);
    expect(pieces.front()).toBe(large.rest);
    pieces.took(16_384);
    expect(pieces.front()).toEqual(joined([pattern(20_000).subarray(16_384), pattern(10)]));
    pieces.took(3616 + 4);
    expect([large.taken, small.taken]).toEqual([20_000, 4]);
  });

  it("forgets what was dropped", () => {
    const pieces = new Pieces();
    const all = [1, 2, 3].map((size) => new Piece(pattern(size)));
    for (const piece of all) pieces.add(piece);
    pieces.drop(all[1]!);
    pieces.drop(all[1]!);
    expect(pieces.front()).toEqual(joined([pattern(1), pattern(3)]));
  });
});

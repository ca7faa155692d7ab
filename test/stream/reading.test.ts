// What one read of a connection answers: as many records as have come and fit, and what went wrong only when nothing else is to
// be told.
import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { SSLEOFError, SSLError, type TLSConnection } from "../../ts/index.ts";
import { pattern } from "../support/conversation.ts";
import { connected, versions } from "./contexts.ts";

async function closed(...both: readonly TLSConnection[]): Promise<void> {
  await Promise.all(both.map((one) => one.close()));
}

/** Sends pieces from one side, each in a record of its own. */
async function inRecords(from: TLSConnection, pieces: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
  for (const piece of pieces) await from.write(piece);
}

/** A record that nobody has encrypted. */
const forged = Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40));

describe.each(versions)("%s", (version) => {
  it("one read takes all records that have come and fit", async () => {
    const [client, server] = await connected(memoryTransportPair({ capacity: 200_000 }), version);
    const pieces = [100, 16_384, 1, 40_000, 7].map((size) => pattern(size));
    const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    for (const room of [all.length, all.length + 1000, 20_000, 1500]) {
      await inRecords(client, pieces);
      const into = new Uint8Array(all.length);
      for (let at = 0; at < all.length; at += room) {
        const part = new Uint8Array(room);
        expect(await server.read(part)).toBe(Math.min(room, all.length - at));
        into.set(part.subarray(0, all.length - at), at);
      }
      expect(into).toEqual(all);
    }
    await closed(client, server);
  });

  it("a part of a record that has come does not hold up those before it", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1300 });
    const [client, server] = await connected([left, right], version);
    const sent = inRecords(client, [pattern(500), pattern(500), pattern(500)]);
    await expect.poll(() => left.writable).toBe(false);
    const into = new Uint8Array(5000);
    const first = (await server.read(into))!;
    expect(first).toBeGreaterThanOrEqual(1000);
    for (let at = first; at < 1500;) at += (await server.read(into.subarray(at)))!;
    expect(into.subarray(0, 1500)).toEqual(Uint8Array.from([0, 0, 0].flatMap(() => [...pattern(500)])));
    await sent;
    await closed(client, server);
  });

  it("the peer's end is told by the read behind the data", async () => {
    const [client, server] = await connected(memoryTransportPair(), version);
    await inRecords(client, [pattern(10), pattern(20)]);
    await client.closeWrite();
    const into = new Uint8Array(100);
    expect([await server.read(into), await server.read(into), await server.read(into)]).toEqual([30, null, null]);
    await closed(client, server);
  });

  it("a transport that is cut behind data is told by the next read, and by every one from then on", async () => {
    const pair = memoryTransportPair();
    const [client, server] = await connected(pair, version);
    await inRecords(client, [pattern(10), pattern(20)]);
    pair[0].shutdownWrite();
    const into = new Uint8Array(100);
    expect(await server.read(into)).toBe(30);
    expect((await server.closed).reason).toBe("truncated");
    for (let i = 0; i < 3; i++) await expect(server.read(into)).rejects.toThrow(SSLEOFError);
    await closed(client, server);
  });

  it("a record that was forged is told by the next read, and those before it are whole", async () => {
    const [left, right] = memoryTransportPair();
    const [client, server] = await connected([left, right], version);
    await inRecords(client, [pattern(10), pattern(20)]);
    left.send(forged);
    const into = new Uint8Array(100);
    expect(await server.read(into)).toBe(30);
    expect(into.subarray(0, 30)).toEqual(Uint8Array.from([...pattern(10), ...pattern(20)]));
    for (let i = 0; i < 3; i++) await expect(server.read(into)).rejects.toThrow("a record was altered on its way");
    await expect(server.write(pattern(1))).rejects.toThrow(SSLError);
    await closed(client, server);
  });
});

// The pump under pressure: a line that dawdles, and cancellations at every await that there is.
import { describe, expect, it, vi } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { TimeLimit, unlessAborted } from "../../ts/socket/time-limit.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { Turns } from "../../ts/stream/turns.ts";
import { SSLError, SSLTimeoutError, startTls, type TLSConnection } from "../../ts/index.ts";
import { pattern } from "../support/conversation.ts";
import { connected, contexts, readAll, versions } from "./contexts.ts";
import { dawdle, type Dice, diceOf, relayed } from "./relay.ts";

/** A signal that aborts with an error called "cancelled", sooner or later. */
function moody(dice: Dice): AbortSignal {
  const controller = new AbortController();
  if (dice(3) > 0) void dawdle(dice).then(() => controller.abort(new Error("cancelled")));
  return controller.signal;
}

/** Writes all of it, going on behind what was taken whenever it is cancelled; answers how often that was. */
async function insist(tls: TLSConnection, bytes: Uint8Array<ArrayBuffer>, dice: Dice): Promise<number> {
  let cancelled = 0;
  for (let rest = bytes; rest.length > 0;) {
    const part = rest.subarray(0, 1 + dice(30_000));
    try {
      await tls.write(part, { signal: moody(dice) });
      rest = rest.subarray(part.length);
    } catch (error) {
      const { bytesSent, cause } = error as SSLError & { bytesSent: number };
      expect([cause, bytesSent <= part.length]).toEqual([expect.objectContaining({ message: "cancelled" }), true]);
      rest = rest.subarray(bytesSent);
      cancelled++;
    }
  }
  return cancelled;
}

describe.each(versions)("%s, over a line that dawdles", (version) => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "loses and doubles nothing, whatever is cancelled and however late things come (seed %i)",
    async (seed) => {
      const dice = diceOf(seed);
      const { ends, moves } = relayed(dice, 1 + dice(3000));
      const [client, server] = await connected(ends, version, { highWaterMark: { outgoing: 1 + dice(20_000) } });
      const calls = vi.spyOn(server.socket, "tryRecv");
      const [there, back] = [pattern(60_000), pattern(50_001)];
      let reads = 0;
      const talk = async (tls: TLSConnection, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
        await insist(tls, bytes, dice);
        await tls.closeWrite();
      };
      const [atServer, atClient] = await Promise.all([
        readAll(server, () => {
          reads++;
          return moody(dice);
        }),
        readAll(client, () => moody(dice)),
        talk(client, there),
        talk(server, back),
      ]);
      expect(atServer).toEqual(Uint8Array.from(there));
      expect(atClient).toEqual(Uint8Array.from(back));
      // No busy loop: a call for each read that was begun, and one for each time something had moved.
      expect(calls.mock.calls.length).toBeLessThanOrEqual(reads + moves() * 2);
      await Promise.all([client.close(), server.close()]);
    },
  );
});

/** Counts who watches a transport, to see that nobody goes on when the wait is over. */
function counted(transport: NonBlockingTransport): () => number {
  let watching = 0;
  const watch = transport.watch.bind(transport);
  transport.watch = (listener) => {
    const stop = watch(listener);
    watching++;
    let stopped = false;
    return () => {
      if (!stopped) watching--;
      stopped = true;
      stop();
    };
  };
  return () => watching;
}

async function ticks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}

/** Beyond this many microtasks everything that happens here without the event loop has happened. */
const everyTick = Array.from({ length: 40 }, (_, tick) => tick);
const cancelled = new Error("cancelled");

describe.each(versions)("%s, cancelled at each await", (version) => {
  it("a read has taken nothing", async () => {
    for (const tick of everyTick) {
      const [client, server] = await connected(memoryTransportPair(), version);
      const controller = new AbortController();
      const into = new Uint8Array(10);
      const reading = client.read(into, { signal: controller.signal }).catch((error: unknown) => error);
      void ticks(tick).then(() => controller.abort(cancelled));
      await ticks(5);
      const writing = server.write(Uint8Array.of(7, 8));
      const first = await reading;
      if (first !== 2) {
        expect(first).toBe(cancelled);
        expect(await client.read(into)).toBe(2);
      }
      expect([...into.subarray(0, 2)]).toEqual([7, 8]);
      await Promise.all([writing, client.close(), server.close()]);
    }
  });

  it("a write says how much it has taken, and those behind it go on", async () => {
    for (const tick of everyTick) {
      const pair = memoryTransportPair({ capacity: 100 });
      const [client, server] = await connected(pair, version, { highWaterMark: { outgoing: 1000 } });
      const controller = new AbortController();
      const bytes = pattern(100_000);
      const writing = client.write(bytes, { signal: controller.signal }).catch((error: unknown) => error);
      const behind = client.write(Uint8Array.of(9));
      await ticks(tick);
      controller.abort(cancelled);
      const { bytesSent, cause, name } = (await writing) as SSLError & { bytesSent: number };
      expect([cause, name]).toEqual([cancelled, "AbortError"]);
      const reading = readAll(server);
      await behind;
      await client.closeWrite();
      expect(await reading).toEqual(Uint8Array.from([...bytes.subarray(0, bytesSent), 9]));
      await Promise.all([client.close(), server.close()]);
    }
  });

  it("a write that waits for its turn leaves at once, and takes nothing", async () => {
    const [client, server] = await connected(memoryTransportPair({ capacity: 100 }), version, {
      highWaterMark: { outgoing: 1000 },
    });
    const first = client.write(pattern(50_000));
    const controller = new AbortController();
    const second = client.write(pattern(50_000), { signal: controller.signal });
    controller.abort(cancelled);
    await expect(second).rejects.toMatchObject({ name: "AbortError", bytesSent: 0, cause: cancelled });
    const reading = readAll(server);
    await first;
    await client.closeWrite();
    expect(await reading).toEqual(Uint8Array.from(pattern(50_000)));
    await Promise.all([client.close(), server.close()]);
  });

  it("a handshake leaves nothing behind, on either side", async () => {
    const { client, server } = contexts(version);
    let whole = 0;
    for (const tick of everyTick) {
      const [left, right] = memoryTransportPair();
      const watching = [counted(left), counted(right)];
      const controller = new AbortController();
      const ours = startTls(left, { context: client, serverHostname: "localhost", signal: controller.signal });
      const theirs = startTls(right, { context: server });
      void ticks(tick * 3).then(() => controller.abort(cancelled));
      const [mine, other] = await Promise.allSettled([ours, theirs]);
      if (mine.status === "fulfilled") {
        whole++;
        await mine.value.close();
      } else expect(mine.reason).toBe(cancelled);
      if (other.status === "fulfilled") await other.value.close();
      expect([left.closed, right.closed]).toEqual([true, true]);
      expect(watching.map((count) => count())).toEqual([0, 0]);
    }
    expect(whole).toBeLessThan(everyTick.length);
  });

  it("closing cuts the line, and says why", async () => {
    for (const tick of everyTick) {
      const pair = memoryTransportPair({ capacity: 100 });
      const [client, server] = await connected(pair, version, { highWaterMark: { outgoing: 1000 } });
      const controller = new AbortController();
      const writing = client.write(pattern(20_000)).catch((error: unknown) => error);
      const closing = client.close({ signal: controller.signal });
      void ticks(tick).then(() => controller.abort(cancelled));
      await expect(closing).rejects.toBe(cancelled);
      expect(await writing).toBeInstanceOf(SSLError);
      expect(pair[0].closed).toBe(true);
      expect((await client.closed).reason).toBe("local");
      await server.close().catch(() => {});
    }
  });
});

describe("Turns", () => {
  it("come one after the other, in the order of asking, and over failures", async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const act = (name: string, fails: boolean) => async (): Promise<void> => {
      seen.push(`${name} begins`);
      await ticks(3);
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
    const all = [turns.take(act("a", true)), turns.take(act("b", false)), turns.take(act("c", false))];
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });
});

describe("TimeLimit", () => {
  it("aborts when the time is over, with its sentence", async () => {
    using limit = new TimeLimit(1, "Cannot wait so long");
    await expect(unlessAborted(new Promise(() => {}), limit.signal)).rejects.toThrow("Cannot wait so long");
    expect(limit.signal.reason).toBeInstanceOf(SSLTimeoutError);
  });

  it("follows another signal until it is disposed", () => {
    const outer = new AbortController();
    const limits = [new TimeLimit(1000, "late", outer.signal), new TimeLimit(undefined, "late", outer.signal)];
    limits[1]![Symbol.dispose]();
    outer.abort(cancelled);
    expect(limits.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(new TimeLimit(undefined, "late", outer.signal).signal.reason).toBe(cancelled);
    limits[0]![Symbol.dispose]();
  });

  it("refuses a time that is none", () => {
    expect(() => new TimeLimit(-1, "late")).toThrow(RangeError);
    expect(() => new TimeLimit(Number.NaN, "late")).toThrow(RangeError);
  });
});

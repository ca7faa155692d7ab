import { beforeEach, describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { EVENT_READ, EVENT_WRITE, Selector } from "../../ts/socket/selector.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { SSLStateError } from "../../ts/ssl/index.ts";
import { pattern } from "./moving.ts";
import { tcpPair, type Pair } from "./pairs.ts";
import { FakeSocket, outcomeSoFar } from "./selectables.ts";

describe("Selector", () => {
  let selector: Selector<string>;
  let first: FakeSocket;
  let second: FakeSocket;

  beforeEach(() => {
    selector = new Selector();
    first = new FakeSocket();
    second = new FakeSocket();
  });

  it("answers the keys of ready sockets with their ready events only", async () => {
    const one = selector.register(first, EVENT_READ | EVENT_WRITE, "one");
    selector.register(second, EVENT_READ, "two");
    first.become({ writable: true });
    second.become({ writable: true });
    expect(await selector.select(0)).toEqual([[one, EVENT_WRITE]]);
    first.become({ readable: true });
    expect(await selector.select()).toEqual([[one, EVENT_READ | EVENT_WRITE]]);
    expect(one).toEqual({ fileobj: first, events: EVENT_READ | EVENT_WRITE, data: "one" });
  });

  it("waits for the first, answers nothing when the time is over, and looks once with 0", async () => {
    selector.register(first, EVENT_READ);
    expect(await selector.select(0)).toEqual([]);
    expect(await selector.select(5)).toEqual([]);
    const waiting = selector.select();
    expect(await outcomeSoFar(waiting)).toBe("pending");
    first.become({ readable: true });
    expect(await waiting).toHaveLength(1);
  });

  it("B92 is level-triggered: reports a socket until it is no longer ready", async () => {
    const [left, right] = memoryTransportPair();
    selector.register(right, EVENT_READ);
    left.send(pattern(3));
    for (let count = 3; count > 0; count -= 1) {
      expect(await selector.select(0)).toHaveLength(1);
      right.recvInto(new Uint8Array(1));
    }
    expect(await selector.select(0)).toEqual([]);
    left.send(pattern(1));
    expect(await selector.select()).toHaveLength(1);
  });

  it("B92 loses no wake-up that comes while nobody waits", async () => {
    selector.register(first, EVENT_READ);
    expect(await selector.select(0)).toEqual([]);
    first.become({ readable: true });
    await Promise.resolve();
    expect(await selector.select()).toHaveLength(1);
  });

  it("modify changes events and data, also under a waiting select", async () => {
    selector.register(first, EVENT_READ, "reading");
    first.become({ writable: true });
    const waiting = selector.select();
    expect(await outcomeSoFar(waiting)).toBe("pending");
    selector.modify(first, EVENT_WRITE, "writing");
    const [[key, events] = []] = await waiting;
    expect([key?.data, events]).toEqual(["writing", EVENT_WRITE]);
    expect(selector.getKey(first)).toBe(key);
  });

  it("register under a waiting select counts", async () => {
    const waiting = selector.select();
    first.become({ readable: true });
    expect(await outcomeSoFar(waiting)).toBe("pending");
    selector.register(first, EVENT_READ);
    expect(await waiting).toHaveLength(1);
  });

  it("unregister forgets the socket and its watcher, and answers the key", async () => {
    const key = selector.register(first, EVENT_READ, "one");
    first.become({ readable: true });
    expect(selector.unregister(first)).toBe(key);
    expect(first.watchers).toBe(0);
    expect(await selector.select(0)).toEqual([]);
    expect(selector.getMap().size).toBe(0);
    expect(() => selector.unregister(first)).toThrow(SSLStateError);
    expect(() => selector.modify(first, EVENT_READ)).toThrow(SSLStateError);
    expect(() => selector.getKey(first)).toThrow(SSLStateError);
  });

  it("getMap is a picture of now", () => {
    const key = selector.register(first, EVENT_READ);
    const before = selector.getMap();
    selector.register(second, EVENT_READ);
    expect([...before]).toEqual([[first, key]]);
    expect(selector.getMap().size).toBe(2);
  });

  it("refuses what is registered already, closed, or no event", () => {
    selector.register(first, EVENT_READ);
    expect(() => selector.register(first, EVENT_WRITE)).toThrow(SSLStateError);
    second.become({ closed: true });
    expect(() => selector.register(second, EVENT_READ)).toThrow(SSLStateError);
    for (const events of [0, 4, 5, -1, 1.5, NaN]) {
      expect(() => selector.register(new FakeSocket(), events)).toThrow(RangeError);
      expect(() => selector.modify(first, events)).toThrow(RangeError);
    }
  });

  it("B91 rejects when a registered socket was closed, until it is unregistered", async () => {
    selector.register(first, EVENT_READ);
    const waiting = selector.select();
    first.become({ closed: true });
    await expect(waiting).rejects.toThrow(SSLStateError);
    await expect(selector.select(0)).rejects.toThrow(SSLStateError);
    selector.unregister(first);
    expect(await selector.select(0)).toEqual([]);
  });

  it("refuses a second select while one waits", async () => {
    const waiting = selector.select(20);
    await expect(selector.select(0)).rejects.toThrow(SSLStateError);
    expect(await waiting).toEqual([]);
    expect(await selector.select(0)).toEqual([]);
  });

  it("close ends the waiting, forgets all watchers, and everything after it is refused", async () => {
    selector.register(first, EVENT_READ);
    const waiting = selector.select();
    expect(await outcomeSoFar(waiting)).toBe("pending");
    selector.close();
    selector.close();
    await expect(waiting).rejects.toThrow(SSLStateError);
    expect(first.watchers).toBe(0);
    await expect(selector.select(0)).rejects.toThrow(SSLStateError);
    expect(() => selector.register(second, EVENT_READ)).toThrow(SSLStateError);
  });

  it("asks only those sockets that something happened to, of many", async () => {
    const idle = Array.from({ length: 1000 }, () => new FakeSocket());
    for (const socket of [...idle, first]) selector.register(socket, EVENT_READ);
    expect(await selector.select(0)).toEqual([]);
    for (const socket of idle) socket.asked = 0;
    for (let round = 0; round < 50; round += 1) {
      const waiting = selector.select();
      first.become({ readable: true });
      expect(await waiting).toHaveLength(1);
      first.become({ readable: false });
    }
    expect(idle.reduce((sum, socket) => sum + socket.asked, 0)).toBe(0);
  });

  it("serves 300 TCP connections from one loop", async () => {
    const count = 300;
    const pairs: Pair[] = [];
    for (let made = 0; made < count; made += 1) pairs.push(await tcpPair());
    const server = new Selector<NonBlockingTransport>();
    for (const [client, peer] of pairs) {
      client.send(pattern(100, pairs.length));
      server.register(peer, EVENT_READ, client);
    }
    const echoed = new Map<NonBlockingTransport, number>();
    for (let total = 0; total < count * 100;) {
      for (const [{ fileobj, data: client }] of await server.select()) {
        const got = (fileobj as NonBlockingTransport).recvInto(new Uint8Array(64)) as number;
        echoed.set(client as NonBlockingTransport, (echoed.get(client as NonBlockingTransport) ?? 0) + got);
        total += got;
      }
    }
    expect(echoed.size).toBe(count);
    expect(new Set(echoed.values())).toEqual(new Set([100]));
    server.close();
    for (const transport of pairs.flat()) transport.close();
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { select } from "../../ts/socket/select.ts";
import { SSLStateError } from "../../ts/ssl/index.ts";
import { pattern } from "./moving.ts";
import { tcpPair } from "./pairs.ts";
import { FakeSocket, outcomeSoFar } from "./selectables.ts";

describe("select", () => {
  let first: FakeSocket;
  let second: FakeSocket;

  beforeEach(() => {
    first = new FakeSocket();
    second = new FakeSocket();
  });

  it("B91 answers the ready subset of each list, in the order of the list", async () => {
    const third = new FakeSocket();
    second.become({ readable: true, writable: true });
    third.become({ readable: true, failed: true });
    const answer = await select([third, first, second], [first, second], [third, first]);
    expect(answer).toEqual([[third, second], [second], [third]]);
  });

  it("B91 waits until the first of them is ready", async () => {
    const waiting = select([first], [second]);
    expect(await outcomeSoFar(waiting)).toBe("pending");
    second.become({ writable: true });
    expect(await waiting).toEqual([[], [second], []]);
  });

  it("B91 looks once with a time-out of 0", async () => {
    expect(await select([first], [second], [], 0)).toEqual([[], [], []]);
    first.become({ readable: true });
    expect(await select([first], [second], [], 0)).toEqual([[first], [], []]);
  });

  it("B91 answers empty lists when the time is over", async () => {
    expect(await select([first], [second], [], 5)).toEqual([[], [], []]);
  });

  it("B91 sleeps with empty lists and a time-out", async () => {
    expect(await select([], [], [], 5)).toEqual([[], [], []]);
    expect(await outcomeSoFar(select([], []))).toBe("pending");
  });

  for (const list of [0, 1, 2]) {
    it(`B91 rejects when a socket of list ${list + 1} is closed, also when it gets closed meanwhile`, async () => {
      const lists: [FakeSocket[], FakeSocket[], FakeSocket[]] = [[], [], []];
      lists[list]?.push(first);
      const waiting = select(...lists);
      first.become({ closed: true });
      await expect(waiting).rejects.toThrow(SSLStateError);
      await expect(select(...lists)).rejects.toThrow(SSLStateError);
    });
  }

  it("B92 reports a level: what is still ready is reported again", async () => {
    first.become({ readable: true });
    for (let again = 0; again < 3; again += 1) expect(await select([first], [])).toEqual([[first], [], []]);
  });

  it("B92 loses no wake-up that comes between the failed attempt and the waiting", async () => {
    const [left, right] = memoryTransportPair();
    expect(right.recvInto(new Uint8Array(1))).toBe("would-block");
    left.send(pattern(1));
    expect(await select([right], [])).toEqual([[right], [], []]);
  });

  it("wakes several selects on one socket", async () => {
    const waiting = [select([first], []), select([second, first], []), select([], [first], [], 10_000)];
    expect(await outcomeSoFar(Promise.race(waiting))).toBe("pending");
    first.become({ readable: true, writable: true });
    expect(await Promise.all(waiting)).toEqual([
      [[first], [], []],
      [[first], [], []],
      [[], [first], []],
    ]);
  });

  it("leaves no watcher behind, however it ends", async () => {
    await select([first], [second], [first], 0);
    await select([first], [second], [first], 1);
    const controller = new AbortController();
    const aborted = select([first], [], [], undefined, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    second.become({ closed: true });
    await expect(select([first], [second])).rejects.toThrow(SSLStateError);
    expect([first.watchers, second.watchers]).toEqual([0, 0]);
  });

  it("rejects with the reason of a signal, aborted before or meanwhile", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(select([first], [], [], 10_000, { signal })).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = select([first], [], [], undefined, { signal: controller.signal });
    expect(await outcomeSoFar(waiting)).toBe("pending");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it("refuses a time-out that is negative or no number", async () => {
    for (const timeout of [-1, NaN]) await expect(select([first], [], [], timeout)).rejects.toThrow(RangeError);
  });

  it("takes a time-out longer than a timer can count", async () => {
    const waiting = select([first], [], [], 2 ** 40);
    expect(await outcomeSoFar(waiting)).toBe("pending");
    first.become({ readable: true });
    await waiting;
  });

  it("gives the event loop its turn, so that polling alone lets bytes arrive", async () => {
    const [left, right] = await tcpPair();
    left.send(pattern(1));
    let polls = 0;
    while ((await select([right], [], [], 0))[0].length === 0) polls += 1;
    let spins = 0;
    for (let answered = false; !answered; spins += 1) {
      const [, ready] = await select([], [left]);
      expect(ready).toEqual([left]);
      if (spins === 0) right.send(pattern(1));
      answered = left.readable;
    }
    expect(polls + spins).toBeGreaterThan(0);
    for (const transport of [left, right]) transport.close();
  });
});

// What every transport promises, as tests to run on each of them; `NonBlockingTransport` says it in words.
import { afterEach, describe, expect, it } from "vitest";
import type { TransportOptions } from "../../ts/socket/transport-base.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { SSLStateError, SSLSyscallError } from "../../ts/ssl/index.ts";
import { concat, fill, pattern, readable, receive, sendAll, sha256, writable } from "./moving.ts";
import type { Pair } from "./pairs.ts";

export interface Contract {
  readonly makePair: (options?: TransportOptions) => Promise<Pair>;
  /** What a full direction may hold at most, runtime and kernel included. */
  readonly bound: number;
  /** Whether `abort` reaches the peer as a failure; where the runtime has no call for it, as the end. */
  readonly resets: boolean;
  /** The code of the failure that the peer's `abort` is; `ECONNRESET` unless told. */
  readonly resetCode?: string;
  /** Whether the peer of a closed end is told when it sends. */
  readonly tellsClosed: boolean;
}

export function describeTransport(name: string, contract: Contract, run: boolean = true): void {
  describe.runIf(run)(name, () => {
    const opened: NonBlockingTransport[] = [];
    async function makePair(options?: TransportOptions): Promise<Pair> {
      const pair = await contract.makePair(options);
      opened.push(...pair);
      return pair;
    }
    afterEach(() => {
      for (const transport of opened.splice(0)) transport.abort();
    });

    describeMoving(makePair);
    describeBackpressure(makePair, contract);
    describeEnds(makePair, contract);
  });
}

type MakePair = (options?: TransportOptions) => Promise<Pair>;

function describeMoving(makePair: MakePair): void {
  for (const chunk of [1, 5, 100, Infinity]) {
    it(`delivers bytes in order, both ways at once, sent ${chunk} at a time`, async () => {
      const [left, right] = await makePair();
      const [there, back] = [pattern(chunk === Infinity ? 3_000_000 : 2000, 3), pattern(2000, 4)];

      const [, , atRight, atLeft] = await Promise.all([
        sendAll(left, there, chunk),
        sendAll(right, back, chunk),
        receive(right, there.length),
        receive(left, back.length),
      ]);

      expect(sha256(atRight)).toBe(sha256(there));
      expect(sha256(atLeft)).toBe(sha256(back));
    });
  }

  it("answers would-block and is not readable while nothing has come", async () => {
    const [left] = await makePair();
    expect(left.readable).toBe(false);
    expect(left.recvInto(new Uint8Array(10))).toBe("would-block");
  });

  it("is readable until the last byte is taken, a few at a time", async () => {
    const [left, right] = await makePair();
    left.send(pattern(10));
    const parts: Uint8Array[] = [];
    for (let total = 0; total < 10;) {
      await readable(right);
      const into = new Uint8Array(3);
      const got = right.recvInto(into) as number;
      parts.push(into.slice(0, got));
      total += got;
    }
    expect(concat(parts)).toEqual(pattern(10));
    expect(right.readable).toBe(false);
  });

  it("has taken the bytes when send returns: the caller may overwrite its buffer", async () => {
    const [left, right] = await makePair();
    const buffer = pattern(1000);
    expect(left.send(buffer)).toBe(1000);
    buffer.fill(0);
    expect(await receive(right, 1000)).toEqual(pattern(1000));
  });

  it("takes nothing and does not block for an empty send", async () => {
    const [left, right] = await makePair();
    expect(left.send(new Uint8Array(0))).toBe(0);
    left.shutdownWrite();
    expect(await receive(right)).toHaveLength(0);
  });

  it("wakes each watcher, never synchronously, and none that was stopped", async () => {
    const [left, right] = await makePair();
    const calls: string[] = [];
    right.watch(() => calls.push("first"));
    right.watch(() => calls.push("second"));
    const stop = right.watch(() => calls.push("stopped"));
    stop();
    left.send(pattern(1));
    expect(calls).toEqual([]);
    await readable(right);
    expect(new Set(calls)).toEqual(new Set(["first", "second"]));
  });

  it("gives all that nobody has taken to takeRemaining, and receives what comes later", async () => {
    const [left, right] = await makePair();
    left.send(pattern(20));
    await readable(right);
    right.recvInto(new Uint8Array(5));
    expect(right.takeRemaining()).toEqual(pattern(20).subarray(5));
    expect(right.takeRemaining()).toHaveLength(0);
    left.send(pattern(7, 9));
    expect(await receive(right, 7)).toEqual(pattern(7, 9));
  });
}

function describeBackpressure(makePair: MakePair, { bound }: Contract): void {
  it("B89 B90 stops taking when the peer does not read, and loses nothing when it does again", async () => {
    const [left, right] = await makePair();
    const bytes = pattern(bound + 4_000_000);

    const sent = await fill(left, bytes);
    expect(left.writable).toBe(false);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(bound);

    const rest = sendAll(left, bytes.subarray(sent)).then(() => left.shutdownWrite());
    const received = await receive(right);
    await rest;
    expect(sha256(received)).toBe(sha256(bytes));
  });

  it("B89 B90 can still receive while its own sending is blocked", async () => {
    const [left, right] = await makePair();
    await fill(left, pattern(bound + 1_000_000));
    await sendAll(right, pattern(500, 5));
    expect(await receive(left, 500)).toEqual(pattern(500, 5));
  });
}

function describeEnds(makePair: MakePair, contract: Contract): void {
  it("answers eof again and again after the peer's end, and still sends", async () => {
    const [left, right] = await makePair();
    left.send(pattern(10));
    left.shutdownWrite();
    left.shutdownWrite();
    expect(await receive(right)).toEqual(pattern(10));
    for (let again = 0; again < 3; again += 1) expect(right.recvInto(new Uint8Array(1))).toBe("eof");
    expect(right.readable).toBe(true);

    right.send(pattern(10, 2));
    right.shutdownWrite();
    expect(await receive(left)).toEqual(pattern(10, 2));
  });

  it("refuses to send after its own end with EPIPE", async () => {
    const [left] = await makePair();
    left.shutdownWrite();
    expect(left.writable).toBe(true);
    expect(() => left.send(pattern(1))).toThrow(expect.objectContaining({ code: "EPIPE" }));
  });

  it("delivers what send took although it is closed at once, with bytes of the peer unread", async () => {
    const [left, right] = await makePair();
    right.send(pattern(100_000, 7));
    await readable(left);
    const bytes = pattern(60_000);
    const taken = left.send(bytes);
    left.close();
    expect(taken).toBeGreaterThan(0);
    expect(sha256(await receive(right))).toBe(sha256(bytes.subarray(0, taken)));
  });

  for (const how of ["close", "abort"] as const) {
    it(`throws SSLStateError from every call after ${how}, and wakes its watchers`, async () => {
      const [left] = await makePair();
      const woken = new Promise<void>((resolve) => left.watch(resolve));
      left[how]();
      left[how]();
      expect(left.closed).toBe(true);
      expect(() => left.recvInto(new Uint8Array(1))).toThrow(SSLStateError);
      expect(() => left.send(pattern(1))).toThrow(SSLStateError);
      expect(left.takeRemaining()).toHaveLength(0);
      await woken;
    });
  }

  it.runIf(contract.resets)(
    "throws SSLSyscallError, every time, behind the bytes before the peer's abort",
    async () => {
      const [left, right] = await makePair();
      await sendAll(left, pattern(10));
      await readable(right);
      left.abort(new Error("enough"));
      expect(await receive(right, 10)).toEqual(pattern(10));
      for (let again = 0; again < 3; again += 1) {
        await expect(receive(right)).rejects.toThrow(SSLSyscallError);
        await expect(receive(right)).rejects.toMatchObject({ code: contract.resetCode ?? "ECONNRESET" });
      }
      expect(() => right.send(pattern(1))).toThrow(SSLSyscallError);
    },
  );

  it("ends at once by abort although its sending is blocked", async () => {
    const [left, right] = await makePair();
    const sent = await fill(left, pattern(contract.bound + 1_000_000));
    left.abort();
    const received = await receive(right).catch((error: unknown) => error);
    if (received instanceof Uint8Array) expect(received.length).toBeLessThanOrEqual(sent);
    else expect(received).toBeInstanceOf(SSLSyscallError);
  });

  it.runIf(contract.tellsClosed)("tells by SSLSyscallError that the peer takes nothing more", async () => {
    const [left, right] = await makePair();
    left.close();
    await expect(
      (async () => {
        for (;;) {
          right.send(pattern(1000));
          await writable(right);
        }
      })(),
    ).rejects.toThrow(SSLSyscallError);
  });
}

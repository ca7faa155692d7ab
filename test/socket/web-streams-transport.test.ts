import { expect, it } from "vitest";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { fromWebStreams } from "../../ts/socket/web-streams-transport.ts";
import { SSLStateError, SSLSyscallError } from "../../ts/ssl/index.ts";
import { fill, pattern, readable, receive, sendAll, writable } from "./moving.ts";
import { webStreamsPair } from "./pairs.ts";
import { describeTransport } from "./transport-contract.ts";

describeTransport("fromWebStreams", {
  makePair: webStreamsPair,
  bound: 3_000_000,
  resets: true,
  resetCode: "EIO",
  tellsClosed: false,
});

it("puts head before what the stream brings", async () => {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(pattern(5, 2));
      controller.close();
    },
  });
  const transport = fromWebStreams({ readable: stream, writable: new WritableStream() }, { head: pattern(3) });
  expect(await receive(transport)).toEqual(new Uint8Array([...pattern(3), ...pattern(5, 2)]));
});

it("reads no more of the stream than its high-water mark asks for", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000));
      },
    },
    { highWaterMark: 0 },
  );
  const transport = fromWebStreams({ readable: endless, writable: new WritableStream() }, { highWaterMark: 10_000 });
  await readable(transport);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  expect(pulled).toBe(11);
  await receive(transport, 20_000);
  expect(pulled).toBeGreaterThan(20);
});

it("latches a chunk that is no Uint8Array as a failure", async () => {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue("text" as unknown as Uint8Array),
  });
  const transport = fromWebStreams({ readable: stream, writable: new WritableStream() });
  await readable(transport);
  expect(() => transport.recvInto(new Uint8Array(1))).toThrow(expect.objectContaining({ code: "EINVAL" }));
});

const silent = (): ReadableStream<Uint8Array> => new ReadableStream();

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

it("refuses streams that somebody else reads or writes, and locks neither", () => {
  const [taken, free] = [silent(), new WritableStream<Uint8Array>()];
  taken.getReader();
  expect(() => fromWebStreams({ readable: taken, writable: free })).toThrow(SSLStateError);
  expect(free.locked).toBe(false);
});

it("B90 holds no more than its own mark when the stream would queue without end", async () => {
  const endless = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) }, { highWaterMark: Infinity });
  const transport = fromWebStreams({ readable: silent(), writable: endless });
  expect(await fill(transport, pattern(2_000_000))).toBeLessThan(600_000);
  expect(transport.writable).toBe(false);
  transport.abort();
});

it("sends to a stream with a high-water mark of 0, one write at a time", async () => {
  const written: number[] = [];
  let [now, most] = [0, 0];
  const eager = new WritableStream<Uint8Array>(
    {
      async write(chunk) {
        most = Math.max(most, ++now);
        await nextTurn();
        written.push(...chunk);
        now -= 1;
      },
    },
    { highWaterMark: 0 },
  );
  const transport = fromWebStreams({ readable: silent(), writable: eager });
  await sendAll(transport, pattern(100), 10);
  await writable(transport);
  expect(new Uint8Array(written)).toEqual(pattern(100));
  expect(most).toBe(1);
  transport.close();
});

it("cancels the readable stream only when all was delivered, and then says so", async () => {
  const events: string[] = [];
  const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
  const reading = new ReadableStream<Uint8Array>({
    pull: (controller) =>
      events.includes("closed") ? controller.close() : controller.enqueue(new Uint8Array(100_000)),
    cancel: () => void events.push("cancelled"),
  });
  const writing = new WritableStream<Uint8Array>({
    write: async (chunk) => {
      await slow;
      events.push(`wrote ${chunk.length}`);
    },
    close: () => void events.push("closed"),
  });
  const transport = fromWebStreams({ readable: reading, writable: writing });
  transport.send(pattern(10));
  transport.close();
  void transport.delivered?.then(() => events.push("delivered"));
  await nextTurn();
  expect(events).toEqual([]);
  goOn();
  await transport.delivered;
  await turns();
  expect(events).toEqual(["wrote 10", "closed", "delivered"]);
});

it("abort gives up what the stream has not written, and cancels the other stream for its reason", async () => {
  const reasons: unknown[] = [];
  const stuck = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
  const reading = new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) });
  const transport = fromWebStreams({ readable: reading, writable: stuck });
  transport.send(pattern(10));
  const enough = new Error("enough");
  transport.abort(enough);
  await transport.delivered;
  expect(reasons).toEqual([enough]);
});

it("tells why a stream has failed, behind what it brought before", async () => {
  const why = new Error("the cable is cut");
  let [reader, writer]: [ReadableStreamDefaultController | null, WritableStreamDefaultController | null] = [null, null];
  const reading = new ReadableStream<Uint8Array>({ start: (controller) => void (reader = controller) });
  const writing = new WritableStream<Uint8Array>({ start: (controller) => void (writer = controller) });
  const transport = fromWebStreams({ readable: reading, writable: writing });
  reader!.enqueue(pattern(5));
  await readable(transport);
  writer!.error(why);
  await turns();
  const cause = { cause: why, code: "EIO" };
  expect(() => transport.send(pattern(1))).toThrow(expect.objectContaining({ ...cause, syscall: "write" }));
  expect(await receive(transport, 5)).toEqual(pattern(5));
  reader!.error(why);
  await readable(transport);
  const failure: unknown = await receive(transport).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SSLSyscallError);
  expect(failure).toMatchObject({ ...cause, syscall: "read" });
  transport.close();
});

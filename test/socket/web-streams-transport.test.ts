import { expect, it } from "vitest";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { fromWebStreams } from "../../ts/socket/web-streams-transport.ts";
import { pattern, readable, receive } from "./moving.ts";
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

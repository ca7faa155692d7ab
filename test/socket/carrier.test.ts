// How sockets and transports pass bytes to each other: what is answered once stays as it is, whoever made the transport.
import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { type Carrier, carrierOf } from "../../ts/socket/carrier.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { concat, pattern } from "./moving.ts";

/** A transport of somebody else over one of ours: it has what the interface asks for, and no more. */
function foreign(below: NonBlockingTransport): NonBlockingTransport {
  return {
    recvInto: (into: Uint8Array) => below.recvInto(into),
    send: (bytes: Uint8Array) => below.send(bytes),
  } as NonBlockingTransport;
}

for (const [whose, own] of [
  ["ours", (transport: NonBlockingTransport) => transport],
  ["somebody else's", foreign],
] as const) {
  it(`what was taken from ${whose} stays as it is, whatever comes behind it`, () => {
    const [left, right] = memoryTransportPair();
    const carrier = carrierOf(own(right));
    const sent = pattern(9000);
    const taken: Uint8Array[] = [];
    for (let at = 0; at < sent.length;) {
      for (const size of [1, 1, 5, 700, 1, 1100]) {
        left.send(sent.subarray(at, at + size));
        at += size;
        if (at % 3 === 0) takeAll(carrier, 4, taken);
      }
      takeAll(carrier, 1 + (at % 900), taken);
    }
    expect(Buffer.from(concat(taken)).equals(sent)).toBe(true);
    left.close();
    expect(carrier.take(5)).toBe("eof");
    right.close();
  });

  it(`what was given to ${whose} arrives, as far as it says`, () => {
    const [left, right] = memoryTransportPair({ capacity: 100 });
    const carrier = carrierOf(own(left));
    const bytes = pattern(150);
    expect(carrier.give(bytes)).toBe(100);
    expect(carrier.give(bytes.subarray(100))).toBe(0);
    const into = new Uint8Array(200);
    expect(right.recvInto(into)).toBe(100);
    expect(carrier.give(bytes.subarray(100))).toBe(50);
    expect(right.recvInto(into.subarray(100))).toBe(50);
    expect(into.subarray(0, 150)).toEqual(bytes);
    for (const end of [left, right]) end.close();
  });
}

it("a transport of somebody else may transfer the buffer that it is given", () => {
  const kept: Uint8Array[] = [];
  const send = (bytes: Uint8Array): number => {
    const { length } = bytes;
    kept.push(new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })));
    return length;
  };
  const carrier = carrierOf({ send } as NonBlockingTransport);
  const both = pattern(10);
  for (const part of [both.subarray(0, 4), both.subarray(4)]) expect(carrier.give(part)).toBe(part.length);
  expect(concat(kept)).toEqual(both);
});

it("has taken the bytes of a Buffer when send returns", () => {
  const [left, right] = memoryTransportPair();
  const bytes = Buffer.from([1, 2, 3]);
  left.send(bytes);
  bytes.fill(0);
  expect([...right.takeRemaining()]).toEqual([1, 2, 3]);
  for (const end of [left, right]) end.close();
});

it("a chunk goes from one end of a pair to the other as it is", () => {
  const [left, right] = memoryTransportPair();
  const bytes = pattern(16_384);
  carrierOf(left).give(bytes);
  expect((carrierOf(right).take(16_384) as Uint8Array).buffer).toBe(bytes.buffer);
  for (const end of [left, right]) end.close();
});

it("a peer that sends single bytes costs no array for each", () => {
  const [left, right] = memoryTransportPair();
  for (let i = 0; i < 5000; i++) left.send(Uint8Array.of(i));
  const carrier = carrierOf(right);
  const buffers = new Set<ArrayBufferLike>();
  for (let part; (part = carrier.take(1)) !== "would-block";) buffers.add((part as Uint8Array).buffer);
  expect(buffers.size).toBe(3); // the first byte's own, a small block, and a large one
  for (const end of [left, right]) end.close();
});

function takeAll(carrier: Carrier, limit: number, into: Uint8Array[]): void {
  for (let part; typeof (part = carrier.take(limit)) === "object";) {
    expect(part.length).toBeLessThanOrEqual(limit);
    into.push(part);
  }
}

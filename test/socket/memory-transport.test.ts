import { expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { SSLConfigError } from "../../ts/ssl/index.ts";
import { pattern } from "./moving.ts";
import { memoryPair } from "./pairs.ts";
import { describeTransport } from "./transport-contract.ts";

describeTransport("memoryTransportPair", { makePair: memoryPair, bound: 64 * 1024, resets: true, tellsClosed: true });

for (const capacity of [1, 5, 100]) {
  it(`holds exactly ${capacity} bytes in each direction`, () => {
    const [left, right] = memoryTransportPair({ capacity });
    expect(left.send(pattern(1000))).toBe(capacity);
    expect(left.send(pattern(1))).toBe(0);
    expect(left.writable).toBe(false);
    expect(right.writable).toBe(true);
    expect(right.recvInto(new Uint8Array(1))).toBe(1);
    expect(left.send(pattern(1000))).toBe(1);
  });
}

it("wakes the sender when the receiver has made room", async () => {
  const [left, right] = memoryTransportPair({ capacity: 1 });
  left.send(pattern(1));
  const woken = new Promise<void>((resolve) => left.watch(resolve));
  right.recvInto(new Uint8Array(1));
  await woken;
  expect(left.writable).toBe(true);
});

it("refuses a capacity that is no positive integer", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    expect(() => memoryTransportPair({ capacity })).toThrow(SSLConfigError);
  }
});

import { expect, it } from "vitest";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { fromMessages, type MessageCarrier } from "../../ts/socket/messages-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { SSLConfigError } from "../../ts/ssl/index.ts";
import { pattern, readable, receive } from "./moving.ts";
import type { Pair } from "./pairs.ts";
import { describeTransport } from "./transport-contract.ts";

function channelPair(): Promise<Pair> {
  const { port1, port2 } = new MessageChannel();
  return Promise.resolve([fromMessages(port1), fromMessages(port2)]);
}

describeTransport("fromMessages over a MessageChannel", {
  makePair: channelPair,
  bound: 256 * 1024,
  resets: true,
  tellsClosed: false,
});

/** A transport, and the other port as a peer that follows no rule. */
function rude(): [NonBlockingTransport, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [fromMessages(port1), port2];
}

it.each([
  ["more bytes than the window has", new Uint8Array(256 * 1024 + 1), /more than it may/],
  ["more credit than was used", "1", /takes more than was sent/],
  ["a text that means nothing", "hello", /means nothing/],
  ["no credit at all", "0", /means nothing/],
  ["an object", { end: true }, /means nothing/],
])("S13 a peer that sends %s breaks the connection", async (_, message, why) => {
  const [transport, port] = rude();
  port.postMessage(message);
  await readable(transport);
  const failure: unknown = await receive(transport).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "EPROTO" });
  expect((failure as Error).message).toMatch(why);
  transport.close();
  port.close();
});

it("begins to send when the socket is open, and fails when it is closed without an end", async () => {
  const sent: unknown[] = [];
  const target = new EventTarget();
  const socket = Object.assign(target, {
    readyState: 0,
    binaryType: "blob",
    send: (message: unknown) => void sent.push(message),
    close: () => void sent.push("closed"),
  });
  const transport = fromMessages(socket);
  expect([transport.writable, socket.binaryType]).toEqual([false, "arraybuffer"]);
  expect(transport.send(pattern(3))).toBe(0);
  socket.readyState = 1;
  target.dispatchEvent(new Event("open"));
  expect(transport.send(pattern(3))).toBe(3);
  target.dispatchEvent(new MessageEvent("message", { data: pattern(4).buffer }));
  target.dispatchEvent(new Event("close"));
  expect(await receive(transport, 4)).toEqual(pattern(4));
  await expect(receive(transport)).rejects.toMatchObject({ code: "ECONNABORTED" });
  transport.close();
  await nextTurn();
  expect(sent).toEqual([pattern(3), "end", "closed"]);
});

it("refuses what cannot send", () => {
  expect(() => fromMessages(new EventTarget() as MessageCarrier)).toThrow(SSLConfigError);
});

// A listener and what its runtime tells it, seen without sockets: who comes at the wrong moment, and an application that throws.
import { expect, it, vi } from "vitest";
import { SSLError, startTls, type TLSListener } from "../../ts/index.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { type Arrivals, listenOver } from "../../ts/stream/listener.ts";
import { contexts } from "./contexts.ts";

const { client: context, server } = contexts("TLSv1.2");
const closeNothing = { port: 1, close: (): void => {} };

interface Listening {
  readonly listener: TLSListener;
  readonly arrivals: Arrivals;
}

async function listening(onHandshakeError: (error: unknown) => void = () => {}): Promise<Listening> {
  let arrivals: Arrivals | undefined;
  const listener = await listenOver({ port: 0, context: server, onHandshakeError }, (_host, _port, given) => {
    arrivals = given;
    return closeNothing;
  });
  return { listener, arrivals: arrivals! };
}

it("says goodbye to who has come and was not accepted when it closes", async () => {
  const { listener, arrivals } = await listening();
  const [ours, theirs] = memoryTransportPair();
  arrivals.take(theirs);
  const client = await startTls(ours, { context, serverHostname: "localhost" });
  await listener.close();
  expect(await client.read(new Uint8Array(1))).toBe(null);
  await client.close();
});

it("cuts off who comes when it has closed, and reports nothing any more", async () => {
  const failures: unknown[] = [];
  const { listener, arrivals } = await listening((error) => failures.push(error));
  await listener.close();
  const [ours, theirs] = memoryTransportPair();
  arrivals.take(theirs);
  arrivals.failed(new Error("too many files"));
  expect(theirs.closed).toBe(true);
  expect(failures).toEqual([]);
  ours.abort();
});

it("stops listening when the signal came while it began to", async () => {
  const controller = new AbortController();
  const close = vi.fn<() => void>();
  const { promise, resolve } = Promise.withResolvers<{ port: number; close: () => void }>();
  const opening = listenOver({ port: 0, context: server, signal: controller.signal }, () => promise);
  controller.abort();
  resolve({ port: 1, close });
  expect(await (await opening).accept()).toBe(null);
  expect(close).toHaveBeenCalledOnce();
});

it("goes on when onHandshakeError throws, whose error is nobody's but the program's", async () => {
  const thrown = new Error("of the application");
  const uncaught = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((callback) => {
    expect(callback).toThrow(thrown);
  });
  const { listener, arrivals } = await listening((error) => {
    expect(error).toBeInstanceOf(SSLError);
    throw thrown;
  });
  arrivals.failed(new SSLError("Cannot accept a client: the test says so"));
  expect(uncaught).toHaveBeenCalledOnce();
  uncaught.mockRestore();
  const [ours, theirs] = memoryTransportPair();
  arrivals.take(theirs);
  const client = await startTls(ours, { context, serverHostname: "localhost" });
  await using _served = (await listener.accept())!;
  await client.close();
  await listener.close();
});

// Clients that keep a listener waiting: they say nothing, or a byte now and then, and would hold their places for ever.
import { once } from "node:events";
import { Socket } from "node:net";
import { afterAll, expect, it } from "vitest";
import { connect as connectOnBun, listen as listenOnBun } from "../../ts/bun/stream.ts";
import { connect as connectOnDeno, listen as listenOnDeno } from "../../ts/deno/stream.ts";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { SSLContext, SSLTimeoutError, startTls, type TLSConnection, type TLSListener } from "../../ts/index.ts";
import { connect as connectOnNode, listen as listenOnNode } from "../../ts/node/stream.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { type Arrivals, listenOver } from "../../ts/stream/listener.ts";
import { runtime } from "../socket/pairs.ts";
import { certs } from "../support/certs.ts";

const connect = { node: connectOnNode, deno: connectOnDeno, bun: connectOnBun }[runtime];
const listen = { node: listenOnNode, deno: listenOnDeno, bun: listenOnBun }[runtime];

const { chain: cert, key } = certs.localhost;
const server = SSLContext.server({ identities: [{ cert, key }], numTickets: 0 });
const client = SSLContext.client({ ca: certs.root.cert });
afterAll(() => [server, client].forEach((context) => context.dispose()));

const many = 200;
/** The beginning of a ClientHello that says it is long: there is always more to wait for. */
const beginning = Uint8Array.of(22, 3, 1, 64, 0, 1, 0, 63, 252, 3, 3);

it("two hundred clients that send a byte now and then hinder nobody, cost no engine, and are gone in time", async () => {
  const failures: unknown[] = [];
  await using listener = await listen({
    port: 0,
    context: server,
    handshakeTimeout: 4000,
    onHandshakeError: (error) => failures.push(error),
  });
  const before = sharedRealm().liveObjects();
  using slow = await slowClients(listener, many);
  for (let nth = 0; nth < 3; nth++) {
    slow.sayMore();
    const accepted = listener.accept();
    await using tls = await goodClient(listener);
    await using served = (await accepted)!;
    await tls.write(Uint8Array.of(nth));
    const into = new Uint8Array(8);
    expect(await served.read(into)).toBe(1);
    expect(into[0]).toBe(nth);
  }
  expect(sharedRealm().liveObjects()).toBe(before);
  await expect.poll(() => failures.length).toBe(many);
  for (const failure of failures) expect(failure).toBeInstanceOf(SSLTimeoutError);
});

it("when every place is taken by them further clients are cut off and reported, until the time of the slow is over", async () => {
  const failures: { error: unknown; port: number | undefined }[] = [];
  await using listener = await listen({
    port: 0,
    context: server,
    handshakeTimeout: 3000,
    maxPendingHandshakes: 20,
    onHandshakeError: (error, peer) => failures.push({ error, port: peer?.port }),
  });
  using _slow = await slowClients(listener, 20);
  const late = new Socket().on("error", () => {}).connect(listener.port, "127.0.0.1");
  await once(late, "connect");
  const port = late.localPort;
  await new Promise((resolve) => late.resume().once("close", resolve));
  await expect
    .poll(() => failures.find((one) => one.port === port)?.error)
    .toMatchObject({
      name: "SSLError",
      reason: "TOO_MANY_HANDSHAKES",
      message: "Cannot accept a client: 20 others are in their handshakes or wait to be accepted",
    });
  await expect.poll(() => failures.filter(({ error }) => error instanceof SSLTimeoutError).length).toBe(20);
  const accepted = listener.accept();
  await using tls = await goodClient(listener);
  await using _served = (await accepted)!;
  expect(tls.info.version).toBe("TLSv1.3");
});

it("a listener has a thousand places unless told, and cuts off who comes when they are taken", async () => {
  const failures: unknown[] = [];
  let arrivals: Arrivals | undefined;
  await using _listener = await listenOver(
    { port: 0, context: server, onHandshakeError: (error) => failures.push(error) },
    (_host, _port, given) => {
      arrivals = given;
      return { port: 1, close: () => {} };
    },
  );
  const pairs = Array.from({ length: 1001 }, () => memoryTransportPair());
  for (const [, theirs] of pairs.slice(0, 1000)) arrivals!.take(theirs);
  expect(failures).toEqual([]);
  arrivals!.take(pairs[1000]![1]);
  expect(failures).toMatchObject([{ name: "SSLError", reason: "TOO_MANY_HANDSHAKES" }]);
  expect(pairs.map(([, theirs]) => theirs.closed).indexOf(true)).toBe(1000);
  for (const [ours] of pairs) ours.abort();
});

it.each([
  ["server", 10_000],
  ["client", 60_000],
] as const)("S13 startTls gives a %s %i milliseconds for the handshake unless told", async (role, limit) => {
  const [ours, theirs] = memoryTransportPair({ capacity: 1000 });
  const waits: (number | undefined)[] = [];
  const { setTimeout: original } = globalThis;
  globalThis.setTimeout = ((run: () => void, time?: number) => {
    waits.push(time);
    return original(run, time);
  }) as typeof setTimeout;
  const controller = new AbortController();
  const how = role === "server" ? { context: server } : { context: client, serverHostname: "localhost" };
  const starting = startTls(ours, { ...how, signal: controller.signal });
  globalThis.setTimeout = original;
  controller.abort(new Error("enough"));
  await expect(starting).rejects.toThrow("enough");
  theirs.abort();
  expect(waits.filter((time) => time === 10_000 || time === 60_000)).toEqual([limit]);
});

function goodClient({ port }: TLSListener): Promise<TLSConnection> {
  return connect({ hostname: "127.0.0.1", port, context: client, serverHostname: "localhost" });
}

interface SlowClients extends Disposable {
  sayMore(): void;
}

/** So many clients that are in their handshakes and do not mean to come out of them. */
async function slowClients({ port }: TLSListener, count: number): Promise<SlowClients> {
  const sockets = Array.from({ length: count }, () => new Socket().on("error", () => {}).connect(port, "127.0.0.1"));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  for (const socket of sockets) socket.write(beginning);
  return {
    sayMore: () => sockets.forEach((socket) => void (socket.writable && socket.write(Uint8Array.of(0)))),
    [Symbol.dispose]: () => sockets.forEach((socket) => socket.destroy()),
  };
}

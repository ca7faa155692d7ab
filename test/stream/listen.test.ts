// Connecting and listening with the sockets of the runtime that runs the tests.
import { getEventListeners, once } from "node:events";
import { type AddressInfo, createServer, Socket } from "node:net";
import { afterAll, expect, it } from "vitest";
import { connect as connectOnBun, listen as listenOnBun } from "../../ts/bun/stream.ts";
import { connect as connectOnDeno, listen as listenOnDeno } from "../../ts/deno/stream.ts";
import { connect as connectOnNode, listen as listenOnNode } from "../../ts/node/stream.ts";
import {
  type ListenOptions,
  SSLCertVerificationError,
  SSLContext,
  SSLError,
  SSLSyscallError,
  SSLTimeoutError,
  type TLSConnection,
} from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { runtime } from "../socket/pairs.ts";

const connect = { node: connectOnNode, deno: connectOnDeno, bun: connectOnBun }[runtime];
const listen = { node: listenOnNode, deno: listenOnDeno, bun: listenOnBun }[runtime];

const { chain: cert, key } = certs.localhost;
const server = SSLContext.server({ identities: [{ cert, key }], numTickets: 1 });
const client = SSLContext.client({ ca: certs.root.cert });
afterAll(() => [server, client].forEach((context) => context.dispose()));

const reach = { hostname: "127.0.0.1", context: client, serverHostname: "localhost" };

async function echo(tls: TLSConnection): Promise<void> {
  const into = new Uint8Array(4096);
  for (let size: number | null; (size = await tls.read(into)) !== null;) await tls.write(into.slice(0, size));
  await tls.close();
}

async function say(tls: TLSConnection, text: string): Promise<string> {
  await tls.write(new TextEncoder().encode(text));
  await tls.closeWrite();
  const decoder = new TextDecoder();
  let answer = "";
  for await (const chunk of tls.readable) answer += decoder.decode(chunk, { stream: true });
  return answer;
}

it("serves many clients at once; one that fails its handshake does not stop the others", async () => {
  const failures: unknown[] = [];
  await using listener = await listen({ port: 0, context: server, onHandshakeError: (error) => failures.push(error) });
  const serving = (async () => {
    for await (const tls of listener) void echo(tls);
  })();
  const good = Array.from({ length: 8 }, async (_, i) => {
    await using tls = await connect({ ...reach, port: listener.port });
    return await say(tls, `client ${i} `.repeat(1000));
  });
  const bad = connect({ ...reach, port: listener.port, serverHostname: "other.host" });
  await expect(bad).rejects.toThrow(SSLCertVerificationError);
  const answers = await Promise.all(good);
  expect(answers).toEqual(answers.map((_, i) => `client ${i} `.repeat(1000)));
  await expect.poll(() => failures.length).toBe(1);
  await listener.close();
  await serving;
  expect(failures).toEqual([expect.any(SSLError)]);
});

it("S40 a context that is set while the listener runs is for new connections only", async () => {
  await using listener = await listen({ port: 0, context: server });
  const other = certs.localhostRsa;
  using renewed = server.with({ identities: [{ cert: other.chain, key: other.key }] });
  const accepted = listener.accept();
  await using before = await connect({ ...reach, port: listener.port });
  void echo((await accepted)!);
  listener.setContext(renewed);
  const next = listener.accept();
  using both = SSLContext.client({ ca: [certs.root.cert, certs.rsaRoot.cert] });
  await using after = await connect({ ...reach, context: both, port: listener.port });
  void echo((await next)!);
  expect(before.info.peerCertificate?.raw).not.toEqual(after.info.peerCertificate?.raw);
  expect(await say(before, "still here")).toBe("still here");
  expect(await say(after, "new")).toBe("new");
});

it("rejects when nobody listens, when it takes too long, and when the signal says so", async () => {
  const listener = await listen({ port: 0, context: server });
  const { port } = listener;
  await listener.close();
  expect(await listener.accept()).toBe(null);
  await expect(connect({ ...reach, port })).rejects.toThrow(SSLSyscallError);
  const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const there = { ...reach, port: (silent.address() as AddressInfo).port };
  await expect(connect({ ...there, handshakeTimeout: 30 })).rejects.toThrow(SSLTimeoutError);
  const controller = new AbortController();
  const aborted = connect({ ...there, signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
  await expect(connect({ ...there, signal: controller.signal })).rejects.toThrow("enough");
  silent.close();
});

it("S13 a client that says nothing is dropped in time", async () => {
  const failures: unknown[] = [];
  await using listener = await listen({
    port: 0,
    context: server,
    handshakeTimeout: 30,
    onHandshakeError: (error, peer) => failures.push([error, peer]),
  });
  const socket = new Socket().connect(listener.port, "127.0.0.1");
  await once(socket, "connect");
  const address = { hostname: "127.0.0.1", port: socket.localPort };
  await new Promise<void>((resolve) => socket.once("close", () => resolve()).once("error", () => {}));
  expect(failures).toEqual([[expect.any(SSLTimeoutError), address]]);
});

it("cuts off those who are too many", async () => {
  await using listener = await listen({ port: 0, context: server, maxPendingHandshakes: 1 });
  await using first = await connect({ ...reach, port: listener.port });
  await expect(connect({ ...reach, port: listener.port })).rejects.toThrow(SSLError);
  const accepted = (await listener.accept())!;
  await using second = await connect({ ...reach, port: listener.port });
  expect([first, second].map((tls) => tls.info.version)).toEqual(["TLSv1.3", "TLSv1.3"]);
  await accepted.close();
});

it("tells both ends where the other is", async () => {
  await using listener = await listen({ port: 0, context: server });
  await using ours = await connect({ ...reach, port: listener.port });
  const theirs = (await listener.accept())!;
  expect(ours.remoteAddress).toEqual({ hostname: "127.0.0.1", port: listener.port });
  expect(theirs.remoteAddress).toEqual(ours.localAddress);
  await theirs.close();
});

it("S17 S40 people who do not speak TLS, or leave at once, do not stop the listener", async () => {
  const failures: unknown[] = [];
  await using listener = await listen({ port: 0, context: server, onHandshakeError: (error) => failures.push(error) });
  for (const rude of [(socket: Socket) => socket.end("GET / HTTP/1.1\r\n\r\n"), (socket: Socket) => socket.destroy()]) {
    const socket = new Socket().on("error", () => {}).connect(listener.port, "127.0.0.1");
    await once(socket, "connect");
    rude(socket);
    socket.resume();
    await once(socket, "close");
  }
  await expect.poll(() => failures.length).toBe(2);
  await using tls = await connect({ ...reach, port: listener.port });
  expect(tls.info.version).toBe("TLSv1.3");
  await (await listener.accept())!.close();
});

it("a signal closes the listener, and cuts handshakes that are not over", async () => {
  const controller = new AbortController();
  const listener = await listen({ port: 0, context: server, signal: controller.signal });
  const waiting = listener.accept();
  const idle = new Socket().on("error", () => {}).connect(listener.port, "127.0.0.1");
  await once(idle, "connect");
  const gone = new Promise((resolve) => idle.resume().once("close", resolve));
  controller.abort(new Error("enough"));
  expect(await waiting).toBe(null);
  await gone;
  await expect(connect({ ...reach, port: listener.port })).rejects.toThrow(SSLSyscallError);
  await expect(listen({ port: 0, context: server, signal: controller.signal })).rejects.toThrow("enough");
});

it("lets go of the signal when it cannot listen", async () => {
  const { signal } = new AbortController();
  await using listener = await listen({ port: 0, context: server });
  await expect(listen({ port: listener.port, context: server, signal })).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("refuses options that do not exist, contexts of clients, and ports in use", async () => {
  await expect(listen({ port: 0, context: server, handshakeTimeOut: 1 } as ListenOptions)).rejects.toThrow(
    "Cannot use handshakeTimeOut: there is no such option for listen",
  );
  await expect(listen({ port: 0, context: server, handshakeTimeout: -1 })).rejects.toThrow(RangeError);
  await expect(listen({ port: 0, context: server, reusePort: 1 as never })).rejects.toThrow("Cannot use reusePort");
  await expect(listen({ port: 0, context: client })).rejects.toThrow("Cannot listen: the context is one for clients");
  await using listener = await listen({ port: 0, context: server });
  await expect(listen({ port: listener.port, context: server })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

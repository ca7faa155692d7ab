import { describe, expect, it } from "vitest";
import { bunSocketHandlers, connectBun, listenBun } from "../../ts/bun/index.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { SSLSyscallError } from "../../ts/ssl/index.ts";
import { pattern, receive, sendAll } from "../socket/moving.ts";
import { runtime, tcpPair } from "../socket/pairs.ts";
import { describeTransport } from "../socket/transport-contract.ts";

const onBun = runtime === "bun";

describeTransport(
  "connectBun and listenBun over loopback TCP",
  { makePair: tcpPair, bound: 12_000_000, resets: true, tellsClosed: true },
  onBun,
);

describe.runIf(onBun)("the transport of Bun's sockets", () => {
  it("works with handlers given to Bun.listen by the user, and is the socket's data", async () => {
    const { promise, resolve } = Promise.withResolvers<NonBlockingTransport>();
    const handlers = bunSocketHandlers(resolve, { head: pattern(3) });
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, allowHalfOpen: true, socket: handlers });
    const client = await connectBun({ hostname: "127.0.0.1", port: listener.port });
    await sendAll(client, pattern(4, 2));
    client.shutdownWrite();
    const transport = await promise;
    expect(await receive(transport)).toEqual(new Uint8Array([...pattern(3), ...pattern(4, 2)]));
    transport.close();
    client.close();
    listener.stop();
  });

  it("rejects a refused connection with SSLSyscallError", async () => {
    const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, () => {});
    const { port } = listener;
    listener.stop();
    const failure = await connectBun({ hostname: "127.0.0.1", port }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SSLSyscallError);
    expect(failure).toMatchObject({ code: "ECONNREFUSED", syscall: "connect" });
  });

  it("throws SSLSyscallError when the port is taken", () => {
    const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, () => {});
    expect(() => listenBun({ hostname: "127.0.0.1", port: listener.port }, () => {})).toThrow(SSLSyscallError);
    listener.stop();
  });

  it("closes the socket although the peer never ends", async () => {
    const { promise, resolve } = Promise.withResolvers<NonBlockingTransport>();
    const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, resolve);
    const client = await connectBun({ hostname: "127.0.0.1", port: listener.port });
    const transport = await promise;
    const bytes = pattern(50_000);
    await sendAll(transport, bytes);
    transport.close();
    expect(await receive(client)).toEqual(bytes);
    client.abort();
    listener.stop(true);
  });
});

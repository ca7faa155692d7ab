// Connected pairs of transports for the tests: in memory, over Web Streams, and over loopback TCP with the sockets of
// the runtime that runs the tests.
import net from "node:net";
import { fromDenoConn } from "../../ts/deno/transport.ts";
import { connectBun, listenBun } from "../../ts/bun/transport.ts";
import { fromNodeSocket } from "../../ts/node/transport.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { TransportOptions } from "../../ts/socket/transport-base.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { fromWebStreams } from "../../ts/socket/web-streams-transport.ts";

export type Runtime = "node" | "deno" | "bun";
export type Pair = [NonBlockingTransport, NonBlockingTransport];

/** The runtime that runs the tests. */
export const runtime: Runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

export function memoryPair(): Promise<Pair> {
  return Promise.resolve(memoryTransportPair());
}

/** Two transports over two identity streams, whose queues hold a few chunks. */
export function webStreamsPair(options: TransportOptions = {}): Promise<Pair> {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return Promise.resolve([
    fromWebStreams({ readable: back.readable, writable: there.writable }, options),
    fromWebStreams({ readable: there.readable, writable: back.writable }, options),
  ]);
}

/** Client and server end of a TCP connection over loopback, each through the runtime's own sockets. */
export function tcpPair(options: TransportOptions = {}): Promise<Pair> {
  if (runtime === "deno") return denoPair(options);
  return runtime === "bun" ? bunPair(options) : nodePair(options);
}

/** Two connected `net.Socket`s. */
export async function nodeSockets(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
  const client = net.connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => client.once("connect", resolve).once("error", reject));
  const other = await accepted;
  server.close();
  return [client, other];
}

/** Two connected `Deno.Conn`s. */
export async function denoConns(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  return await Promise.all([Deno.connect({ hostname: "127.0.0.1", port }), listener.accept()]);
}

async function nodePair(options: TransportOptions): Promise<Pair> {
  const [left, right] = await nodeSockets();
  return [fromNodeSocket(left, options), fromNodeSocket(right, options)];
}

async function denoPair(options: TransportOptions): Promise<Pair> {
  const [left, right] = await denoConns();
  return [fromDenoConn(left, options), fromDenoConn(right, options)];
}

async function bunPair(options: TransportOptions): Promise<Pair> {
  const { promise, resolve } = Promise.withResolvers<NonBlockingTransport>();
  const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, resolve, options);
  const left = await connectBun({ hostname: "127.0.0.1", port: listener.port }, options);
  const right = await promise;
  listener.stop();
  return [left, right];
}

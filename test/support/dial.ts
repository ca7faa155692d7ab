// Connects to a port on loopback, and listens on one, through the sockets of the runtime that runs the tests.
import net from "node:net";
import { connectBun, listenBun } from "../../ts/bun/index.ts";
import { fromDenoConn } from "../../ts/deno/index.ts";
import { fromNodeSocket } from "../../ts/node/index.ts";
import type { NonBlockingTransport } from "../../ts/socket/index.ts";

/** A transport connected to `port` of 127.0.0.1. */
export async function dial(port: number): Promise<NonBlockingTransport> {
  if ("Deno" in globalThis) return fromDenoConn(await Deno.connect({ hostname: "127.0.0.1", port }));
  if ("Bun" in globalThis) return connectBun({ hostname: "127.0.0.1", port });
  return fromNodeSocket(net.connect(port, "127.0.0.1"));
}

export interface Listening {
  readonly port: number;
  stop(): void;
}

/** Listens on a free port of 127.0.0.1 and gives each connection to `accept`. */
export async function listen(accept: (transport: NonBlockingTransport) => void): Promise<Listening> {
  if ("Deno" in globalThis) return listenDeno(accept);
  if ("Bun" in globalThis) {
    const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, accept);
    return { port: listener.port, stop: () => listener.stop() };
  }
  const server = net.createServer({ allowHalfOpen: true }, (socket) => accept(fromNodeSocket(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as net.AddressInfo).port, stop: () => server.close() };
}

function listenDeno(accept: (transport: NonBlockingTransport) => void): Listening {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const conn of listener) accept(fromDenoConn(conn));
  })().catch(() => {}); // the listener was closed
  return { port: listener.addr.port, stop: () => listener.close() };
}

/** A listening port whose connections are asked for one by one. */
export interface Turns extends Listening {
  /** Resolves with the next connection that nobody has asked for. */
  next(): Promise<NonBlockingTransport>;
}

/** Listens on a free port of 127.0.0.1 and keeps each connection until it is asked for. */
export async function listenInTurn(): Promise<Turns> {
  const come: NonBlockingTransport[] = [];
  const asked: ((transport: NonBlockingTransport) => void)[] = [];
  const { port, stop } = await listen((transport) => {
    const first = asked.shift();
    if (first === undefined) come.push(transport);
    else first(transport);
  });
  const next = (): Promise<NonBlockingTransport> => {
    const first = come.shift();
    return first === undefined ? new Promise((resolve) => asked.push(resolve)) : Promise.resolve(first);
  };
  return { port, stop, next };
}

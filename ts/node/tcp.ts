// Owns connecting and listening over TCP with Node, as transports. Refuses to know TLS.
import net from "node:net";
import { fromDuplex } from "../socket/duplex-transport.ts";
import { syscallError } from "../socket/transport-base.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import type { Arrivals, Listening } from "../stream/listener.ts";

/** What TLS has to say leaves at once: held back (RFC 896), a small record after another one waits for an acknowledgement that waits, too. */
const noDelay = true;

/** A transport to there, connected. Rejects with SSLSyscallError; a signal ends the attempt. */
export function dial(host: string, port: number, signal?: AbortSignal): Promise<NonBlockingTransport> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, allowHalfOpen: true, noDelay });
    const giveUp = (): void => void socket.destroy(signal?.reason as Error);
    const failed = (error: Error): void => reject(syscallError(`connect to ${host}:${port}`, "connect", error));
    signal?.addEventListener("abort", giveUp);
    socket.once("error", failed);
    socket.once("close", () => signal?.removeEventListener("abort", giveUp));
    socket.once("connect", () => {
      signal?.removeEventListener("abort", giveUp);
      resolve(transportOver(socket));
      socket.off("error", failed);
    });
  });
}

/** Tells `arrivals` who connects, or with `reusePort` some of them. Rejects with SSLSyscallError when it cannot listen there. */
export async function listenTcp(
  hostname: string,
  port: number,
  arrivals: Arrivals,
  reusePort: boolean = false,
): Promise<Listening> {
  const server = net.createServer({ allowHalfOpen: true, noDelay }, (socket) => arrivals.take(transportOver(socket)));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(syscallError(`listen on ${hostname}:${port}`, "listen", error)));
    server.listen({ port, host: hostname, reusePort }, resolve);
  });
  server.on("error", (error) => arrivals.failed(syscallError("accept a client", "accept", error)));
  return { port: (server.address() as net.AddressInfo).port, close: () => void server.close() };
}

/** Nobody has seen the socket but us. */
function transportOver(socket: net.Socket): NonBlockingTransport {
  return fromDuplex(socket, {}, true);
}

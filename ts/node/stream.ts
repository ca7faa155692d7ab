// Owns connecting and listening with the sockets of Node, for connections with promises.
import net from "node:net";
import { syscallError } from "../socket/transport-base.ts";
import { connectOver, type ConnectOptions } from "../stream/connect.ts";
import { listenOver, type ListenOptions, type TLSListener } from "../stream/listener.ts";
import type { TLSConnection } from "../stream/tls-connection.ts";
import { fromNodeSocket } from "./transport.ts";

/**
 * Connects over TCP and speaks TLS; resolves when the handshake is over. Node tries the addresses of a name in turn (RFC 8305).
 *
 * Rejects with SSLSyscallError when the host cannot be reached, SSLTimeoutError when it takes too long, the reason of the
 * signal, and what a handshake throws.
 *
 * @example
 * await using tls = await connect({ hostname: "example.org", port: 443, context });
 */
export function connect(options: ConnectOptions): Promise<TLSConnection> {
  const { hostname: host, port } = options;
  return connectOver(() => fromNodeSocket(net.connect({ host, port, allowHalfOpen: true })), options);
}

/** Listens on TCP and speaks TLS with whoever connects. Rejects with SSLSyscallError when it cannot listen there. */
export function listen(options: ListenOptions): Promise<TLSListener> {
  const { hostname = "127.0.0.1", port } = options;
  return listenOver(options, async (arrivals) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => arrivals.take(fromNodeSocket(socket)));
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(syscallError(`listen on ${hostname}:${port}`, "listen", error)));
      server.listen(port, hostname, resolve);
    });
    server.on("error", (error) => arrivals.failed(syscallError("accept a client", "accept", error)));
    return { port: (server.address() as net.AddressInfo).port, close: () => void server.close() };
  });
}

// Owns connecting and listening with the sockets of Bun, for connections with promises.
import { connectOver, type ConnectOptions } from "../stream/connect.ts";
import { listenOver, type ListenOptions, type TLSListener } from "../stream/listener.ts";
import type { TLSConnection } from "../stream/tls-connection.ts";
import { dial, listenTcp } from "./tcp.ts";

/**
 * Connects over TCP and speaks TLS; resolves when the handshake is over. The addresses of a name are tried in turn (RFC
 * 8305).
 *
 * Rejects with SSLSyscallError when the host cannot be reached, SSLTimeoutError when it takes too long, the reason of the
 * signal, and what a handshake throws.
 *
 * @example
 * await using tls = await connect({ hostname: "example.org", port: 443, context });
 */
export function connect(options: ConnectOptions): Promise<TLSConnection> {
  return connectOver((signal) => dial(options.hostname, options.port, signal), options);
}

/** Listens on TCP and speaks TLS with whoever connects. Rejects with SSLSyscallError when it cannot listen there. */
export function listen(options: ListenOptions): Promise<TLSListener> {
  return listenOver(options, listenTcp);
}

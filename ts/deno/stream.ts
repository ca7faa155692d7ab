// Owns connecting and listening with the connections of Deno, for connections with promises.
import type { NonBlockingTransport } from "../socket/transport.ts";
import { connectOver, type ConnectOptions } from "../stream/connect.ts";
import { type Arrivals, listenOver, type ListenOptions, type TLSListener } from "../stream/listener.ts";
import type { TLSConnection } from "../stream/tls-connection.ts";
import { denoError, fromDenoConn } from "./transport.ts";

/** How long a failing system is left alone before it is asked again; it fails at once while it has no descriptor left. */
const ACCEPT_PAUSE_MS = 50;

/**
 * Connects over TCP and speaks TLS; resolves when the handshake is over. Deno tries the addresses of a name in turn (RFC
 * 8305). Needs `--allow-net`.
 *
 * Rejects with SSLSyscallError when the host cannot be reached, SSLTimeoutError when it takes too long, the reason of the
 * signal, and what a handshake throws.
 *
 * @example
 * await using tls = await connect({ hostname: "example.org", port: 443, context });
 */
export function connect(options: ConnectOptions): Promise<TLSConnection> {
  return connectOver(() => open(options.hostname, options.port), options);
}

/** Listens on TCP and speaks TLS with whoever connects. Rejects with SSLSyscallError when it cannot listen there. */
export function listen(options: ListenOptions): Promise<TLSListener> {
  const { hostname = "127.0.0.1", port } = options;
  return listenOver(options, (arrivals) => {
    try {
      const below = Deno.listen({ hostname, port });
      void acceptAll(below, arrivals);
      return { port: below.addr.port, close: () => below.close() };
    } catch (error) {
      throw denoError(`listen on ${hostname}:${port}`, "listen", error);
    }
  });
}

async function open(hostname: string, port: number): Promise<NonBlockingTransport> {
  try {
    return fromDenoConn(await Deno.connect({ hostname, port }));
  } catch (error) {
    throw denoError(`connect to ${hostname}:${port}`, "connect", error);
  }
}

/** A client that is gone before it is accepted, or a system without room for it, does not stop the listener. */
async function acceptAll(below: Deno.Listener, arrivals: Arrivals): Promise<void> {
  for (;;) {
    try {
      arrivals.take(fromDenoConn(await below.accept()));
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return; // closed by us
      arrivals.failed(denoError("accept a client", "accept", error));
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
    }
  }
}

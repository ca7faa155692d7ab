// Owns connecting and listening over TCP with Deno, as transports. Refuses to know TLS.
import type { NonBlockingTransport } from "../socket/transport.ts";
import type { Arrivals, Listening } from "../stream/listener.ts";
import { denoError, fromDenoConn } from "./transport.ts";

/** How long a failing system is left alone before it is asked again; it fails at once while it has no descriptor left. */
const ACCEPT_PAUSE_MS = 50;

/** A transport to there, connected. Rejects with SSLSyscallError; a signal ends the attempt. */
export async function dial(hostname: string, port: number, signal?: AbortSignal): Promise<NonBlockingTransport> {
  try {
    return transportOf(await Deno.connect({ hostname, port, ...(signal === undefined ? {} : { signal }) }));
  } catch (error) {
    throw denoError(`connect to ${hostname}:${port}`, "connect", error);
  }
}

/** Tells `arrivals` who connects, or with `reusePort` some of them. Throws SSLSyscallError when it cannot listen there. */
export function listenTcp(hostname: string, port: number, arrivals: Arrivals, reusePort: boolean = false): Listening {
  try {
    const listener = Deno.listen({ hostname, port, ...(reusePort ? { reusePort } : {}) }); // naming it at all takes a flag
    void acceptAll(listener, arrivals);
    return { port: listener.addr.port, close: () => listener.close() };
  } catch (error) {
    throw denoError(`listen on ${hostname}:${port}`, "listen", error);
  }
}

/** A client that is gone before it is accepted, or a system without room for it, does not stop the listener. */
async function acceptAll(listener: Deno.TcpListener, arrivals: Arrivals): Promise<void> {
  for (;;) {
    try {
      arrivals.take(transportOf(await listener.accept()));
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return; // closed by us
      arrivals.failed(denoError("accept a client", "accept", error));
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
    }
  }
}

/** What TLS has to say leaves at once: held back (RFC 896), a small record after another one waits for an acknowledgement that waits, too. */
function transportOf(conn: Deno.TcpConn): NonBlockingTransport {
  try {
    conn.setNoDelay();
  } catch {
    // macOS refuses it for a connection that the peer has reset, which whoever uses it hears; nobody else would close it.
  }
  return fromDenoConn(conn);
}

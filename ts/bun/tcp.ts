// Owns connecting and listening over TCP with Bun, in the form that the other runtimes have too. Refuses to know TLS.
import type { NonBlockingTransport } from "../socket/transport.ts";
import type { Arrivals, Listening } from "../stream/listener.ts";
import { connectBun, listenBun } from "./transport.ts";

/** A transport to there, connected. Rejects with SSLSyscallError. A signal ends trying, not the attempt that Bun is making. */
export function dial(hostname: string, port: number, signal?: AbortSignal): Promise<NonBlockingTransport> {
  return connectBun({ hostname, port }, {}, signal);
}

/** Tells `arrivals` who connects, or with `reusePort` some of them. Throws SSLSyscallError when it cannot listen there. */
export function listenTcp(hostname: string, port: number, arrivals: Arrivals, reusePort: boolean = false): Listening {
  const listener = listenBun({ hostname, port, reusePort }, (transport) => arrivals.take(transport));
  return { port: listener.port, close: () => listener.stop() };
}

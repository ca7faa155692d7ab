// Owns connecting and starting TLS as one act with one time limit. Refuses to know what connects.
import { openedBefore, TimeLimit } from "../socket/time-limit.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { HANDSHAKE_TIMEOUT_MS, type StartOptions, startTlsUnder } from "./start-tls.ts";
import type { TLSConnection } from "./tls-connection.ts";

/** Where to connect to, and how to start TLS there; `handshakeTimeout` is for both together. */
export interface ConnectOptions extends Omit<StartOptions, "head"> {
  /** A name or an address; also the `serverHostname`, unless that is given. */
  readonly hostname: string;
  readonly port: number;
}

/** Opens a transport and starts TLS on it; a transport that comes too late is thrown away. */
export async function connectOver(
  open: (signal: AbortSignal) => Promise<NonBlockingTransport>,
  { hostname, port, handshakeTimeout = HANDSHAKE_TIMEOUT_MS, signal, ...start }: ConnectOptions,
): Promise<TLSConnection> {
  signal?.throwIfAborted();
  const late = `Cannot connect to ${hostname}:${port} within ${handshakeTimeout} milliseconds`;
  using limit = new TimeLimit(handshakeTimeout, late, signal);
  const transport = await openedBefore(open(limit.signal), limit.signal);
  return await startTlsUnder(limit.signal, transport, { serverHostname: hostname, ...start });
}

// Owns connecting and starting TLS as one act with one time limit. Refuses to know what connects.
import { Deadline } from "../socket/event-loop.ts";
import { inTime } from "../socket/in-time.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { startTls, type StartOptions } from "./start-tls.ts";
import type { TLSConnection } from "./tls-connection.ts";

/** Where to connect to, and how to start TLS there; `handshakeTimeout` is for both together. */
export interface ConnectOptions extends StartOptions {
  /** A name or an address; also the `serverHostname`, unless that is given. */
  readonly hostname: string;
  readonly port: number;
}

const connectTimeoutMs = 60_000;

/** Opens a transport and starts TLS on it; a transport that comes too late is thrown away. */
export async function connectOver(
  open: () => NonBlockingTransport | Promise<NonBlockingTransport>,
  { hostname, port, handshakeTimeout = connectTimeoutMs, signal, ...start }: ConnectOptions,
): Promise<TLSConnection> {
  signal?.throwIfAborted();
  const deadline = new Deadline(handshakeTimeout);
  const late = `Cannot connect to ${hostname}:${port} within ${handshakeTimeout} milliseconds`;
  const transport = await inTime(open(), handshakeTimeout, late, signal);
  try {
    const rest = { handshakeTimeout: deadline.left, ...(signal === undefined ? {} : { signal }) };
    return await startTls(transport, { serverHostname: hostname, ...start, ...rest });
  } catch (error) {
    if (!transport.closed) transport.abort(); // options that cannot be used leave no connection behind
    throw error;
  }
}

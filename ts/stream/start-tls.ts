// Owns the beginning of a connection with promises: TLS on a transport, from whichever side, up to the end of the handshake.
import type { SSLContext } from "../socket/ssl-context.ts";
import type { WrapSocketOptions } from "../socket/ssl-socket.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { fromWebStreams, type WebStreamPair } from "../socket/web-streams-transport.ts";
import { SSLAlertError, SSLTimeoutError } from "../ssl/index.ts";
import { pump } from "./pump.ts";
import { TLSConnection } from "./tls-connection.ts";

/** What a connection with promises can be told. */
export interface StartOptions extends WrapSocketOptions {
  /** Its role decides which side this is. */
  readonly context: SSLContext;
  /** Ends the handshake: the promise rejects with the signal's reason, and the transport is cut. */
  readonly signal?: AbortSignal;
  /** In milliseconds; 60 seconds unless told. */
  readonly handshakeTimeout?: number;
}

const handshakeTimeoutMs = 60_000;

/**
 * Speaks TLS from here on over a transport, or over a pair of Web Streams of bytes: the upgrade of STARTTLS, or TLS over
 * whatever carries bytes. Resolves when the handshake is over.
 *
 * Rejects with what `doHandshake` throws (the transport is closed behind the alert), and with SSLTimeoutError.
 *
 * @example
 * const tls = await startTls({ readable, writable }, { context, serverHostname: "mail.example.org" });
 */
export async function startTls(
  transport: NonBlockingTransport | WebStreamPair,
  options: StartOptions,
): Promise<TLSConnection> {
  const { context, signal, handshakeTimeout = handshakeTimeoutMs, ...wrap } = options;
  const below = "recvInto" in transport ? transport : fromWebStreams(transport);
  const socket = context.wrapSocket(below, wrap);
  try {
    await pump(socket, "finish the handshake", () => socket.tryHandshake(), { signal, timeout: handshakeTimeout });
    return new TLSConnection(socket);
  } catch (error) {
    if (signal?.aborted === true || error instanceof SSLTimeoutError || error instanceof SSLAlertError) socket.abort();
    else socket.close(); // our alert goes out first
    throw error;
  }
}

// Owns the beginning of a connection with promises: TLS on whatever carries bytes, from whichever side, up to the end of the
// handshake.
import { type DuplexLike, fromDuplex } from "../socket/duplex-transport.ts";
import type { SSLContext } from "../socket/ssl-context.ts";
import { SSLSocket, type WrapSocketOptions } from "../socket/ssl-socket.ts";
import { TimeLimit } from "../socket/time-limit.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { fromWebStreams, type WebStreamPair } from "../socket/web-streams-transport.ts";
import { describe } from "../ssl/bytes.ts";
import { SSLAlertError, SSLConfigError } from "../ssl/index.ts";
import { pump } from "./pump.ts";
import { TLSConnection } from "./tls-connection.ts";

/** What a connection with promises can be told. */
export interface StartOptions extends WrapSocketOptions {
  /** Its role decides which side this is. */
  readonly context: SSLContext;
  /** Ends the handshake: the promise rejects with the signal's reason, and the transport is cut. */
  readonly signal?: AbortSignal;
  /** In milliseconds; 60 seconds unless told, 10 seconds for a server, which strangers keep waiting. */
  readonly handshakeTimeout?: number;
  /** Ciphertext of the peer that was read already, together with the last of the plaintext; it comes first. For streams only. */
  readonly head?: Uint8Array;
}

export const HANDSHAKE_TIMEOUT_MS: number = 60_000;
export const SERVER_HANDSHAKE_TIMEOUT_MS: number = 10_000;

/**
 * Speaks TLS from here on over a transport, a pair of Web Streams of bytes, or a Duplex stream of Node: the upgrade of STARTTLS,
 * or TLS over whatever carries bytes. Resolves when the handshake is over.
 *
 * Rejects with what `doHandshake` throws (the transport is closed behind the alert), with SSLTimeoutError, and with
 * SSLConfigError for options that cannot be used (the transport, or the streams, are left alone then).
 *
 * @example
 * const tls = await startTls({ readable, writable }, { context, serverHostname: "mail.example.org" });
 */
export async function startTls(
  over: NonBlockingTransport | WebStreamPair | DuplexLike,
  options: StartOptions,
): Promise<TLSConnection> {
  using limit = handshakeLimit(options);
  return await shakeHands(
    wrap(() => transportOver(over, options.head), options),
    limit.signal,
  );
}

/** As `startTls`, over a transport that is nobody else's: options that cannot be used leave no connection behind. */
export async function startTlsOnOwn(transport: NonBlockingTransport, options: StartOptions): Promise<TLSConnection> {
  using limit = handshakeLimit(options);
  return await startTlsUnder(limit.signal, transport, options);
}

/** As `startTlsOnOwn`, with a signal that ends the handshake in the place of `signal` and `handshakeTimeout`. */
export async function startTlsUnder(
  signal: AbortSignal,
  transport: NonBlockingTransport,
  options: StartOptions,
): Promise<TLSConnection> {
  return shakeHands(wrapOrAbort(transport, options), signal);
}

function handshakeLimit({ context, handshakeTimeout, signal }: StartOptions): TimeLimit {
  const time = handshakeTimeout ?? (context?.serverSide ? SERVER_HANDSHAKE_TIMEOUT_MS : HANDSHAKE_TIMEOUT_MS);
  return new TimeLimit(time, `Cannot finish the handshake within ${time} milliseconds`, signal);
}

function wrapOrAbort(transport: NonBlockingTransport, options: StartOptions): SSLSocket {
  try {
    return wrap(() => transport, options);
  } catch (error) {
    transport.abort();
    throw error;
  }
}

function wrap(takeOver: () => NonBlockingTransport, options: StartOptions): SSLSocket {
  const { context, signal: _signal, handshakeTimeout: _timeout, head: _head, ...wrapOptions } = options;
  return new SSLSocket(context, takeOver, wrapOptions);
}

async function shakeHands(socket: SSLSocket, signal: AbortSignal): Promise<TLSConnection> {
  try {
    await pump(socket, () => socket.tryHandshake(), signal);
    return new TLSConnection(socket);
  } catch (error) {
    if (signal.aborted || error instanceof SSLAlertError) socket.abort(error instanceof Error ? error : undefined);
    else socket.close(); // our alert goes out first
    throw error;
  }
}

function transportOver(
  over: NonBlockingTransport | WebStreamPair | DuplexLike,
  head: Uint8Array | undefined,
): NonBlockingTransport {
  const given = (over ?? {}) as Partial<NonBlockingTransport & WebStreamPair & DuplexLike>;
  if (typeof given.recvInto === "function") {
    if (head === undefined) return over as NonBlockingTransport;
    throw new SSLConfigError("Cannot use head: what was read already belongs into the transport when it is made", {
      reason: "BAD_OPTION",
    });
  }
  const options = head === undefined ? {} : { head };
  if (typeof given.listenerCount === "function") return fromDuplex(over as DuplexLike, options);
  if (typeof (given.readable as Partial<ReadableStream> | undefined)?.getReader === "function") {
    return fromWebStreams(over as WebStreamPair, options);
  }
  throw new TypeError(
    `Cannot start TLS: expected a transport, a pair of Web Streams or a Duplex stream, got ${describe(over)}`,
  );
}

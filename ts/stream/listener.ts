// Owns what a server does between the transports that come in and the connections that go out: handshakes side by side, none
// of which can stop the others, and a bound on how many. Refuses to know where transports come from.
import type { SSLContext } from "../socket/ssl-context.ts";
import type { WrapSocketOptions } from "../socket/ssl-socket.ts";
import { checkTime } from "../socket/event-loop.ts";
import type { NonBlockingTransport, SocketAddress } from "../socket/transport.ts";
import { checkOptionNames, toCount, toFlag } from "../ssl/bytes.ts";
import { SSLError, SSLStateError } from "../ssl/index.ts";
import { SERVER_HANDSHAKE_TIMEOUT_MS, startTlsOnOwn, type StartOptions } from "./start-tls.ts";
import type { TLSConnection } from "./tls-connection.ts";

/** What a listener can be told. */
export interface ListenOptions extends Pick<
  WrapSocketOptions,
  "highWaterMark" | "shutdownTimeout" | "suppressRaggedEofs"
> {
  /** The context to serve with. */
  readonly context: SSLContext;
  /** Where to listen; the loopback address unless told. */
  readonly hostname?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /**
   * Lets other listeners that say so too, in other workers or processes, listen on the same port; the system gives each client
   * to one of them. Where the system or the runtime does not have it, listening on the same port fails. Deno wants the flag
   * `--unstable-net`.
   */
  readonly reusePort?: boolean;
  /** How long a client may take for its handshake, in milliseconds; 10 seconds unless told. */
  readonly handshakeTimeout?: number;
  /**
   * How many clients may be in their handshake, or wait to be accepted, at once; 1000 unless told. Further ones are cut off, and
   * `onHandshakeError` gets an SSLError with reason `"TOO_MANY_HANDSHAKES"`.
   */
  readonly maxPendingHandshakes?: number;
  /**
   * Gets what ended a handshake, or kept a client from being accepted at all, and the client's address where it is known; the
   * listener goes on. What it throws is reported as uncaught.
   */
  readonly onHandshakeError?: (error: unknown, peer: SocketAddress | null) => void;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal;
}

/** Where a runtime listens. */
export interface Listening {
  readonly port: number;
  close(): void;
}

/** What a runtime tells a listener. */
export interface Arrivals {
  /** One more client. */
  take(transport: NonBlockingTransport): void;
  /** A client could not be accepted; the listener goes on. */
  failed(error: unknown): void;
}

const MOST_PENDING = 1000;

/**
 * Accepts TLS connections, as they finish their handshakes.
 *
 * @example
 * await using listener = await listen({ port: 8443, context });
 * for await (const tls of listener) void serve(tls);
 */
export class TLSListener implements AsyncIterable<TLSConnection>, AsyncDisposable {
  readonly #start: Omit<StartOptions, "context">;
  readonly #mostPending: number;
  readonly #onHandshakeError: ListenOptions["onHandshakeError"];
  readonly #stop = new AbortController();
  #context: SSLContext;
  #listening: Listening | undefined;
  #pending = 0;
  readonly #ready: TLSConnection[] = [];
  readonly #waiting: ((connection: TLSConnection | null) => void)[] = [];

  /** @internal */
  constructor(options: ListenOptions) {
    checkOptionNames(options, optionNames, "listen");
    const {
      context,
      hostname: _hostname,
      port: _port,
      reusePort: _reusePort,
      maxPendingHandshakes,
      onHandshakeError,
      signal,
      ...start
    } = options;
    this.#context = checkServer(context);
    this.#mostPending = toCount(maxPendingHandshakes, "maxPendingHandshakes", MOST_PENDING);
    this.#onHandshakeError = onHandshakeError;
    checkTime(start.handshakeTimeout ?? SERVER_HANDSHAKE_TIMEOUT_MS);
    this.#start = { handshakeTimeout: SERVER_HANDSHAKE_TIMEOUT_MS, ...start, signal: this.#stop.signal };
    signal?.throwIfAborted();
    signal?.addEventListener("abort", () => void this.close(), { signal: this.#stop.signal });
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#listening!.port;
  }

  /** From now on clients are served with this context; those that are connected keep theirs. */
  setContext(context: SSLContext): void {
    this.#context = checkServer(context);
  }

  /** The next connection, or null once the listener is closed. */
  async accept(): Promise<TLSConnection | null> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    if (this.#stop.signal.aborted) return null;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TLSConnection, void, undefined> {
    for (let next: TLSConnection | null; (next = await this.accept()) !== null;) yield next;
  }

  /**
   * Accepts nobody any more, and cuts handshakes that are not over; connections that were accepted go on. Never rejects: those that
   * nobody has accepted are closed, or cut when their peers do not receive.
   */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#listening?.close();
    this.#stop.abort(new SSLStateError("Cannot go on with the handshake: the listener was closed"));
    for (const resolve of this.#waiting.splice(0)) resolve(null);
    await Promise.all(this.#ready.splice(0).map(closeUnaccepted));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  listensAt(listening: Listening): this {
    this.#listening = listening;
    if (this.#stop.signal.aborted) listening.close();
    return this;
  }

  /** @internal */
  take(transport: NonBlockingTransport): void {
    if (this.#stop.signal.aborted) transport.abort();
    else if (this.#pending + this.#ready.length >= this.#mostPending) this.#cutOff(transport);
    else void this.#shakeHands(transport);
  }

  /** @internal */
  failed(error: unknown, peer: SocketAddress | null): void {
    if (this.#stop.signal.aborted) return;
    try {
      this.#onHandshakeError?.(error, peer);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  #cutOff(transport: NonBlockingTransport): void {
    const peer = transport.remoteAddress ?? null;
    transport.abort();
    const message = `Cannot accept a client: ${this.#mostPending} others are in their handshakes or wait to be accepted`;
    this.failed(new SSLError(message, { reason: "TOO_MANY_HANDSHAKES" }), peer);
  }

  async #shakeHands(transport: NonBlockingTransport): Promise<void> {
    // A socket that is gone does not tell any more; to ask takes a system call.
    const peer = this.#onHandshakeError === undefined ? null : (transport.remoteAddress ?? null);
    this.#pending++;
    try {
      this.#give(await startTlsOnOwn(transport, { ...this.#start, context: this.#context }));
    } catch (error) {
      this.failed(error, peer);
    } finally {
      this.#pending--;
    }
  }

  #give(connection: TLSConnection): void {
    // The handshake may have ended just before the listener did, with its promise under way.
    if (this.#stop.signal.aborted) return void closeUnaccepted(connection);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(connection);
    else waiting(connection);
  }
}

/** A listener over whatever a runtime listens with, which is told where, and tells who comes. */
export async function listenOver(
  options: ListenOptions,
  open: (hostname: string, port: number, arrivals: Arrivals, reusePort: boolean) => Listening | Promise<Listening>,
): Promise<TLSListener> {
  const reusePort = toFlag(options?.reusePort, "reusePort", false);
  const listener = new TLSListener(options);
  const arrivals: Arrivals = {
    take: (transport) => listener.take(transport),
    failed: (error) => listener.failed(error, null),
  };
  try {
    return listener.listensAt(await open(options.hostname ?? "127.0.0.1", options.port, arrivals, reusePort));
  } catch (error) {
    await listener.close(); // lets go of the signal
    throw error;
  }
}

const optionNames: readonly (keyof ListenOptions)[] = [
  "context",
  "hostname",
  "port",
  "reusePort",
  "handshakeTimeout",
  "maxPendingHandshakes",
  "onHandshakeError",
  "signal",
  "highWaterMark",
  "shutdownTimeout",
  "suppressRaggedEofs",
];

/** That its peer does not receive is told to nobody, as nobody knows it. */
function closeUnaccepted(connection: TLSConnection): Promise<void> {
  return connection.close().catch(() => {});
}

function checkServer(context: SSLContext): SSLContext {
  if (context.serverSide) return context;
  throw new SSLError("Cannot listen: the context is one for clients", { reason: "BAD_OPTION" });
}

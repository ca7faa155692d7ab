// Owns what a server does between the transports that come in and the connections that go out: handshakes side by side, none
// of which can stop the others, and a bound on how many. Refuses to know where transports come from.
import type { SSLContext } from "../socket/ssl-context.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { SSLError, SSLStateError } from "../ssl/index.ts";
import { startTls } from "./start-tls.ts";
import type { TLSConnection } from "./tls-connection.ts";

/** What a listener can be told. */
export interface ListenOptions {
  /** The context to serve with. */
  readonly context: SSLContext;
  /** Where to listen; the loopback address unless told. */
  readonly hostname?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** How long a client may take for its handshake, in milliseconds; 60 seconds unless told. */
  readonly handshakeTimeout?: number;
  /** How many clients may be in their handshake, or wait to be accepted, at once; further ones are cut off. 1000 unless told. */
  readonly maxPendingHandshakes?: number;
  /** Gets what ended a handshake; the listener goes on. */
  readonly onHandshakeError?: (error: unknown) => void;
}

/** Where a runtime listens. */
export interface Listening {
  readonly port: number;
  close(): void;
}

const mostPending = 1000;

/**
 * Accepts TLS connections, as they finish their handshakes.
 *
 * @example
 * await using listener = await listen({ port: 8443, context });
 * for await (const tls of listener) void serve(tls);
 */
export class TLSListener implements AsyncIterable<TLSConnection>, AsyncDisposable {
  readonly #options: ListenOptions;
  readonly #stop = new AbortController();
  #context: SSLContext;
  #listening: Listening | undefined;
  #pending = 0;
  readonly #ready: TLSConnection[] = [];
  readonly #waiting: ((connection: TLSConnection | null) => void)[] = [];

  /** @internal */
  constructor(options: ListenOptions) {
    this.#options = options;
    this.#context = checkServer(options.context);
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

  /** Accepts nobody any more, and cuts handshakes that are not over; connections that were accepted go on. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#listening?.close();
    this.#stop.abort(new SSLStateError("Cannot go on with the handshake: the listener was closed"));
    for (const resolve of this.#waiting.splice(0)) resolve(null);
    await Promise.all(this.#ready.splice(0).map((connection) => connection.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  listensAt(listening: Listening): this {
    this.#listening = listening;
    return this;
  }

  /** @internal One more client. */
  take(transport: NonBlockingTransport): void {
    if (this.#stop.signal.aborted || this.#pending + this.#ready.length >= this.#most) {
      transport.abort();
      return;
    }
    void this.#shakeHands(transport);
  }

  get #most(): number {
    return this.#options.maxPendingHandshakes ?? mostPending;
  }

  async #shakeHands(transport: NonBlockingTransport): Promise<void> {
    const { handshakeTimeout } = this.#options;
    const timeout = handshakeTimeout === undefined ? {} : { handshakeTimeout };
    this.#pending++;
    try {
      const connection = await startTls(transport, { context: this.#context, signal: this.#stop.signal, ...timeout });
      this.#give(connection);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onHandshakeError?.(error);
    } finally {
      this.#pending--;
    }
  }

  #give(connection: TLSConnection): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(connection);
    else waiting(connection);
  }
}

/** A listener over whatever a runtime listens with: `open` gives each transport that comes in to `take`. */
export async function listenOver(
  options: ListenOptions,
  open: (take: (transport: NonBlockingTransport) => void) => Listening | Promise<Listening>,
): Promise<TLSListener> {
  const listener = new TLSListener(options);
  return listener.listensAt(await open((transport) => listener.take(transport)));
}

function checkServer(context: SSLContext): SSLContext {
  if (context.serverSide) return context;
  throw new SSLError("Cannot listen: the context is one for clients", { reason: "BAD_OPTION" });
}

// Owns the transport over the sockets of Bun.connect and Bun.listen. Refuses to know TLS, other runtimes and Bun's
// compatibility layer.
import { addressOf, DRAIN_MS, syscallError, TransportBase, type TransportOptions } from "../socket/transport-base.ts";
import type { NonBlockingTransport, SocketAddress } from "../socket/transport.ts";
import { SSLSyscallError } from "../ssl/index.ts";
import { connectToOne, inTurns } from "./happy-eyeballs.ts";

/** The part of a socket of Bun that is used. */
export interface BunSocket {
  data: unknown;
  write(bytes: Uint8Array): number;
  shutdown(): void;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  unref(): void;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/** What goes to `Bun.connect` and `Bun.listen` as `socket`. */
export interface BunSocketHandlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket, error?: Error): void;
  error(socket: BunSocket, error: Error): void;
}

/** Where `connectBun` connects to and `listenBun` listens; with `reusePort` beside other listeners that say so too. */
export type BunAddress =
  { readonly hostname: string; readonly port: number; readonly reusePort?: boolean } | { readonly unix: string };

/** What `listenBun` answers; `stop` refuses new connections and leaves the open ones alone unless told. */
export interface BunListener {
  readonly port: number;
  stop(closeActiveConnections?: boolean): void;
}

/**
 * Handlers for `Bun.connect` and `Bun.listen` that make each socket a transport: it is given to `onOpen` and is the
 * socket's `data`. Pass `allowHalfOpen: true` beside them, else Bun ends our direction when the peer ends its own.
 *
 * ```ts
 * Bun.listen({ hostname: "127.0.0.1", port: 0, allowHalfOpen: true, socket: bunSocketHandlers(serve) });
 * ```
 */
export function bunSocketHandlers(
  onOpen: (transport: NonBlockingTransport) => void,
  options: TransportOptions = {},
): BunSocketHandlers {
  return {
    open(socket) {
      const transport = new BunTransport(socket, options);
      socket.data = transport;
      onOpen(transport);
    },
    data: (socket, bytes) => transportOf(socket)?.onData(bytes),
    drain: (socket) => transportOf(socket)?.onDrain(),
    end: (socket) => transportOf(socket)?.onEnd(),
    close: (socket, error) => transportOf(socket)?.onClose(error),
    error(socket, error) {
      transportOf(socket)?.onClose(error);
      // Bun reports here what onOpen throws, which is nothing that a peer could do.
      queueMicrotask(() => {
        throw error;
      });
    },
  };
}

/**
 * Connects and answers the transport; rejects with `SSLSyscallError`. The addresses of a name are tried in turn (RFC 8305),
 * until a signal ends that.
 *
 * ```ts
 * const transport = await connectBun({ hostname: "example.org", port: 443 });
 * ```
 */
export async function connectBun(
  address: BunAddress,
  options: TransportOptions = {},
  signal?: AbortSignal,
): Promise<NonBlockingTransport> {
  if ("unix" in address) return open(address, options);
  const addresses = await addressesOf(address.hostname);
  if (addresses.length < 2) return open(address, options); // nothing to choose from; a failed lookup is told by Bun
  return connectToOne(inTurns(addresses), (hostname) => open({ ...address, hostname }, options), undefined, signal);
}

/**
 * Listens and gives each accepted connection to `accept` as a transport; port 0 lets the system choose.
 *
 * ```ts
 * const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, (transport) => serve(transport));
 * ```
 */
export function listenBun(
  address: BunAddress,
  accept: (transport: NonBlockingTransport) => void,
  options: TransportOptions = {},
): BunListener {
  const socket = bunSocketHandlers(accept, options) as Bun.SocketHandler<unknown>;
  try {
    return Bun.listen({ ...(address as { hostname: string; port: number }), allowHalfOpen: true, socket });
  } catch (error) {
    throw syscallError(`listen on ${nameOf(address)}`, "listen", error);
  }
}

async function addressesOf(hostname: string): Promise<string[]> {
  const found = await Bun.dns.lookup(hostname, { backend: "system" }).catch(() => []);
  return found.map(({ address }) => address);
}

async function open(address: BunAddress, options: TransportOptions): Promise<NonBlockingTransport> {
  const { promise, resolve, reject } = Promise.withResolvers<NonBlockingTransport>();
  const socket = bunSocketHandlers(resolve, options) as Bun.SocketHandler<unknown>;
  Bun.connect({ ...(address as { hostname: string; port: number }), allowHalfOpen: true, socket }).catch(
    (error: unknown) => reject(syscallError(`connect to ${nameOf(address)}`, "connect", error)),
  );
  return promise;
}

class BunTransport extends TransportBase {
  readonly #socket: BunSocket;
  #blocked = false;
  #paused = false;
  #gone = false;

  constructor(socket: BunSocket, options: TransportOptions) {
    super(options);
    this.#socket = socket;
  }

  get localAddress(): SocketAddress | null {
    return addressOf(this.#socket.localAddress, this.#socket.localPort);
  }

  get remoteAddress(): SocketAddress | null {
    return addressOf(this.#socket.remoteAddress, this.#socket.remotePort);
  }

  onData(bytes: Uint8Array): void {
    this.received(bytes, true);
    if (!this.queue.full || this.#paused || this.closed) return;
    this.#paused = true;
    this.#socket.pause();
  }

  onDrain(): void {
    this.#blocked = false;
    this.changed();
  }

  onEnd(): void {
    this.ended();
    if (this.closed) this.#socket.end();
  }

  onClose(error?: Error): void {
    this.#gone = true;
    if (error) this.broken(syscallError("use the socket", "read", error));
    else if (this.queue.ended) this.sendFailed(brokenPipe());
    // Once our direction is shut down, Bun reports the peer's end as the close of the socket.
    else if (this.writeEnded) this.ended();
    else {
      const message = "Cannot use the socket: it was closed";
      this.broken(new SSLSyscallError(message, { code: "ECONNABORTED", syscall: "read" }));
    }
  }

  protected streamSend(bytes: Uint8Array): number {
    const taken = this.#socket.write(bytes);
    if (taken < 0) {
      this.sendFailed(brokenPipe());
      throw brokenPipe();
    }
    this.#blocked = taken < bytes.length;
    return taken;
  }

  protected streamWritable(): boolean {
    return !this.#blocked;
  }

  protected streamTaken(): void {
    if (!this.#paused || !this.queue.low) return;
    this.#paused = false;
    this.#socket.resume();
  }

  protected streamShutdownWrite(): void {
    this.#socket.shutdown();
  }

  /** What `write` has accepted is in the kernel; closing over unread bytes would make the kernel reset it away. */
  protected streamClose(): void {
    if (this.#gone) return;
    if (this.queue.ended) return void this.#socket.end();
    this.#socket.resume();
    if (!this.writeEnded) this.#socket.shutdown();
    this.#socket.unref();
    setTimeout(() => this.#socket.end(), DRAIN_MS).unref();
  }

  protected streamAbort(): void {
    if (!this.#gone) this.#socket.terminate();
  }
}

function transportOf(socket: BunSocket): BunTransport | undefined {
  return socket.data instanceof BunTransport ? socket.data : undefined;
}

function nameOf(address: BunAddress): string {
  return "unix" in address ? address.unix : `${address.hostname}:${address.port}`;
}

function brokenPipe(): SSLSyscallError {
  return new SSLSyscallError("Cannot send: the socket is no longer writable", { code: "EPIPE", syscall: "write" });
}

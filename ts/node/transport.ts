// Owns the transport over a socket of Node, or any Duplex stream of bytes. Refuses to know TLS and other runtimes.
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DRAIN_MS, LINGER_MS, syscallError, TransportBase, type TransportOptions } from "../socket/transport-base.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { SSLConfigError, SSLStateError, SSLSyscallError } from "../ssl/index.ts";

/**
 * A transport over a `net.Socket`, or over any other Duplex that carries bytes. It takes the stream over: nobody else
 * may listen for its data, bytes the stream has already buffered come first, and the stream becomes half-open, because
 * here the end of each direction is a call of its own. A socket that is still connecting is simply not writable yet.
 *
 * ```ts
 * const transport = fromNodeSocket(net.connect(443, "example.org"));
 * ```
 */
export function fromNodeSocket(socket: Duplex, options: TransportOptions = {}): NonBlockingTransport {
  if (socket.listenerCount("data") > 0 || socket.listenerCount("readable") > 0) {
    throw new SSLStateError("Cannot take over the socket: something else listens for its data");
  }
  if (socket.readableObjectMode || socket.writableObjectMode || socket.readableEncoding !== null) {
    throw new SSLConfigError("Cannot take over the socket: it carries objects or text, not bytes");
  }
  return new NodeTransport(socket, options);
}

type MaybeSocket = Duplex & Partial<Pick<Socket, "pending" | "resetAndDestroy" | "unref">>;

class NodeTransport extends TransportBase {
  readonly #socket: MaybeSocket;
  #needsDrain = false;
  #paused = false;

  constructor(socket: MaybeSocket, options: TransportOptions) {
    super(options);
    this.#socket = socket;
    socket.allowHalfOpen = true;
    this.#needsDrain = socket.writableNeedDrain;
    this.#takeBuffered();
    this.#listen();
    if (this.queue.full) this.#pause();
    else socket.resume();
  }

  protected streamSend(bytes: Uint8Array): number {
    this.#needsDrain = !this.#socket.write(bytes.slice());
    return bytes.length;
  }

  protected streamWritable(): boolean {
    return !this.#needsDrain && this.#socket.pending !== true;
  }

  protected streamTaken(): void {
    if (!this.#paused || !this.queue.low) return;
    this.#paused = false;
    this.#socket.resume();
  }

  protected streamShutdownWrite(): void {
    this.#socket.end();
  }

  protected streamClose(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.resume();
    cut(socket, LINGER_MS);
    socket.end();
    if (socket.writableFinished) this.#drain();
    else socket.once("finish", () => this.#drain());
  }

  protected streamAbort(error?: Error): void {
    const socket = this.#socket;
    if (socket.resetAndDestroy && socket.pending === false) socket.resetAndDestroy();
    else socket.destroy(error);
  }

  /** Bytes that the stream read before we came; `data` listeners would miss the order of `unshift` and `head`. */
  #takeBuffered(): void {
    for (;;) {
      const chunk = this.#socket.read() as Uint8Array | null;
      if (chunk === null) return;
      this.received(chunk);
    }
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Uint8Array) => {
      this.received(chunk);
      if (this.queue.full) this.#pause();
    });
    socket.on("end", () => this.ended());
    socket.on("error", (error) => this.broken(syscallError("use the socket", "read", error)));
    socket.on("close", () => this.#gone());
    socket.on("drain", () => {
      this.#needsDrain = false;
      this.changed();
    });
    socket.on("connect", () => this.changed());
    if (socket.errored) this.broken(syscallError("use the socket", "read", socket.errored));
    else if (socket.readableEnded) this.ended();
    if (socket.destroyed) this.#gone();
    if (!socket.writable && !socket.destroyed) this.sendFailed(brokenPipe());
  }

  /** Our end is on its way: what still comes is thrown away until the peer ends too. */
  #drain(): void {
    const socket = this.#socket;
    if (this.queue.ended) return void socket.destroy();
    socket.once("end", () => socket.destroy());
    socket.unref?.();
    cut(socket, DRAIN_MS);
  }

  #pause(): void {
    if (this.#paused || this.closed) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** The socket is closed: in good order if the peer ended before, else by somebody who destroyed it. */
  #gone(): void {
    if (!this.queue.ended) {
      const message = "Cannot use the socket: it was destroyed";
      this.broken(new SSLSyscallError(message, { code: "ECONNABORTED", syscall: "read" }));
    } else this.sendFailed(brokenPipe());
  }
}

/** Destroys the socket when it is still there after that time; the timer alone keeps no process alive. */
function cut(socket: Duplex, afterMs: number): void {
  const timer = setTimeout(() => socket.destroy(), afterMs).unref();
  socket.once("close", () => clearTimeout(timer));
}

function brokenPipe(): SSLSyscallError {
  return new SSLSyscallError("Cannot send: the socket is no longer writable", { code: "EPIPE", syscall: "write" });
}

// Owns the transport over a socket of Node, or any Duplex stream of bytes, by its shape: no module of Node is needed, so the core
// can take such streams on any runtime that has them. Refuses to know TLS.
import { SSLConfigError, SSLStateError, SSLSyscallError } from "../ssl/index.ts";
import { discard } from "./carrier.ts";
import {
  addressOf,
  DRAIN_MS,
  LINGER_MS,
  syscallError,
  TransportBase,
  type TransportOptions,
} from "./transport-base.ts";
import type { NonBlockingTransport, SocketAddress } from "./transport.ts";

/** What is used of Node's `stream.Duplex`, and of `net.Socket` where the stream is one. */
export interface DuplexLike {
  allowHalfOpen: boolean;
  readonly destroyed: boolean;
  readonly errored: Error | null;
  readonly readableEncoding: string | null;
  readonly readableEnded: boolean;
  readonly readableObjectMode: boolean;
  readonly writable: boolean;
  readonly writableFinished: boolean;
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
  readonly writableObjectMode: boolean;
  read(): unknown;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(error?: Error): unknown;
  on(event: string, listener: (...values: never[]) => void): unknown;
  once(event: string, listener: (...values: never[]) => void): unknown;
  listenerCount(event: string): number;
  readonly pending?: boolean;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  resetAndDestroy?(): unknown;
  ref?(): unknown;
  unref?(): unknown;
}

/**
 * A transport over a Duplex; see `fromNodeSocket`. `own`: it is a socket of ours, whose chunks nobody else gets to see; a stream that
 * hands on what is written to it is none.
 */
export function fromDuplex(
  stream: DuplexLike,
  options: TransportOptions = {},
  own: boolean = false,
): NonBlockingTransport {
  if (stream.listenerCount("data") > 0 || stream.listenerCount("readable") > 0) {
    throw new SSLStateError("Cannot take over the socket: something else listens for its data");
  }
  if (stream.readableObjectMode || stream.writableObjectMode || stream.readableEncoding !== null) {
    throw new SSLConfigError("Cannot take over the socket: it carries objects or text, not bytes");
  }
  return new DuplexTransport(stream, options, own);
}

/** Whether the socket below, if it is one, keeps the program running. */
export function refer(transport: NonBlockingTransport, running: boolean): void {
  if (transport instanceof DuplexTransport) transport.refer(running);
}

class DuplexTransport extends TransportBase {
  readonly #socket: DuplexLike;
  readonly #own: boolean;
  #needsDrain = false;
  #paused = false;
  /** The kernel has it. */
  #sent: Uint8Array | null = null;

  constructor(socket: DuplexLike, options: TransportOptions, own: boolean) {
    super(options);
    this.#socket = socket;
    this.#own = own;
    socket.allowHalfOpen = true;
    this.#needsDrain = socket.writableNeedDrain;
    this.#takeBuffered();
    this.#listen();
    if (this.queue.full) this.#pause();
    else socket.resume();
  }

  /** Null while it is not connected, and for streams that are no sockets. */
  get localAddress(): SocketAddress | null {
    return addressOf(this.#socket.localAddress, this.#socket.localPort);
  }

  get remoteAddress(): SocketAddress | null {
    return addressOf(this.#socket.remoteAddress, this.#socket.remotePort);
  }

  refer(running: boolean): void {
    if (running) this.#socket.ref?.();
    else this.#socket.unref?.();
  }

  override release(): void {
    super.release();
    if (this.#sent !== null) discard(this.#sent);
    this.#sent = null;
  }

  protected streamSend(bytes: Uint8Array): number {
    const alone = bytes.length === bytes.buffer.byteLength;
    const chunk = alone || this.#own ? bytes : bytes.slice(); // whoever has made the stream may transfer the buffer
    this.#needsDrain = !this.#socket.write(chunk);
    if (this.#own && this.#socket.writableLength === 0) this.#sent = chunk;
    return chunk.length;
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
      this.received(chunk, this.#own);
      if (this.queue.full) this.#pause();
    });
    socket.on("end", () => this.ended());
    socket.on("error", (error: Error) => this.broken(syscallError("use the socket", "read", error)));
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
    if (this.closed) return; // nobody is left to tell, and an error costs as much as a record
    if (!this.queue.ended) {
      const message = "Cannot use the socket: it was destroyed";
      this.broken(new SSLSyscallError(message, { code: "ECONNABORTED", syscall: "read" }));
    } else this.sendFailed(brokenPipe());
  }
}

/** Destroys the socket when it is still there after that time; the timer alone keeps no process alive. */
function cut(socket: DuplexLike, afterMs: number): void {
  const timer = setTimeout(() => socket.destroy(), afterMs);
  (timer as { unref?: () => void }).unref?.();
  socket.once("close", () => clearTimeout(timer));
}

function brokenPipe(): SSLSyscallError {
  return new SSLSyscallError("Cannot send: the socket is no longer writable", { code: "EPIPE", syscall: "write" });
}

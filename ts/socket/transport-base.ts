// Owns what every transport adapter has in common: the queue of received bytes with its high-water mark and its latched
// end or failure, the watchers, and the order of shutting down. Refuses to know any runtime's sockets.
import { SSLConfigError, SSLStateError, SSLSyscallError } from "../ssl/index.ts";
import { type Carrier, discard } from "./carrier.ts";
import type { NonBlockingTransport, SocketAddress } from "./transport.ts";

/** Bytes received and not taken above which an adapter stops reading from its byte stream. */
export const INCOMING_HIGH_WATER_MARK: number = 256 * 1024;

/** What one `send` hands to a runtime at most, so that its buffer stays bounded whatever it is given. */
export const LARGEST_SEND: number = 256 * 1024;

/** How long a closed transport goes on delivering what `send` took before it is cut, for runtimes that queue it. */
export const LINGER_MS: number = 30_000;

/**
 * How long a closed transport goes on reading, to throw it away, until the peer ends too. A kernel answers bytes that
 * arrive at a closed socket with a reset, and the reset can overtake what the peer has not received yet.
 */
export const DRAIN_MS: number = 2_000;

/** Options that every adapter takes. */
export interface TransportOptions {
  /** Received and untaken bytes above which reading stops; 256 KiB unless told. */
  readonly highWaterMark?: number;
  /** Bytes that were already read from the byte stream (STARTTLS, CONNECT); they come first. */
  readonly head?: Uint8Array;
}

/**
 * Chunks up to this length are gathered in blocks, so that a peer sending single bytes cannot cost us an object each. One that
 * comes while nothing waits is left alone, as it will be gone before the next, and the first block holds one such chunk: it may be
 * all that comes for long, as with the session tickets that a client does not read.
 */
const SMALL_CHUNK = 1024;
const BLOCK = 8 * 1024;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly block: boolean;
  /** Whether its memory is to be given back when it was read. */
  readonly passing: boolean;
  start: number;
  end: number;
}

/** Received bytes in order, then at most one end: the peer's EOF or a failure. */
export class ReceiveQueue {
  readonly highWaterMark: number;
  #chunks: Chunk[] = [];
  #first = 0;
  #length = 0;
  #end: "eof" | SSLSyscallError | null = null;
  /** Chunks that were taken to their end, but may still be looked at. */
  readonly #spent: Uint8Array[] = [];

  constructor(highWaterMark: number = INCOMING_HIGH_WATER_MARK) {
    if (!Number.isSafeInteger(highWaterMark) || highWaterMark < 1) {
      throw new SSLConfigError(
        `Cannot make a transport: highWaterMark must be a positive integer, not ${highWaterMark}`,
      );
    }
    this.highWaterMark = highWaterMark;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether the adapter should stop reading. */
  get full(): boolean {
    return this.#length > this.highWaterMark;
  }

  /** Whether enough was taken to read on; half the mark, so that reading is not stopped and started for each chunk. */
  get low(): boolean {
    return this.#length <= this.highWaterMark / 2;
  }

  /** Whether `takeInto` would answer anything but "would-block". */
  get ready(): boolean {
    return this.#length > 0 || this.#end !== null;
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  get failed(): boolean {
    return this.#end !== null && this.#end !== "eof";
  }

  /**
   * Queues a chunk, which belongs to the queue from now on; `passing`: so does its buffer, as nobody else ever sees it. Nothing is
   * queued behind an end.
   */
  push(chunk: Uint8Array, passing: boolean = false): void {
    if (chunk.length === 0 || this.#end !== null) return;
    this.#length += chunk.length;
    if (chunk.length > SMALL_CHUNK || this.#length === chunk.length) {
      this.#chunks.push({ bytes: chunk, block: false, passing, start: 0, end: chunk.length });
      return;
    }
    const block = this.#blockWithRoom(chunk.length);
    block.bytes.set(chunk, block.end);
    block.end += chunk.length;
  }

  /** Latches the peer's EOF; a later failure does not replace it, nor the reverse. */
  end(): void {
    this.#end ??= "eof";
  }

  /** Latches a failure behind what is queued. */
  fail(error: SSLSyscallError): void {
    this.#end ??= error;
  }

  /** The oldest bytes that lie together, at most `limit`; throws a latched failure once the queue is empty. */
  take(limit: number): Uint8Array | "would-block" | "eof" {
    return this.#length === 0 ? this.#whenEmpty() : this.#takeFromFirst(limit);
  }

  /** Moves bytes to the start of `into`; throws as `take`. */
  takeInto(into: Uint8Array): number | "would-block" | "eof" {
    if (this.#length === 0) return this.#whenEmpty();
    let taken = 0;
    while (taken < into.length && this.#length > 0) {
      const part = this.#takeFromFirst(into.length - taken);
      into.set(part, taken);
      taken += part.length;
    }
    return taken;
  }

  takeAll(): Uint8Array {
    const all = new Uint8Array(this.#length);
    if (all.length > 0) this.takeInto(all);
    return all;
  }

  /** Nobody looks any more at what was taken. */
  release(): void {
    for (let chunk = this.#spent.pop(); chunk !== undefined; chunk = this.#spent.pop()) discard(chunk);
  }

  /** Drops what is queued. */
  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#length = 0;
  }

  #blockWithRoom(length: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last?.block && last.bytes.length - last.end >= length) return last;
    const bytes = new Uint8Array(last?.block ? BLOCK : SMALL_CHUNK);
    const block: Chunk = { bytes, block: true, passing: false, start: 0, end: 0 };
    this.#chunks.push(block);
    return block;
  }

  #whenEmpty(): "would-block" | "eof" {
    if (this.#end === null) return "would-block";
    if (this.#end === "eof") return "eof";
    throw this.#end;
  }

  #takeFromFirst(limit: number): Uint8Array {
    const chunk = this.#chunks[this.#first] as Chunk;
    const part = chunk.bytes.subarray(chunk.start, Math.min(chunk.end, chunk.start + limit));
    chunk.start += part.length;
    this.#length -= part.length;
    if (chunk.start === chunk.end) this.#dropFirst(chunk);
    return part;
  }

  #dropFirst({ passing, bytes }: Chunk): void {
    if (passing) this.#spent.push(bytes);
    this.#first += 1;
    if (this.#length === 0) this.clear();
    else if (this.#first >= 64 && this.#first * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

/** Listeners told of a change, once per microtask however often it changed. */
export class Watchers {
  readonly #listeners = new Map<object, () => void>();
  #scheduled = false;

  add(listener: () => void): () => void {
    const key = {};
    this.#listeners.set(key, listener);
    return () => this.#listeners.delete(key);
  }

  notify(): void {
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    // A listener that throws must not keep the others from waking up; its error is still reported as uncaught.
    for (const listener of [...this.#listeners.values()]) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/**
 * A transport but for the byte stream itself. An adapter reports what happens to it (`received`, `ended`, `broken`,
 * `sendFailed`, `changed`) and does what it is told by the methods whose names start with `stream`.
 */
export abstract class TransportBase implements NonBlockingTransport, Carrier {
  readonly #queue: ReceiveQueue;
  readonly #watchers = new Watchers();
  #sendFailure: SSLSyscallError | null = null;
  #writeEnded = false;
  #closed: { readonly cause?: Error } | null = null;

  constructor(options: TransportOptions = {}) {
    this.#queue = new ReceiveQueue(options.highWaterMark);
    if (options.head) this.#queue.push(options.head.slice());
  }

  recvInto(into: Uint8Array): number | "would-block" | "eof" {
    this.#refuseWhenClosed("receive");
    const taken = this.#queue.takeInto(into);
    this.release();
    if (typeof taken === "number") this.streamTaken(taken);
    return taken;
  }

  take(limit: number): Uint8Array | "would-block" | "eof" {
    this.#refuseWhenClosed("receive");
    const taken = this.#queue.take(limit);
    if (typeof taken === "object") this.streamTaken(taken.length);
    return taken;
  }

  release(): void {
    this.#queue.release();
  }

  send(bytes: Uint8Array): number {
    const taken = this.give(new Uint8Array(bytes.subarray(0, LARGEST_SEND))); // what a Buffer calls slice is no copy
    this.release();
    return taken;
  }

  give(bytes: Uint8Array): number {
    this.#refuseWhenClosed("send");
    if (this.#sendFailure) throw this.#sendFailure;
    if (this.#writeEnded) {
      throw new SSLSyscallError("Cannot send: our direction was shut down", { code: "EPIPE", syscall: "write" });
    }
    if (bytes.length === 0 || !this.streamWritable()) return 0;
    return this.streamSend(bytes.length > LARGEST_SEND ? bytes.subarray(0, LARGEST_SEND) : bytes);
  }

  get readable(): boolean {
    return this.#closed !== null || this.#queue.ready;
  }

  get writable(): boolean {
    return this.#closed !== null || this.#sendFailure !== null || this.#writeEnded || this.streamWritable();
  }

  get failed(): boolean {
    return this.#queue.failed || this.#sendFailure !== null;
  }

  get closed(): boolean {
    return this.#closed !== null;
  }

  watch(listener: () => void): () => void {
    return this.#watchers.add(listener);
  }

  shutdownWrite(): void {
    if (this.#writeEnded || this.#closed) return;
    this.#writeEnded = true;
    if (!this.#sendFailure) this.streamShutdownWrite();
    this.changed();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = {};
    this.#queue.clear();
    this.streamClose();
    this.changed();
  }

  abort(error?: Error): void {
    if (this.#closed) return;
    this.#closed = error ? { cause: error } : {};
    this.#queue.clear();
    this.streamAbort(error);
    this.changed();
  }

  takeRemaining(): Uint8Array {
    const all = this.#queue.takeAll();
    this.release();
    if (!this.#closed) this.streamTaken(all.length);
    return all;
  }

  /** The queue of received bytes, for the adapter's own decisions about reading. */
  protected get queue(): ReceiveQueue {
    return this.#queue;
  }

  /** Whether our direction was ended by `shutdownWrite`. */
  protected get writeEnded(): boolean {
    return this.#writeEnded;
  }

  /** Received bytes, which belong to the transport from now on; `passing`: so does their buffer, as nobody else ever sees it. */
  protected received(chunk: Uint8Array, passing: boolean = false): void {
    if (this.#closed) return;
    this.#queue.push(chunk, passing);
    this.changed();
  }

  /** The peer has ended its direction. */
  protected ended(): void {
    this.#queue.end();
    this.changed();
  }

  /** The byte stream is broken in both directions. */
  protected broken(error: SSLSyscallError): void {
    this.#queue.fail(error);
    this.sendFailed(error);
  }

  /** Sending is broken; what the peer has sent before, perhaps an alert that says why, can still be received. */
  protected sendFailed(error: SSLSyscallError): void {
    this.#sendFailure ??= error;
    this.changed();
  }

  /** Readable or writable may have become true. */
  protected changed(): void {
    this.#watchers.notify();
  }

  /**
   * Hands some of `bytes` (never none) to the byte stream, only called while `streamWritable`; answers how many. Nobody writes to
   * them any more, but their buffer may hold what comes behind them.
   */
  protected abstract streamSend(bytes: Uint8Array): number;
  /** Whether the byte stream would take at least one byte now. */
  protected abstract streamWritable(): boolean;
  /** Bytes were taken from the queue: reading may go on. */
  protected abstract streamTaken(count: number): void;
  protected abstract streamShutdownWrite(): void;
  protected abstract streamClose(): void;
  protected abstract streamAbort(error?: Error): void;

  #refuseWhenClosed(what: string): void {
    if (this.#closed) throw new SSLStateError(`Cannot ${what}: the transport is closed`, this.#closed);
  }
}

/** The address that a runtime's socket tells in two parts, null when it has none. */
export function addressOf(hostname: string | undefined, port: number | undefined): SocketAddress | null {
  return hostname === undefined || port === undefined ? null : { hostname, port };
}

/** The `SSLSyscallError` for what a runtime's socket reported; `fallback` is the code when it names none. */
export function syscallError(what: string, syscall: string, cause: unknown, fallback: string = "EIO"): SSLSyscallError {
  const told = cause as { code?: unknown; syscall?: unknown; message?: unknown } | null | undefined;
  const code = typeof told?.code === "string" && /^E[A-Z0-9]+$/.test(told.code) ? told.code : fallback;
  const why = typeof told?.message === "string" && told.message !== "" ? told.message : code;
  const during = typeof told?.syscall === "string" ? told.syscall : syscall;
  return new SSLSyscallError(`Cannot ${what}: ${why}`, { code, syscall: during, cause });
}

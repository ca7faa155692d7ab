// Owns the transport over a pair of Web Streams. Refuses to know where the streams come from.
import { SSLStateError, SSLSyscallError } from "../ssl/index.ts";
import { nextTurn } from "./event-loop.ts";
import { DRAIN_MS, LINGER_MS, syscallError, TransportBase, type TransportOptions } from "./transport-base.ts";
import type { NonBlockingTransport } from "./transport.ts";

/** What `fromWebStreams` takes: the two directions, as `WebSocketStream`, Workers' sockets and Deno's connections have. */
export interface WebStreamPair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * A transport over a pair of Web Streams, which are locked by it. It reads up to its high-water mark and the chunk that
 * crosses it. `send` runs into the high-water mark of the writable stream, and into one of its own, since many a stream counts
 * chunks of any size, or a great number of them.
 *
 * Throws SSLStateError when one of the streams is locked.
 *
 * ```ts
 * const transport = fromWebStreams({ readable, writable });
 * ```
 */
export function fromWebStreams(streams: WebStreamPair, options: TransportOptions = {}): NonBlockingTransport {
  if (streams.readable.locked || streams.writable.locked) {
    throw new SSLStateError("Cannot take over the streams: somebody else reads or writes them");
  }
  return new WebStreamsTransport(streams, options);
}

/** Bytes in writes that have not settled above which `send` takes no more. */
const MOST_UNSETTLED = 256 * 1024;

class WebStreamsTransport extends TransportBase {
  readonly delivered: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #reading = false;
  #unsettled = 0;
  #ending: Promise<void> = Promise.resolve();
  #settleDelivered!: () => void;

  constructor({ readable, writable }: WebStreamPair, options: TransportOptions) {
    super(options);
    this.delivered = new Promise((resolve) => {
      this.#settleDelivered = resolve;
    });
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch((error: unknown) => this.sendFailed(syscallError("send to the stream", "write", error)));
    this.streamTaken();
  }

  /** Behind `close` too, which goes on delivering. */
  override abort(error?: Error): void {
    if (this.closed) this.streamAbort(error);
    else super.abort(error);
  }

  protected streamSend(bytes: Uint8Array): number {
    const { length } = bytes;
    const settle = (): void => {
      this.#unsettled -= length;
      this.changed();
    };
    this.#unsettled += length;
    this.#writer.write(bytes.slice()).then(settle, settle); // the reason arrives through writer.closed
    return length;
  }

  /** One write is always possible: a stream with a high-water mark of 0 never asks for one. */
  protected streamWritable(): boolean {
    const room = this.#writer.desiredSize; // null: the stream has failed, and writer.closed is about to say why
    if (room === null) return false;
    return this.#unsettled === 0 || (room > 0 && this.#unsettled < MOST_UNSETTLED);
  }

  protected streamTaken(): void {
    if (this.#reading || this.queue.ended || this.queue.full) return;
    this.#reading = true;
    void this.#read();
  }

  protected streamShutdownWrite(): void {
    this.#ending = this.#writer.close().catch(ignore);
  }

  /**
   * To cancel the readable stream often closes what is behind both, with what was written still on its way. So this
   * happens last, and until then what the peer sends is thrown away, so that a peer busy sending comes to read.
   */
  protected streamClose(): void {
    if (!this.writeEnded) this.streamShutdownWrite();
    this.streamTaken();
    const linger = after(LINGER_MS, () => this.streamAbort());
    void this.#ending.then(() => {
      clearTimeout(linger);
      this.#settleDelivered();
      const drain = after(this.queue.ended ? 0 : DRAIN_MS, () => void this.#reader.cancel().catch(ignore));
      this.#reader.closed.catch(ignore).then(() => clearTimeout(drain), ignore);
    });
  }

  protected streamAbort(error?: Error): void {
    const reason = error ?? new Error("The transport was aborted");
    this.#writer.abort(reason).catch(ignore);
    this.#reader.cancel(reason).catch(ignore);
    this.#settleDelivered();
  }

  async #read(): Promise<void> {
    try {
      while (!this.queue.ended && !this.queue.full) {
        this.#take(await this.#reader.read());
        if (this.closed) await nextTurn(); // nothing fills up any more that would stop a source which never waits
      }
    } catch (error) {
      this.broken(syscallError("receive from the stream", "read", error));
    } finally {
      this.#reading = false;
    }
  }

  #take(result: ReadableStreamReadResult<Uint8Array>): void {
    if (result.done) this.ended();
    else if (result.value instanceof Uint8Array) this.received(result.value.slice());
    else {
      throw new SSLSyscallError("The stream gave a chunk that is no Uint8Array", { code: "EINVAL", syscall: "read" });
    }
  }
}

/** A timer that alone keeps no process alive, where the runtime can tell. */
function after(ms: number, act: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(act, ms);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

function ignore(): void {}

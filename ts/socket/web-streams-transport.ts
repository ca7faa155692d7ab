// Owns the transport over a pair of Web Streams. Refuses to know where the streams come from.
import { SSLSyscallError } from "../ssl/index.ts";
import { syscallError, TransportBase, type TransportOptions } from "./transport-base.ts";
import type { NonBlockingTransport } from "./transport.ts";

/** What `fromWebStreams` takes: the two directions, as `WebSocketStream`, Workers' sockets and Deno's connections have. */
export interface WebStreamPair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * A transport over a pair of Web Streams, which are locked by it. One read and no more writes are outstanding than the
 * writable stream's own queuing strategy asks for; the runtime's high-water mark is what `send` runs into.
 *
 * ```ts
 * const transport = fromWebStreams({ readable, writable });
 * ```
 */
export function fromWebStreams(streams: WebStreamPair, options: TransportOptions = {}): NonBlockingTransport {
  return new WebStreamsTransport(streams, options);
}

class WebStreamsTransport extends TransportBase {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #reading = false;

  constructor({ readable, writable }: WebStreamPair, options: TransportOptions) {
    super(options);
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch((error: unknown) => this.sendFailed(syscallError("send to the stream", "write", error)));
    this.#awaitRoom();
    this.streamTaken();
  }

  protected streamSend(bytes: Uint8Array): number {
    this.#writer.write(bytes.slice()).catch(ignore); // the reason arrives through writer.closed
    if (!this.streamWritable()) this.#awaitRoom();
    return bytes.length;
  }

  protected streamWritable(): boolean {
    return (this.#writer.desiredSize ?? 0) > 0;
  }

  protected streamTaken(): void {
    if (this.#reading || this.queue.ended || this.queue.full) return;
    this.#reading = true;
    void this.#read();
  }

  protected streamShutdownWrite(): void {
    this.#writer.close().catch(ignore);
  }

  protected streamClose(): void {
    if (!this.writeEnded) this.#writer.close().catch(ignore);
    this.#reader.cancel().catch(ignore);
  }

  protected streamAbort(error?: Error): void {
    const reason = error ?? new Error("The transport was aborted");
    this.#writer.abort(reason).catch(ignore);
    this.#reader.cancel(reason).catch(ignore);
  }

  async #read(): Promise<void> {
    try {
      while (!this.closed && !this.queue.ended && !this.queue.full) this.#take(await this.#reader.read());
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

  #awaitRoom(): void {
    this.#writer.ready.then(
      () => this.changed(),
      () => {}, // the reason arrives through writer.closed
    );
  }
}

function ignore(): void {}

// Owns the transport over a connection of Deno. Refuses to know TLS, other runtimes and Deno's compatibility layer.
import {
  addressOf,
  DRAIN_MS,
  LINGER_MS,
  syscallError,
  TransportBase,
  type TransportOptions,
} from "../socket/transport-base.ts";
import type { NonBlockingTransport, SocketAddress } from "../socket/transport.ts";

/** The part of `Deno.Conn` that is used; TCP and Unix connections have it. */
export interface DenoConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  ref?(): void;
  unref?(): void;
  readonly localAddr?: DenoAddr;
  readonly remoteAddr?: DenoAddr;
}

/** The part of `Deno.Addr` that is used; Unix sockets have neither. */
interface DenoAddr {
  readonly transport: string;
  readonly hostname?: string;
  readonly port?: number;
}

/**
 * A transport over a `Deno.Conn`, which it takes over: nobody else may read or write it. At most one `conn.read` and
 * one `conn.write` are outstanding.
 *
 * ```ts
 * const transport = fromDenoConn(await Deno.connect({ hostname: "example.org", port: 443 }));
 * ```
 */
export function fromDenoConn(conn: DenoConn, options: TransportOptions = {}): NonBlockingTransport {
  return new DenoTransport(conn, options);
}

/** Whether the connection below, if it is one of Deno, keeps the program running. */
export function refer(transport: NonBlockingTransport, running: boolean): void {
  if (transport instanceof DenoTransport) transport.refer(running);
}

/** One read of this size is cheaper than several smaller ones; what has come is copied out of it. */
const BULK_SIZE = 64 * 1024;

/** A read that waits holds its buffer. So this much is enough for whoever got less the last two times, as idle connections did. */
const IDLE_SIZE = 4 * 1024;

class DenoTransport extends TransportBase {
  readonly #conn: DenoConn;
  #reading = false;
  /** What the last read would have been enough for. */
  #room = IDLE_SIZE;
  #writing: Promise<void> | null = null;
  #timer: number | undefined;
  #released = false;

  constructor(conn: DenoConn, options: TransportOptions) {
    super(options);
    this.#conn = conn;
    this.streamTaken();
  }

  get localAddress(): SocketAddress | null {
    return addressOf(this.#conn.localAddr?.hostname, this.#conn.localAddr?.port);
  }

  get remoteAddress(): SocketAddress | null {
    return addressOf(this.#conn.remoteAddr?.hostname, this.#conn.remoteAddr?.port);
  }

  refer(running: boolean): void {
    if (running) this.#conn.ref?.();
    else this.#conn.unref?.();
  }

  protected streamSend(bytes: Uint8Array): number {
    this.#writing = this.#write(bytes);
    return bytes.length;
  }

  protected streamWritable(): boolean {
    return this.#writing === null;
  }

  protected streamTaken(): void {
    if (this.#reading || this.queue.ended || !this.queue.low) return;
    this.#reading = true;
    void this.#read();
  }

  protected streamShutdownWrite(): void {
    void this.#afterWriting(() => this.#conn.closeWrite());
  }

  protected streamClose(): void {
    this.#releaseAfter(LINGER_MS);
    void this.#afterWriting(async () => {
      await this.#conn.closeWrite();
      if (this.queue.ended) return this.#release();
      this.#conn.unref?.();
      this.#releaseAfter(DRAIN_MS);
      this.streamTaken();
    });
  }

  protected streamAbort(): void {
    this.#release();
  }

  async #read(): Promise<void> {
    let buffer = new Uint8Array(this.#room);
    try {
      while (!this.queue.ended && !this.queue.full) {
        const count = await this.#conn.read(buffer);
        if (count === null) {
          this.ended();
          continue;
        }
        this.received(buffer.slice(0, count), true);
        const room = count < IDLE_SIZE ? IDLE_SIZE : BULK_SIZE;
        if (room === this.#room && room !== buffer.length) buffer = new Uint8Array(room);
        this.#room = room;
      }
    } catch (error) {
      this.broken(denoError("receive from the connection", "read", error));
    } finally {
      this.#reading = false;
      if (this.closed && this.queue.ended) this.#release();
    }
  }

  /** Writes all of `bytes`, then room is made for the next; a failure leaves what the peer has sent receivable. */
  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) done += await this.#conn.write(bytes.subarray(done));
    } catch (error) {
      this.sendFailed(denoError("send to the connection", "write", error));
    } finally {
      this.#writing = null;
      this.changed();
    }
  }

  async #afterWriting(then: () => void | Promise<void>): Promise<void> {
    try {
      await this.#writing;
      await then();
    } catch {
      // The peer is gone already; there is nobody left to tell that we end.
    }
  }

  /** Closes the connection when it is still there after that time; the timer alone keeps no process alive. */
  #releaseAfter(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#released) return;
    this.#timer = setTimeout(() => this.#release(), ms);
    Deno.unrefTimer(this.#timer);
  }

  #release(): void {
    clearTimeout(this.#timer);
    if (this.#released) return;
    this.#released = true;
    try {
      this.#conn.close();
    } catch {
      // Closing a resource that is closed already throws in Deno.
    }
  }
}

/** The codes of Deno's error classes, for those errors that do not carry one. */
const codes: Readonly<Record<string, string>> = {
  BadResource: "EBADF",
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  Interrupted: "EINTR",
  NotConnected: "ENOTCONN",
  TimedOut: "ETIMEDOUT",
};

/** What Deno throws, as the error of the core. */
export function denoError(what: string, syscall: string, error: unknown): ReturnType<typeof syscallError> {
  return syscallError(what, syscall, error, error instanceof Error ? codes[error.name] : undefined);
}

// Owns the face of a connection as a stream of Node, for the libraries that know no other. Refuses to know TLS.
import { Duplex } from "node:stream";
import { refer } from "../socket/duplex-transport.ts";
import type { TLSConnection } from "../stream/tls-connection.ts";
import { tell } from "./callback.ts";
import { IdleTimer } from "./idle-timer.ts";

const chunkSize = 16384;

/**
 * A connection as a Duplex of Node. Ending it closes our direction, its `"end"` is the peer's close_notify, destroying it with an
 * error cuts the connection, and a transport that was cut is an `"error"`.
 *
 * @example
 * const socket = toDuplex(await connect({ hostname, port: 443, context }));
 * socket.pipe(process.stdout);
 */
export function toDuplex(tls: TLSConnection): TLSDuplex {
  return new TLSDuplex(tls);
}

/** A Duplex with the part of `net.Socket` and `tls.TLSSocket` that HTTP asks for. */
export class TLSDuplex extends Duplex {
  /** As of a `tls.TLSSocket`: by this, servers of HTTP know that a request came by https. */
  readonly encrypted = true;
  readonly #tls: TLSConnection;
  #reading = false;
  readonly #idle: IdleTimer = new IdleTimer(() => this.emit("timeout"));

  /** @internal */
  constructor(tls: TLSConnection) {
    super({ allowHalfOpen: true, emitClose: true, autoDestroy: true });
    this.#tls = tls;
  }

  /** The connection below: what the handshake has agreed on, and the peer's certificate. Do not read or write on it. */
  get tls(): TLSConnection {
    return this.#tls;
  }

  /** The protocol that both sides have agreed on, false without one. */
  get alpnProtocol(): string | false {
    return this.#tls.info.alpnProtocol ?? false;
  }

  /** The peer's address, undefined where the transport below has none. */
  get remoteAddress(): string | undefined {
    return this.#tls.socket.transport.remoteAddress?.hostname;
  }

  get remotePort(): number | undefined {
    return this.#tls.socket.transport.remoteAddress?.port;
  }

  override _read(): void {
    if (!this.#reading) void this.#pull();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#idle.moved();
    tell(this.#tls.write(chunk), done);
  }

  /** Chunks that have waited, be it for the one before them or for `uncork`: they share records. */
  override _writev(chunks: readonly { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#idle.moved();
    const written = Promise.all(chunks.map(({ chunk }) => this.#tls.write(chunk)));
    tell(written, (error) => done(error));
  }

  override _final(done: (error?: Error | null) => void): void {
    tell(this.#tls.closeWrite(), done);
  }

  /** Closes in good order, unless there is an error or something that was not written yet: then the connection is cut. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#idle.stop();
    if (error !== null || this.writableLength > 0) this.#tls.abort(error ?? undefined);
    tell(this.#tls.close(), () => done(error));
  }

  /** As of a socket: ends our direction, and closes the transport as soon as that has gone out. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** As of a socket: `"timeout"` when nothing has moved for so many milliseconds; 0 ends that. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (listener !== undefined) {
      if (milliseconds === 0) this.off("timeout", listener);
      else this.once("timeout", listener);
    }
    if (!this.destroyed) this.#idle.set(milliseconds);
    return this;
  }

  /** What Node's HTTP also says to its sockets; the transport below is not known here. */
  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  /** The connection keeps the program running, as it does from the beginning. */
  ref(): this {
    refer(this.#tls.socket.transport, true);
    return this;
  }

  /** The program may end while the connection is open; Node's agents say so of those that they keep. */
  unref(): this {
    refer(this.#tls.socket.transport, false);
    return this;
  }

  async #pull(): Promise<void> {
    this.#reading = true;
    try {
      for (let more = true; more;) {
        const into = new Uint8Array(chunkSize);
        const size = await this.#tls.read(into);
        if (!this.destroyed) this.#idle.moved();
        more = this.push(size === null ? null : into.subarray(0, size)) && size !== null;
      }
    } catch (error) {
      this.destroy(error as Error);
    } finally {
      this.#reading = false;
    }
  }
}

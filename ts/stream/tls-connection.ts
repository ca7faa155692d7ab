// Owns the asynchronous face of a TLS connection: promises instead of wants, Web Streams on top. Refuses to know runtimes,
// and how waiting is done (pump.ts).
import { withBytesSent } from "../socket/bytes-sent.ts";
import { waitUntil } from "../socket/event-loop.ts";
import type { CloseReason, SSLSocket } from "../socket/ssl-socket.ts";
import { TimeLimit, unlessAborted } from "../socket/time-limit.ts";
import type { NonBlockingTransport, SocketAddress } from "../socket/transport.ts";
import { type Bytes, toBytes } from "../ssl/bytes.ts";
import {
  type Certificate,
  type CipherInfo,
  type IoResult,
  type NamedGroup,
  parseCertificate,
  SSLStateError,
  SSLTimeoutError,
  type TLSVersion,
} from "../ssl/index.ts";
import { pump } from "./pump.ts";
import { Turns } from "./turns.ts";
import { Piece, Pieces } from "./writes.ts";

/** What the handshake has agreed on. */
export interface HandshakeInfo {
  readonly version: TLSVersion;
  readonly cipher: CipherInfo;
  readonly group: NamedGroup | null;
  readonly alpnProtocol: string | null;
  readonly peerCertificate: Certificate | null;
  readonly sessionReused: boolean;
}

/** How a connection came to its end. */
export interface Closed {
  readonly reason: CloseReason;
}

/** How long a call of a connection may wait. */
export interface WaitOptions {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How long `close` and `stopTls` may wait. */
export interface CloseOptions extends WaitOptions {
  /** In milliseconds; the `shutdownTimeout` of the connection (30 seconds) unless told. */
  readonly timeout?: number;
}

const chunkSize = 16384;
const none = new Uint8Array(0);

/**
 * A TLS connection with promises: bytes in, bytes out, and an end in each direction. Made by `startTls`, `connect` and `listen`.
 *
 * Reading and writing are independent of each other. A write resolves when the bytes are encrypted and no more than the
 * high-water mark waits for the transport, so that writing in a loop goes at the peer's pace. When the peer closes its
 * direction, `read` answers null; the other direction stays open until `closeWrite` or `close`. Nothing is received unless
 * somebody reads: only then is it known that the peer has closed, or that the connection was cut.
 *
 * @example
 * await using tls = await connect({ hostname: "example.org", port: 443, context });
 * await tls.write(new TextEncoder().encode(request));
 * for await (const chunk of tls.readable) console.log(chunk.length);
 */
export class TLSConnection implements AsyncDisposable {
  /** What the handshake has agreed on. */
  readonly info: HandshakeInfo;
  /** Resolves when the connection is over, with its reason; never rejects. */
  readonly closed: Promise<Closed>;
  readonly #socket: SSLSocket;
  #settleClosed!: (closed: Closed) => void;
  #reading = false;
  /** What the next read is to throw. */
  #late: { readonly error: unknown } | null = null;
  readonly #turns = new Turns();
  /** What may be sent together; begun anew where something else is to happen in between. */
  #pieces = new Pieces();
  #closing: Promise<void> | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** @internal The handshake must be over. */
  constructor(socket: SSLSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.info = infoOf(socket);
  }

  /** The socket below: sessions, certificates, channel bindings, key updates. Do not read or write on it. */
  get socket(): SSLSocket {
    return this.#socket;
  }

  /** Our address, null where the transport has none. */
  get localAddress(): SocketAddress | null {
    return this.#socket.transport.localAddress ?? null;
  }

  /** The peer's address, null where the transport has none. */
  get remoteAddress(): SocketAddress | null {
    return this.#socket.transport.remoteAddress ?? null;
  }

  /**
   * Reads into the start of `into`, as much as has come and fits; answers how many bytes, or null when the peer has closed its
   * direction. A read that a signal ends has taken nothing.
   *
   * Rejects with SSLEOFError when the transport was cut, SSLStateError when another read is not finished, and TypeError when the
   * memory of `into` was detached or made smaller before anything came.
   */
  async read(into: Bytes, { signal }: WaitOptions = {}): Promise<number | null> {
    const room = toBytes(into, "into");
    const size = room.length;
    const receive = (): IoResult => {
      if (room.length < size)
        throw new TypeError("Cannot read: the memory of into was taken away before anything came");
      return this.#receive(room);
    };
    return this.#alone("read", () => this.#run(receive, signal));
  }

  /**
   * Writes all of it, behind what was written before; the caller may change the array when the promise has resolved. Writes that
   * wait for each other, as all do that are begun in one go, share records. Any error, that of an aborted signal too (an SSLError with
   * the signal's reason as its cause), tells by its `bytesSent` how many bytes were taken before; those are delivered, and writing can
   * go on behind them. One of them is a TypeError when the memory of the bytes was detached or made smaller in the meantime.
   */
  async write(bytes: Bytes, { signal }: WaitOptions = {}): Promise<void> {
    const piece = new Piece(toBytes(bytes, "bytes"), signal);
    try {
      if (piece.fillsRecord && this.#turns.idle) this.#sendAtOnce(piece, signal);
      if (piece.left > 0 || piece.size === 0) await this.#sendInTurn(piece, signal);
    } catch (error) {
      throw withBytesSent(error, piece.taken, signal);
    }
  }

  /**
   * Says that nothing more comes from this side (close_notify), behind what was written, and resolves when the transport has
   * taken it all; reading goes on.
   */
  async closeWrite({ signal }: WaitOptions = {}): Promise<void> {
    await this.#behindWrites(async () => {
      this.#socket.shutdownWrite();
      await this.#run(() => this.#socket.tryFlush(), signal);
    }, signal);
  }

  /**
   * Closes in good order: what was written is delivered, then close_notify, then the transport is closed. It does not wait for
   * the peer's close_notify, and throws away what the peer still sends. Every call answers the same promise.
   *
   * When that does not come to its end in time, or the signal aborts, the transport is cut, and the promise rejects with
   * SSLTimeoutError or the signal's reason: something written may not have arrived. A connection that is broken already is no
   * error here; `closed` tells.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** Cuts the connection at once; what was not delivered is lost. Pending reads and writes reject. */
  abort(error?: unknown): void {
    this.#socket.abort(error instanceof Error ? error : undefined);
    this.#over();
  }

  /** Keying material (RFC 5705; RFC 8446, section 7.5), as `SSLObject.exportKeyingMaterial`. */
  exportKeyingMaterial(length: number, label: string, context?: Bytes): Uint8Array {
    return this.#socket.exportKeyingMaterial(length, label, context);
  }

  /**
   * Ends TLS in both directions and answers the transport, on which the protocol before TLS goes on without a lost byte. Waits
   * for what was written to leave, and for the peer to do the same. With `discard` data that nobody has read is dropped.
   *
   * Rejects with SSLStateError when there is unread data, or a read is not finished (it can be called again when that is
   * over), and with SSLTimeoutError when the peer does not answer in time.
   */
  async stopTls({
    discard = false,
    timeout,
    signal,
  }: CloseOptions & { readonly discard?: boolean } = {}): Promise<NonBlockingTransport> {
    const { transport, shutdownTimeout } = this.#socket;
    using limit = new TimeLimit(
      timeout ?? shutdownTimeout,
      "Cannot stop TLS in time: the peer does not answer with close_notify",
      signal,
    );
    const unwrap = (): IoResult => this.#socket.tryUnwrap({ discard });
    await this.#alone("stop TLS", () => this.#behindWrites(() => this.#run(unwrap, limit.signal), limit.signal));
    this.#over();
    return transport;
  }

  /** The bytes of the peer; a byte stream, which reads into the buffers of a BYOB reader. Cancelling it closes the connection. */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= new ReadableStream({
      type: "bytes",
      pull: (controller) =>
        controller.byobRequest === null ? this.#pullChunk(controller) : this.#pullInto(controller),
      cancel: () => this.close(),
    }) as ReadableStream<Uint8Array>;
    return this.#readable;
  }

  /** Where to write; closing it closes this direction only, aborting it cuts the connection. */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.write(chunk),
      close: () => this.closeWrite(),
      abort: (reason) => this.abort(reason),
    });
    return this.#writable;
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #pullInto(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest!;
    const size = await this.read(request.view as Uint8Array<ArrayBuffer>);
    if (size === null) controller.close();
    request.respond(size ?? 0);
  }

  /** Allocates once there is something to read: a stream that waits has no buffer. */
  async #pullChunk(controller: ReadableByteStreamController): Promise<void> {
    let chunk = none;
    const receive = (): IoResult => {
      this.#throwLate();
      if (!this.#socket.readable) return { kind: "want", want: "read" };
      chunk = new Uint8Array(chunkSize);
      const result = this.#socket.tryRecv(chunk);
      if (result.kind === "want") chunk = none;
      return result;
    };
    const size = await this.#alone("read", () => this.#run(receive));
    if (size === null) controller.close();
    else controller.enqueue(chunk.subarray(0, size));
  }

  /** As many records as are there and fit: to wake up for each costs more than to open a small one. */
  #receive(room: Uint8Array<ArrayBuffer>): IoResult {
    this.#throwLate();
    const first = this.#socket.tryRecv(room);
    if (first.kind !== "ok") return first;
    let size = first.n;
    while (size < room.length && this.#socket.readable) {
      const more = this.#receiveMore(room.subarray(size));
      if (more === 0) break;
      size += more;
    }
    return size === first.n ? first : { kind: "ok", n: size };
  }

  /** 0 when nothing more is there; what went wrong is told by the next read, since this one has data to give. */
  #receiveMore(room: Uint8Array<ArrayBuffer>): number {
    try {
      const result = this.#socket.tryRecv(room);
      return result.kind === "ok" ? result.n : 0;
    } catch (error) {
      this.#late = { error };
      this.#checkEnd();
      return 0;
    }
  }

  #throwLate(): void {
    const late = this.#late;
    this.#late = null;
    if (late !== null) throw late.error;
  }

  /** One at a time: two reads side by side would tear the stream apart. */
  async #alone<T>(what: string, act: () => Promise<T>): Promise<T> {
    if (this.#reading) throw new SSLStateError(`Cannot ${what}: another read is not finished yet`);
    this.#reading = true;
    try {
      return await act();
    } finally {
      this.#reading = false;
    }
  }

  /** As much as can be sent without waiting, when nobody else waits: a promise for each record costs as much as a small one. */
  #sendAtOnce(piece: Piece, signal?: AbortSignal): void {
    signal?.throwIfAborted();
    try {
      const result = this.#socket.trySend(piece.rest);
      if (result.kind === "ok") piece.take(result.n);
    } catch (error) {
      this.#checkEnd();
      throw error;
    }
  }

  async #sendInTurn(piece: Piece, signal?: AbortSignal): Promise<void> {
    const pieces = this.#pieces;
    pieces.add(piece);
    try {
      await this.#turns.take(() => this.#send(piece, pieces, signal), signal);
    } finally {
      pieces.drop(piece); // its turn has perhaps not come
    }
  }

  /** When the turn of `piece` comes, all before it are through; some behind it may go along. */
  async #send(piece: Piece, pieces: Pieces, signal?: AbortSignal): Promise<void> {
    try {
      while (piece.left > 0) await this.#run(() => this.#sendFront(piece, pieces), signal);
    } finally {
      pieces.drop(piece); // before the next turn begins
    }
  }

  #sendFront(piece: Piece, pieces: Pieces): IoResult {
    if (piece.lost) throw new TypeError("Cannot write: the memory of the bytes was taken away before all were sent");
    const result = this.#socket.trySend(pieces.front());
    if (result.kind === "ok") pieces.took(result.n);
    return result;
  }

  /** Runs `act` behind all that was written, and before what will be. */
  #behindWrites<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#pieces = new Pieces();
    return this.#turns.take(act, signal);
  }

  async #run(call: () => IoResult, signal?: AbortSignal): Promise<number | null> {
    try {
      return await pump(this.#socket, call, signal);
    } catch (error) {
      this.#checkEnd();
      throw error;
    }
  }

  /** After a call that has thrown: whether the connection is over. */
  #checkEnd(): void {
    if (this.#socket.failed || this.#socket.closed) this.#over();
  }

  async #close({ timeout, signal }: CloseOptions): Promise<void> {
    const socket = this.#socket;
    const { transport, shutdownTimeout } = socket;
    if (socket.state === "unwrapped" || socket.closed) return void socket.close();
    const late = "Cannot close the connection in time: the peer does not receive";
    try {
      using limit = new TimeLimit(timeout ?? shutdownTimeout, late, signal);
      await this.#behindWrites(async () => socket.close(), limit.signal);
      await waitUntil(transport, () => transport.closed, limit.signal);
      if (transport.delivered) await unlessAborted(transport.delivered, limit.signal);
      if (socket.closeReason === "timeout") throw new SSLTimeoutError(late); // the socket's own time was shorter
    } catch (error) {
      socket.abort(error instanceof Error ? error : undefined);
      throw error;
    } finally {
      this.#over();
    }
  }

  #over(): void {
    this.#settleClosed({ reason: this.#socket.closeReason ?? "local" });
  }
}

/** The certificate is kept as it came, and read when somebody looks at it. */
function infoOf(socket: SSLSocket): HandshakeInfo {
  const der = socket.getPeerCert({ binary: true });
  let certificate: Certificate | null = null;
  return {
    version: socket.version()!,
    cipher: socket.cipher()!,
    group: socket.group(),
    alpnProtocol: socket.selectedAlpnProtocol(),
    get peerCertificate() {
      if (der !== null) certificate ??= parseCertificate(der);
      return certificate;
    },
    sessionReused: socket.sessionReused === true,
  };
}

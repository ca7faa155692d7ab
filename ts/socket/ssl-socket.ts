// Owns the non-blocking TLS socket: an SSLObject whose ciphertext comes from and goes to a transport. Refuses to know
// records' contents, runtimes, and time but for the end of `close`.
//
// The rules of this file. Plaintext first, transport second: bytes that the engine can still give are given before more
// is received, and a call that wants to read has emptied the transport before it says so. One record at a time: no byte
// beyond the record in progress leaves the transport, so that what follows the peer's close_notify is still there for
// the protocol that goes on. Nothing consumed and thrown in one call: a call that took bytes answers their number, the
// next one throws. What the engine has produced is queued here without limit and sent as the transport takes it;
// `send` is what the high-water mark stops.
import { type Bytes, checkOptionNames, toBytes, toCount, toFlag } from "../ssl/bytes.ts";
import {
  type IoResult,
  MemoryBIO,
  SSLConfigError,
  type SSLContext,
  SSLEOFError,
  SSLError,
  SSLObject,
  type SSLState,
  SSLStateError,
  SSLSyscallError,
  SSLTimeoutError,
  SSLWantReadError,
  type WrapOptions,
} from "../ssl/index.ts";
import { wrapOptionNames } from "../ssl/wrapping.ts";
import { withBytesSent } from "./bytes-sent.ts";
import { type Carrier, carrierOf } from "./carrier.ts";
import { waitUntil } from "./event-loop.ts";
import { Watchers } from "./transport-base.ts";
import type { NonBlockingTransport, Selectable } from "./transport.ts";

/** Why a connection is over: by the peer's close_notify, cut without it, by a fatal error or alert, by us, or too late. */
export type CloseReason = "close-notify" | "truncated" | "alert" | "reset" | "local" | "timeout";

/** Options of `SSLContext.wrapSocket`. */
export interface WrapSocketOptions extends WrapOptions {
  /** Take a transport that ends without close_notify for a proper end, as Python does by default. Truncation then passes unseen. */
  readonly suppressRaggedEofs?: boolean;
  readonly highWaterMark?: {
    /** Ciphertext not yet taken by the transport from which on `send` wants to write; 512 KiB unless told. */
    readonly outgoing?: number;
  };
  /** How long `close` goes on delivering in the background, in milliseconds; 30 seconds unless told. */
  readonly shutdownTimeout?: number;
}

const OUTGOING_HIGH_WATER_MARK = 512 * 1024;
const SHUTDOWN_TIMEOUT_MS = 30_000;

/** RFC 8446, section 5.1: a record's header, and the most plaintext that it carries. */
const HEADER_SIZE = 5;
const RECORD_PLAINTEXT = 16384;

/** What is taken from the queue and offered to the transport at a time. */
const FLUSH_SIZE = 64 * 1024;

const wantRead: IoResult = { kind: "want", want: "read" };
const wantWrite: IoResult = { kind: "want", want: "write" };
const nothing: IoResult = { kind: "ok", n: 0 };
const ended: IoResult = { kind: "eof" };

/**
 * A TLS connection over a transport, in the manner of a non-blocking socket: a call that cannot go on throws
 * `SSLWantReadError` or `SSLWantWriteError`, and the same call is made again once `select` says so.
 *
 * ```ts
 * try {
 *   console.log(socket.recv());
 * } catch (error) {
 *   if (error instanceof SSLWantReadError) await select([socket], []);
 *   else throw error;
 * }
 * ```
 */
export class SSLSocket extends SSLObject implements Selectable {
  /** The transport below; what the protocol beside TLS knows about it (addresses) is still there. */
  readonly transport: NonBlockingTransport;
  /** How long `close` goes on delivering in the background, in milliseconds. */
  readonly shutdownTimeout: number;
  readonly #suppressRaggedEofs: boolean;
  readonly #highWaterMark: number;
  readonly #watchers = new Watchers();
  readonly #stopWatching: () => void;
  readonly #carrier: Carrier;
  /** The header of the record in progress, and how many bytes of the record have come. */
  readonly #header = new Uint8Array(HEADER_SIZE);
  #recordBytes = 0;
  /** The transport refused what we send; receiving may still bring the peer's reason. */
  #sendFailure: SSLError | null = null;
  /** `writable` means that the backlog is not above this: what the last call that wanted to write waits for. */
  #writeGoal: number;
  /** Whether that call would also read, had the transport anything. */
  #readsOn = false;
  #want: "read" | "write" | "callback" | null = null;
  #closing: "open" | "unwrapped" | "closed" = "open";
  #closeReason: CloseReason | null = null;
  #closeNotifyQueued = false;
  #sendingAll = false;
  /** Ends the delivery that `close` has left to the background. */
  #cutDelivery: ((error?: Error) => void) | null = null;

  /** @internal Made by `SSLContext.wrapSocket`, and by `startTls`: `takeOver` is called when there is nothing left to refuse. */
  constructor(context: SSLContext, takeOver: () => NonBlockingTransport, options: WrapSocketOptions) {
    // Checked first: what the engine has opened would otherwise stay behind.
    checkOptionNames(options, socketOptionNames, "wrapSocket");
    const suppressRaggedEofs = toFlag(options.suppressRaggedEofs, "suppressRaggedEofs", false);
    const outgoing = positive(options.highWaterMark?.outgoing ?? OUTGOING_HIGH_WATER_MARK, "highWaterMark.outgoing");
    const shutdownTimeout = positive(options.shutdownTimeout ?? SHUTDOWN_TIMEOUT_MS, "shutdownTimeout");
    super(context.open(new MemoryBIO(), new MemoryBIO(), options));
    try {
      this.transport = takeOver();
    } catch (error) {
      super.dispose();
      throw error;
    }
    this.#carrier = carrierOf(this.transport);
    this.#suppressRaggedEofs = suppressRaggedEofs;
    this.#highWaterMark = outgoing;
    this.shutdownTimeout = shutdownTimeout;
    this.#writeGoal = this.#highWaterMark - 1;
    this.#stopWatching = this.transport.watch(() => this.#onTransport());
    this.connection.tellOfTrap(this.#watchers);
  }

  override get state(): SSLState {
    if (this.#closing === "open") return super.state;
    return this.#closing;
  }

  /** What the last call would block on, or null when it did not. */
  override get want(): "read" | "write" | "callback" | null {
    return this.#want;
  }

  /** Whether ciphertext waits for the transport; it leaves by itself, and by every call. */
  get wantWrite(): boolean {
    return this.outgoing.pending > 0;
  }

  /** Whether `recv` has something to say: plaintext, the end, an error, or bytes of the transport to look at. */
  get readable(): boolean {
    if (this.#closing !== "open") return true;
    if (this.#want === "callback") return this.answered; // more ciphertext would not help
    return this.hasBuffered() || this.#readingIsOver() || this.transport.readable;
  }

  /**
   * Whether the call that wanted to write can go on: `send` below the high-water mark, others when all was sent. The
   * handshake and `unwrap` go on by reading too; were they to wait for room alone, two peers could wait for each other.
   */
  get writable(): boolean {
    if (this.#closing !== "open" || this.#sendFailure !== null || this.outgoing.pending <= this.#writeGoal) return true;
    if (this.#readsOn) return this.failed || this.transport.readable;
    return this.failed && this.#writeGoal > 0; // a failure ends no flush: what is queued, an alert perhaps, still goes out
  }

  /** Whether this side has closed it. */
  get closed(): boolean {
    return this.#closing === "closed";
  }

  /** Whether the connection is broken: `select` answers it in its third list. */
  get failed(): boolean {
    return (
      this.#sendFailure !== null || this.state === "failed" || (this.#closing === "open" && this.connection.trapped)
    );
  }

  /** Why the connection is over, null while it is not. */
  get closeReason(): CloseReason | null {
    return this.#closeReason ?? this.#reasonOfState();
  }

  /** Whether our close_notify has gone to the transport whole. */
  get closeNotifySent(): boolean {
    return this.#closeNotifyQueued && this.outgoing.pending === 0 && this.#sendFailure === null;
  }

  /** Calls `listener` when the socket may have become readable or writable; answers the function that stops it. */
  watch(listener: () => void): () => void {
    return this.#watchers.add(listener);
  }

  /** Up to `n` bytes, at most the rest of a record; empty when the peer has closed its direction. */
  recv(n: number = RECORD_PLAINTEXT): Uint8Array {
    const into = new Uint8Array(Math.min(toCount(n, "n", RECORD_PLAINTEXT), RECORD_PLAINTEXT));
    const got = this.recvInto(into);
    return got === into.length ? into : into.slice(0, got);
  }

  /** Receives into the start of `into`, at most `n` bytes when `n` is given and not 0; 0 when the peer has closed. */
  recvInto(into: Bytes, n?: number): number {
    const room = toBytes(into, "into");
    const size = toCount(n, "n", 0);
    return this.raise(this.tryRecv(size === 0 ? room : room.subarray(0, size)));
  }

  /** As `recvInto`, and would-block is an answer instead of an exception. */
  tryRecv(into: Bytes): IoResult {
    this.#refuseWhenOver("receive");
    const room = toBytes(into, "into");
    return room.length === 0 ? nothing : this.#settle(() => this.#receive(room));
  }

  /**
   * Takes as much of `bytes` as fits below the high-water mark, at least a record, and answers how many; they are
   * copied. Throws `SSLWantWriteError` with nothing taken when nothing fits; another call may then bring other bytes.
   */
  send(bytes: Bytes): number {
    return this.raise(this.trySend(bytes));
  }

  /** As `send`, and would-block is an answer instead of an exception. */
  trySend(bytes: Bytes): IoResult {
    this.#refuseWhenOver("send");
    if (this.#sendingAll) throw new SSLStateError("Cannot send: a sendAll is not finished yet");
    const all = toBytes(bytes, "bytes");
    return all.length === 0 ? nothing : this.#settle(() => this.#transmit(all));
  }

  /**
   * Sends all of `bytes` and resolves when the transport has taken it; what is not sent at once is copied. Any error,
   * also that of an aborted `signal`, tells by its `bytesSent` how many bytes were taken before.
   */
  async sendAll(bytes: Bytes, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#refuseWhenOver("send");
    if (this.#sendingAll) throw new SSLStateError("Cannot send: another sendAll is not finished yet");
    const progress = { sent: 0 };
    this.#sendingAll = true;
    try {
      await this.#sendAll(toBytes(bytes, "bytes"), progress, options.signal);
    } catch (error) {
      throw withBytesSent(error, progress.sent, options.signal);
    } finally {
      this.#sendingAll = false;
    }
  }

  /** Gives to the transport what is queued for it; throws `SSLWantWriteError` when something remains. */
  flush(): void {
    this.raise(this.tryFlush());
  }

  /** As `flush`, and would-block is an answer instead of an exception. */
  tryFlush(): IoResult {
    this.#refuseWhenOver("flush");
    return this.#settle(() => this.#flushed());
  }

  override tryHandshake(): IoResult {
    this.#refuseWhenOver("do the handshake");
    return this.#settle(() => this.#shakeHands());
  }

  override readInto(into: Bytes, n?: number): number {
    return this.recvInto(into, n);
  }

  override tryRead(into: Bytes): IoResult {
    return this.tryRecv(into);
  }

  override tryWrite(bytes: Bytes): IoResult {
    return this.trySend(bytes);
  }

  /**
   * Ends TLS in both directions and answers the transport, on which the protocol before TLS goes on; what the peer sent
   * behind its close_notify is still in it. Throws `SSLWantReadError` until the peer's close_notify is there.
   */
  override unwrap(options: { readonly discard?: boolean } = {}): NonBlockingTransport {
    this.raise(this.tryUnwrap(options));
    return this.transport;
  }

  /** As `unwrap`, and would-block is an answer instead of an exception; `transport` is given back when it answers `"ok"`. */
  tryUnwrap(options: { readonly discard?: boolean } = {}): IoResult {
    if (this.#closing === "unwrapped") throw new SSLStateError("Cannot unwrap: no SSL wrapper around the transport");
    this.#refuseWhenOver("unwrap");
    const result = this.#settle(() => this.#endTls(options));
    if (result.kind !== "ok") return result;
    this.#closeReason = "close-notify";
    this.#closing = "unwrapped";
    this.connection.unwrap();
    this.#stopWatching();
    return result;
  }

  /** Queues our close_notify behind what was sent; reading goes on until the peer's. */
  override shutdownWrite(): void {
    this.#refuseWhenOver("shut down");
    this.#settle(() => {
      super.shutdownWrite();
      return nothing;
    });
  }

  /**
   * Closes in good order: our close_notify, everything queued, then the transport. What the transport does not take at
   * once goes on in the background, until `shutdownTimeout`. After `unwrap` the transport is left alone.
   */
  close(): void {
    if (this.#closing === "closed") return;
    if (this.#closing === "open") this.#closeTransport();
    this.#leave("local");
  }

  /** Cuts the connection at once, without a word to the peer's TLS; the transport is aborted, also behind `close`. */
  abort(error?: Error): void {
    if (this.#closing === "closed") return this.#cutDelivery?.(error);
    if (this.#closing === "open") this.transport.abort(error);
    this.#stopWatching();
    this.#leave(error instanceof SSLTimeoutError ? "timeout" : "local");
  }

  override dispose(): void {
    this.close();
  }

  /** Whatever call of an SSLObject it was: what it has produced goes to the transport at once. */
  protected override during(act: () => IoResult): IoResult {
    try {
      return super.during(act);
    } finally {
      this.#push();
      this.#watchers.notify();
    }
  }

  #receive(into: Uint8Array<ArrayBuffer>): IoResult {
    const handshake = this.connection.handshakeOver ? nothing : this.#shakeHands();
    if (handshake.kind !== "ok") return handshake;
    for (;;) {
      const before = this.outgoing.pending;
      const result = this.#readFromEngine(into);
      if (result.kind !== "want" || result.want !== "read") return result;
      const owes = this.outgoing.pending > before;
      // What the engine must answer (alerts, key updates) is bounded too: a peer that asks without reading has to wait.
      if (owes && this.outgoing.pending > this.#highWaterMark) return this.#wantWriteUntil(this.#highWaterMark - 1);
      if (!this.#pull()) return wantRead;
    }
  }

  #readFromEngine(into: Uint8Array<ArrayBuffer>): IoResult {
    try {
      return super.tryRead(into);
    } catch (error) {
      if (!(error instanceof SSLEOFError && this.#suppressRaggedEofs)) throw error;
      this.#closeReason ??= "truncated";
      return ended;
    }
  }

  #transmit(bytes: Uint8Array<ArrayBuffer>): IoResult {
    const handshake = this.#shakeHands();
    if (handshake.kind !== "ok") return handshake;
    if (this.#sendFailure) throw this.#sendFailure.again();
    const free = this.#highWaterMark - this.outgoing.pending;
    if (free <= 0) return this.#wantWriteUntil(this.#highWaterMark - 1);
    return super.tryWrite(bytes.subarray(0, Math.max(1, Math.floor(free / RECORD_PLAINTEXT)) * RECORD_PLAINTEXT));
  }

  async #sendAll(bytes: Uint8Array<ArrayBuffer>, progress: { sent: number }, signal?: AbortSignal): Promise<void> {
    let rest = bytes;
    for (let flushing = rest.length === 0; ;) {
      signal?.throwIfAborted();
      this.#refuseWhenOver("send");
      const result = this.#settle(() => (flushing ? this.#flushed() : this.#transmit(rest)));
      if (result.kind === "want") {
        if (rest.buffer === bytes.buffer) rest = rest.slice();
        await this.#until(result.want, signal);
      } else if (flushing) return;
      else {
        const taken = this.raise(result);
        progress.sent += taken;
        rest = rest.subarray(taken);
        flushing = rest.length === 0;
      }
    }
  }

  /** Resolves when a call that wanted `want` may go on, be it because another call has finished the handshake. */
  async #until(want: "read" | "write" | "callback", signal?: AbortSignal): Promise<void> {
    const mayGoOn = (): boolean => {
      if (this.#closing !== "open") return true;
      return want === "write" ? this.writable : this.readable || this.connection.handshakeOver;
    };
    await waitUntil(this, mayGoOn, signal);
  }

  #shakeHands(): IoResult {
    const { handshakeOver, failure, trapped } = this.connection;
    if (handshakeOver && failure === undefined && !trapped) return nothing;
    for (;;) {
      const result = super.tryHandshake();
      if (result.kind !== "want" || result.want !== "read") return result;
      if (this.#pull()) continue;
      if (this.#sendFailure) throw this.#brokenOff(this.#sendFailure);
      return this.outgoing.pending > 0 ? this.#wantWriteUntil(0, true) : wantRead;
    }
  }

  #endTls(options: { readonly discard?: boolean }): IoResult {
    while (!this.#unwrapEngine(options)) {
      if (this.#pull()) continue;
      if (this.#sendFailure) throw this.#sendFailure.again();
      return this.outgoing.pending > 0 ? this.#wantWriteUntil(0, true) : wantRead;
    }
    // The peer has said all it had to say: that it is gone before our answer is no failure of anybody.
    return this.outgoing.pending > 0 ? this.#wantWriteUntil(0) : nothing;
  }

  /** Whether both close_notify are through; false when the peer's is missing. */
  #unwrapEngine(options: { readonly discard?: boolean }): boolean {
    try {
      super.unwrap(options);
      return true;
    } catch (error) {
      if (error instanceof SSLWantReadError) return false;
      throw error;
    }
  }

  #flushed(): IoResult {
    if (this.#sendFailure) throw this.#sendFailure.again();
    return this.outgoing.pending > 0 ? this.#wantWriteUntil(0) : nothing;
  }

  #wantWriteUntil(goal: number, readsOn: boolean = false): IoResult {
    this.#writeGoal = goal;
    this.#readsOn = readsOn;
    return wantWrite;
  }

  /** Runs one call of ours: before it sends what is queued, after it notes what came of it and tells the watchers. */
  #settle(call: () => IoResult): IoResult {
    try {
      this.#push();
      const result = call();
      this.#closeNotifyQueued ||= super.state === "write-closed" || super.state === "closed";
      this.#want = result.kind === "want" ? result.want : null;
      if (this.#want === "callback") void this.answerReady.then(() => this.#watchers.notify());
      if (result.kind === "ok") this.#writeGoal = this.#highWaterMark - 1;
      return result;
    } catch (error) {
      this.#want = null;
      if (super.state === "failed") this.#closeReason ??= reasonOf(error);
      throw error;
    } finally {
      this.#release();
      this.#watchers.notify();
    }
  }

  /** Gives the transport what it takes of the queue. A failure is kept for the calls that send. */
  #push(): void {
    while (this.outgoing.pending > 0 && this.transport.writable) {
      try {
        this.outgoing.consume(this.#carrier.give(this.outgoing.front(FLUSH_SIZE)));
        this.#release();
      } catch (error) {
        if (!(error instanceof SSLError)) throw error;
        this.#sendFailure = error;
        this.outgoing.consume(this.outgoing.pending);
      }
    }
  }

  /** The engine copies what it is fed, so that nothing of the transport's is left once the queue is empty. */
  #release(): void {
    if (this.incoming.pending === 0) this.#carrier.release();
  }

  /** Moves bytes of the record in progress, or the end, from the transport to the engine; whether there were any. */
  #pull(): boolean {
    for (let any = false; ; any = true) {
      const got = this.#pullPart(any);
      if (got !== "part") return any || got === "boundary";
    }
  }

  /** One piece of the record in progress; `"boundary"` when the record, or the stream, ends with it. */
  #pullPart(hadSome: boolean): "part" | "boundary" | "nothing" {
    const got = this.#receiveCiphertext(this.#missingOfRecord(), hadSome);
    if (got === "would-block") return "nothing";
    if (got === "eof") {
      this.incoming.writeEof();
      return "boundary";
    }
    if (this.#recordBytes < HEADER_SIZE) this.#header.set(got, this.#recordBytes);
    this.#recordBytes += got.length;
    this.incoming.append(got);
    if (this.#recordBytes < HEADER_SIZE || this.#missingOfRecord() > 0) return "part";
    this.#recordBytes = 0;
    return "boundary";
  }

  /** How many bytes the record lacks: of its header first, then of the rest. */
  #missingOfRecord(): number {
    if (this.#recordBytes < HEADER_SIZE) return HEADER_SIZE - this.#recordBytes;
    return HEADER_SIZE + this.#header[3]! * 256 + this.#header[4]! - this.#recordBytes;
  }

  /** A failure of the transport ends the connection, once the engine has seen all that came before it. */
  #receiveCiphertext(limit: number, hadSome: boolean): Uint8Array | "would-block" | "eof" {
    try {
      return this.#carrier.take(limit);
    } catch (error) {
      if (!(error instanceof SSLError)) throw error;
      if (hadSome) return "would-block";
      throw this.#brokenOff(error);
    }
  }

  #brokenOff(error: SSLError): SSLError {
    this.connection.breakOff(error);
    return error;
  }

  #onTransport(): void {
    this.#push();
    this.#watchers.notify();
  }

  #readingIsOver(): boolean {
    const { state } = this.connection;
    return state === "read-closed" || state === "closed" || state === "failed" || this.connection.trapped;
  }

  /** Whoever has said goodbye may be gone when our own goodbye comes: that is no reset. */
  #reasonOfState(): CloseReason | null {
    const { state } = this.connection;
    if (state === "read-closed" || state === "closed") return "close-notify";
    return this.#sendFailure ? "reset" : null;
  }

  #closeTransport(): void {
    try {
      super.shutdownWrite();
    } catch {
      // Without a handshake, or after a failure, there is no close_notify; an alert may be queued instead.
    }
    this.#stopWatching();
    if (this.outgoing.pending === 0) this.#leaveToTransport();
    else this.#closeTransportLater();
  }

  /** It has everything; where it goes on delivering by itself, that can be cut. */
  #leaveToTransport(): void {
    const { transport } = this;
    transport.close();
    if (transport.delivered === undefined) return;
    this.#cutDelivery = (error) => this.#cut(error);
    void transport.delivered.then(() => (this.#cutDelivery = null));
  }

  /** What the peer still sends is thrown away, so that a peer busy sending comes to read what we have for it. */
  #closeTransportLater(): void {
    const end = (): void => {
      clearTimeout(timer);
      stop();
      this.#cutDelivery = null;
    };
    const stop = this.transport.watch(() => {
      this.transport.takeRemaining();
      this.#push();
      if (this.outgoing.pending > 0) return;
      end();
      this.#leaveToTransport();
    });
    this.#cutDelivery = (error) => {
      end();
      this.#cut(error);
    };
    const late = "Cannot close the connection in time: the peer does not receive";
    const timer = setTimeout(() => this.abort(new SSLTimeoutError(late)), this.shutdownTimeout);
    this.transport.takeRemaining();
  }

  #cut(error?: Error): void {
    if (error instanceof SSLTimeoutError) this.#closeReason = "timeout";
    this.transport.abort(error);
  }

  #leave(reason: CloseReason): void {
    this.#closeReason = this.closeReason ?? reason;
    this.#closing = "closed";
    this.#want = null;
    super.dispose();
    this.#watchers.notify();
  }

  #refuseWhenOver(what: string): void {
    if (this.#closing === "closed") throw new SSLStateError(`Cannot ${what}: the socket is closed`);
    if (this.#closing === "unwrapped") {
      throw new SSLStateError(`Cannot ${what}: TLS has ended here, the transport was given back by unwrap`);
    }
  }
}

function reasonOf(error: unknown): CloseReason {
  if (error instanceof SSLEOFError) return "truncated";
  if (error instanceof SSLTimeoutError) return "timeout";
  return error instanceof SSLSyscallError ? "reset" : "alert";
}

const socketOptionNames: readonly (keyof WrapSocketOptions)[] = [
  ...wrapOptionNames,
  "suppressRaggedEofs",
  "highWaterMark",
  "shutdownTimeout",
];

function positive(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new SSLConfigError(`Cannot wrap the socket: ${name} must be a positive integer, not ${value}`);
}

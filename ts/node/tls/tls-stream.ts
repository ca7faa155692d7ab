// Owns the stream: bytes of a Duplex below through an engine to and from the readable and writable side of a `net.Socket`
// that has no handle of its own. Refuses to know certificates, options and events of TLS: a subclass says which engine it
// is, and what it means that the handshake is over or that something failed.
import net from "node:net";
import type { Duplex } from "node:stream";
import { type IoResult, MemoryBIO } from "../../index.ts";
import { DRAIN_MS } from "../../socket/transport-base.ts";
import { type OnRead, ReadBuffer } from "./onread.ts";
import { IdleTimer } from "../idle-timer.ts";
import { nodeError, outOfRange, requireFunction, requireNumber } from "./errors.ts";
import { type EmbeddedObject as Engine, handOver } from "../../ssl/embedding.ts";

type Done = (error?: Error | null) => void;
/** The stream below: any Duplex, with what a `net.Socket` has besides when it is one. */
type Socketlike = Duplex & Partial<Pick<net.Socket, SocketMembers>>;
type SocketMembers =
  | "address"
  | "connecting"
  | "localAddress"
  | "localFamily"
  | "localPort"
  | "pending"
  | "ref"
  | "remoteAddress"
  | "remoteFamily"
  | "remotePort"
  | "setKeepAlive"
  | "setNoDelay"
  | "unref";

/** Received and not decrypted bytes above which the stream below is paused. */
const incomingLimit = 262_144;
const recordPlaintext = 16_384;
/** Room for what the network gives at once, and for a record of which a part has come before. */
const spaceAtOnce = 65_536 + recordPlaintext;
const noSpace = Buffer.alloc(0);

/** The options of a `net.Socket` that count for a stream over another one. */
export interface StreamOptions {
  readonly allowHalfOpen?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
  readonly onread?: OnRead | undefined;
  readonly pauseOnConnect?: boolean | undefined;
  readonly suppressRaggedEofs?: boolean | undefined;
}

/** A `net.Socket` whose bytes are those of TLS over another stream. */
export abstract class TLSStream extends net.Socket {
  /** The most plaintext that one record may carry. */
  protected maxFragment: number = recordPlaintext;
  #below: Socketlike | null = null;
  #engine: Engine | null = null;
  readonly #incoming: MemoryBIO = new MemoryBIO();
  readonly #suppressRaggedEofs: boolean | undefined;
  readonly #onread: ReadBuffer | null;
  readonly #idle: IdleTimer = new IdleTimer(() => this.emit("timeout"));
  #secured = false;
  #busy = false;
  /** Something came while it was busy. */
  #again = false;
  #wantsData = false;
  /** Where the next records are decrypted to: what has come at once shares an allocation. */
  #space: Buffer = noSpace;
  #pausedBelow = false;
  #write: { readonly bytes: Uint8Array; readonly done: Done } | null = null;
  #final: Done | null = null;
  #belowEnded = false;
  /** Told when another connection has trapped, and this one with it. */
  readonly #tenant = { notify: (): void => process.nextTick(() => this.#advance()) };
  /** The peer has closed its side. */
  #ended = false;
  /** This side has closed its side. */
  #closed = false;
  /** Something failed, of which the peer may have to hear. */
  #alerts = false;
  #bytesRead = 0;
  #bytesWritten = 0;
  /** What `_write` was given last, until it is done. */
  #inFlight = 0;

  protected constructor({ pauseOnConnect, suppressRaggedEofs, onread, ...options }: StreamOptions) {
    super(options);
    this.#suppressRaggedEofs = suppressRaggedEofs;
    this.#onread = onread === undefined ? null : new ReadBuffer(onread);
    if (pauseOnConnect === true) this.pause();
  }

  /** The stream below, null before there is one. */
  protected get below(): Socketlike | null {
    return this.#below;
  }

  /** The engine, null before the connection below is there. */
  protected get engine(): Engine | null {
    return this.#engine;
  }

  /** The handshake is over. */
  protected get secured(): boolean {
    return this.#secured;
  }

  /** Makes the engine when the handshake is to begin. */
  protected abstract makeEngine(incoming: MemoryBIO): Engine;

  /** The handshake is over: whoever is told may end the connection. */
  protected abstract handshakeDone(): void;

  /** Something failed that ends the connection: what to destroy it with, null for nothing. */
  protected abstract failed(error: unknown): Error | null;

  /** Whether the peer gets the alert that is due. */
  protected abstract tellsPeer(error: unknown): boolean;

  /** The engine was disposed of. */
  protected abstract disposed(): void;

  /** Takes a stream: TLS begins in the next turn, or when it is connected. */
  protected over(below: Socketlike): void {
    this.#below = below;
    below.allowHalfOpen = true; // both directions end here one by one
    // What listened for the bytes below would get ciphertext; Node takes the bytes away from it too.
    for (const event of ["data", "readable"]) below.removeAllListeners(event);
    below.on("data", (chunk: Uint8Array | string) => this.#onData(chunk));
    below.on("end", () => this.#onEnd());
    below.on("error", (error) => this.#onError(error));
    below.on("close", () => this.#onClose());
    below.resume();
    if (below.connecting === true || (below.pending === true && !below.destroyed)) this.#afterConnect(below);
    else process.nextTick(() => (below.destroyed ? this.#onClose() : this.#beginUnlessLater()));
  }

  /** Begins with TLS now. */
  protected begin(): void {
    if (this.destroyed || this.#engine !== null || this.#below === null) return;
    this.#guard(() => (this.#engine = this.makeEngine(this.#incoming)));
    (this.#engine as Engine | null)?.tellOfTrap(this.#tenant);
    this.#advance();
  }

  /** Whether TLS begins by itself; otherwise with the first byte that is written, or with `begin`. */
  protected abstract get startsItself(): boolean;

  #beginUnlessLater(): void {
    if (this.startsItself || this.#write !== null) this.begin();
  }

  #afterConnect(below: Socketlike): void {
    setConnecting(this, true);
    below.once("connect", () => {
      setConnecting(this, false);
      this.emit("connect");
      this.#beginUnlessLater();
    });
  }

  /** With `onread` nothing is pushed, so the stream does not ask again by itself. */
  override resume(): this {
    super.resume();
    if (this.#onread !== null) this._read();
    return this;
  }

  override _read(): void {
    this.#wantsData = true;
    this.#resumeBelow();
    this.#advance();
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    this.#bytesWritten += bytes.length;
    this.#inFlight = bytes.length;
    const written: Done = (error) => {
      this.#inFlight = 0;
      done(error);
    };
    this.#write = { bytes, done: written };
    if (!this.connecting) this.begin();
    this.#advance();
  }

  override _writev(chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[], done: Done): void {
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk,
    );
    this._write(Buffer.concat(parts), "utf8", done);
  }

  override _final(done: Done): void {
    if (this.#below === null) return done();
    this.#final = done;
    this.#advance();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const below = this.#below;
    this.#flush();
    this.#engine?.dispose();
    this.disposed();
    if (below !== null && !below.destroyed) {
      // An alert for the peer goes out first.
      if (this.#alerts && below.writable && !this.connecting) endAndDestroy(below);
      else below.destroy();
    }
    this.#idle.stop();
    setConnecting(this, false);
    this.#write?.done(nodeError("ECANCELED", "write ECANCELED", { syscall: "write" }));
    this.#write = null;
    done(error);
    process.nextTick(() => this.emit("close", error !== null));
  }

  override setTimeout(milliseconds: number, listener?: () => void): this {
    requireNumber(milliseconds, "msecs");
    if (!(milliseconds >= 0 && Number.isFinite(milliseconds)))
      throw outOfRange("msecs", "a non-negative finite number", milliseconds);
    if (listener !== undefined) requireFunction(listener, "callback");
    if (this.destroyed) return this;
    Object.assign(this, { timeout: milliseconds });
    if (listener !== undefined && milliseconds === 0) this.off("timeout", listener);
    else if (listener !== undefined) this.once("timeout", listener);
    this.#idle.set(milliseconds);
    return this;
  }

  /** Plaintext that was read. */
  protected get plaintextRead(): number {
    return this.#bytesRead;
  }

  /** Plaintext that was given to be written. */
  protected get plaintextWritten(): number {
    return this.#bytesWritten + this.writableLength - this.#inFlight;
  }

  #onData(chunk: Uint8Array | string): void {
    if (this.destroyed) return;
    handOver(typeof chunk === "string" ? Buffer.from(chunk) : chunk, this.#incoming);
    this.#idle.moved();
    this.#advance();
    if (this.#incoming.pending > incomingLimit) this.#pauseBelow();
  }

  #onEnd(): void {
    if (this.destroyed) return;
    this.#belowEnded = true;
    if (!this.#secured) this.#incoming.writeEof();
    this.begin();
    this.#advance();
  }

  /** When both sides have said goodbye, it does not matter that the other one has gone before our words reached it. */
  #onError(error: Error): void {
    if (this.#ended && this.#closed && this.#inFlight === 0) this.destroy();
    else this.destroy(this.failed(error) ?? undefined);
  }

  /** After the end, that one is on its way up; without it somebody has destroyed the stream below. */
  #onClose(): void {
    if (this.destroyed || this.#belowEnded) return;
    if (this.#secured) this.destroy();
    else this.#onEnd();
  }

  /** Does whatever can be done now: the handshake, then what waits to be written, what can be read, the end. */
  #advance(): void {
    const engine = this.#engine;
    if (engine === null || this.destroyed) return;
    this.#again = true;
    if (this.#busy) return; // a listener that was told on the way, or a stream below that answers within `write`
    this.#busy = true;
    try {
      while (this.#again && !this.destroyed) {
        this.#again = false;
        this.#step(engine);
      }
    } finally {
      this.#busy = false;
    }
  }

  #step(engine: Engine): void {
    if (!this.#secured && !this.#handshake(engine)) return;
    do {
      this.#writeOut(engine);
    } while (this.#readIn(engine) || this.#write !== null);
    if (this.#wantsData) this.#resumeBelow(); // with `onread` the stream does not ask again
    this.#closeOut(engine);
  }

  #handshake(engine: Engine): boolean {
    const over = this.#guard(() => engine.advance());
    if (over === true) return this.#secure(engine);
    this.#flush();
    if (over instanceof Promise) void this.#advanceAfter(over);
    return false;
  }

  /** The end of the handshake leaves together with what is written as soon as it is known, in one segment. */
  #secure(engine: Engine): boolean {
    this.#secured = true;
    try {
      this.handshakeDone();
      this.#writeOut(engine);
    } finally {
      this.#flush();
    }
    if (this.destroyed) return false;
    this.read(0);
    return true;
  }

  async #advanceAfter(ready: Promise<void>): Promise<void> {
    await ready;
    // Out of the promise, so that what a listener throws is an exception of the process, as everywhere else.
    process.nextTick(() => this.#advance());
  }

  #writeOut(engine: Engine): void {
    const write = this.#write;
    if (write === null || this.destroyed) return;
    this.#write = null;
    if (this.#guard(() => this.#encrypt(engine, write.bytes as Uint8Array<ArrayBuffer>)) === null) return;
    this.#flush(write.done);
  }

  #encrypt(engine: Engine, bytes: Uint8Array<ArrayBuffer>): true {
    const size = this.maxFragment === recordPlaintext ? bytes.length : this.maxFragment;
    for (let at = 0; at < bytes.length; at += size) engine.write(bytes.subarray(at, at + size));
    return true;
  }

  /** One record, as readers of node:tls get them; false when there is none, or nobody wants it. */
  #readIn(engine: Engine): boolean {
    if (!this.#wantsData || this.#ended || this.destroyed) return false;
    const space = this.#spaceFor(engine);
    const result = this.#guard(() => this.#tryRead(engine, space as Uint8Array<ArrayBuffer>));
    this.#flush();
    if (result === null || result.kind === "want") {
      this.#space = noSpace; // a connection that waits holds none
      return false;
    }
    const data = result.kind === "ok" ? space.subarray(0, result.n) : null;
    this.#space = space.subarray(data?.length ?? space.length);
    this.#ended = data === null;
    this.#bytesRead += data?.length ?? 0;
    this.#wantsData = this.#deliver(data);
    // With nobody who reads: "end" comes when there is nothing left to read.
    if (data === null) this.read(0);
    return true;
  }

  /** Plaintext is never longer than its ciphertext. Without a whole record there is only something to be said against the peer. */
  #spaceFor(engine: Engine): Buffer {
    const coming = this.#incoming.pending + (engine.midRecord ? recordPlaintext : engine.pending());
    if (coming > 0 && this.#space.length >= Math.min(coming, recordPlaintext)) return this.#space;
    return Buffer.allocUnsafe(engine.hasBuffered() ? Math.min(coming, spaceAtOnce) : 1);
  }

  #deliver(data: Buffer | null): boolean {
    if (data === null || this.#onread === null) return this.push(data);
    if (!this.#onread.take(data)) this.pause();
    return !this.isPaused();
  }

  /** A transport that has ended is told to the engine only when that is an error: it would not write any more. */
  #tryRead(engine: Engine, into: Uint8Array<ArrayBuffer>): IoResult {
    const result = engine.tryRead(into);
    if (result.kind !== "want" || !this.#belowEnded) return result;
    if (this.#suppressRaggedEofs ?? !engine.midRecord) return { kind: "eof" };
    this.#incoming.writeEof();
    return engine.tryRead(into);
  }

  #closeOut(engine: Engine): void {
    const done = this.#final;
    if (done === null || this.#write !== null || this.destroyed) return;
    this.#final = null;
    this.#guard(() => engine.shutdownWrite());
    this.#flush();
    this.#closed = true;
    this.#below?.end(() => done());
  }

  /** Null when it failed, which has ended the connection. */
  #guard<T>(act: () => T): T | null {
    try {
      return act();
    } catch (error) {
      if (this.tellsPeer(error)) this.#flush();
      else this.#engine?.take();
      this.#alerts = true;
      this.destroy(this.failed(error) ?? undefined);
      return null;
    }
  }

  #flush(done: Done = ignore): void {
    const bytes = this.#engine?.take();
    const below = this.#below;
    if (bytes === undefined || bytes.length === 0 || below === null || !below.writable) {
      done();
      return;
    }
    this.#idle.moved();
    below.write(bytes, done);
  }

  #pauseBelow(): void {
    if (this.#pausedBelow) return;
    this.#pausedBelow = true;
    this.#below?.pause();
  }

  #resumeBelow(): void {
    if (!this.#pausedBelow || this.#incoming.pending > incomingLimit) return;
    this.#pausedBelow = false;
    this.#below?.resume();
  }
}

function ignore(): void {}

/** Node's property is for reading only. */
function setConnecting(socket: net.Socket, connecting: boolean): void {
  Object.assign(socket, { connecting });
}

/** Ends a stream and destroys it when what was written is out, or the peer does not take it. */
function endAndDestroy(stream: Socketlike): void {
  const timer = setTimeout(() => stream.destroy(), DRAIN_MS).unref();
  stream.once("finish", () => stream.destroy()).once("close", () => clearTimeout(timer));
  stream.end();
}

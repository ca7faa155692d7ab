// A queue of bytes between a TLS object and whoever moves its ciphertext: Python's `ssl.MemoryBIO`.
import { type Bytes, describe, toBytes, toCount } from "./bytes.ts";
import { SSLError } from "../engine/errors.ts";

/** From this size on an array goes on as it is, rather than being put together with what follows. */
const LARGE = 16 * 1024;

/**
 * A byte queue in memory, with the meaning of Python's `ssl.MemoryBIO` (statements B6 to B12): written at one end, read
 * at the other, with an end that is reached when it was announced and everything is read.
 *
 * @example
 * const incoming = new MemoryBIO();
 * incoming.write(bytesFromPeer);
 * incoming.pending; // bytesFromPeer.length
 */
export class MemoryBIO {
  readonly #chunks: Uint8Array[] = [];
  #first = 0; // index of the oldest chunk: shifting an array of many costs
  #offset = 0; // bytes of the oldest chunk that were read
  #pending = 0;
  #ended = false;
  /**
   * Where large copies go, one after the other: making an array for each costs as much as copying it ten times. Held weakly, so that
   * a queue that is not used costs nothing; null when arrays of the queue become somebody else's.
   */
  #block: WeakRef<Uint8Array> | null | undefined;
  /** The chunk in the queue that lies there. */
  #inBlock: Uint8Array | undefined;

  /** Bytes that can be read now. */
  get pending(): number {
    return this.#pending;
  }

  /** True when the end was announced with `writeEof` and everything before it was read. */
  get eof(): boolean {
    return this.#ended && this.#pending === 0;
  }

  /** Up to `n` bytes, everything when `n` is left out; empty when there are none. A negative `n` counts as left out, as in Python. */
  read(n: number = -1): Uint8Array {
    if (typeof n !== "number" || !Number.isInteger(n))
      throw new TypeError(`Cannot read from the MemoryBIO: expected an integer, got ${describe(n)}`);
    const size = n < 0 ? this.#pending : Math.min(n, this.#pending);
    const bytes = this.#holdsOne(size) ? this.front(size) : this.peek(size);
    this.consume(size);
    return bytes;
  }

  /** Fills `into` from the front as far as there are bytes; answers how many. */
  readInto(into: Uint8Array): number {
    if (!(into instanceof Uint8Array))
      throw new TypeError(`Cannot use into: expected a Uint8Array, got ${describe(into)}`);
    const size = this.#copy(into);
    this.consume(size);
    return size;
  }

  /** As `read`, and the bytes stay. */
  peek(n?: number): Uint8Array {
    const into = new Uint8Array(Math.min(toCount(n, "n", this.#pending), this.#pending));
    this.#copy(into);
    return into;
  }

  /** Drops the first `n` bytes; RangeError when there are fewer. */
  consume(n: number): void {
    if (toCount(n, "n", Infinity) > this.#pending)
      throw new RangeError(`Cannot consume ${n} bytes: only ${this.#pending} are pending`);
    this.#pending -= n;
    this.#offset += n;
    while (this.#first < this.#chunks.length && this.#offset >= this.#chunks[this.#first]!.length) {
      const chunk = this.#chunks[this.#first++]!;
      this.#offset -= chunk.length;
      if (chunk === this.#inBlock) this.#inBlock = undefined;
    }
    if (this.#first === this.#chunks.length) this.#forgetRead();
    else if (this.#first >= 64) this.#chunks.splice(0, this.#first);
    else return;
    this.#first = 0;
  }

  /** Appends a copy of the bytes and answers their number. Throws `SSLError` after `writeEof`, TypeError for what is not bytes. */
  write(bytes: Bytes): number {
    const copy = toBytes(bytes, "bytes").slice();
    if (this.#ended) throw new SSLError("cannot write() after write_eof()", { reason: "WRITE_AFTER_EOF" });
    this.append(copy);
    return copy.length;
  }

  /** Announces that nothing more will be written. May be called again. */
  writeEof(): void {
    this.#ended = true;
  }

  /**
   * Appends without copying; the array belongs to the queue from now on.
   * @internal
   */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#pending += bytes.length;
  }

  /**
   * Appends a copy of many bytes.
   * @internal
   */
  appendCopy(bytes: Uint8Array): void {
    if (this.#block === null || this.#inBlock !== undefined) return this.append(bytes.slice());
    let block = this.#block?.deref();
    if (block === undefined || block.length < bytes.length) {
      block = new Uint8Array(bytes.length);
      this.#block = new WeakRef(block);
    }
    this.#inBlock = block.subarray(0, bytes.length);
    this.#inBlock.set(bytes);
    this.append(this.#inBlock);
  }

  /**
   * The first bytes, at most `limit`, as they lie in the queue: nobody may write to them. Copied only where they are in small
   * pieces, which would cost whoever takes them more.
   * @internal
   */
  front(limit: number): Uint8Array {
    this.#block = null;
    const first = this.#chunks[this.#first]?.subarray(this.#offset, this.#offset + limit);
    return first !== undefined && (first.length >= LARGE || first.length === this.#pending) ? first : this.peek(limit);
  }

  /** Everything was read. An array that is emptied from its end keeps its room, mostly for the next record. */
  #forgetRead(): void {
    while (this.#chunks.length > 0) this.#chunks.pop();
  }

  /** Whether the queue is one array of that size, which can change its owner. */
  #holdsOne(size: number): boolean {
    const only = this.#chunks.length === this.#first + 1 ? this.#chunks[this.#first] : undefined;
    return size === this.#pending && only?.buffer.byteLength === size;
  }

  #copy(into: Uint8Array): number {
    let done = 0;
    for (let i = this.#first, skip = this.#offset; i < this.#chunks.length && done < into.length; i++, skip = 0) {
      const chunk = this.#chunks[i]!;
      const whole = skip === 0 && chunk.length <= into.length - done;
      const part = whole ? chunk : chunk.subarray(skip, skip + into.length - done);
      into.set(part, done);
      done += part.length;
    }
    return done;
  }
}

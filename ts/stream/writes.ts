// Owns what was given to be written and is not sent yet, and puts small pieces together: a record of their own for each would cost
// both sides more than the bytes in them. Refuses to know how they are sent, and when.

/** RFC 8446, section 5.1: what fits into one record. */
const RECORD_PLAINTEXT = 16384;

/** Some bytes to be written, as far as they were not taken yet. */
export class Piece {
  readonly size: number;
  readonly #signal: AbortSignal | undefined;
  /** How many bytes are not taken yet. */
  left: number;
  /** They, as long as `lost` is false. */
  rest: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>, signal?: AbortSignal) {
    this.size = this.left = bytes.length;
    // Without an end of its own, a view gets longer with its memory.
    const { resizable } = bytes.buffer as { readonly resizable?: boolean };
    this.rest = resizable === true ? bytes.subarray(0, this.size) : bytes;
    this.#signal = signal;
  }

  /** Whether it has nothing to gain from being sent together with others. */
  get fillsRecord(): boolean {
    return this.size >= RECORD_PLAINTEXT;
  }

  /** Whether the caller has given the memory away, or made it smaller, which empties every view of it. */
  get lost(): boolean {
    return this.rest.length < this.left;
  }

  /** Whether some of it is to be sent. */
  get due(): boolean {
    return this.left > 0 && !this.lost && this.#signal?.aborted !== true;
  }

  /** So many bytes of the rest are sent. */
  take(count: number): void {
    const { lost } = this;
    this.left -= count;
    if (!lost) this.rest = this.rest.subarray(count);
  }

  /** How many bytes were taken. */
  get taken(): number {
    return this.size - this.left;
  }
}

/** Pieces in the order in which they are to be sent, with nothing to be done between them. */
export class Pieces {
  readonly #waiting: Piece[] = [];
  /** Those that `front` has answered last. */
  #front: Piece[] = [];

  add(piece: Piece): void {
    this.#waiting.push(piece);
  }

  /** The piece is over, be it sent or given up. */
  drop(piece: Piece): void {
    const at = this.#waiting.indexOf(piece); // the first, mostly
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** What to send next: the rest of the oldest piece or, when that fills no record, as many as do. */
  front(): Uint8Array<ArrayBuffer> {
    this.#front = [];
    let size = 0;
    for (const piece of this.#waiting) {
      if (!piece.due) continue;
      this.#front.push(piece);
      size += piece.left;
      if (size >= RECORD_PLAINTEXT) break;
    }
    return this.#front.length === 1 ? this.#front[0]!.rest : joined(this.#front, Math.min(size, RECORD_PLAINTEXT));
  }

  /** So many bytes of what `front` has just answered were taken, whatever a callback did to the pieces in between. */
  took(count: number): void {
    let left = count;
    for (const piece of this.#front.splice(0)) {
      const part = Math.min(left, piece.left);
      piece.take(part);
      left -= part;
    }
  }
}

function joined(pieces: readonly Piece[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const { rest } of pieces) {
    all.set(rest.subarray(0, size - at), at);
    at += rest.length;
  }
  return all;
}

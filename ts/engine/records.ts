// Cuts the peer's bytes into records: from a source into the engine, no byte beyond the record in progress. Owns how far that
// record has come, and the bytes that were taken for a look at the ClientHello. Refuses to know what a record says, but for
// an alert in the clear.

/** Where ciphertext comes from. */
export interface CiphertextSource {
  readonly pending: number;
  /** True when nothing is pending and nothing will come. */
  readonly eof: boolean;
  readInto(into: Uint8Array): number;
  peek(size: number): Uint8Array;
}

/** Where the records go. */
export interface RecordIntake {
  /** Looks at the header of a record, of which nothing was given yet, and may change it; throws when it must not go on. */
  checkHeader(header: Uint8Array): void;
  /** A view for so many bytes, good until the next call; `whole`: they are a record from its header to its end. */
  room(size: number, whole: boolean): Uint8Array;
  /** So many bytes were put there. */
  filled(size: number): void;
}

/** Which part of a record it is. */
interface Part {
  readonly withHeader: boolean;
  readonly toItsEnd: boolean;
}

/** RFC 8446, section 5.1. */
const headerSize = 5;
const alertType = 21;
const alertSize = 2;
const none = new Uint8Array(0);

export class Records {
  readonly #intake: RecordIntake;
  readonly #header = new Uint8Array(headerSize);
  /** How many bytes of the record in progress were taken from the source, its header included. */
  #taken = 0;
  /** Bytes that were taken from the source before and come first. */
  #held: Uint8Array = none;
  readonly #alert = new Uint8Array(alertSize);

  constructor(intake: RecordIntake) {
    this.#intake = intake;
  }

  /** Whether part of a record has come, and the rest is awaited. */
  get midRecord(): boolean {
    return this.#taken > 0;
  }

  /** What was taken by `hold` and not fed yet. */
  get held(): Uint8Array {
    return this.#held;
  }

  /** The level and number in the record, should it be an alert that nobody has encrypted; null when it does not have that form. */
  get plainAlert(): Uint8Array | null {
    return this.#hasAlertForm() ? this.#alert : null;
  }

  /** Takes all that the source has without feeding it; answers what is new. */
  hold(source: CiphertextSource): Uint8Array {
    const more = new Uint8Array(source.pending);
    source.readInto(more);
    const held = new Uint8Array(this.#held.length + more.length);
    held.set(this.#held);
    held.set(more, this.#held.length);
    this.#held = held;
    return more;
  }

  /** Moves bytes of the record in progress from the source into the engine; true when it is whole. */
  feed(source: CiphertextSource): boolean {
    const fed = this.#taken < headerSize ? 0 : this.#taken;
    if (fed === 0 && !this.#takeHeader(source)) return false;
    const left = headerSize + fragmentLength(this.#header) - this.#taken;
    const size = Math.min(left, this.#held.length + source.pending);
    this.#give(source, size, { withHeader: fed === 0, toItsEnd: size === left });
    if (size < left) {
      this.#taken += size;
      return false;
    }
    this.#taken = 0;
    return true;
  }

  /** Whether the rest of the record in progress, or a whole one, is in the source. */
  wholeIn(source: CiphertextSource): boolean {
    if (this.#taken + source.pending < headerSize) return false;
    const header = this.#header.slice();
    if (this.#taken < headerSize) header.set(source.peek(headerSize - this.#taken), this.#taken);
    return this.#taken + source.pending >= headerSize + fragmentLength(header);
  }

  forget(): void {
    this.#header.fill(0);
  }

  #takeHeader(source: CiphertextSource): boolean {
    this.#taken += this.#take(source, this.#taken === 0 ? this.#header : this.#header.subarray(this.#taken));
    if (this.#taken < headerSize) return false;
    this.#intake.checkHeader(this.#header);
    return true;
  }

  /** The header goes in together with what there is of the record: each call into the engine costs as much as a small record. */
  #give(source: CiphertextSource, size: number, { withHeader, toItsEnd }: Part): void {
    const start = withHeader ? headerSize : 0;
    if (start + size === 0) return;
    const room = this.#intake.room(start + size, withHeader && toItsEnd);
    if (withHeader) room.set(this.#header);
    const body = withHeader ? room.subarray(headerSize) : room;
    this.#take(source, body);
    if (this.#hasAlertForm()) this.#alert.set(body, this.#taken - headerSize);
    this.#intake.filled(start + size);
  }

  #take(source: CiphertextSource, into: Uint8Array): number {
    if (this.#held.length === 0) return source.readInto(into);
    const part = this.#held.subarray(0, into.length);
    into.set(part);
    this.#held = part.length < this.#held.length ? this.#held.subarray(part.length) : none;
    return part.length + source.readInto(into.subarray(part.length));
  }

  #hasAlertForm(): boolean {
    return this.#header[0] === alertType && fragmentLength(this.#header) === alertSize;
  }
}

/** What the header of a record says about the size of the rest. */
export function fragmentLength(header: Uint8Array): number {
  return header[3]! * 256 + header[4]!;
}

// The randomness of one call into the module. Owns that a call which asks several times, as the one that makes a hello does, draws once,
// since a few bytes cost as much as a hundred; and that nothing of it outlives the call, so that no clone or fork finds what
// somebody is yet to be given. Refuses to know where randomness comes from, and what for.

/** At once, in bytes: about what one end asks for in one call of a handshake. */
const drawSize = 128;

export class Draws {
  readonly #source: (into: Uint8Array<ArrayBuffer>) => void;
  readonly #drawn = new Uint8Array(drawSize);
  /** Where what is left begins; it ends with the array. */
  #next = drawSize;
  #isOver = true;

  constructor(source: (into: Uint8Array<ArrayBuffer>) => void) {
    this.#source = source;
  }

  /** Fills the bytes with what nobody else is given. Throws what the source throws, and then has nothing left. */
  give(into: Uint8Array<ArrayBuffer>): void {
    if (into.length > drawSize) return this.#source(into);
    if (into.length > drawSize - this.#next) this.#draw();
    const end = this.#next + into.length;
    into.set(this.#drawn.subarray(this.#next, end));
    this.#next = end;
  }

  /** When the call returns, in any way. */
  end(): void {
    if (this.#isOver) return;
    this.#drawn.fill(0);
    this.#next = drawSize;
    this.#isOver = true;
  }

  #draw(): void {
    this.#isOver = false;
    this.#next = drawSize;
    this.#source(this.#drawn);
    this.#next = 0;
  }
}

// A clock that is set forward and back while certificates and tickets are in use, for the option `now` of a context.
const hour = 3_600_000;
const day = 24 * hour;
const year = 365.25 * day;

/** Within these the certificates of the tests are valid; some lie beyond 2038, when 32 bits of seconds are over. */
const offsets = [hour, -hour, 3 * hour, day, -day, 8 * day, year, -year, -4 * year, 13 * year, 60 * year];

export class Clock {
  #offset = 0;

  /** For a context. */
  readonly now = (): number => Date.now() + this.#offset;

  set(offset: number): void {
    this.#offset = offset;
  }

  /** Somewhere, or back to where it was right. */
  jump(): void {
    this.#offset = this.#offset === 0 ? offsets[Math.floor(Math.random() * offsets.length)]! : 0;
  }

  /** Jumps so often until the function that it answers is called. */
  jumping(everyMs: number): () => void {
    const timer = setInterval(() => this.jump(), everyMs);
    return () => {
      clearInterval(timer);
      this.#offset = 0;
    };
  }
}

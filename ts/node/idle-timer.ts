// Owns the time that a stream may be idle, as `setTimeout` of Node's sockets means it. Refuses to know what moves.

/** Calls `tell` when nothing has moved for a while; it keeps no process alive. */
export class IdleTimer {
  readonly #tell: () => void;
  #after = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** From now on after so many milliseconds; 0 ends that. */
  set(milliseconds: number): void {
    this.#after = milliseconds;
    this.moved();
  }

  /** Something moved: the time begins anew. */
  moved(): void {
    clearTimeout(this.#timer);
    if (this.#after > 0) this.#timer = setTimeout(this.#tell, this.#after).unref();
  }

  /** For good. */
  stop(): void {
    this.set(0);
  }
}

// Owns the order of acts that must not mix: one after the other, in the order in which they were asked for. Refuses to know
// what they do.
import { unlessAborted } from "../socket/time-limit.ts";

/** A queue of acts; one that fails does not hold up the next. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether there is nothing to wait for. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Runs `act` when all earlier ones are over. A signal that aborts before takes it out of the queue. */
  take<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return signal === undefined ? this.#queue(act) : this.#takeUnlessAborted(act, signal);
  }

  async #takeUnlessAborted<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let started = false;
    const turn = this.#queue(() => {
      signal.throwIfAborted();
      started = true;
      return act();
    });
    try {
      return await unlessAborted(turn, signal);
    } catch (error) {
      if (started) return turn; // its own error says more: how far it came
      throw error;
    }
  }

  readonly #over = (): void => void this.#waiting--;

  #queue<T>(act: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(act);
    this.#last = turn.then(this.#over, this.#over);
    return turn;
  }
}

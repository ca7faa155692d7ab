// Owns the order of acts that must not mix: one after the other, in the order in which they were asked for. Refuses to know
// what they do.
import { unlessAborted } from "../socket/time-limit.ts";

/** A queue of acts; one that fails does not hold up the next. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `act` when all earlier ones are over. A signal that aborts before takes it out of the queue. */
  async take<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let started = false;
    const turn = this.#last.then(() => {
      signal?.throwIfAborted();
      started = true;
      return act();
    });
    this.#last = turn.catch(() => undefined);
    if (signal === undefined) return turn;
    try {
      return await unlessAborted(turn, signal);
    } catch (error) {
      if (started) return turn; // its own error says more: how far it came
      throw error;
    }
  }
}

// Owns limits in time, in the form that everything which waits here already understands: an AbortSignal. Refuses to know what
// is waited for.
import { SSLTimeoutError } from "../ssl/index.ts";
import { checkTime, LONGEST_TIMER_MS } from "./event-loop.ts";

/**
 * A signal that aborts with an SSLTimeoutError when the time is over, and with the reason of another signal when that aborts.
 * Disposing it ends the timer and forgets the other signal.
 */
export class TimeLimit implements Disposable {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal | undefined;
  readonly #follow: () => void;

  /** `late` is the sentence of the SSLTimeoutError; no time (undefined or Infinity) is no limit. Throws RangeError. */
  constructor(milliseconds: number | undefined, late: string, outer?: AbortSignal) {
    if (milliseconds !== undefined) checkTime(milliseconds);
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#outer = outer;
    this.#follow = () => controller.abort(outer?.reason);
    if (outer?.aborted === true) this.#follow();
    else outer?.addEventListener("abort", this.#follow);
    if (milliseconds === undefined || milliseconds > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(() => controller.abort(new SSLTimeoutError(late)), milliseconds);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#follow);
  }
}

/** What `promise` comes to, unless the signal aborts first; then rejects with its reason and leaves `promise` to itself. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  try {
    signal.throwIfAborted();
    signal.addEventListener("abort", abort);
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The transport that is being opened, unless the signal aborts first; one that comes later is thrown away. */
export async function openedBefore<T extends { abort(): void }>(opening: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    opening.then(
      (transport) => transport.abort(),
      () => {}, // its own failure was told, or came too late
    );
    throw error;
  }
}

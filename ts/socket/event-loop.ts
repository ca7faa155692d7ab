// Owns the two ways of giving the event loop its turn: for one turn, and until something is reported. Refuses to know
// what is waited for.
import type { Selectable } from "./transport.ts";

/**
 * Resolves after the event loop has looked at its sockets once. A program that polls in a loop would otherwise run from
 * microtask to microtask, and no byte would ever arrive. `setImmediate` is no web standard but exists where sockets do;
 * elsewhere a timer has the same effect, more slowly.
 */
export function nextTurn(): Promise<void> {
  const { setImmediate: immediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => {
    if (immediate) immediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** The longest delay a timer takes; a longer one would fire at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Throws RangeError unless it is a time to wait. */
export function checkTime(milliseconds: number): void {
  if (milliseconds >= 0) return;
  throw new RangeError(`Cannot wait: the time-out must be at least 0 milliseconds, not ${milliseconds}`);
}

/** A time-out in milliseconds that runs from its making; `undefined` never ends. */
export class Deadline {
  readonly #end: number;

  constructor(timeoutMs: number | undefined) {
    if (timeoutMs !== undefined) checkTime(timeoutMs);
    this.#end = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
  }

  /** Milliseconds left, 0 when it is over. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }
}

/** A bell that one waiter hears: rings are kept until somebody waits, so that none is lost. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, at once after an earlier one, or when `deadline` is over; rejects when `signal` aborts. */
  async heard(deadline: Deadline, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#rung) await this.#wait(deadline, signal);
    this.#rung = false;
    signal?.throwIfAborted();
  }

  async #wait(deadline: Deadline, signal?: AbortSignal): Promise<void> {
    const left = deadline.left;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wake = (): void => this.#wake?.();
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal?.addEventListener("abort", wake);
        if (left !== Infinity) timer = setTimeout(resolve, Math.min(Math.ceil(left), LONGEST_TIMER_MS));
      });
    } finally {
      this.#wake = null;
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
    }
  }
}

/** Rings `bell` whenever one of `sources` reports a change; answers the function that stops it. */
export function ringOnChange(bell: Bell, sources: Iterable<Selectable>): () => void {
  const stops = Array.from(sources, (source) => source.watch(() => bell.ring()));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Resolves when `condition`, which only a change of `source` makes true, holds; rejects when `signal` aborts. */
export async function waitUntil(source: Selectable, condition: () => boolean, signal?: AbortSignal): Promise<void> {
  let wake = (): void => {};
  const ring = (): void => wake();
  const stop = source.watch(ring);
  signal?.addEventListener("abort", ring);
  try {
    while (!condition()) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => (wake = resolve)); // nothing runs between the look and this
    }
  } finally {
    stop();
    signal?.removeEventListener("abort", ring);
  }
}

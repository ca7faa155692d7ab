// A hand-driven Selectable for tests of waiting: its readiness is set by the test, and it counts how often it is asked.
import type { Selectable } from "../../ts/socket/transport.ts";

export class FakeSocket implements Selectable {
  closed = false;
  failed = false;
  asked = 0;
  watchers = 0;
  readonly #listeners = new Set<() => void>();
  #readable = false;
  #writable = false;

  get readable(): boolean {
    this.asked += 1;
    return this.#readable;
  }

  get writable(): boolean {
    this.asked += 1;
    return this.#writable;
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.watchers += 1;
    return () => {
      if (this.#listeners.delete(listener)) this.watchers -= 1;
    };
  }

  become(change: { readable?: boolean; writable?: boolean; closed?: boolean; failed?: boolean }): void {
    this.#readable = change.readable ?? this.#readable;
    this.#writable = change.writable ?? this.#writable;
    this.closed = change.closed ?? this.closed;
    this.failed = change.failed ?? this.failed;
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener();
    });
  }
}

/** Settles `promise` or says "pending" after the event loop has had some turns. */
export async function outcomeSoFar<T>(promise: Promise<T>): Promise<T | "pending"> {
  let outcome: T | "pending" = "pending";
  promise.then((value) => (outcome = value)).catch(() => {});
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return outcome;
}

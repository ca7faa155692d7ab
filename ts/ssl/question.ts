// A question to the application, asked once, answered at once or later. What the handshake does meanwhile is not known here.

type Answer<T> = { readonly kind: "value"; readonly value: T } | { readonly kind: "error"; readonly error: unknown };

/** What the application was asked, and what it said. */
export class Question<T> {
  /** Settles, and never fails, when the answer is there. */
  readonly ready: Promise<void>;
  #answer: Answer<T> | undefined;

  /** Asks. What `ask` throws, or its promise fails with, is an answer too. */
  constructor(ask: () => T | PromiseLike<T>) {
    try {
      const given = ask();
      if (isPromise(given)) {
        this.ready = this.#wait(given);
        return;
      }
      this.#answer = { kind: "value", value: given };
    } catch (error) {
      this.#answer = { kind: "error", error };
    }
    this.ready = settled;
  }

  /** Undefined while it is not there. */
  get answer(): Answer<T> | undefined {
    return this.#answer;
  }

  async #wait(given: PromiseLike<T>): Promise<void> {
    try {
      this.#answer = { kind: "value", value: await given };
    } catch (error) {
      this.#answer = { kind: "error", error };
    }
  }
}

/**
 * Goes on with a value now, or with what a promise brings later: a question of several steps stays synchronous if it can. A promise of
 * another make may settle twice, and answer nothing to `then`, so it is made one of ours.
 */
export function after<T, R>(value: T | PromiseLike<T>, goOn: (value: T) => R | PromiseLike<R>): R | PromiseLike<R> {
  return isPromise(value) ? Promise.resolve(value).then(goOn) : goOn(value);
}

/** Does `end` when the answer is there, whatever it is. */
export function lastly<T>(ask: () => T | PromiseLike<T>, end: () => void): T | PromiseLike<T> {
  let given: T | PromiseLike<T>;
  try {
    given = ask();
  } catch (error) {
    end();
    throw error;
  }
  if (isPromise(given)) return Promise.resolve(given).finally(end);
  end();
  return given;
}

/** What a function answers that nobody waits for; should it be a promise that fails, that is of no consequence. */
export function forgetFailure(answer: unknown): void {
  if (isPromise(answer)) Promise.resolve(answer).catch(() => {});
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null)?.then === "function";
}

const settled = Promise.resolve();

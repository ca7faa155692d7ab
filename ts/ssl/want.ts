// The exceptions of Python's face for calls that would block. Nothing was consumed when one of them is thrown.
import { SSLError } from "../engine/errors.ts";

/** The call needs more from the peer: wait until the transport is readable, then call again (Python's `SSLWantReadError`). */
export class SSLWantReadError extends SSLError {
  override readonly name: string = "SSLWantReadError";
  constructor() {
    super("The operation needs more data from the peer: wait until the transport is readable and try again", {
      reason: "WANT_READ",
    });
  }
}

/** The call needs room towards the peer: wait until the transport is writable, then call again (Python's `SSLWantWriteError`). */
export class SSLWantWriteError extends SSLError {
  override readonly name: string = "SSLWantWriteError";
  constructor() {
    super(
      "The operation has data for the peer that the transport does not take: wait until it is writable and try again",
      { reason: "WANT_WRITE" },
    );
  }
}

/** The handshake waits for a decision of the application: await `ready`, then call again. */
export class SSLWantCallbackError extends SSLError {
  override readonly name: string = "SSLWantCallbackError";
  /** Settles when the decision is there. */
  readonly ready: Promise<void>;

  constructor(ready: Promise<void>) {
    super("The handshake waits for a decision of the application: await ready and try again", {
      reason: "WANT_CALLBACK",
    });
    this.ready = ready;
  }
}

/** Whether an error says only that the call would block. */
export function isWant(error: unknown): error is SSLWantReadError | SSLWantWriteError | SSLWantCallbackError {
  return (
    error instanceof SSLWantReadError || error instanceof SSLWantWriteError || error instanceof SSLWantCallbackError
  );
}

/** Would-block is weather: no stack trace is taken, which is most of what an exception costs. */
export function withoutStack<T extends SSLError>(make: () => T): T {
  const limit = (Error as { stackTraceLimit?: number }).stackTraceLimit;
  if (limit === undefined) return make();
  (Error as { stackTraceLimit?: number }).stackTraceLimit = 0;
  try {
    return make();
  } finally {
    (Error as { stackTraceLimit?: number }).stackTraceLimit = limit;
  }
}

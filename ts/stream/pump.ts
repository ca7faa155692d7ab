// The pump: the only place where "want" becomes waiting.
//
// A call of an SSLSocket answers at once: done, the end of the stream, or what it wants. The pump makes the call; when it
// wants something, it waits until the socket says that this may be there, and makes the same call again. Three things keep it
// honest. It begins to listen before it looks whether it has to wait, so no change is lost in between. It waits for a level,
// not an event, so a spurious wake-up only costs another look. And each wait can end by a signal or a deadline, with
// nothing moved: an SSLSocket never consumes bytes in a call that wants.
import { Bell, Deadline, ringOnChange } from "../socket/event-loop.ts";
import type { SSLSocket } from "../socket/ssl-socket.ts";
import { type IoResult, SSLTimeoutError } from "../ssl/index.ts";

/** How long to wait. */
export interface Patience {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; left out: as long as it takes. */
  readonly timeout?: number | undefined;
}

/** What the call came to: a count, or null for the end. `doing` completes "Cannot ...", should the time be over. */
export async function pump(
  socket: SSLSocket,
  doing: string,
  call: () => IoResult,
  { signal, timeout }: Patience = {},
): Promise<number | null> {
  signal?.throwIfAborted();
  const deadline = new Deadline(timeout);
  const bell = new Bell();
  const stop = ringOnChange(bell, [socket]);
  try {
    for (;;) {
      const result = call();
      if (result.kind === "ok") return result.n;
      if (result.kind === "eof") return null;
      const { want } = result;
      while (!socket.closed && !(want === "write" ? socket.writable : socket.readable)) {
        if (deadline.left === 0) throw new SSLTimeoutError(`Cannot ${doing} within ${timeout} milliseconds`);
        await bell.heard(deadline, signal);
      }
    }
  } finally {
    stop();
  }
}

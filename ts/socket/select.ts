// Owns `select`: waiting for the first of some sockets to become ready. Refuses to know what makes a socket ready; an
// SSLSocket says so itself, also when plaintext waits inside it while its transport is silent.
import { SSLStateError } from "../ssl/index.ts";
import { Bell, Deadline, nextTurn, ringOnChange } from "./event-loop.ts";
import type { Selectable } from "./transport.ts";

/** Options of `select`. */
export interface SelectOptions {
  /** Ends the waiting: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Waits until a socket of `r` is readable, one of `w` is writable or one of `x` has failed, and answers the ready ones of
 * each list in its order. Without `timeoutMs` it waits as long as it takes; 0 looks once; when the time is over the lists
 * are empty. Readiness is a level: what is not read is reported again. Rejects with `SSLStateError` when a socket is, or
 * gets, closed by us.
 *
 * ```ts
 * const [readable] = await select([first, second], [], [], 1000);
 * for (const socket of readable) console.log(socket.recv());
 * ```
 */
export async function select<R extends Selectable, W extends Selectable, X extends Selectable>(
  r: readonly R[],
  w: readonly W[],
  x: readonly X[] = [],
  timeoutMs?: number,
  options: SelectOptions = {},
): Promise<[R[], W[], X[]]> {
  const deadline = new Deadline(timeoutMs);
  const all = new Set<Selectable>([...r, ...w, ...x]);
  const bell = new Bell();
  refuseClosed(all);
  const stop = ringOnChange(bell, all);
  try {
    await nextTurn();
    for (;;) {
      options.signal?.throwIfAborted();
      refuseClosed(all);
      const ready = readyOf(r, w, x);
      if (ready.some((list) => list.length > 0) || deadline.left === 0) return ready;
      await bell.heard(deadline, options.signal);
    }
  } finally {
    stop();
  }
}

function readyOf<R extends Selectable, W extends Selectable, X extends Selectable>(
  r: readonly R[],
  w: readonly W[],
  x: readonly X[],
): [R[], W[], X[]] {
  return [r.filter((s) => s.readable), w.filter((s) => s.writable), x.filter((s) => s.failed === true)];
}

function refuseClosed(sockets: Iterable<Selectable>): void {
  for (const socket of sockets) {
    if (socket.closed) throw new SSLStateError("Cannot wait for the sockets: one of them is closed");
  }
}

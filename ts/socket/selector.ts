// Owns the waiting for many sockets from one loop. Refuses to look at sockets that nothing happened to: only those that
// reported a change, or were ready when last looked at, are asked.
import { SSLStateError } from "../ssl/index.ts";
import { Bell, Deadline, nextTurn } from "./event-loop.ts";
import type { Selectable } from "./transport.ts";

/** Wait for something to read. */
export const EVENT_READ = 1;
/** Wait for room to write. */
export const EVENT_WRITE = 2;

/** What `register` was told, as Python's `SelectorKey`. */
export interface SelectorKey<Data = unknown> {
  readonly fileobj: Selectable;
  /** `EVENT_READ`, `EVENT_WRITE` or both, joined by `|`. */
  readonly events: number;
  readonly data: Data | undefined;
}

interface Entry<Data> {
  key: SelectorKey<Data>;
  readonly stop: () => void;
}

/**
 * Many sockets served by one loop, in the shape of Python's `selectors`. One `select` costs as much as there are sockets
 * to which something happened, however many are registered.
 *
 * ```ts
 * using selector = new Selector<() => void>();
 * selector.register(socket, EVENT_READ, () => console.log(socket.recv()));
 * for (const [key] of await selector.select(1000)) key.data?.();
 * ```
 */
export class Selector<Data = unknown> {
  readonly #entries = new Map<Selectable, Entry<Data>>();
  /** The ready list: everything that may be ready. Whatever is not in it is known to be idle. */
  readonly #candidates = new Set<Entry<Data>>();
  readonly #bell = new Bell();
  #selecting = false;
  #closed = false;

  /** Begins to wait for `events` of `fileobj`; throws `SSLStateError` when it is registered already, or closed. */
  register(fileobj: Selectable, events: number, data?: Data): SelectorKey<Data> {
    this.#refuseWhenClosed("register");
    refuseOtherEvents(events);
    if (this.#entries.has(fileobj)) throw new SSLStateError("Cannot register the socket: it is registered already");
    if (fileobj.closed) throw new SSLStateError("Cannot register the socket: it is closed");
    const entry: Entry<Data> = {
      key: Object.freeze({ fileobj, events, data }),
      stop: fileobj.watch(() => this.#suspect(entry)),
    };
    this.#entries.set(fileobj, entry);
    this.#suspect(entry);
    return entry.key;
  }

  /** Changes what is waited for, and the data, of a registered socket. */
  modify(fileobj: Selectable, events: number, data?: Data): SelectorKey<Data> {
    refuseOtherEvents(events);
    const entry = this.#entryOf(fileobj, "modify");
    entry.key = Object.freeze({ fileobj, events, data });
    this.#suspect(entry);
    return entry.key;
  }

  /** Stops waiting for a socket, which may be closed by now. */
  unregister(fileobj: Selectable): SelectorKey<Data> {
    const entry = this.#entryOf(fileobj, "unregister");
    this.#forget(entry);
    return entry.key;
  }

  /**
   * Answers the ready keys, each with its ready events, as soon as there is one; none when the time is over. Without
   * `timeoutMs` it waits as long as it takes, 0 looks once. Rejects with `SSLStateError` when a registered socket was
   * closed and not unregistered, and when the selector is closed meanwhile.
   */
  async select(timeoutMs?: number): Promise<[SelectorKey<Data>, number][]> {
    const deadline = new Deadline(timeoutMs);
    this.#refuseWhenClosed("select");
    if (this.#selecting) throw new SSLStateError("Cannot select: another select of this selector is waiting");
    this.#selecting = true;
    try {
      await nextTurn();
      for (;;) {
        this.#refuseWhenClosed("select");
        const ready = this.#collect();
        if (ready.length > 0 || deadline.left === 0) return ready;
        await this.#bell.heard(deadline);
      }
    } finally {
      this.#selecting = false;
    }
  }

  /** The key of a registered socket. */
  getKey(fileobj: Selectable): SelectorKey<Data> {
    return this.#entryOf(fileobj, "look up").key;
  }

  /** All registered sockets with their keys, as of now. */
  getMap(): ReadonlyMap<Selectable, SelectorKey<Data>> {
    return new Map(Array.from(this.#entries, ([fileobj, { key }]) => [fileobj, key]));
  }

  /** Forgets all sockets, without closing them, and refuses everything from now on. */
  close(): void {
    for (const entry of [...this.#entries.values()]) this.#forget(entry);
    this.#closed = true;
    this.#bell.ring();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #collect(): [SelectorKey<Data>, number][] {
    const ready: [SelectorKey<Data>, number][] = [];
    for (const entry of [...this.#candidates]) {
      const events = readyEvents(entry.key);
      if (events === 0) this.#candidates.delete(entry);
      else ready.push([entry.key, events]);
    }
    return ready;
  }

  #suspect(entry: Entry<Data>): void {
    this.#candidates.add(entry);
    this.#bell.ring();
  }

  #forget(entry: Entry<Data>): void {
    entry.stop();
    this.#entries.delete(entry.key.fileobj);
    this.#candidates.delete(entry);
  }

  #entryOf(fileobj: Selectable, what: string): Entry<Data> {
    this.#refuseWhenClosed(what);
    const entry = this.#entries.get(fileobj);
    if (!entry) throw new SSLStateError(`Cannot ${what} the socket: it is not registered`);
    return entry;
  }

  #refuseWhenClosed(what: string): void {
    if (this.#closed) throw new SSLStateError(`Cannot ${what}: the selector is closed`);
  }
}

function readyEvents({ fileobj, events }: SelectorKey): number {
  if (fileobj.closed) throw new SSLStateError("Cannot select: a registered socket is closed, unregister it before");
  const readable = (events & EVENT_READ) !== 0 && fileobj.readable;
  const writable = (events & EVENT_WRITE) !== 0 && fileobj.writable;
  return (readable ? EVENT_READ : 0) | (writable ? EVENT_WRITE : 0);
}

function refuseOtherEvents(events: number): void {
  if (events === EVENT_READ || events === EVENT_WRITE || events === (EVENT_READ | EVENT_WRITE)) return;
  throw new RangeError(`Cannot wait for events ${events}: they must be EVENT_READ, EVENT_WRITE or both`);
}

// What the benchmark asks of a TLS implementation over the sockets of a runtime: one side only, the other is another process.
import { payload } from "../payload.ts";
import type { Setup } from "../setup.ts";

export interface ClientContender {
  readonly name: string;
  /** Loads the implementation, if that is not loaded yet. */
  readonly load: () => Promise<ClientSide>;
  /** What it is measured with in the place of a setup that it does not have. */
  readonly setup?: (setup: Setup) => Setup;
}

export interface Contender extends ClientContender {
  readonly load: () => Promise<Sides>;
}

export interface ClientSide {
  /** Gets ready for connections of that kind. With `resume` each connection offers the session of the one before. */
  readonly dialer: (setup: Setup, resume: boolean) => Dialer | Promise<Dialer>;
}

export interface Sides extends ClientSide {
  /** Greets each client with one byte, and reads until it leaves. */
  readonly listen: (setup: Setup) => Promise<Listening>;
}

export interface Dialer {
  /** Resolves when chain and name are verified and the server's greeting of one byte was received. */
  readonly dial: (port: number) => Promise<Link>;
  readonly end?: () => void;
}

/** One connection. */
export interface Link {
  /** Null where it does not tell. */
  readonly resumed: boolean | null;
  /** Resolves when so many bytes more have come. */
  readonly receive: (count: number, see?: (chunk: Uint8Array) => void) => Promise<void>;
  /** Resolves when the bytes are on their way, and more can be sent. */
  readonly send: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  readonly close: () => void | Promise<void>;
}

export interface Listening {
  readonly port: number;
  readonly close: () => void | Promise<void>;
}

const largestRoom = 65536;

/** The bytes of the greeting, and of the answer to what was sent. */
export const greeting: Uint8Array<ArrayBuffer> = payload.slice(0, 1);

/** Counts what has come against what is waited for, for implementations that call back. */
export class Inbox {
  #balance = 0;
  #see: ((chunk: Uint8Array) => void) | undefined;
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  arrived(chunk: Uint8Array): void {
    this.#see?.(chunk);
    this.#balance += chunk.length;
    if (this.#balance >= 0) this.#settle?.resolve();
  }

  failed(error: Error): void {
    this.#failure ??= error;
    this.#settle?.reject(error);
  }

  receive(count: number, see?: (chunk: Uint8Array) => void): Promise<void> {
    this.#balance -= count;
    this.#see = see;
    if (this.#balance >= 0) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }
}

/**
 * Receives by reading into a room of as much as is waited for, 64 KiB at most, so that an idle connection keeps none of it; `read`
 * answers how much came, or null at the end.
 */
export function receiver(read: (room: Uint8Array<ArrayBuffer>) => Promise<number | null>): Link["receive"] {
  let whole = new Uint8Array(0);
  return async (count, see) => {
    if (whole.length < Math.min(count, largestRoom)) whole = new Uint8Array(Math.min(count, largestRoom));
    for (let left = count; left > 0;) {
      const got = await read(left < whole.length ? whole.subarray(0, left) : whole);
      if (got === null) throw new Error("the server has closed");
      see?.(whole.subarray(0, got));
      left -= got;
    }
  };
}

// Owns how a socket and its transport pass bytes to each other: without a copy where the transport is ours, since making an array
// costs as much as copying ten. Refuses to know what is in them.
import type { NonBlockingTransport } from "./transport.ts";

/** A transport's other way of sending and receiving: the bytes change their owner. */
export interface Carrier {
  /** As `recvInto`, at most `limit` bytes; nobody writes to them any more. */
  take(limit: number): Uint8Array | "would-block" | "eof";
  /** Nobody looks any more at what was taken, and at what was given. */
  release(): void;
  /** As `send`; the caller does not write to the bytes any more. */
  give(bytes: Uint8Array): number;
}

/** The transport itself when it is one of ours. */
export function carrierOf(transport: NonBlockingTransport): Carrier {
  return "take" in transport && "give" in transport && "release" in transport
    ? (transport as NonBlockingTransport & Carrier)
    : new Adapted(transport);
}

/**
 * Gives the memory of an array that nobody looks at any more back at once, unless others share it, and where the runtime can (Node 20
 * cannot). Left to the garbage collector, the arrays of a fast stream make it mark the heap over and over, and none of them is in a
 * cache when it is used again.
 */
export function discard({ buffer, length }: Uint8Array): void {
  if (buffer.byteLength === length) (buffer as { transfer?: (size: number) => unknown }).transfer?.(0);
}

/** Somebody else's transport, which fills arrays. What it leaves of one is used for the next. */
class Adapted implements Carrier {
  readonly #transport: NonBlockingTransport;
  #room = new Uint8Array(0);

  constructor(transport: NonBlockingTransport) {
    this.#transport = transport;
  }

  take(limit: number): Uint8Array | "would-block" | "eof" {
    if (this.#room.length < limit) this.#room = new Uint8Array(limit);
    const got = this.#transport.recvInto(this.#room.subarray(0, limit));
    if (typeof got !== "number") return got;
    const taken = this.#room.subarray(0, got);
    this.#room = this.#room.subarray(got);
    return taken;
  }

  release(): void {}

  /** A copy, as it may transfer the buffer, in which others have bytes too. */
  give(bytes: Uint8Array): number {
    return this.#transport.send(bytes.slice());
  }
}

// Owns the wire between two parties, which moves nothing by itself: a script says how many bytes go on, and when the wire ends,
// breaks or lies. Refuses to know what the bytes mean.
import type { NonBlockingTransport } from "../../../ts/socket/transport.ts";
import { MemoryBIO, SSLError } from "../../../ts/ssl/index.ts";
import type { Stream } from "./stream.ts";

/** Where the wire is plugged in at a party. */
export interface Plug {
  /** What the party has sent, at most so many bytes; `"end"` when it has ended its direction, `"reset"` when it cut the wire. */
  take(limit: number): Uint8Array | "end" | "reset";
  /** Whether there is nothing to take. */
  readonly quiet: boolean;
  /** Gives it bytes and answers how many it took. */
  give(bytes: Uint8Array): number;
  /** Nothing more comes. */
  end(): void;
  /** The wire is broken, in both directions. */
  reset(): void;
}

/** What a transport gives at a time, whatever is asked. */
const mostAtATime = 1 << 16;

/** At the other end of a pair of transports in memory, of which the party has the first. */
export class TransportPlug implements Plug {
  readonly #inner: NonBlockingTransport;

  constructor(inner: NonBlockingTransport) {
    this.#inner = inner;
  }

  take(limit: number): Uint8Array | "end" | "reset" {
    const into = new Uint8Array(Math.min(limit, mostAtATime));
    try {
      const got = this.#inner.recvInto(into);
      if (got === "eof") return "end";
      return into.subarray(0, got === "would-block" ? 0 : got);
    } catch (error) {
      if (error instanceof SSLError) return "reset";
      throw error;
    }
  }

  get quiet(): boolean {
    return !this.#inner.readable;
  }

  /** A party that has closed its end takes everything, and looks at none of it. */
  give(bytes: Uint8Array): number {
    try {
      return this.#inner.send(bytes);
    } catch (error) {
      if (error instanceof SSLError) return bytes.length;
      throw error;
    }
  }

  end(): void {
    this.#inner.shutdownWrite();
  }

  reset(): void {
    this.#inner.abort();
  }
}

/** Two queues of bytes; whoever has them cannot be told more than that nothing comes. */
export class BioPlug implements Plug {
  readonly incoming: MemoryBIO = new MemoryBIO();
  readonly outgoing: MemoryBIO = new MemoryBIO();

  take(limit: number): Uint8Array {
    return this.outgoing.read(limit);
  }

  get quiet(): boolean {
    return this.outgoing.pending === 0;
  }

  give(bytes: Uint8Array): number {
    return this.incoming.write(bytes);
  }

  end(): void {
    this.incoming.writeEof();
  }

  reset(): void {
    this.incoming.writeEof();
  }
}

/** One direction of the wire. */
export class Line {
  readonly #from: Plug;
  readonly #to: Plug;
  readonly #stream: Stream;
  /** Taken from the sender, and not taken by the receiver. */
  #held: Uint8Array = new Uint8Array(0);
  /** How the sender has ended it. */
  #fate: "end" | "reset" | null = null;
  /** To be changed on the way: how many bytes go before. */
  #flipAfter = -1;

  constructor(from: Plug, to: Plug, stream: Stream) {
    this.#from = from;
    this.#to = to;
    this.#stream = stream;
  }

  /** Whether everything that was given to it has arrived. */
  get idle(): boolean {
    return this.#held.length === 0 && (this.#fate !== null || this.#from.quiet);
  }

  /** Moves at most `limit` bytes, or the end behind them; answers whether anything moved. */
  carry(limit: number): boolean {
    if (this.#stream.cut || this.#stream.reset) return false;
    if (this.#held.length === 0 && !this.#fetch(limit)) return false;
    if (this.#held.length === 0) return true; // it was the end
    const given = this.#to.give(this.#held.subarray(0, limit));
    this.#held = this.#held.subarray(given);
    return given > 0;
  }

  /** Changes a bit of what is going to be sent. */
  tamper(after: number): void {
    if (this.#flipAfter < 0) this.#flipAfter = after;
  }

  /** Spares what has not been sent yet. */
  spare(): void {
    this.#flipAfter = -1;
  }

  /** Ends it in the middle of whatever is sent. */
  cut(): void {
    if (this.#stream.cut || this.#stream.reset) return;
    this.#stream.cut = true;
    this.#to.end();
  }

  reset(): void {
    if (this.#stream.reset) return;
    this.#stream.reset = true;
    this.#to.reset();
  }

  #fetch(limit: number): boolean {
    if (this.#fate !== null) return false;
    const got = this.#from.take(limit);
    if (typeof got !== "string") {
      this.#held = this.#changed(got);
      return got.length > 0;
    }
    this.#fate = got;
    if (got === "reset") this.reset();
    else this.#to.end();
    return true;
  }

  #changed(bytes: Uint8Array): Uint8Array {
    if (this.#flipAfter < 0) return bytes;
    const at = this.#flipAfter;
    this.#flipAfter -= bytes.length;
    if (at >= bytes.length) return bytes;
    this.#stream.tampered = true;
    this.#flipAfter = -1;
    return bytes.with(at, bytes[at]! ^ 1);
  }
}

// Owns the transport over a channel of messages, which has no backpressure of its own: each side tells the other how many bytes
// were taken, and never more than a window of them is on the way. Refuses to know what carries the messages.
import { SSLConfigError, SSLSyscallError } from "../ssl/index.ts";
import { DRAIN_MS, syscallError, TransportBase } from "./transport-base.ts";
import type { NonBlockingTransport } from "./transport.ts";

/** What `fromMessages` takes: a `MessagePort`, a `Worker` or a `WebSocket`, by its shape. */
export interface MessageCarrier {
  addEventListener(type: string, listener: (event: Event) => void): void;
  /** Sends where it exists, as ports and workers have it. */
  postMessage?(message: unknown, transfer: Transferable[]): void;
  /** Sends otherwise, as web sockets have it. */
  send?(message: string | Uint8Array<ArrayBuffer>): void;
  /** Begins the delivery, as ports have it. */
  start?(): void;
  close?(): void;
  /** 0 until it is open, 1 as long as it is. */
  readonly readyState?: number;
  binaryType?: string;
}

/**
 * A transport over messages, such as those of a `MessageChannel`, a worker or a WebSocket. The other end must be one too:
 * messages of bytes are data, and texts say how many bytes were taken, that a direction has ended, or that it was cut. So
 * at most 256 KiB a direction are on the way or unread, which no WebSocket and no port would see to.
 *
 * It takes the port or the socket over: nobody else may send on it. It closes ports and web sockets, but no worker.
 *
 * Throws SSLConfigError for what cannot send.
 *
 * ```ts
 * const { port1, port2 } = new MessageChannel();
 * worker.postMessage(port2, [port2]); // there: startTls(fromMessages(port), { context: server })
 * const tls = await startTls(fromMessages(port1), { context, serverHostname: "worker.local" });
 * ```
 */
export function fromMessages(carrier: MessageCarrier): NonBlockingTransport {
  if (carrier.postMessage === undefined && carrier.send === undefined) {
    throw new SSLConfigError("Cannot carry TLS in messages: there is neither postMessage nor send");
  }
  return new MessagesTransport(carrier);
}

/** Bytes that may be on the way or unread in each direction; both ends must agree on it. */
const WINDOW = 256 * 1024;

class MessagesTransport extends TransportBase {
  readonly #carrier: MessageCarrier;
  #credit = WINDOW;
  #unread = 0;
  #owed = 0;
  #released = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(carrier: MessageCarrier) {
    super({ highWaterMark: WINDOW });
    this.#carrier = carrier;
    if (carrier.binaryType !== undefined) carrier.binaryType = "arraybuffer";
    this.#listen();
  }

  protected streamSend(bytes: Uint8Array): number {
    const chunk = bytes.slice(0, this.#credit);
    const { length } = chunk; // none is left when the chunk was transferred
    this.#credit -= length;
    if (this.#carrier.postMessage !== undefined) this.#carrier.postMessage(chunk, [chunk.buffer]);
    else this.#carrier.send!(chunk);
    return length;
  }

  protected streamWritable(): boolean {
    return this.#credit > 0 && (this.#carrier.readyState ?? 1) === 1;
  }

  /** Told in quarters of the window, so that not every message costs another one. */
  protected streamTaken(count: number): void {
    this.#unread -= count;
    this.#owed += count;
    if (this.#owed < WINDOW / 4 || this.queue.ended) return;
    this.#say(String(this.#owed));
    this.#owed = 0;
  }

  protected streamShutdownWrite(): void {
    this.#say("end");
  }

  /** What still comes is thrown away until the peer ends too: a port that is closed drops what waits for it. */
  protected streamClose(): void {
    if (!this.writeEnded) this.#say("end");
    if (this.queue.ended) return this.#release();
    this.#timer = setTimeout(() => this.#release(), DRAIN_MS);
    (this.#timer as { unref?: () => void }).unref?.();
    this.streamTaken(this.#unread);
  }

  protected streamAbort(): void {
    this.#say("reset");
    this.#release();
  }

  #listen(): void {
    const carrier = this.#carrier;
    carrier.addEventListener("message", (event) => this.#hear((event as MessageEvent<unknown>).data));
    carrier.addEventListener("open", () => this.changed());
    carrier.addEventListener("close", () => this.#gone("it was closed", "ECONNABORTED"));
    for (const failure of ["error", "messageerror"]) {
      carrier.addEventListener(failure, (event) =>
        this.broken(syscallError("use the channel of messages", "read", event)),
      );
    }
    carrier.start?.();
    if ((carrier.readyState ?? 1) > 1) this.#gone("it is closed", "ECONNABORTED");
  }

  #hear(message: unknown): void {
    if (message instanceof ArrayBuffer) this.#data(new Uint8Array(message));
    else if (message instanceof Uint8Array) this.#data(message);
    else if (message === "end") this.#end();
    else if (message === "reset") this.#gone("the peer has reset it", "ECONNRESET");
    else if (typeof message === "string" && /^[1-9]\d{0,6}$/.test(message)) this.#grant(Number(message));
    else this.#gone("the peer sends what means nothing here", "EPROTO");
  }

  #data(bytes: Uint8Array): void {
    this.#unread += bytes.length;
    if (this.closed) return this.streamTaken(bytes.length);
    if (this.queue.length + bytes.length > WINDOW) return this.#gone("the peer sends more than it may", "EPROTO");
    this.received(bytes);
  }

  #end(): void {
    this.ended();
    if (this.closed) this.#release();
  }

  #grant(count: number): void {
    if (this.#credit + count > WINDOW) return this.#gone("the peer takes more than was sent", "EPROTO");
    this.#credit += count;
    this.changed();
  }

  #gone(why: string, code: string): void {
    this.broken(new SSLSyscallError(`Cannot use the channel of messages: ${why}`, { code, syscall: "read" }));
    if (this.closed) this.#release();
  }

  #say(text: string): void {
    const { readyState = 1 } = this.#carrier;
    if (readyState === 0) this.#carrier.addEventListener("open", () => this.#say(text));
    if (readyState !== 1) return;
    if (this.#carrier.postMessage !== undefined) this.#carrier.postMessage(text, []);
    else this.#carrier.send!(text);
  }

  /** A worker is not closed: it may have other things to do, and the one that is told by `self` would be this one. */
  #release(): void {
    clearTimeout(this.#timer);
    if (this.#released) return;
    this.#released = true;
    if (this.#carrier.start !== undefined || this.#carrier.send !== undefined) this.#carrier.close?.();
  }
}

// Owns the transport over a WebSocket whose other end is a bridge to a TCP connection: bytes in, bytes out, nothing else. Refuses
// to know what the bridge is.
import { SSLSyscallError } from "../ssl/index.ts";
import { syscallError, TransportBase } from "./transport-base.ts";
import type { NonBlockingTransport } from "./transport.ts";

/** What `fromWebSocket` takes: the part of `WebSocket` that it uses. */
export interface WebSocketLike {
  addEventListener(type: string, listener: (event: Event) => void): void;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  /** 0 until it is open, 1 as long as it is. */
  readonly readyState: number;
  /** Bytes that `send` has taken and the network has not. */
  readonly bufferedAmount: number;
  binaryType: string;
}

/**
 * A transport over a WebSocket to a bridge that pours frames into a TCP connection, such as websockify. It takes the WebSocket
 * over. Where both ends are yours, `fromMessages` is better, since this is all that a WebSocket can do: what is sent is
 * bounded by 256 KiB (looked at every few milliseconds, as no event tells), what the peer sends is not bounded at all,
 * and neither direction can end without the other.
 *
 * ```ts
 * const tls = await startTls(fromWebSocket(new WebSocket("wss://bridge.example.org/db")), { context, serverHostname });
 * ```
 */
export function fromWebSocket(socket: WebSocketLike): NonBlockingTransport {
  return new WebSocketTransport(socket);
}

const MOST_BUFFERED = 256 * 1024;
const LOOK_AGAIN_MS = 5;

class WebSocketTransport extends TransportBase {
  readonly #socket: WebSocketLike;
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocketLike) {
    super();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.changed());
    socket.addEventListener("message", (event) => this.#hear((event as MessageEvent<unknown>).data));
    socket.addEventListener("error", (event) => this.broken(syscallError("use the WebSocket", "read", event)));
    socket.addEventListener("close", (event) => this.#gone((event as CloseEvent).wasClean));
    if (socket.readyState > 1) this.#gone(false);
  }

  protected streamSend(bytes: Uint8Array): number {
    this.#socket.send(bytes.slice());
    if (!this.streamWritable()) this.#lookAgain();
    return bytes.length;
  }

  protected streamWritable(): boolean {
    return this.#socket.readyState === 1 && this.#socket.bufferedAmount < MOST_BUFFERED;
  }

  /** What comes is queued anyway. */
  protected streamTaken(): void {}

  /** Closing would end both directions; the close_notify that was sent before says it to the peer. */
  protected streamShutdownWrite(): void {}

  /** A WebSocket delivers what it has taken before it closes. */
  protected streamClose(): void {
    this.#socket.close();
  }

  protected streamAbort(): void {
    this.#socket.close();
  }

  #hear(message: unknown): void {
    if (message instanceof ArrayBuffer) return this.received(new Uint8Array(message));
    this.broken(
      new SSLSyscallError("Cannot use the WebSocket: the peer sends text", { code: "EPROTO", syscall: "read" }),
    );
  }

  /** Whether all data came before is for TLS to tell. */
  #gone(clean: boolean): void {
    clearTimeout(this.#looking);
    const why = new SSLSyscallError("Cannot use the WebSocket: it was closed", { code: "ECONNRESET", syscall: "read" });
    if (!clean) return this.broken(why);
    this.ended();
    this.sendFailed(why);
  }

  #lookAgain(): void {
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => {
      if (this.streamWritable()) this.changed();
      else if (this.#socket.readyState <= 1) this.#lookAgain();
    }, LOOK_AGAIN_MS);
  }
}

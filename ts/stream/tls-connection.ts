// Owns the asynchronous face of a TLS connection: promises instead of wants, Web Streams on top. Refuses to know runtimes,
// and how waiting is done (pump.ts).
import { waitUntil } from "../socket/event-loop.ts";
import type { CloseReason, SSLSocket } from "../socket/ssl-socket.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { type Bytes, toBytes } from "../ssl/bytes.ts";
import {
  type Certificate,
  type CipherInfo,
  type IoResult,
  type NamedGroup,
  SSLStateError,
  type TLSVersion,
} from "../ssl/index.ts";
import { type Patience, pump } from "./pump.ts";

/** What the handshake has agreed on. */
export interface HandshakeInfo {
  readonly version: TLSVersion;
  readonly cipher: CipherInfo;
  readonly group: NamedGroup | null;
  readonly alpnProtocol: string | null;
  readonly peerCertificate: Certificate | null;
  readonly sessionReused: boolean;
}

/** How a connection came to its end. */
export interface Closed {
  readonly reason: CloseReason;
}

const chunkSize = 16384;

/**
 * A TLS connection with promises: bytes in, bytes out, and an end in each direction. Made by `startTls`, `connect` and `listen`.
 *
 * Reading and writing are independent of each other. A write resolves when the bytes are encrypted and the transport has room
 * for more, so that writing in a loop goes at the peer's pace. When the peer closes its direction, `read` answers null; the
 * other direction stays open until `closeWrite` or `close`.
 *
 * @example
 * await using tls = await connect({ hostname: "example.org", port: 443, context });
 * await tls.write(new TextEncoder().encode(request));
 * for await (const chunk of tls.readable) console.log(chunk.length);
 */
export class TLSConnection implements AsyncDisposable {
  /** What the handshake has agreed on. */
  readonly info: HandshakeInfo;
  /** Resolves when the connection is over, with its reason; never rejects. */
  readonly closed: Promise<Closed>;
  readonly #socket: SSLSocket;
  #settleClosed!: (closed: Closed) => void;
  #reading = false;
  #ended = false;
  #writing: Promise<unknown> = Promise.resolve();
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** @internal The handshake must be over. */
  constructor(socket: SSLSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.info = {
      version: socket.version()!,
      cipher: socket.cipher()!,
      group: socket.group(),
      alpnProtocol: socket.selectedAlpnProtocol(),
      peerCertificate: socket.getPeerCert(),
      sessionReused: socket.sessionReused === true,
    };
  }

  /** The socket below: sessions, certificates, channel bindings, key updates. Do not read or write on it. */
  get socket(): SSLSocket {
    return this.#socket;
  }

  /**
   * Reads into the start of `into`; answers how many bytes, or null when the peer has closed its direction.
   *
   * Rejects with SSLEOFError when the transport was cut, SSLStateError when another read is not finished.
   */
  async read(into: Bytes, { signal }: Pick<Patience, "signal"> = {}): Promise<number | null> {
    if (this.#reading) throw new SSLStateError("Cannot read: another read is not finished yet");
    const room = toBytes(into, "into");
    this.#reading = true;
    try {
      const size = await this.#run("read", () => this.#socket.tryRecv(room), { signal });
      if (size === null) this.#ended = true;
      return size;
    } finally {
      this.#reading = false;
    }
  }

  /** Writes all of it, behind what was written before; the caller may change the array when the promise has resolved. */
  async write(bytes: Bytes, { signal }: Pick<Patience, "signal"> = {}): Promise<void> {
    const all = toBytes(bytes, "bytes");
    return this.#inTurn(async () => {
      for (let rest = all; rest.length > 0;) {
        const part = rest;
        const taken = await this.#run("write", () => this.#socket.trySend(part), { signal });
        rest = rest.subarray(taken!);
      }
    });
  }

  /** Says that nothing more comes from this side (close_notify), behind what was written; reading goes on. */
  async closeWrite(): Promise<void> {
    await this.#inTurn(async () => {
      this.#socket.shutdownWrite();
      await this.#run("close", () => this.#flush(), {});
    });
  }

  /**
   * Closes in good order: what was written is delivered, then close_notify, then the transport is closed. It does not wait for
   * the peer's close_notify, and throws away what the peer still sends. After `shutdownTimeout` the transport is cut.
   */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    await this.#writing;
    const { transport } = this.#socket;
    this.#leave();
    await waitUntil(transport, () => transport.closed);
  }

  /** Cuts the connection at once; what was not delivered is lost. Pending reads and writes reject. */
  abort(error?: unknown): void {
    this.#socket.abort(error instanceof Error ? error : undefined);
    this.#settleClosed({ reason: this.#socket.closeReason ?? "local" });
  }

  /** Keying material (RFC 5705; RFC 8446, section 7.5), as `SSLObject.exportKeyingMaterial`. */
  exportKeyingMaterial(length: number, label: string, context?: Bytes): Uint8Array {
    return this.#socket.exportKeyingMaterial(length, label, context);
  }

  /**
   * Ends TLS in both directions and answers the transport, on which the protocol before TLS goes on without a lost byte. Waits
   * for the peer to do the same. Rejects with SSLStateError when there is unread data.
   */
  async stopTls(patience: Patience = {}): Promise<NonBlockingTransport> {
    let transport: NonBlockingTransport | undefined;
    await this.#inTurn(() =>
      this.#run(
        "stop TLS",
        () => {
          const result = this.#socket.tryUnwrap();
          if (result.kind === "ok") transport = this.#socket.transport;
          return result;
        },
        patience,
      ),
    );
    this.#settleClosed({ reason: "close-notify" });
    return transport!;
  }

  /** The bytes of the peer; a byte stream, which reads into the buffers of a BYOB reader. */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: chunkSize,
      pull: async (controller) => {
        const request = controller.byobRequest!;
        const size = await this.read(request.view as Uint8Array<ArrayBuffer>);
        if (size === null) controller.close();
        request.respond(size ?? 0);
      },
      cancel: (reason) => (this.#ended ? undefined : this.abort(reason)),
    }) as ReadableStream<Uint8Array>;
    return this.#readable;
  }

  /** Where to write; closing it closes this direction only. */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.write(chunk),
      close: () => this.closeWrite(),
      abort: (reason) => this.abort(reason),
    });
    return this.#writable;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Writes and what belongs behind them happen one after the other; a failed one does not hold up the next. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(act);
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  async #run(doing: string, call: () => IoResult, patience: Patience): Promise<number | null> {
    try {
      return await pump(this.#socket, doing, call, patience);
    } catch (error) {
      if (this.#socket.state === "failed" || this.#socket.closed) {
        this.#settleClosed({ reason: this.#socket.closeReason ?? "local" });
      }
      throw error;
    }
  }

  #flush(): IoResult {
    return this.#socket.tryFlush();
  }

  #leave(): void {
    const reason = this.#socket.closeReason ?? "local";
    this.#socket.close();
    this.#settleClosed({ reason });
  }
}

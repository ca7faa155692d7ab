// Owns one connection with promises and its model: every promise settles, with what it may settle with; what was taken of each write
// arrives in the order of the writes; a second read beside one that is not finished is refused, and nothing else is.
import { expect } from "vitest";
import type { NonBlockingTransport } from "../../../ts/socket/transport.ts";
import { SSLError, SSLStateError, type TLSConnection } from "../../../ts/index.ts";
import { concat, pattern } from "../../socket/moving.ts";
import type { Begun } from "./calls.ts";
import type { Face } from "./face.ts";

/** One write: its bytes, and how many of them were taken, once that is known. */
interface Written {
  readonly bytes: Uint8Array<ArrayBuffer>;
  taken: number | null;
}

export class StreamParty {
  readonly tls: TLSConnection;
  readonly transport: NonBlockingTransport;
  readonly face: Face;
  peer!: StreamParty;
  calls = 0;
  /** Begun and not settled. */
  open = 0;
  /** Our direction was to be ended properly, and was; TLS was stopped, or the connection closed or broken, by this side. */
  ended = false;
  endSaid = false;
  left = false;
  broken = false;
  endSeen = false;
  /** Received bytes were thrown away. */
  discarded = false;
  trouble: unknown;
  readonly #writes: Written[] = [];
  readonly #received: Uint8Array[] = [];
  readonly #controllers = new Set<AbortController>();
  #reads = 0;
  #closing: Promise<void> | null = null;

  constructor(tls: TLSConnection, transport: NonBlockingTransport, face: Face) {
    this.tls = tls;
    this.face = face;
    this.transport = transport;
  }

  /** Whether neither side has done anything but talk, and end its direction. */
  get undisturbed(): boolean {
    return ![this, this.peer].some(({ left, broken, discarded }) => left || broken || discarded);
  }

  /** All that was taken of the writes, in their order. */
  get sent(): Uint8Array {
    return concat(this.#writes.map(({ bytes, taken }) => bytes.subarray(0, taken ?? bytes.length)));
  }

  get received(): Uint8Array {
    return concat(this.#received);
  }

  begin(call: Begun): void {
    this.calls++;
    this.open++;
    const controller = "signal" in call && call.signal ? new AbortController() : null;
    if (controller !== null) this.#controllers.add(controller);
    const options = controller === null ? {} : { signal: controller.signal };
    const settled = this.#started(call, options).then(
      () => undefined,
      (error: unknown) => this.#guarded(() => this.#judgeError(call, error, controller)),
    );
    void settled.then(() => {
      this.open--;
      if (controller !== null) this.#controllers.delete(controller);
    });
  }

  /** Gives up everything that can be given up. */
  cancel(): void {
    for (const controller of this.#controllers) controller.abort(new Error("cancelled"));
  }

  abort(): void {
    this.broken = true;
    this.tls.abort(new Error("broken off"));
  }

  /** The peer's transport ends without a close_notify. */
  cut(): void {
    this.broken = true;
    if (!this.transport.closed) this.transport.shutdownWrite();
  }

  /** What can be asked at any time. */
  look(): void {
    const { info, closed } = this.tls;
    expect([info.version, info.alpnProtocol, this.tls.closed]).toEqual([expect.any(String), null, closed]);
  }

  /** What was received is what was sent, as far as it has come. */
  checkBytes(whole: boolean): void {
    const { received } = this;
    const { sent } = this.peer;
    if (this.discarded) return;
    expect(received.length, "bytes received of those sent").toBeLessThanOrEqual(sent.length);
    expect(
      received.every((byte, i) => byte === sent[i]),
      "the bytes received are the ones sent",
    ).toBe(true);
    if (whole) expect(received.length, "all bytes are there in the end").toBe(sent.length);
  }

  async #started(call: Begun, options: { signal?: AbortSignal }): Promise<void> {
    const { face } = this;
    if (call.do === "read") return this.#read(new Uint8Array(call.size), options);
    if (call.do === "write") return this.#write(call.size, (bytes) => face.write(bytes, options));
    if (call.do === "closeWrite") return this.#closeWrite(options);
    if (call.do === "stopTls") return this.#stopTls(call.discard, options);
    return this.#close(options);
  }

  async #read(into: Uint8Array<ArrayBuffer>, options: { signal?: AbortSignal }): Promise<void> {
    const got = await this.#alone(() => this.face.read(into, options));
    if (got === undefined) return;
    if (got === null) return this.#noteEnd();
    this.#received.push(got.slice());
    if (into.length > 0) expect(got.length, "bytes of a read that was done").toBeGreaterThan(0);
  }

  /** Reading is for one at a time, but for streams, which queue; answers undefined where it was refused for that, as it must be. */
  async #alone<T>(read: () => Promise<T>): Promise<T | undefined> {
    const busy = this.#reads > 0 && !this.face.queues;
    this.#reads++;
    try {
      const got = await read();
      expect(busy, "a second read beside one that is not finished").toBe(false);
      return got;
    } catch (error) {
      if (busy && isBusy(error)) return undefined;
      throw error;
    } finally {
      this.#reads--;
    }
  }

  async #write(size: number, write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<void> {
    if (this.face.queues && this.ended) return; // what a closed stream says to that is the runtime's own
    const written: Written = { bytes: pattern(size, 1 + this.#writes.length), taken: null };
    this.#writes.push(written);
    try {
      await write(written.bytes);
      written.taken = size;
    } catch (error) {
      written.taken = (error as { bytesSent?: number }).bytesSent ?? 0;
      throw error;
    }
  }

  async #closeWrite(options: { signal?: AbortSignal }): Promise<void> {
    this.ended = true;
    try {
      await this.face.closeWrite(options);
      this.endSaid = true;
    } catch (error) {
      this.endSaid = false; // or it was, and only its way was not waited for
      throw error;
    }
  }

  async #close(options: { signal?: AbortSignal }): Promise<void> {
    this.left = true;
    const closing = this.tls.close(options);
    expect(closing, "the promise of the first close").toBe((this.#closing ??= closing));
    await closing;
    expect(this.transport.closed || this.tls.socket.state === "closed", "it is closed").toBe(true);
  }

  async #stopTls(discard: boolean, options: { signal?: AbortSignal }): Promise<void> {
    this.left = true;
    this.discarded ||= discard;
    const transport = await this.#alone(() => this.tls.stopTls({ discard, ...options }));
    if (transport !== undefined) expect(transport).toBe(this.transport);
  }

  #noteEnd(): void {
    const { ended, left, broken } = this.peer;
    expect(ended || left || broken, "the peer has ended its direction").toBe(true);
    this.endSeen = true;
  }

  #judgeError(call: Begun, error: unknown, controller: AbortController | null): void {
    const given = controller?.signal.aborted === true;
    const shared = call.do === "close" && this.#closing !== null; // with the signal of the first close
    if ((given || shared) && (error as Error).message === "cancelled") return;
    if (this.face.queues && error instanceof TypeError) return void expect(this.undisturbed, String(error)).toBe(false);
    expect(error, `what ${call.do} rejects with`).toBeInstanceOf(SSLError);
    const { reason } = error as SSLError;
    if (given && reason === "ABORTED") return;
    if (reason === "PROTOCOL_IS_SHUTDOWN")
      return void expect(this.ended || this.left, "its direction is closed").toBe(true);
    expect(this.undisturbed, `nobody has done anything that leads to ${String(error)}`).toBe(false);
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.trouble ??= error;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof SSLStateError && error.message.includes("another read is not finished");
}

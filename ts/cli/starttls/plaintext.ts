// Owns the conversation before TLS: lines and bytes over a transport, bounded in length. It takes no byte from the transport that
// was not asked for: what somebody has put behind the last one is still there to be found, and can never be taken for something
// that TLS has protected. Refuses to know any protocol.
import { type NonBlockingTransport, select, SSLSyscallError } from "../../index.ts";
import type { Failures } from "./failures.ts";

/** Bytes that a peer may send before TLS, all together: many times what any server has to say. */
const MOST_BYTES = 16 * 1024;

/** One conversation in plaintext. What fails throws an error of `failures`, or the reason of the signal. */
export class Plaintext {
  readonly failures: Failures;
  readonly #transport: NonBlockingTransport;
  readonly #signal: AbortSignal;
  readonly #byte = new Uint8Array(1);
  #left = MOST_BYTES;

  constructor(transport: NonBlockingTransport, failures: Failures, signal: AbortSignal) {
    this.failures = failures;
    this.#transport = transport;
    this.#signal = signal;
  }

  /** The next line, without its end. */
  async readLine(): Promise<string> {
    return (await this.readThrough("\n")).replace(/\r?\n$/, "");
  }

  /** The text up to an ASCII character, which is its last one. */
  async readThrough(last: string): Promise<string> {
    const bytes: number[] = [];
    do bytes.push(await this.#next());
    while (bytes.at(-1) !== last.charCodeAt(0));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  async readBytes(count: number): Promise<Uint8Array> {
    if (count > this.#left) throw this.failures.tooLong(MOST_BYTES);
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = await this.#next();
    return bytes;
  }

  async write(what: string | Uint8Array): Promise<void> {
    let rest = typeof what === "string" ? new TextEncoder().encode(what) : what;
    while (rest.length > 0) {
      await select([], [this.#transport], [], undefined, { signal: this.#signal });
      rest = rest.subarray(this.#attempt(() => this.#transport.send(rest)));
    }
  }

  /**
   * Refuses bytes where TLS must begin. The event loop gets a turn first, so that what lies in the kernel counts too; what comes
   * later still is ciphertext for TLS, which refuses it.
   */
  async refuseSurplus(): Promise<void> {
    await select([this.#transport], [], [], 0);
    const first = this.#receive();
    if (first === null) return;
    const bytes = Uint8Array.from([first, ...this.#transport.takeRemaining()]);
    throw this.failures.injected(new TextDecoder().decode(bytes));
  }

  async #next(): Promise<number> {
    if (this.#left === 0) throw this.failures.tooLong(MOST_BYTES);
    for (;;) {
      const byte = this.#receive();
      if (byte === null) await select([this.#transport], [], [], undefined, { signal: this.#signal });
      else {
        this.#left -= 1;
        return byte;
      }
    }
  }

  /** The next byte, null when it is not there yet. */
  #receive(): number | null {
    const got = this.#attempt(() => this.#transport.recvInto(this.#byte));
    if (got === "eof") throw this.failures.ended();
    return got === "would-block" ? null : this.#byte[0]!;
  }

  #attempt<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw error instanceof SSLSyscallError ? this.failures.broken(error) : error;
    }
  }
}

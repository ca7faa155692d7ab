// Owns the conversation before TLS: lines and bytes over a transport, bounded in length and time, and the sentences for
// what goes wrong with it. It takes no byte from the transport that was not asked for: what somebody has put behind the
// last one is still there to be found, and can never be taken for something that TLS has protected. Refuses to know any protocol.
import {
  type NonBlockingTransport,
  select,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
  SSLTimeoutError,
} from "../../index.ts";
import { Deadline } from "../../socket/event-loop.ts";

/** With whom, and for how long. */
export interface PlaintextOptions {
  /** The name of the protocol, for sentences. */
  readonly protocol: string;
  /** Who is at the other end, for sentences. */
  readonly peer: string;
  /** For the whole conversation. */
  readonly timeoutMs: number;
  /** Ends the conversation; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Why TLS was not started; the time, the end of the stream and the system have classes of their own. */
export type StartTlsReason =
  "STARTTLS_NOT_OFFERED" | "STARTTLS_REFUSED" | "STARTTLS_BAD_ANSWER" | "STARTTLS_TOO_LONG" | "STARTTLS_INJECTION";

/** Bytes that a peer may send before TLS, all together: many times what any server has to say. */
const MOST_BYTES = 16 * 1024;

/** Characters of the peer that a sentence quotes. */
const LONGEST_QUOTE = 100;

/** One conversation in plaintext. Everything throws `SSLError`s whose sentences name the protocol and the peer. */
export class Plaintext {
  readonly #transport: NonBlockingTransport;
  readonly #options: PlaintextOptions;
  readonly #deadline: Deadline;
  readonly #byte = new Uint8Array(1);
  #left = MOST_BYTES;

  constructor(transport: NonBlockingTransport, options: PlaintextOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#deadline = new Deadline(options.timeoutMs);
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
    if (count > this.#left) throw this.#tooLong();
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = await this.#next();
    return bytes;
  }

  async write(what: string | Uint8Array): Promise<void> {
    let rest = typeof what === "string" ? new TextEncoder().encode(what) : what;
    while (rest.length > 0) {
      await this.#ready("writable");
      rest = rest.subarray(this.#attempt(() => this.#transport.send(rest)));
    }
  }

  /**
   * Refuses bytes where TLS must begin. The event loop gets a turn first, so that what lies in the kernel counts too; what comes
   * later still is ciphertext for TLS, which refuses it.
   */
  async refuseSurplus(): Promise<void> {
    await select([this.#transport], [], [], 0);
    const got = this.#attempt(() => this.#transport.recvInto(this.#byte));
    if (got === "eof") throw this.#ended();
    if (got === "would-block") return;
    const text = new TextDecoder().decode(Uint8Array.from([...this.#byte, ...this.#transport.takeRemaining()]));
    throw this.failure("STARTTLS_INJECTION", `${quote(text)} came where TLS must begin, somebody may have injected it`);
  }

  /** The peer does not know about TLS, at least not here and now. */
  notOffered(answer: string): SSLError {
    return this.failure("STARTTLS_NOT_OFFERED", `it does not offer TLS, only ${quote(answer)}`);
  }

  /** The peer was asked, and would rather not. */
  refused(answer: string): SSLError {
    return this.failure("STARTTLS_REFUSED", `it refused with ${quote(answer)}`);
  }

  /** The peer does not keep to the protocol. */
  unexpected(answer: string): SSLError {
    return this.failure("STARTTLS_BAD_ANSWER", `it sent ${quote(answer)}, which means nothing here`);
  }

  failure(reason: StartTlsReason, why: string): SSLError {
    return new SSLError(this.#sentence(why), { reason });
  }

  async #next(): Promise<number> {
    if (this.#left === 0) throw this.#tooLong();
    for (;;) {
      const got = this.#attempt(() => this.#transport.recvInto(this.#byte));
      if (got === "eof") throw this.#ended();
      if (got !== "would-block") break;
      await this.#ready("readable");
    }
    this.#left -= 1;
    return this.#byte[0]!;
  }

  async #ready(what: "readable" | "writable"): Promise<void> {
    const { timeoutMs, signal } = this.#options;
    signal?.throwIfAborted();
    if (this.#transport[what]) return;
    const all = [this.#transport];
    const options = signal === undefined ? {} : { signal };
    await select(what === "readable" ? all : [], what === "writable" ? all : [], [], this.#deadline.left, options);
    if (this.#deadline.left > 0 || this.#transport[what]) return;
    throw new SSLTimeoutError(this.#sentence(`it took more than ${timeoutMs / 1000} seconds`));
  }

  /** A failure of the transport gets our sentence. */
  #attempt<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof SSLSyscallError)) throw error;
      throw new SSLSyscallError(this.#sentence(`the connection failed with ${error.code}`), {
        code: error.code,
        cause: error,
      });
    }
  }

  #tooLong(): SSLError {
    return this.failure("STARTTLS_TOO_LONG", `it has more to say than ${MOST_BYTES} bytes`);
  }

  #ended(): SSLEOFError {
    return new SSLEOFError(this.#sentence("the connection ended before TLS began"));
  }

  #sentence(why: string): string {
    const { protocol, peer } = this.#options;
    return `Cannot start TLS over ${protocol} with ${peer}: ${why}`;
  }
}

/** What a peer sent, fit for a terminal: nothing but printable ASCII, and not too much of it. */
function quote(text: string): string {
  const printable = text.replaceAll(/[^ -~]+/g, " ").trim();
  const cut = printable.length > LONGEST_QUOTE ? `${printable.slice(0, LONGEST_QUOTE)}...` : printable;
  return `"${cut}"`;
}

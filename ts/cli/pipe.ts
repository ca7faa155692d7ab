// Owns the joining of a TLS connection with stdin and stdout, both directions at once in one loop over `select`. Neither
// direction is read faster than the other end takes it. Refuses to know how the connection came about.
import { select, type SSLSocket } from "../index.ts";
import { StandardInput, StandardOutput } from "./stdio.ts";

/**
 * Sends stdin and writes to stdout what is received, until the peer closes. The end of stdin closes our direction. Throws
 * what went wrong with the connection or with stdout; what came before that is written.
 */
export async function pipeStdio(socket: SSLSocket): Promise<void> {
  const input = new StandardInput();
  const output = new StandardOutput();
  try {
    await new Pipe(socket, input, output).run();
  } finally {
    input.release();
    await output.flush();
  }
}

/** What one direction waits for. */
type Waiting = "socket-read" | "socket-write" | "input" | "output" | "nothing";

/** A record holds no more. */
const CHUNK = 16 * 1024;

class Pipe {
  readonly #socket: SSLSocket;
  readonly #input: StandardInput;
  readonly #output: StandardOutput;
  readonly #received = new Uint8Array(CHUNK);
  #unsent: Uint8Array = new Uint8Array(0);
  #sending = true;
  /** The peer may have said why it stopped listening, so this is only thrown when it has nothing more to say. */
  #sendFailure: Error | null = null;

  constructor(socket: SSLSocket, input: StandardInput, output: StandardOutput) {
    this.#socket = socket;
    this.#input = input;
    this.#output = output;
  }

  async run(): Promise<void> {
    for (;;) {
      const receiving = this.#receive();
      if (receiving === "end") break;
      await this.#wait(receiving, this.#send());
    }
    if (this.#sendFailure !== null) throw this.#sendFailure;
  }

  #receive(): Waiting | "end" {
    for (;;) {
      if (!this.#output.writable) return "output";
      const result = this.#socket.tryRecv(this.#received);
      if (result.kind === "eof") return "end";
      if (result.kind === "want") return result.want === "write" ? "socket-write" : "socket-read";
      this.#output.write(this.#received.slice(0, result.n));
    }
  }

  #send(): Waiting {
    try {
      while (this.#sending) {
        const waiting = this.#sendSome();
        if (waiting !== null) return waiting;
      }
    } catch (error) {
      this.#sendFailure = error as Error;
      this.#sending = false;
    }
    return "nothing";
  }

  /** Null when something moved. */
  #sendSome(): Waiting | null {
    if (this.#unsent.length === 0) return this.#refill();
    const result = this.#socket.trySend(this.#unsent);
    if (result.kind === "ok") this.#unsent = this.#unsent.subarray(result.n);
    else return result.kind === "want" && result.want === "read" ? "socket-read" : "socket-write";
    return null;
  }

  #refill(): Waiting | null {
    const chunk = this.#input.take();
    if (chunk === null) return "input";
    if (chunk !== "end") this.#unsent = chunk;
    else {
      this.#socket.shutdownWrite();
      this.#sending = false;
    }
    return null;
  }

  async #wait(...all: readonly Waiting[]): Promise<void> {
    const socket = (what: Waiting): SSLSocket[] => (all.includes(what) ? [this.#socket] : []);
    const input = all.includes("input") ? [this.#input] : [];
    const output = all.includes("output") ? [this.#output] : [];
    await select([...socket("socket-read"), ...input], [...socket("socket-write"), ...output]);
  }
}

// Owns the joining of a TLS connection with a source and a sink, such as stdin and stdout, both directions at once in one loop over `select`. Neither
// direction is read faster than the other end takes it. Refuses to know how the connection came about.
import { select, type Selectable, SSLError, type SSLSocket } from "../index.ts";
import type { Traffic } from "./progress.ts";
import { StandardInput, StandardOutput } from "./stdio.ts";

/** Where the bytes for the peer come from. */
export interface Source extends Selectable {
  /** Whether a person would have to end it. */
  readonly isTerminal: boolean;
  /** The next chunk, null when there is none yet, `"end"` behind the last one. */
  take(): Uint8Array | null | "end";
}

/** Where the bytes of the peer go. */
export interface Sink extends Selectable {
  /** Takes all of `bytes`; is not writable afterwards until it has caught up. */
  write(bytes: Uint8Array): void;
}

/** Joins a connection with stdin and stdout; see `pipe`. Whatever happens, stdout has what was received before it. */
export async function pipeStdio(socket: SSLSocket, traffic: Traffic): Promise<void> {
  const input = new StandardInput();
  const output = new StandardOutput();
  try {
    await pipe(socket, input, output, traffic);
  } finally {
    input.release();
    await output.flush();
  }
}

/**
 * Sends `input` and gives what is received to `output`, until both are over. The end of `input` closes our direction. When
 * the peer closes its own first, the rest of `input` is still sent, unless the peer has left or a person types there.
 * Throws what went wrong with the connection, `input` or `output`; what came before that is written. Counts in `traffic`.
 */
export async function pipe(
  socket: SSLSocket,
  input: Source,
  output: Sink,
  traffic: Traffic = { sent: 0, received: 0 },
): Promise<void> {
  await new Pipe(socket, input, output, traffic).run();
}

/** What one direction waits for. */
type Waiting = "socket-read" | "socket-write" | "transport-read" | "input" | "output" | "nothing";

/** A record holds no more. */
const CHUNK = 16 * 1024;

class Pipe {
  readonly #socket: SSLSocket;
  readonly #input: Source;
  readonly #output: Sink;
  readonly #traffic: Traffic;
  readonly #received = new Uint8Array(CHUNK);
  #unsent: Uint8Array = new Uint8Array(0);
  #receiving = true;
  #sending = true;
  /** The peer may have said why it stopped listening, so this is only thrown when it has nothing more to say. */
  #sendFailure: Error | null = null;

  constructor(socket: SSLSocket, input: Source, output: Sink, traffic: Traffic) {
    this.#socket = socket;
    this.#input = input;
    this.#output = output;
    this.#traffic = traffic;
  }

  async run(): Promise<void> {
    for (;;) {
      const waiting = this.#receiving ? this.#receive() : "transport-read";
      const sending = this.#send();
      if (this.#isOver()) break;
      await this.#wait(waiting, sending);
    }
    if (this.#sendFailure !== null) throw this.#sendFailure;
    if (this.#unsent.length > 0) throw new SSLError("Cannot send all of stdin: the peer has closed the connection");
    if (!this.#peerHasLeft()) await this.#socket.sendAll(new Uint8Array(0)); // flushes
  }

  #isOver(): boolean {
    return !this.#receiving && (!this.#sending || this.#input.isTerminal || this.#peerHasLeft());
  }

  /** Whether the peer's close_notify was followed by the end of the transport; bytes in between mean nothing. */
  #peerHasLeft(): boolean {
    try {
      for (;;) {
        const got = this.#socket.transport.recvInto(this.#received);
        if (typeof got !== "number") return got === "eof";
      }
    } catch {
      return true;
    }
  }

  #receive(): Waiting {
    for (;;) {
      if (!this.#output.writable) return "output";
      const result = this.#socket.tryRecv(this.#received);
      if (result.kind === "eof") {
        this.#receiving = false;
        return "transport-read";
      }
      if (result.kind === "want") return result.want === "write" ? "socket-write" : "socket-read";
      this.#output.write(this.#received.slice(0, result.n));
      this.#traffic.received += result.n;
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
    if (result.kind !== "ok") return result.kind === "want" && result.want === "read" ? "socket-read" : "socket-write";
    this.#unsent = this.#unsent.subarray(result.n);
    this.#traffic.sent += result.n;
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
    const transport = all.includes("transport-read") ? [this.#socket.transport] : [];
    await select([...socket("socket-read"), ...transport, ...input], [...socket("socket-write"), ...output]);
  }
}

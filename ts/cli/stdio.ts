// Owns stdin and stdout as things that `select` can wait for, one chunk at a time, so that neither grows in memory.
// Refuses to know what they are joined with.
import process from "node:process";
import { type Selectable, SSLSyscallError } from "../index.ts";
import type { Sink, Source } from "./pipe.ts";

/** What both have in common: telling who waits for them. */
abstract class Standard implements Selectable {
  readonly closed: boolean = false;
  readonly #watchers = new Set<{ readonly notify: () => void }>();

  abstract readonly readable: boolean;
  abstract readonly writable: boolean;

  watch(notify: () => void): () => void {
    const watcher = { notify };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  protected changed(): void {
    for (const { notify } of this.#watchers) notify();
  }
}

/** The bytes of stdin. */
export class StandardInput extends Standard implements Source {
  readonly writable: boolean = false;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #failure: SSLSyscallError | null = null;

  constructor() {
    super();
    process.stdin.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      process.stdin.pause();
      this.changed();
    });
    process.stdin.on("end", () => {
      this.#ended = true;
      this.changed();
    });
    process.stdin.on("error", (error) => {
      this.#failure = failureOf("read from stdin", "read", error);
      this.changed();
    });
  }

  /** Whether a person types here. */
  get isTerminal(): boolean {
    return process.stdin.isTTY;
  }

  get readable(): boolean {
    return this.#chunks.length > 0 || this.#ended || this.#failure !== null;
  }

  /** The next chunk, null when there is none yet, `"end"` behind the last one. Throws `SSLSyscallError`. */
  take(): Uint8Array | null | "end" {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return chunk;
    if (this.#failure !== null) throw this.#failure;
    if (this.#ended) return "end";
    process.stdin.resume();
    return null;
  }

  /** Lets the process end although stdin has not. */
  release(): void {
    process.stdin.pause();
    process.stdin.destroy();
    (process.stdin as { unref?: () => void }).unref?.();
  }
}

/** The bytes for stdout. */
export class StandardOutput extends Standard implements Sink {
  readonly readable: boolean = false;
  #full = false;
  #failure: SSLSyscallError | null = null;

  constructor() {
    super();
    process.stdout.on("drain", () => {
      this.#full = false;
      this.changed();
    });
    process.stdout.on("error", (error: Error) => {
      this.#failure ??= failureOf("write to stdout", "write", error);
      this.changed();
    });
  }

  get writable(): boolean {
    return !this.#full || this.#failure !== null;
  }

  /** Takes all of `bytes`, which belong to it from now on; not writable afterwards until stdout has caught up. */
  write(bytes: Uint8Array): void {
    if (this.#failure !== null) throw this.#failure;
    if (!process.stdout.write(bytes)) this.#full = true;
  }

  /** Resolves when stdout has everything; rejects when it could not be written. */
  async flush(): Promise<void> {
    if (this.#failure === null) await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
    if (this.#failure !== null) throw this.#failure;
  }
}

function failureOf(what: string, syscall: string, error: Error & { code?: string }): SSLSyscallError {
  const code = error.code ?? "EIO";
  const why = code === "EPIPE" ? "nobody reads it any more" : error.message;
  return new SSLSyscallError(`Cannot ${what}: ${why}`, { code, syscall, cause: error });
}

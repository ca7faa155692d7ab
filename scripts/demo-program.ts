// Owns the child processes of scripts/demo.ts: their input and output, their end in good order and in time.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";

const PATIENCE_MS = 120_000;

const children = new Set<ChildProcess>();
process.once("exit", stopPrograms);

/** Ends what still runs. */
export function stopPrograms(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** A child process whose output is kept; it has to end by itself, in good order and in time. */
export class Program {
  /** The first line of its output. */
  readonly firstLine: Promise<string>;
  /** Its output, once it has ended well. */
  readonly done: Promise<Buffer>;
  readonly #child: ChildProcess;
  readonly #output: Buffer[] = [];
  #errors = "";

  constructor([program, ...args]: readonly string[]) {
    const child = spawn(program!, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    this.#child = child;
    children.add(child);
    child.stdin.on("error", () => {}); // a program that is gone already is seen by its end
    child.stdout.on("data", (bytes: Buffer) => this.#output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => (this.#errors += bytes.toString()));
    this.done = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        children.delete(child);
        if (code === 0) return resolve(Buffer.concat(this.#output));
        reject(new Error(`${program} ended with ${signal ?? code}: ${this.#errors}`));
      });
    });
    this.firstLine = new Promise((resolve, reject) => {
      child.stdout.on("data", () => {
        const [line, more] = Buffer.concat(this.#output.slice(0, 2)).toString().split("\n", 2);
        if (more !== undefined) resolve(line!);
      });
      this.done.then(() => reject(new Error(`${program} said nothing`)), reject);
    });
    // Who waits for one of the two hears of a failure there.
    this.firstLine.catch(() => {});
    this.done.catch(() => {});
  }

  /** Resolves once it has printed that many bytes. */
  async received(count: number): Promise<void> {
    while (this.#output.reduce((sum, { length }) => sum + length, 0) < count) await once(this.#child.stdout!, "data");
  }

  input(bytes: Uint8Array): void {
    this.#child.stdin!.write(bytes);
  }

  endInput(): void {
    this.#child.stdin!.end();
  }
}

// The other side of a scenario: a command of upstream's, with its output and its end. Knows nothing of what it should do.
import { spawn } from "node:child_process";
import process from "node:process";

/** How long a side may take, in milliseconds. */
const patience = 60_000;

/** One process with its children. */
export class Peer {
  output = "";
  /** Its status, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #pid: number;
  readonly #limit: ReturnType<typeof setTimeout>;
  #heard = (): void => undefined;

  constructor(command: string, folder: string) {
    const child = spawn("sh", ["-c", command], { cwd: folder, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#pid = child.pid!;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("latin1").on("data", (text: string) => {
        this.output += text;
        this.#heard();
      });
    this.#limit = setTimeout(() => this.#signal("SIGKILL"), patience);
    this.ended = new Promise((resolve) =>
      child.on("close", (status) => {
        clearTimeout(this.#limit);
        resolve(status);
      }),
    );
  }

  /** Waits for such output; answers whether it came before the end, and in so many milliseconds. */
  async says(pattern: RegExp, within = patience): Promise<boolean> {
    let over = false;
    const give = (): void => {
      over = true;
      this.#heard();
    };
    const limit = setTimeout(give, within);
    void this.ended.then(give);
    while (!over && !pattern.test(this.output)) await new Promise<void>((resolve) => (this.#heard = resolve));
    clearTimeout(limit);
    return pattern.test(this.output);
  }

  /** Asks it to end, as upstream's script does. */
  stop(): Promise<number | null> {
    this.#signal("SIGTERM");
    return this.ended;
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    try {
      process.kill(-this.#pid, signal);
    } catch {
      // it has ended
    }
  }
}

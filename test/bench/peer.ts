// The other side of what goes over loopback: a process of its own, always Node with node:tls, so that the CPU time of the process
// that is measured is that of one side only. Owns starting it and asking it; peer-process.ts is what it does.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Setup } from "./setup.ts";

/** What the server is made of: node:tls sends records of 16 KiB, wanttls of 100 bytes. */
export type ServedBy = "node:tls" | "wanttls";

/** What the process is told, one line of JSON each; it answers with one line of JSON each, in order. */
export type Order =
  | { readonly do: "serve"; readonly setup: Setup; readonly by: ServedBy }
  | {
      readonly do: "shake";
      readonly setup: Setup;
      readonly port: number;
      readonly count: number;
      readonly resumed: boolean;
    }
  | { readonly do: "hold"; readonly setup: Setup; readonly port: number; readonly count: number };

/** `port` when it serves, `error` when it failed. */
export interface Answer {
  readonly port?: number;
  readonly error?: string;
}

export class Peer {
  readonly #process: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor() {
    const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
    const program = fileURLToPath(new URL("peer-process.ts", import.meta.url));
    this.#process = spawn(node, [program], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: this.#process.stdout! });
    lines.on("line", (line) => this.#waiting.shift()?.(JSON.parse(line) as Answer));
    this.#process.on("exit", () => {
      for (const resolve of this.#waiting.splice(0)) resolve({ error: "the other side has ended" });
    });
  }

  /** Answers the port of a server that greets with one byte and obeys lines: "send <payloads>" and "take <bytes>". */
  async serve(setup: Setup, by: ServedBy = "node:tls"): Promise<number> {
    const { port } = await this.#ask({ do: "serve", setup, by });
    return port!;
  }

  /** Connects so often to a server here, one after the other, and waits for its greeting each time. */
  async shake(setup: Setup, port: number, count: number, resumed: boolean): Promise<void> {
    await this.#ask({ do: "shake", setup, port, count, resumed });
  }

  /** Opens that many connections more to a server here, and keeps them. */
  async hold(setup: Setup, port: number, count: number): Promise<void> {
    await this.#ask({ do: "hold", setup, port, count });
  }

  end(): void {
    this.#process.kill();
  }

  async #ask(order: Order): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin!.write(`${JSON.stringify(order)}\n`);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}

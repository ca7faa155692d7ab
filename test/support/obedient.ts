// A program of ours on Node in a process of its own, which gets orders and answers them, a line of JSON each, in order. Owns both ends of
// that: starting and asking, and on the other side reading and answering. Knows no order.
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { failureOf } from "./failure.ts";
import { commandOf } from "./runtimes.ts";

/** What comes back: what the order asked for, or why not. */
type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** The process, seen from the one that gives the orders. */
export class Obedient<Order, Answer> {
  readonly #process: ChildProcess;
  #over = false;
  readonly #waiting: ((reply: Reply<Answer>) => void)[] = [];
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;

  /** Starts the program on the pinned Node, whatever runtime this is. */
  constructor(program: URL) {
    const [node, ...flags] = commandOf("node");
    this.#process = spawn(node, [...flags, fileURLToPath(program)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdin!.on("error", () => {}); // that it has ended is seen below
    const lines = createInterface({ input: this.#process.stdout! });
    lines.on("line", (line) => this.#waiting.shift()?.(JSON.parse(line) as Reply<Answer>));
    this.ended = new Promise((resolve) => {
      this.#process.on("exit", () => {
        this.#over = true;
        for (const settle of this.#waiting.splice(0)) settle({ error: "the other side has ended" });
        resolve();
      });
    });
  }

  /** Rejects with what the order failed for, or because the process has ended. */
  async ask(order: Order): Promise<Answer> {
    const reply = await new Promise<Reply<Answer>>((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin!.write(`${JSON.stringify(order)}\n`);
    });
    if ("error" in reply) throw new Error(reply.error);
    return reply.answer;
  }

  /** SIGKILL leaves it no time for a word to anybody; SIGSTOP leaves everything open that it has open. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    if (!this.#over) process.kill(this.#process.pid!, signal); // the child's own `kill` works once on Deno
  }

  end(): void {
    this.#process.kill();
  }
}

/** The life of such a program: obeys one order after the other until nobody is left to give any. */
export async function obeyOrders(obey: (order: never) => Promise<unknown>): Promise<never> {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await obey(JSON.parse(line) as never).then(
      (answer): Reply<unknown> => ({ answer }),
      (error: unknown): Reply<unknown> => ({ error: failureOf(error) }),
    );
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  process.exit(); // whoever asked is gone
}

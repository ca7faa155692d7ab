// The other side of what goes over loopback: a process of its own, always Node with node:tls, so that the CPU time of the process
// that is measured is that of one side only. Owns what can be asked of it; peer-process.ts is what it does.
import { Obedient } from "../support/obedient.ts";
import type { Setup } from "./setup.ts";

/** What the server is made of: node:tls sends records of 16 KiB, wanttls of 100 bytes. */
export type ServedBy = "node:tls" | "wanttls";

/** What the process is told. */
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

/** The port when it serves. */
export type Answer = number | null;

export class Peer {
  readonly #process = new Obedient<Order, Answer>(new URL("peer-process.ts", import.meta.url));

  /** Answers the port of a server that greets with one byte and obeys lines: "send <payloads>" and "take <bytes>". */
  async serve(setup: Setup, by: ServedBy = "node:tls"): Promise<number> {
    return (await this.#process.ask({ do: "serve", setup, by }))!;
  }

  /** Connects so often to a server here, one after the other, and waits for its greeting each time. */
  async shake(setup: Setup, port: number, count: number, resumed: boolean): Promise<void> {
    await this.#process.ask({ do: "shake", setup, port, count, resumed });
  }

  /** Opens that many connections more to a server here, and keeps them. */
  async hold(setup: Setup, port: number, count: number): Promise<void> {
    await this.#process.ask({ do: "hold", setup, port, count });
  }

  end(): void {
    this.#process.end();
  }
}

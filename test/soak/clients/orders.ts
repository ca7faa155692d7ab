// What can be asked of a process of clients (process.ts), and who asks. They are always on Node, as the server is what is looked at.
import { Obedient } from "../../support/obedient.ts";
import type { Wish } from "./link.ts";
import type { Told } from "./tally.ts";

export type PeerName = "wanttls" | "node:tls";
export const peerNames: readonly PeerName[] = ["wanttls", "node:tls"];

export type Order =
  /** Begins to come and go; `rest` answers what came of it. */
  | {
      readonly do: "churn";
      readonly port: number;
      readonly peer: PeerName;
      readonly clients: number;
      readonly pauseMs: number;
    }
  | { readonly do: "rest" }
  /** So many connections, one after the other, made of both and of both versions in turn, with a message each. */
  | { readonly do: "sequence"; readonly port: number; readonly count: number }
  /** Opens so many more and keeps them under that name. */
  | {
      readonly do: "hold";
      readonly port: number;
      readonly peer: PeerName;
      readonly count: number;
      readonly under: string;
    }
  /** A message on each of them. */
  | { readonly do: "ask"; readonly under: string }
  /** Ends all of them in good order, or cuts them. */
  | { readonly do: "release"; readonly under: string; readonly how: "end" | "cut" }
  /** Asks for bytes without end on each of them, and reads none. */
  | { readonly do: "flood"; readonly under: string }
  /** Begins to be rude. */
  | { readonly do: "be rude"; readonly port: number; readonly clients: number }
  /** One connection and one message, by a clock that is set to so many milliseconds from now. */
  | {
      readonly do: "visit";
      readonly port: number;
      readonly peer: PeerName;
      readonly wish: Wish;
      readonly clockOffset: number;
    };

export type { Told, Wish };

/** A process of clients. */
export class Clients {
  readonly #process = new Obedient<Order, Told>(new URL("process.ts", import.meta.url));

  /** Rejects when the process is gone; what its connections come to is in the answer. */
  ask(order: Order): Promise<Told> {
    return this.#process.ask(order);
  }

  /** Is gone without a word to anybody. */
  kill(): void {
    this.#process.signal("SIGKILL");
  }

  /** Neither reads nor writes nor closes from now on, as if it had vanished from the net. */
  freeze(): void {
    this.#process.signal("SIGSTOP");
  }

  get ended(): Promise<void> {
    return this.#process.ended;
  }
}

// Many clients of a service, made of wanttls and of node:tls in processes that have half of them each, and what they have told so far.
import { setTimeout as sleep } from "node:timers/promises";
import { Clients, type Order, type PeerName, peerNames } from "../clients/orders.ts";
import { Tally } from "../clients/tally.ts";
import { comesTrue, unlessHung } from "../patience.ts";
import type { Service } from "../service.ts";

const under = "crowd";
/** Four times as many milliseconds as there are clients: a thousand of them keep a server busy without waiting for it. */
const pauseFor = 4;

/** In each process, beyond those that are there: as many wait to come, or are in their handshakes, at most (churn.ts). */
export const onTheirWay = 20;

export class Crowd {
  tally = new Tally();
  readonly #service: Service;
  readonly #each: number;
  readonly #groups = peerNames.map((peer) => ({ peer, clients: new Clients() }));

  constructor(service: Service, count: number) {
    this.#service = service;
    this.#each = Math.ceil(count / 2);
  }

  /** Opens all connections and keeps them; a client is through with its handshake before the server is. */
  async open(): Promise<void> {
    const { port, open } = this.#service;
    await this.#all((peer) => ({ do: "hold", port, peer, count: this.#each, under }));
    const all = peerNames.length * this.#each;
    if (!(await comesTrue(() => open.size >= all))) this.tally.failed(`${open.size} connections have arrived`);
  }

  /** Has a message on each answered. */
  async ask(): Promise<void> {
    await this.#all(() => ({ do: "ask", under }));
  }

  /** Ends all in good order, on both sides. */
  async release(): Promise<void> {
    await this.#all(() => ({ do: "release", under, how: "end" }));
    await this.#isAlone();
  }

  /** Has clients come, talk and go for that time, so many of them there at once. */
  async churn(clients: number, milliseconds: number): Promise<void> {
    const { port } = this.#service;
    const each = Math.ceil(clients / 2) + onTheirWay;
    await this.#all((peer) => ({ do: "churn", port, peer, clients: each, pauseMs: pauseFor * each }));
    if (!(await comesTrue(() => this.#service.open.size >= clients))) this.tally.failed("never are all there");
    await sleep(milliseconds);
    await unlessHung(
      "the conversations",
      this.#all(() => ({ do: "rest" })),
    );
    await this.#isAlone();
  }

  /** What they tell from here on is what is told. */
  forget(): void {
    this.tally = new Tally();
  }

  kill(): void {
    for (const { clients } of this.#groups) clients.kill();
  }

  async #isAlone(): Promise<void> {
    if (await comesTrue(() => this.#service.open.size === 0)) return;
    this.tally.failed(`${this.#service.open.size} connections never end`);
  }

  async #all(order: (peer: PeerName) => Order): Promise<void> {
    const told = this.#groups.map(({ peer, clients }) => clients.ask(order(peer)));
    for (const one of await Promise.all(told)) this.tally.add(one);
  }
}

// Clients that come, talk with pauses, and go, so many at once, until they are told to rest. Everything about a connection is drawn by lot.
import { setTimeout as sleep } from "node:timers/promises";
import { failureOf } from "../../support/failure.ts";
import { longest } from "../message.ts";
import { Gate } from "./gate.ts";
import { type Dialer, type Link, Talk, versions, type Wish } from "./link.ts";
import { Tally } from "./tally.ts";

/** In their handshake at once: more would wait for each other's arithmetic, and that would be measured. */
const handshakes = 8;
/** After every tenth message a client goes, unless so many wait to come already: on a slow machine all stay longer. */
const leaves = 0.1;
const mostWaiting = 8;

export class Churn {
  readonly #port: number;
  readonly #dialers: readonly Dialer[];
  readonly #pauseMs: number;
  readonly #gate = new Gate(handshakes);
  readonly #rest = new AbortController();
  readonly #tally = new Tally();
  readonly #clients: Promise<void>[];

  /** Begins at once; pauses are up to `pauseMs` long. */
  constructor(port: number, dialers: readonly Dialer[], clients: number, pauseMs: number) {
    this.#port = port;
    this.#dialers = dialers;
    this.#pauseMs = pauseMs;
    this.#clients = Array.from({ length: clients }, () => this.#client());
  }

  /** Lets each finish what it is about, and answers what all have done. */
  async rest(): Promise<Tally> {
    this.#rest.abort();
    await Promise.all(this.#clients);
    return this.#tally;
  }

  async #client(): Promise<void> {
    await this.#pause();
    while (!this.#rest.signal.aborted) {
      const dialer = oneOf(this.#dialers);
      const wish = { version: oneOf(versions), resume: Math.random() < 0.6, identity: Math.random() < 0.3 };
      await this.#visit(dialer, wish).catch((error: unknown) =>
        this.#tally.failed(`${dialer.name}, ${wish.version}: ${failureOf(error)}`),
      );
    }
  }

  async #visit(dialer: Dialer, wish: Wish): Promise<void> {
    const link = await this.#gate.run(() => this.#dial(dialer, wish));
    if (link === null) return;
    try {
      await this.#converse(link);
      await link.end();
    } catch (error) {
      link.cut();
      throw error;
    }
  }

  /** Null when it is too late to begin. */
  async #dial(dialer: Dialer, wish: Wish): Promise<Link | null> {
    if (this.#rest.signal.aborted) return null;
    const begin = performance.now();
    const link = await dialer.dial(this.#port, wish);
    this.#tally.connected(dialer.name, wish.version, link.resumed, performance.now() - begin);
    return link;
  }

  async #converse(link: Link): Promise<void> {
    const talk = new Talk(link);
    do {
      const length = someLength();
      const begin = performance.now();
      await talk.message(length);
      this.#tally.answered(length, performance.now() - begin);
      if (Math.random() < 0.1) link.updateKeys?.();
      await this.#pause();
    } while (!this.#rest.signal.aborted && !this.#goes());
  }

  #goes(): boolean {
    return this.#gate.waiting < mostWaiting && Math.random() < leaves;
  }

  async #pause(): Promise<void> {
    await sleep(Math.random() * this.#pauseMs, undefined, { signal: this.#rest.signal }).catch(() => {});
  }
}

/** Short ones mostly, none at all and long ones too. */
function someLength(): number {
  if (Math.random() < 0.01) return Math.floor(Math.random() * longest);
  return Math.floor(Math.exp(Math.random() * Math.log(65_536))) - 1;
}

function oneOf<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)]!;
}

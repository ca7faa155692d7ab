// What clients of one process did, for whoever sent them.
import { type Times, Percentiles } from "../percentiles.ts";
import type { Version } from "./link.ts";

/** As JSON. */
export interface Told {
  readonly connections: number;
  readonly messages: number;
  readonly bytes: number;
  /** By version and peer, such as "TLSv1.3 node:tls". */
  readonly resumed: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
  readonly handshake: Times;
  readonly roundTrip: Times;
}

/** Messages up to this length say how long it takes to be answered. */
const shortMessage = 1024;
const mostFailures = 100;

export class Tally {
  connections = 0;
  messages = 0;
  bytes = 0;
  readonly failures: string[] = [];
  readonly handshake = new Percentiles();
  readonly roundTrip = new Percentiles();
  readonly #resumed: Record<string, number> = {};

  connected(peer: string, version: Version, resumed: boolean, milliseconds: number): void {
    this.connections++;
    this.handshake.add(milliseconds);
    this.#resumed[`${version} ${peer}`] = (this.#resumed[`${version} ${peer}`] ?? 0) + Number(resumed);
  }

  answered(length: number, milliseconds: number): void {
    this.messages++;
    this.bytes += length;
    if (length <= shortMessage) this.roundTrip.add(milliseconds);
  }

  failed(what: string): void {
    if (this.failures.length < mostFailures) this.failures.push(what);
  }

  add({ connections, messages, bytes, resumed, failures, handshake, roundTrip }: Told): void {
    this.connections += connections;
    this.messages += messages;
    this.bytes += bytes;
    for (const [kind, count] of Object.entries(resumed)) this.#resumed[kind] = (this.#resumed[kind] ?? 0) + count;
    failures.forEach((failure) => this.failed(failure));
    this.handshake.merge(handshake);
    this.roundTrip.merge(roundTrip);
  }

  toJSON(): Told {
    const { connections, messages, bytes, failures } = this;
    const [handshake, roundTrip] = [this.handshake.toJSON(), this.roundTrip.toJSON()];
    return { connections, messages, bytes, resumed: this.#resumed, failures, handshake, roundTrip };
  }
}

// What the benchmark asks of a TLS implementation with both ends in this process and nothing but memory between them.
import type { Workload } from "../measure.ts";
import type { Setup } from "../setup.ts";

export interface Contender {
  readonly name: string;
  /** Handshakes one after the other, with verification of chain and name; `resumed`: each resumes the session of the one before. */
  readonly handshakes: (setup: Setup, resumed: boolean) => Workload | Promise<Workload>;
  /** Bytes from client to server over one connection, by writes of `size` bytes. */
  readonly throughput: (setup: Setup, size: number) => Workload | Promise<Workload>;
}

/** How many writes one piece of work is: long enough for the clock, short enough to take turns. */
export function batchOf(size: number): number {
  return Math.ceil((size < 1000 ? 100_000 : 2_000_000) / size);
}

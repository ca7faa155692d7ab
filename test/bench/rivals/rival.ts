// What a rival is to the benchmark: a client, and what a reader has to know about it.
import type { ClientContender } from "../sockets/contender.ts";

export interface Rival extends ClientContender {
  /** What it is made of, and in what it differs here. */
  readonly about: string;
}

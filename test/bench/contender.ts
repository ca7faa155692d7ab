// What the benchmark asks of each TLS implementation, with both ends in one process and nothing but memory between them.
import { certs } from "../support/certs.ts";

/** One configuration, the same for both implementations. */
export interface Setup {
  readonly version: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's name. */
  readonly suite: string;
  readonly key: "ECDSA P-256" | "RSA-2048";
}

export interface Contender {
  readonly name: string;
  /** Full handshakes with verification of chain and name, one after the other. */
  handshakes(setup: Setup): Promise<Workload>;
  /** Bytes from client to server over one connection, by writes of `size` bytes. */
  throughput(setup: Setup, size: number): Promise<Workload>;
}

/** Something to do over and over. */
export interface Workload {
  /** Does it once and answers how much was done: handshakes, or bytes. */
  readonly run: () => Promise<number>;
  readonly end: () => void;
}

/** How much one `run` of throughput moves: long enough for the clock, short enough to take turns. */
export function batchOf(size: number): number {
  return Math.ceil((size < 1000 ? 100_000 : 2_000_000) / size);
}

export function certificatesFor({ key }: Setup): { chain: string; key: string; ca: string } {
  return key === "RSA-2048"
    ? { chain: certs.localhostRsa.chain, key: certs.localhostRsa.key, ca: certs.rsaRoot.cert }
    : { chain: certs.localhost.chain, key: certs.localhost.key, ca: certs.root.cert };
}

/** The server's name in the certificates. */
export const serverName = "localhost";

// Conversations that repeat to the byte, as randomness and clock are fixed, so that one side can be confronted again and
// again with what the other one once said - whole, or harmed. Owns the script both sides follow and the count of what a
// side leaves behind. Does not know what harm is done nor what must come of it.
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  type ClientOptions,
  MemoryBIO,
  type ServerOptions,
  SSLContext,
  SSLError,
  type SSLObject,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { certs } from "./certs.ts";

export type Role = "client" | "server";

/** A conversation by the options of its two sides. */
export interface Plot {
  readonly name: string;
  readonly version: TLSVersion;
  readonly client: ClientOptions;
  readonly server: ServerOptions;
}

/** What each side said, from its first to its last byte. */
export interface Recording {
  readonly plot: Plot;
  readonly said: Readonly<Record<Role, Uint8Array>>;
}

/** What became of one side. `wants`: it waits for more bytes; `closed`: both directions ended with a close_notify. */
export interface Outcome {
  readonly end: "wants" | "closed" | SSLError;
  readonly handshakeOver: boolean;
  /** What it read. */
  readonly heard: string;
  /** What it sent. */
  readonly said: Uint8Array;
}

/** What either side says, in this order; two records each. */
export const lines: Readonly<Record<Role, readonly string[]>> = {
  client: ["What is the answer?", "Take your time."],
  server: ["Forty-two.", "I checked it very thoroughly."],
};

/** 2026-01-01: all certificates that are meant to be good are good then. */
export const noon = 1_767_225_600_000;

export function other(role: Role): Role {
  return role === "client" ? "server" : "client";
}

/** What a side must have heard, no more and no other, when everything arrived. */
export function allThatIsSaidTo(role: Role): string {
  return lines[other(role)].join("");
}

/** A plain conversation, or one in which the client shows a certificate too. */
export function plotOf(
  version: TLSVersion,
  extra: { readonly clientCertificate?: boolean; readonly groups?: "retry"; readonly alpn?: "mismatch" } = {},
): Plot {
  const { chain, key } = certs.localhost;
  const common = { minVersion: version, maxVersion: version, now: () => noon };
  const plain = {
    client: { ...common, ca: certs.root.cert },
    server: { ...common, identities: [{ cert: chain, key }] },
  };
  if (extra.groups === "retry") {
    const client: ClientOptions = { ...plain.client, groups: ["secp256r1", "x25519"] };
    return {
      name: `${version} with HelloRetryRequest`,
      version,
      client,
      server: { ...plain.server, groups: ["x25519"] },
    };
  }
  if (extra.alpn === "mismatch") {
    const server: ServerOptions = { ...plain.server, alpn: ["h2"], alpnMismatch: "ignore" };
    return {
      name: `${version} without a common protocol`,
      version,
      client: { ...plain.client, alpn: ["http/1.1"] },
      server,
    };
  }
  if (extra.clientCertificate !== true) return { name: version, version, ...plain };
  return {
    name: `${version} with a client certificate`,
    version,
    client: { ...plain.client, identities: [{ cert: certs.client.chain, key: certs.client.key }] },
    server: { ...plain.server, verifyMode: "required", ca: certs.root.cert },
  };
}

/** One side of a plot, ready to play its part any number of times. */
export class Side {
  readonly role: Role;
  readonly #context: SSLContext;
  readonly #objects: number;
  #blocks = Infinity;

  constructor(plot: Plot, role: Role) {
    this.role = role;
    this.#context = role === "server" ? SSLContext.server(plot.server) : SSLContext.client(plot.client);
    this.#objects = sharedRealm().liveObjects();
  }

  /** Enters anew, with the same randomness as every time. */
  enter(): Actor {
    const incoming = new MemoryBIO();
    const outgoing = new MemoryBIO();
    const options = this.role === "client" ? { serverHostname: "localhost" } : {};
    return new Actor(this.role, this.#context.wrapBio(incoming, outgoing, options), incoming, outgoing);
  }

  /** Plays against `bytes`, the first ones in pieces of the sizes given, then against the end of the transport; leaves nothing behind. */
  playAgainst(bytes: Uint8Array, pieces: readonly number[] = []): Outcome {
    const actor = this.enter();
    let at = 0;
    for (const size of pieces) actor.hear(bytes.subarray(at, (at += size)));
    actor.hear(bytes.subarray(at));
    actor.hearEnd();
    const outcome = actor.outcome();
    actor.leave();
    this.checkClean();
    return outcome;
  }

  /**
   * Throws when a connection that was disposed of has left anything in the wasm memory. The first conversation to end sets
   * the floor: the table of key slots is made once for a realm.
   */
  checkClean(): void {
    const realm = sharedRealm();
    if (this.#blocks === Infinity) this.#blocks = realm.liveBlocks();
    const objects = realm.liveObjects() - this.#objects;
    const blocks = realm.liveBlocks() - this.#blocks;
    if (objects !== 0 || blocks !== 0) throw new Error(`${objects} objects and ${blocks} blocks were left behind`);
  }

  dispose(): void {
    this.#context.dispose();
  }
}

/** A side in the course of one conversation: it greets, says its lines, listens to all of the other's, says goodbye. */
export class Actor {
  readonly tls: SSLObject;
  readonly #role: Role;
  readonly #random: FixedRandom;
  readonly #incoming: MemoryBIO;
  readonly #outgoing: MemoryBIO;
  readonly #said: Uint8Array[] = [];
  #heard = "";
  #spoken = false;
  #calls = 0;
  #end: Outcome["end"] = "wants";

  constructor(role: Role, tls: SSLObject, incoming: MemoryBIO, outgoing: MemoryBIO) {
    this.#role = role;
    this.#random = new FixedRandom(role === "client" ? 1 : 2);
    this.tls = tls;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.advance();
  }

  hear(bytes: Uint8Array): void {
    this.#incoming.write(bytes);
    this.advance();
  }

  hearEnd(): void {
    this.#incoming.writeEof();
    this.advance();
  }

  /** Goes as far as what has arrived allows; an error of TLS is an outcome, every other one is thrown. */
  advance(): void {
    if (this.#end !== "wants") return;
    try {
      withRandom(this.#random, () => this.#play());
    } catch (error) {
      if (!(error instanceof SSLError)) throw error;
      this.#end = error;
    } finally {
      this.#said.push(this.#outgoing.read());
    }
  }

  outcome(): Outcome {
    return {
      end: this.#end,
      handshakeOver: this.#spoken,
      heard: this.#heard,
      said: concat(this.#said),
    };
  }

  /** What was sent since the last call. */
  takeSaid(): Uint8Array {
    return concat(this.#said.splice(0));
  }

  leave(): void {
    this.tls.dispose();
  }

  #play(): void {
    if (this.#count(() => this.tls.tryHandshake()).kind === "want") return;
    if (!this.#spoken) for (const line of lines[this.#role]) this.tls.write(new TextEncoder().encode(line));
    this.#spoken = true;
    const into = new Uint8Array(100);
    for (;;) {
      const result = this.#count(() => this.tls.tryRead(into));
      if (result.kind === "ok") this.#heard += String.fromCharCode(...into.subarray(0, result.n));
      if (result.kind === "eof" || this.#heard.length >= allThatIsSaidTo(this.#role).length) this.tls.shutdownWrite();
      if (result.kind === "eof") this.#end = "closed";
      if (result.kind !== "ok") return;
    }
  }

  /** A side that needs thousands of calls for a dozen records runs in circles. */
  #count<T>(call: () => T): T {
    if (++this.#calls > 20_000) throw new Error("The side runs in circles");
    return call();
  }
}

/** Lets both sides play to the end and notes what each said. */
export function record(plot: Plot): Recording {
  const sides = { client: new Side(plot, "client"), server: new Side(plot, "server") };
  const client = sides.client.enter();
  const server = sides.server.enter();
  const said: Record<Role, Uint8Array[]> = { client: [], server: [] };
  for (let rounds = 0; rounds < 10; rounds++) {
    const fromClient = client.takeSaid();
    server.hear(fromClient);
    const fromServer = server.takeSaid();
    client.hear(fromServer);
    said.client.push(fromClient);
    said.server.push(fromServer);
  }
  const ends = { client: client.outcome().end, server: server.outcome().end };
  for (const actor of [client, server]) actor.leave();
  for (const side of Object.values(sides)) side.dispose();
  if (ends.client !== "closed" || ends.server !== "closed")
    throw new Error(`The conversation did not come to its end: ${String(ends.client)}, ${String(ends.server)}`);
  return { plot, said: { client: concat(said.client), server: concat(said.server) } };
}

/** Where each record of a stream begins, and where the last one ends. */
export function recordOffsets(stream: Uint8Array): number[] {
  const offsets = [0];
  for (let at = 0; at < stream.length; offsets.push(at)) at += 5 + stream[at + 3]! * 256 + stream[at + 4]!;
  return offsets;
}

/** The records of a stream. */
export function splitRecords(stream: Uint8Array): Uint8Array[] {
  const offsets = recordOffsets(stream);
  return offsets.slice(1).map((end, i) => stream.slice(offsets[i], end));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A sequence of bytes that is the same for the same seed (mulberry32). */
export class FixedRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  feed(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.#next();
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) & 255;
  }
}

/** Runs `act` with the runtime's randomness replaced. */
function withRandom(random: FixedRandom, act: () => void): void {
  const value = (into: Uint8Array): Uint8Array => {
    random.feed(into);
    return into;
  };
  Object.defineProperty(crypto, "getRandomValues", { value, configurable: true });
  try {
    act();
  } finally {
    Reflect.deleteProperty(crypto, "getRandomValues");
  }
}

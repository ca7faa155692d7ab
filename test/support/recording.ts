// Conversations that repeat to the byte, as randomness and clock are fixed, so that one side can be confronted again and
// again with what the other one once said - whole, or harmed. Owns the script both sides follow and the count of what a
// side leaves behind. Does not know what harm is done nor what must come of it.
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  type ClientOptions,
  MemoryBIO,
  type ServerOptions,
  SSLError,
  type SSLObject,
  SSLSession,
  TicketKeys,
  type TLSVersion,
  type WrapOptions,
} from "../../ts/ssl/index.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { SSLContext } from "../../ts/socket/ssl-context.ts";
import { certs } from "./certs.ts";
import { identityOf, joined, type Role, thrownBy } from "./conversation.ts";

/** What makes a conversation another one; left out: no. */
export interface Variant {
  readonly key?: "ECDSA" | "RSA";
  readonly clientCertificate?: boolean;
  /** It goes on with the session of the same conversation, held before. */
  readonly resumed?: boolean;
  /** The client's first share is for a group that the server does not have. */
  readonly retry?: boolean;
  readonly alpn?: "mismatch";
}

/** A conversation by the options of its two sides. */
export interface Plot {
  readonly name: string;
  readonly version: TLSVersion;
  readonly resumed: boolean;
  readonly client: ClientOptions;
  readonly server: ServerOptions;
}

/** What each side said, from its first to its last byte. */
export interface Recording {
  /** What a client that enters has kept of the conversation before, null when there was none. */
  readonly session: Uint8Array | null;
  readonly said: Readonly<Record<Role, Uint8Array>>;
  /** What was said in the conversation whose session is resumed. */
  readonly before: Readonly<Record<Role, Uint8Array>> | null;
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

export function plotOf(version: TLSVersion, variant: Variant = {}): Plot {
  const { key = "ECDSA", clientCertificate = false, resumed = false, retry = false, alpn } = variant;
  const common = { minVersion: version, maxVersion: version, now: () => noon };
  const isRsa = key === "RSA";
  const words = [
    isRsa && "RSA",
    clientCertificate && "a client certificate",
    resumed && "a session that is resumed",
    retry && "a HelloRetryRequest",
    alpn === "mismatch" && "no common protocol",
  ].filter((word) => word !== false);
  return {
    name: words.length === 0 ? version : `${version} with ${words.join(", ")}`,
    version,
    resumed,
    client: {
      ...common,
      ca: isRsa ? certs.rsaRoot.cert : certs.root.cert,
      sessionKey: new Uint8Array(32).fill(1),
      ...(clientCertificate ? { identities: [identityOf(isRsa ? "clientRsa" : "client")] } : {}),
      ...(retry ? { groups: ["secp256r1", "x25519"] } : {}),
      ...(alpn === "mismatch" ? { alpn: ["http/1.1"] } : {}),
    },
    server: {
      ...common,
      identities: [identityOf(isRsa ? "localhostRsa" : "localhost")],
      ticketKeys: new TicketKeys([new Uint8Array(48).fill(2)]),
      ...(clientCertificate ? { verifyMode: "required", ca: certs.root.cert } : {}),
      ...(retry ? { groups: ["x25519"] } : {}),
      ...(alpn === "mismatch" ? { alpn: ["h2"], alpnMismatch: "ignore" } : {}),
    },
  };
}

/** One side of a plot, ready to play its part any number of times. */
export class Side {
  readonly role: Role;
  readonly #context: SSLContext;
  readonly #session: Uint8Array | null;
  readonly #objects: number;
  #blocks = Infinity;
  #entered = 0;

  /** `session` is what a client goes on with. */
  constructor(plot: Plot, role: Role, session: Uint8Array | null = null) {
    this.role = role;
    this.#context = role === "server" ? SSLContext.server(plot.server) : SSLContext.client(plot.client);
    this.#session = session;
    this.#objects = sharedRealm().liveObjects();
  }

  /** How often it has entered. */
  get entered(): number {
    return this.#entered;
  }

  /** Enters anew, with the same randomness as every time. */
  enter(): Actor {
    this.#entered++;
    const [incoming, outgoing] = [new MemoryBIO(), new MemoryBIO()];
    const tls = this.#context.wrapBio(incoming, outgoing, this.#introduction());
    return new Actor(this.role, tls, {
      give: (bytes) => incoming.write(bytes),
      end: () => incoming.writeEof(),
      take: () => outgoing.read(),
      cut: () => tls.dispose(),
    });
  }

  /** As `enter`, over a transport that holds `window` bytes each way. `reset` breaks it off behind what was heard. */
  enterSocket(window: number): Actor & { reset(): void } {
    this.#entered++;
    const [near, far] = memoryTransportPair({ capacity: window });
    const tls = this.#context.wrapSocket(near, this.#introduction());
    const take = (): Uint8Array => {
      const parts = [far.takeRemaining()];
      while (parts.at(-1)!.length > 0) {
        thrownBy(() => tls.flush());
        parts.push(far.takeRemaining());
      }
      return joined(parts);
    };
    const wire: Wire = {
      give: (bytes) => far.send(bytes),
      end: () => far.shutdownWrite(),
      take,
      cut: () => tls.abort(),
    };
    const actor = new Actor(this.role, tls, wire);
    return Object.assign(actor, {
      reset: () => {
        far.abort();
        actor.advance();
      },
    });
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

  #introduction(): WrapOptions {
    if (this.role === "server") return {};
    if (this.#session === null) return { serverHostname: "localhost" };
    return { serverHostname: "localhost", session: SSLSession.deserialize(this.#session, this.#context) };
  }
}

/** What an actor hears by, and is heard. */
interface Wire {
  /** Brings a prefix of the bytes, as long as it takes; answers its length. */
  give(bytes: Uint8Array): number;
  end(): void;
  /** What came out since the last call; when there was something, there may be more. */
  take(): Uint8Array;
  /** Gives the connection up. */
  cut(): void;
}

/** A side in the course of one conversation: it greets, says its lines, listens to all of the other's, says goodbye. */
export class Actor {
  readonly tls: SSLObject;
  readonly #role: Role;
  readonly #random: FixedRandom;
  readonly #wire: Wire;
  readonly #said: Uint8Array[] = [];
  #heard = "";
  #spoken = false;
  #calls = 0;
  #end: Outcome["end"] = "wants";

  constructor(role: Role, tls: SSLObject, wire: Wire) {
    this.#role = role;
    this.#random = new FixedRandom(role === "client" ? 1 : 2);
    this.tls = tls;
    this.#wire = wire;
    this.advance();
  }

  /** Of what it is told after it has come to an end it hears nothing. */
  hear(bytes: Uint8Array): void {
    let at = 0;
    do {
      at += this.#wire.give(bytes.subarray(at));
      this.advance();
    } while (at < bytes.length && this.#end === "wants");
  }

  hearEnd(): void {
    this.#wire.end();
    this.advance();
  }

  /** Goes as far as what has arrived allows; an error of TLS is an outcome, every other one is thrown. */
  advance(): void {
    while (this.#end === "wants") {
      try {
        withRandom(this.#random, () => this.#play());
      } catch (error) {
        if (!(error instanceof SSLError)) throw error;
        this.#end = error;
      }
      const said = this.#wire.take();
      this.#said.push(said);
      if (said.length === 0) return;
    }
  }

  outcome(): Outcome {
    return {
      end: this.#end,
      handshakeOver: this.#spoken,
      heard: this.#heard,
      said: joined(this.#said),
    };
  }

  /** What was sent since the last call. */
  takeSaid(): Uint8Array {
    return joined(this.#said.splice(0));
  }

  leave(): void {
    this.#wire.cut();
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
  const before = plot.resumed ? play(plot, null) : null;
  const { said, resumed } = play(plot, before?.session ?? null);
  if (resumed.includes(!plot.resumed)) throw new Error(`The session was not used as it should be: ${plot.name}`);
  return { session: before?.session ?? null, said, before: before?.said ?? null };
}

function play(plot: Plot, session: Uint8Array | null): Conversation {
  const sides = { client: new Side(plot, "client", session), server: new Side(plot, "server") };
  try {
    // An RSA key draws its blinding values when it signs for the first time: the second conversation is like all that follow.
    converse(sides);
    return converse(sides);
  } finally {
    for (const side of Object.values(sides)) side.dispose();
  }
}

interface Conversation {
  readonly said: Readonly<Record<Role, Uint8Array>>;
  readonly session: Uint8Array | null;
  readonly resumed: readonly unknown[];
}

function converse(sides: Readonly<Record<Role, Side>>): Conversation {
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
  const session = client.tls.session?.serialize() ?? null;
  const resumed = [client, server].map(({ tls }) => tls.sessionReused);
  for (const actor of [client, server]) actor.leave();
  if (ends.client !== "closed" || ends.server !== "closed")
    throw new Error(`The conversation did not come to its end: ${String(ends.client)}, ${String(ends.server)}`);
  return { said: { client: joined(said.client), server: joined(said.server) }, session, resumed };
}

/** Where each record of a stream begins, and where the last one ends. */
export function recordOffsets(stream: Uint8Array): number[] {
  const offsets = [0];
  for (let at = 0; at < stream.length; offsets.push(at)) at += 5 + stream[at + 3]! * 256 + stream[at + 4]!;
  return offsets;
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

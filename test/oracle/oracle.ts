// One way to run the same script of calls on CPython's ssl (oracle.py, a child process) and on wanttls: parties, the
// wire between them, and outcomes as short texts that can be compared. Knows no expected outcome.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { CertName } from "../support/certs.ts";
import { certPath } from "../support/certs.ts";
import { pattern } from "../support/peers.ts";

export type Role = "client" | "server";
export type Version = "TLSv1.2" | "TLSv1.3";

/** What one side is configured with; the same words for both implementations. */
export interface PartyConfig {
  readonly role: Role;
  readonly minVersion?: Version;
  readonly maxVersion?: Version;
  readonly cert?: CertName;
  readonly ca?: CertName;
  readonly verifyMode?: "none" | "optional" | "required";
  readonly checkHostname?: boolean;
  readonly serverHostname?: string;
  readonly alpn?: readonly string[];
}

export type CallName =
  | "doHandshake"
  | "read"
  | "readInto"
  | "write"
  | "pending"
  | "unwrap"
  | "version"
  | "cipher"
  | "selectedAlpnProtocol"
  | "getPeerCert";

export type BioCallName = "read" | "write" | "writeEof" | "pending" | "eof";

/** Numbers, texts and booleans go to the call as they are; `bytes` is a text, `pattern` a number of pattern bytes. */
export type Argument = number | string | boolean | { readonly bytes: string } | { readonly pattern: number };
export type PlainArgument = number | string | boolean | Uint8Array;

export type Value = number | string | boolean | null | Uint8Array;

export type Outcome =
  { readonly value: Value } | { readonly error: string; readonly reason: string | null; readonly text: string };

export interface Answer {
  readonly outcome: Outcome;
  readonly taken: number; // bytes of the supply that were given to the incoming BIO
  readonly out: Uint8Array; // all that is new in the outgoing BIO
}

/** What is underway to a party. It is given in pieces of `chunk`, the call repeated after each until it wants no more. */
export interface Supply {
  readonly bytes: Uint8Array;
  readonly chunk: number;
  readonly eof: boolean;
}

export interface Party {
  call(name: CallName, args: readonly PlainArgument[], supply: Supply): Promise<Answer>;
  dispose(): Promise<void>;
}

export interface Bio {
  call(name: BioCallName, args: readonly PlainArgument[]): Promise<Outcome>;
}

/** A TLS implementation under comparison. */
export interface Implementation {
  readonly name: "python" | "wanttls";
  bio(): Promise<Bio>;
  /** The party, or the outcome of the refusal to make it. */
  party(config: PartyConfig): Promise<Party | Outcome>;
}

/**
 * One step of a script. `sends` puts what a side has written on the wire to the other (all, the `first` bytes, or all
 * but the last `allBut`), `ends` closes that side's transport behind it, `flips` damages one bit of what is underway
 * from it, counted from the end, `injects` adds foreign bytes to it. `hasOutput` tells whether a side has written
 * something that it has not sent. `handshake` drives both sides until nothing moves.
 */
export type Step =
  | readonly [Role, CallName, ...Argument[]]
  | readonly [Role, "readAll" | "hasOutput"]
  | readonly [Role, "sends", ({ readonly first: number } | { readonly allBut: number })?]
  | readonly [Role, "ends"]
  | readonly [Role, "flips", number]
  | readonly [Role, "injects", string]
  | readonly ["both", "handshake"];

export interface Observation {
  readonly step: number;
  readonly side: Role;
  readonly call: CallName | "wrap" | "readAll" | "hasOutput" | "handshake" | `bio.${BioCallName}`;
  readonly outcome: string;
}

export interface Play {
  readonly client: PartyConfig;
  readonly server: PartyConfig;
  readonly chunk: number;
  readonly script: readonly Step[];
}

/** Two parties and the wire between them. */
export class World {
  readonly observations: Observation[] = [];
  readonly #parties: Record<Role, Party>;
  readonly #chunk: number;
  readonly #unsent: Record<Role, Uint8Array> = { client: new Uint8Array(), server: new Uint8Array() };
  readonly #underway: Record<Role, Uint8Array> = { client: new Uint8Array(), server: new Uint8Array() };
  readonly #ended: Record<Role, boolean> = { client: false, server: false };
  #step = 0;

  constructor(parties: Record<Role, Party>, chunk: number) {
    this.#parties = parties;
    this.#chunk = chunk;
  }

  /** Lets an implementation play each side, runs the script, and gives what was seen. */
  static async play(players: Record<Role, Implementation>, play: Play): Promise<Observation[]> {
    const parties: Partial<Record<Role, Party>> = {};
    const wraps: Observation[] = [];
    for (const side of ["client", "server"] as const) {
      const made = await players[side].party(play[side]);
      if ("call" in made) parties[side] = made;
      wraps.push({ step: -1, side, call: "wrap", outcome: "call" in made ? "made" : describe(made) });
    }
    const { client, server } = parties;
    try {
      if (client === undefined || server === undefined) return wraps;
      const world = new World({ client, server }, play.chunk);
      await world.run(play.script);
      return [...wraps, ...world.observations];
    } finally {
      await client?.dispose();
      await server?.dispose();
    }
  }

  async run(script: readonly Step[]): Promise<void> {
    for (const step of script) {
      await this.#perform(step);
      this.#step += 1;
    }
  }

  async #perform(step: Step): Promise<void> {
    if (step[0] === "both") return this.#handshake();
    const [side, what, argument] = step;
    switch (what) {
      case "sends":
        return this.#send(side, argument);
      case "ends":
        this.#ended[side] = true;
        return;
      case "flips":
        return this.#flip(side, argument);
      case "injects":
        this.#underway[side] = concat(this.#underway[side], Buffer.from(argument));
        return;
      case "hasOutput":
        return this.#observe(side, what, String(this.#unsent[side].length > 0));
      case "readAll":
        return this.#observe(side, what, await this.#readAll(side));
      default: {
        const args = (step.slice(2) as Argument[]).map(plainArgument);
        return this.#observe(side, what, describe(await this.#call(side, what, args)));
      }
    }
  }

  /** Both sides in turns until both are settled or a whole turn moves nothing. */
  async #handshake(): Promise<void> {
    const last: Record<Role, string> = { client: "", server: "" };
    for (let quiet = 0; quiet < 2; quiet += 1) {
      for (const side of ["client", "server"] as const) {
        if (last[side] !== "" && last[side] !== WANT_READ) continue;
        last[side] = describe(await this.#call(side, "doHandshake", []));
        if (this.#unsent[side].length > 0) quiet = -1;
        this.#send(side);
      }
    }
    this.#observe("client", "handshake", last.client);
    this.#observe("server", "handshake", last.server);
  }

  /** How records are cut is not compared here: all that can be read, and what stopped it. */
  async #readAll(side: Role): Promise<string> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const outcome = await this.#call(side, "read", [65_536]);
      const got = "value" in outcome ? outcome.value : null;
      if (!(got instanceof Uint8Array) || got.length === 0) {
        return `${describe({ value: Buffer.concat(parts) })}, then ${describe(outcome)}`;
      }
      parts.push(got);
    }
  }

  async #call(side: Role, name: CallName, args: readonly PlainArgument[]): Promise<Outcome> {
    const from = side === "client" ? "server" : "client";
    const supply = { bytes: this.#underway[from], chunk: this.#chunk, eof: this.#ended[from] };
    const { outcome, taken, out } = await this.#parties[side].call(name, args, supply);
    this.#underway[from] = this.#underway[from].slice(taken);
    this.#unsent[side] = concat(this.#unsent[side], out);
    return outcome;
  }

  #send(side: Role, part: { first?: number; allBut?: number } = {}): void {
    if (this.#ended[side]) return; // a closed transport takes nothing
    const all = this.#unsent[side];
    const count = part.first ?? Math.max(0, all.length - (part.allBut ?? 0));
    this.#underway[side] = concat(this.#underway[side], all.subarray(0, count));
    this.#unsent[side] = all.slice(count);
  }

  #flip(side: Role, fromEnd: number): void {
    const bytes = this.#underway[side].slice();
    const at = bytes.length - 1 - fromEnd;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    this.#underway[side] = bytes;
  }

  #observe(side: Role, call: Observation["call"], outcome: string): void {
    this.observations.push({ step: this.#step, side, call, outcome });
  }
}

/** The outcome as a text: two outcomes are the same when their texts are. */
export function describe(outcome: Outcome): string {
  if ("error" in outcome) {
    return QUIET_ERRORS.has(outcome.error) || !outcome.reason ? outcome.error : `${outcome.error} ${outcome.reason}`;
  }
  const { value } = outcome;
  if (!(value instanceof Uint8Array)) return String(value);
  if (value.length <= 32) return `${value.length} bytes ${JSON.stringify(Buffer.from(value).toString("latin1"))}`;
  return `${value.length} bytes of SHA-256 ${createHash("sha256").update(value).digest("hex").slice(0, 16)}`;
}

export const WANT_READ = "SSLWantReadError";
// Their class says all; Python gives them no reason.
const QUIET_ERRORS = new Set([WANT_READ, "SSLWantWriteError", "SSLZeroReturnError", "TypeError", "RangeError"]);

export function plainArgument(argument: Argument): PlainArgument {
  if (typeof argument !== "object") return argument;
  return "bytes" in argument ? new TextEncoder().encode(argument.bytes) : pattern(argument.pattern);
}

/** CPython's ssl in a child process; answers come in the order of the requests. */
export class PythonOracle implements Implementation {
  readonly name = "python";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  #rest = "";
  #complaint = "";
  #ended = false;

  constructor() {
    this.#child = spawn("python3", [fileURLToPath(new URL("./oracle.py", import.meta.url))]);
    this.#child.stdout.setEncoding("utf8").on("data", (output: string) => this.#received(output));
    this.#child.stderr.setEncoding("utf8").on("data", (output: string) => (this.#complaint += output));
    this.#child.stdin.on("error", () => {}); // told by "close" as well
    this.#child.on("error", (error: Error) => (this.#complaint += error.message));
    this.#child.on("close", () => {
      this.#ended = true;
      this.#failed();
    });
  }

  async version(): Promise<string> {
    const info = await this.#ask<{ python: string; openssl: string }>({ do: "info" });
    return `CPython ${info.python}, ${info.openssl}`;
  }

  async bio(): Promise<Bio> {
    const id = await this.#ask<number>({ do: "bio" });
    return {
      call: async (name, args) =>
        received(await this.#ask<SentOutcome>({ do: "bioCall", id, name, arguments: args.map(sent) })),
    };
  }

  async party(config: PartyConfig): Promise<Party | Outcome> {
    const files = {
      ...(config.cert === undefined ? {} : { cert: certPath(config.cert, "chain"), key: certPath(config.cert, "key") }),
      ...(config.ca === undefined ? {} : { ca: certPath(config.ca, "cert") }),
    };
    const made = await this.#ask<SentOutcome>({ do: "party", config: { ...config, ...files } });
    if ("error" in made) return made;
    const id = made.value as number;
    return {
      call: (name, args, supply) => this.#call(id, name, args, supply),
      dispose: () => this.#ask({ do: "drop", id }),
    };
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin.end();
    await gone;
  }

  async #call(id: number, name: CallName, args: readonly PlainArgument[], supply: Supply): Promise<Answer> {
    const chunk = Number.isFinite(supply.chunk) ? supply.chunk : 0;
    const answer = await this.#ask<{ outcome: SentOutcome; taken: number; out: string }>({
      ...{ do: "call", id, name, arguments: args.map(sent) },
      ...{ supply: sent(supply.bytes), chunk, eof: supply.eof },
    });
    return { outcome: received(answer.outcome), taken: answer.taken, out: fromBase64(answer.out) };
  }

  #ask<T>(request: object): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (answer: unknown) => void, reject });
      if (this.#ended) return this.#failed();
      this.#child.stdin.write(JSON.stringify(request) + "\n");
    });
  }

  #received(output: string): void {
    const lines = (this.#rest + output).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#waiting.shift()?.resolve(JSON.parse(line));
  }

  #failed(): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error(`Cannot ask python3: the process has ended\n${this.#complaint}`));
    }
  }
}

interface SentBytes {
  readonly bytes: string;
}
type SentOutcome =
  | { readonly value: Exclude<Value, Uint8Array> | SentBytes }
  | { readonly error: string; readonly reason: string | null; readonly text: string };

function received(outcome: SentOutcome): Outcome {
  if ("error" in outcome) return outcome;
  const { value } = outcome;
  return { value: typeof value === "object" && value !== null ? fromBase64(value.bytes) : value };
}

function sent(argument: PlainArgument): number | string | boolean | SentBytes {
  return argument instanceof Uint8Array ? { bytes: Buffer.from(argument).toString("base64") } : argument;
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

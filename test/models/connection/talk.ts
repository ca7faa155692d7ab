// Owns one conversation by a script: two parties, the wire between them, the application that they ask, and how it must have ended
// when nobody holds anything back any more.
import { expect } from "vitest";
import { sharedRealm } from "../../../ts/engine/realms.ts";
import { nextTurn } from "../../../ts/socket/event-loop.ts";
import { memoryTransportPair } from "../../../ts/socket/memory-transport.ts";
import type { SSLContext } from "../../../ts/socket/ssl-context.ts";
import type { NonBlockingTransport } from "../../../ts/socket/transport.ts";
import { otherRole, roles, type Role } from "../../socket/tls.ts";
import { type Event, fitted, type Settings, type Step } from "./calls.ts";
import { Party } from "./party.ts";
import { Stream } from "./stream.ts";
import { BioPlug, Line, type Plug, TransportPlug } from "./wire.ts";

/** For each side a context that others are made of. */
export type Contexts = Readonly<Record<Role, SSLContext>>;

/** Everything that is sent at once. */
const all = 1 << 24;

/** Rounds without any movement after which nothing moves any more. */
const idleRounds = 3;
const mostRounds = 50_000;

/** Of the wire within one step. */
const mostMoves = 100;

export class Talk {
  readonly #parties: Readonly<Record<Role, Party>>;
  readonly #lines: Readonly<Record<Role, Line>>;
  readonly #settings: Settings;
  readonly #contexts: Contexts;
  readonly #transports: NonBlockingTransport[] = [];
  readonly #answers: Record<Role, ((accept: boolean) => void) | null> = { client: null, server: null };
  readonly #alive: number;

  constructor(contexts: Contexts, settings: Settings) {
    this.#alive = sharedRealm().liveObjects();
    this.#settings = settings;
    this.#contexts = this.#variantsOf(contexts, settings);
    const streams = { client: new Stream(), server: new Stream() };
    const plugs = {} as Record<Role, Plug>;
    const make = (role: Role): Party => this.#make(role, settings, streams, plugs);
    this.#parties = { client: make("client"), server: make("server") };
    this.#parties.client.peer = this.#parties.server;
    this.#parties.server.peer = this.#parties.client;
    this.#lines = {
      client: new Line(plugs.client, plugs.server, streams.client),
      server: new Line(plugs.server, plugs.client, streams.server),
    };
  }

  /** How many calls the parties have made. */
  get calls(): number {
    return this.#parties.client.calls + this.#parties.server.calls;
  }

  async run(script: readonly Step[]): Promise<void> {
    try {
      if (this.#settings.connected) await this.#connect();
      for (const step of script) {
        if ("event" in step) this.#happen(step.role, step.event);
        else this.#parties[step.role].perform(fitted(step.call, this.#settings));
        if (!takesTurn(step)) continue;
        await nextTurn();
        this.#throwTrouble();
      }
      for (const role of roles) this.#lines[role].spare();
      await this.#settle();
      this.#judgeEnd();
      await this.#sayGoodbye();
    } finally {
      await this.#clean();
    }
  }

  #make(role: Role, settings: Settings, streams: Record<Role, Stream>, plugs: Record<Role, Plug>): Party {
    const context = this.#contexts[role];
    const names = role === "client" ? { serverHostname: "localhost" } : {};
    const shared = {
      role,
      settings,
      out: streams[role],
      in: streams[otherRole(role)],
      allArrived: () => this.#allArrived(role),
    };
    if (settings.kinds[role] === "object") {
      const plug = new BioPlug();
      plugs[role] = plug;
      const tls = context.wrapBio(plug.incoming, plug.outgoing, names);
      return new Party({ ...shared, tls, unseen: () => plug.incoming.pending });
    }
    const { capacity, outgoing, suppressRaggedEofs } = settings;
    const [own, inner] = memoryTransportPair({ capacity });
    this.#transports.push(own, inner);
    plugs[role] = new TransportPlug(inner);
    const tls = context.wrapSocket(own, { ...names, suppressRaggedEofs, highWaterMark: { outgoing } });
    return new Party({ ...shared, tls, unseen: () => Number(own.readable) });
  }

  #variantsOf({ client, server }: Contexts, { asked, tickets }: Settings): Contexts {
    const hooks = (role: Role): object => (asked === "never" ? {} : { [hookOf[role]]: () => this.#ask(role, asked) });
    return { client: client.with(hooks("client")), server: server.with({ numTickets: tickets, ...hooks("server") }) };
  }

  #ask(role: Role, asked: "at once" | "later"): Promise<void> | undefined {
    this.#parties[role].asked = true;
    if (asked === "at once") return undefined;
    return new Promise((resolve, reject) => {
      this.#answers[role] = (accept) => {
        this.#answers[role] = null;
        this.#parties[role].refused ||= !accept;
        if (accept) resolve();
        else reject(new Error("the application says no"));
      };
    });
  }

  /** Whether the application was asked. */
  #answer(role: Role, accept: boolean): boolean {
    const answer = this.#answers[role];
    answer?.(accept);
    return answer !== null;
  }

  /** Whether nothing that was sent to this side is on its way; also not in its peer. */
  #allArrived(role: Role): boolean {
    const { tls, kind } = this.#parties[otherRole(role)];
    return this.#lines[otherRole(role)].idle && !(kind === "socket" && (tls as { wantWrite?: boolean }).wantWrite);
  }

  #happen(role: Role, event: Event): void {
    const line = this.#lines[role];
    if (event.do === "carry") line.carry(event.limit);
    else if (event.do === "deliver") this.#deliver(line);
    else if (event.do === "tamper") line.tamper(event.after);
    else if (event.do === "cut") line.cut();
    else if (event.do === "reset") line.reset();
    else if (event.do === "answer") this.#answer(role, event.accept);
    else if (event.do === "forgetContext") this.#contexts[role].dispose();
  }

  #deliver(line: Line): void {
    for (let moves = 0; moves < mostMoves && line.carry(all);) moves++;
  }

  async #connect(): Promise<void> {
    await this.#pump(({ handshakeOver }) => (handshakeOver ? null : "handshake"));
  }

  /** Everything goes on until nothing moves any more. */
  async #settle(): Promise<void> {
    await this.#pump(() => "recv");
  }

  async #pump(next: (party: Party) => "handshake" | "recv" | null): Promise<void> {
    for (let idle = 0, round = 0; idle < idleRounds; idle++, round++) {
      expect(round, "rounds in which something moves").toBeLessThan(mostRounds);
      for (const role of roles) {
        if (this.#answer(role, true)) idle = 0;
        if (this.#lines[role].carry(all)) idle = 0;
        if (this.#goOn(this.#parties[role], next(this.#parties[role]))) idle = 0;
      }
      await nextTurn();
      this.#throwTrouble();
    }
  }

  /** Whether the call brought something forward. */
  #goOn(party: Party, what: "handshake" | "recv" | null): boolean {
    if (what === null || party.over !== "no" || party.failure !== null || party.in.endSeen || party.ragged)
      return false;
    const outcome = party.perform(what === "recv" ? { do: "recv", size: 20_000 } : { do: "handshake" });
    return outcome?.kind !== "want";
  }

  #judgeEnd(): void {
    const { client, server } = this.#parties;
    const undisturbed = [client.in, client.out].every(({ whole, updates }) => whole && updates <= 32);
    for (const party of [client, server]) {
      const { peer } = party;
      expect(party.sendingAll && undisturbed && party.well && peer.well, "a sendAll goes on for ever").toBe(false);
      if (!undisturbed || !party.well || peer.failure !== null || peer.aborted || peer.refused) continue;
      if (party.over === "unwrapped" || party.in.discarded) continue;
      if (peer.over !== "closed")
        expect(party.handshakeOver, `the ${party.role} comes to the end of the handshake`).toBe(true);
      if (!peer.out.ended && peer.over === "closed") continue; // it left in the handshake
      expect(party.in.received, `what the ${party.role} has received in the end`).toBe(party.in.taken);
      expect(party.in.endSeen, `the ${party.role} has seen an end where there is one`).toBe(peer.out.ended);
    }
  }

  /** Two sides that are still well can always part in good order. */
  async #sayGoodbye(): Promise<void> {
    const { client, server } = this.#parties;
    const undisturbed = [client.in, client.out].every(({ whole, updates }) => whole && updates <= 32);
    if (!undisturbed || !client.well || !server.well || client.over !== "no" || server.over !== "no") return;
    for (const party of [client, server]) party.perform({ do: "shutdownWrite" });
    await this.#settle();
    for (const { tls, in: incoming, role } of [client, server])
      expect([incoming.endSeen, tls.state], `the end of the ${role}`).toEqual([true, "closed"]);
  }

  /** Nothing is left behind, wherever the script has ended. */
  async #clean(): Promise<void> {
    for (const role of roles) this.#answer(role, true);
    for (const role of roles) this.#parties[role].end();
    for (const transport of this.#transports) transport.abort();
    for (const role of roles) this.#contexts[role].dispose();
    await nextTurn();
    expect(sharedRealm().liveObjects(), "objects alive in the wasm memory").toBe(this.#alive);
    for (const role of roles) expect(this.#parties[role].sendingAll, "a sendAll that does not settle").toBe(false);
  }

  #throwTrouble(): void {
    for (const role of roles) {
      const { trouble } = this.#parties[role];
      if (trouble !== undefined) throw trouble as Error;
    }
  }
}

/** Promises go on, all that can, only behind these steps: between two others the model and the socket know the same. */
function takesTurn(step: Step): boolean {
  return "event" in step ? step.event.do === "turn" : step.call.do === "sendAll";
}

const hookOf: Readonly<Record<Role, string>> = { client: "verify", server: "selectContext" };

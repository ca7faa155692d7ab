// Plays inputs that the native programs found to the module as it is shipped, through ts/engine, with the same randomness and clock.
// Owns what an input means; what may come of it is for the test to say.
import { type CiphertextSink, Connection } from "../../ts/engine/connection.ts";
import type { Decision } from "../../ts/engine/decision.ts";
import type { CiphertextSource } from "../../ts/engine/records.ts";
import { newRealm } from "../../ts/engine/realms.ts";
import { Settings } from "../../ts/engine/settings.ts";
import type { Realm } from "../../ts/wasm/realm.ts";
import { FixedRandom, noon } from "../support/recording.ts";
import { psk, Scene, sealExtra, sealKey } from "./scenes.ts";

/** What came of a conversation. */
export interface End {
  readonly error: unknown;
  readonly handshakeOver: boolean;
  readonly version: number;
  readonly server: boolean;
  /** Blocks in the memory that were not there before. */
  readonly left: number;
}

/** Records with these types may stand before the peer's bytes (handshake.c). */
const sessionRecord = { offered: 1, name: 2, accepted: 3 } as const;
const headerSize = 5;
/** Where ciphertext is forgotten. */
const nowhere: CiphertextSink = { append: () => {}, appendCopy: () => {} };

/** A realm whose randomness begins anew with each side, and the settings of all scenes in it. */
export class Stage {
  readonly realm: Realm;
  readonly #settings = new Map<number, Settings>();
  #random = new FixedRandom(0);

  constructor() {
    this.realm = newRealm((into) => this.#random.feed(into));
  }

  /**
   * Plays an input of handshake.c; once more when it leaves something behind, as the table of key slots, and what blinds an RSA key, are
   * made once.
   */
  handshake(input: Uint8Array): End {
    const end = this.#play(input);
    return end.left === 0 ? end : this.#play(input);
  }

  dispose(): void {
    for (const settings of this.#settings.values()) settings.dispose();
  }

  #play(input: Uint8Array): End {
    const scene = new Scene(input[0]!);
    const settings = this.#settingsOf(input[0]!);
    const blocks = this.realm.liveBlocks();
    const { sessions, rest } = sessionsBefore(input.subarray(1));
    this.#random = new FixedRandom(scene.server ? 2 : 1);
    const serverName = scene.server ? null : "localhost";
    const player = new Player(new Connection(settings, { serverName, now: () => noon }), scene, sessions);
    player.hear(rest);
    const end = player.leave();
    return { ...end, left: this.realm.liveBlocks() - blocks };
  }

  #settingsOf(bits: number): Settings {
    const known = this.#settings.get(bits);
    if (known !== undefined) return known;
    const scene = new Scene(bits);
    const made = new Settings(this.realm, scene.settings(scene.server));
    this.#settings.set(bits, made);
    return made;
  }
}

/** The sessions that an input brings along. */
interface Sessions {
  readonly offered: readonly Uint8Array[];
  readonly accepted: Decision["resume"];
}

function sessionsBefore(input: Uint8Array): { sessions: Sessions; rest: Uint8Array } {
  const offered: Uint8Array[] = [];
  let accepted: Decision["resume"] = null;
  let name = new Uint8Array(0);
  let rest = input;
  while (rest.length >= headerSize && rest[0]! >= sessionRecord.offered && rest[0]! <= sessionRecord.accepted) {
    const end = headerSize + rest[3]! * 256 + rest[4]!;
    const content = rest.slice(headerSize, end);
    if (rest[0] === sessionRecord.name) name = content;
    else if (rest[0] === sessionRecord.offered) offered.push(content);
    else accepted = { name, session: content, chain: [] };
    rest = rest.subarray(end);
  }
  return { sessions: { offered, accepted }, rest };
}

/** One side, driven as the layers above the engine drive it. */
class Player {
  readonly #connection: Connection;
  readonly #scene: Scene;
  readonly #sessions: Sessions;
  #error: unknown;

  constructor(connection: Connection, scene: Scene, sessions: Sessions) {
    this.#connection = connection;
    this.#scene = scene;
    this.#sessions = sessions;
    if (!scene.server) for (const bytes of sessions.offered) this.#offer(bytes);
  }

  hear(bytes: Uint8Array): void {
    this.#attempt(() => {
      const source = new Bytes(bytes);
      if (!this.#handshake(source)) return;
      const into = new Uint8Array(1000);
      while (this.#connection.read(source, into).kind === "moved") this.#connection.takeSessions();
      this.#ask();
      if (this.#connection.state !== "open" && this.#connection.state !== "read-closed") return;
      this.#connection.write(new Uint8Array(200), nowhere);
      this.#connection.closeNotify();
    });
  }

  leave(): Omit<End, "left"> {
    this.#connection.drain(nowhere);
    this.#connection.takeTrace();
    this.#connection.takeKeyLog();
    const handshakeOver = this.#connection.handshakeOver;
    const version = handshakeOver ? this.#connection.facts.protocolVersion() : 0;
    this.#connection.dispose();
    return { error: this.#error, handshakeOver, version, server: this.#scene.server };
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#error = error;
    }
  }

  /** Whether it came to its end. */
  #handshake(source: Bytes): boolean {
    for (;;) {
      const where = this.#connection.handshake(source);
      if (where === "done") return true;
      if (where === "want") return false;
      if (where === "hello") this.#decide();
      if (where === "psk") this.#givePsk();
      if (where === "certificate") this.#accept();
    }
  }

  #offer(bytes: Uint8Array): void {
    this.#connection.offer(
      { version: 0, extendedMasterSecret: true, hasTicket: true, lifetime: 0, id: new Uint8Array(0), bytes },
      [],
    );
  }

  #decide(): void {
    this.#connection.decide({
      settings: null,
      now: () => noon,
      seal: { key: sealKey, extra: sealExtra, lifetime: 7200, tickets: 2, cache: false },
      resume: this.#sessions.accepted,
      psk: this.#scene.psk && this.#scene.tls13 ? psk : null,
    });
  }

  #givePsk(): void {
    const identity = this.#connection.facts.pskIdentity();
    const known = String(identity) === String(psk.identity);
    this.#connection.givePsk({ identity, key: known ? psk.key : new Uint8Array(0) });
  }

  #accept(): void {
    this.#connection.peerChain();
    this.#connection.accept();
  }

  #ask(): void {
    const { facts } = this.#connection;
    for (const server of [true, false]) facts.signatureScheme(server);
    facts.alpn();
    facts.ownCertificate();
    facts.finished();
    facts.cipherSuite();
    facts.group();
    facts.pskUsed();
    if (facts.uniqueMasterSecret() && this.#connection.failure === undefined)
      this.#connection.exportKeys(40, sealExtra, sealKey.subarray(0, 7));
  }
}

/** Bytes that are all there. */
class Bytes implements CiphertextSource {
  readonly eof = false;
  #left: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#left = bytes;
  }

  get pending(): number {
    return this.#left.length;
  }

  readInto(into: Uint8Array): number {
    const part = this.#left.subarray(0, into.length);
    into.set(part);
    this.#left = this.#left.subarray(part.length);
    return part.length;
  }

  peek(size: number): Uint8Array {
    return this.#left.slice(0, size);
  }
}

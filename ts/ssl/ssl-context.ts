// A TLS configuration, immutable: what connections of one kind have in common. Refuses to know sockets and files.
import { randomBytes } from "../engine/randomness.ts";
import { newRealm, type Realm, sharedRealm } from "../engine/realms.ts";
import { sealKeySize } from "../engine/sealing.ts";
import { isSameInput, Settings } from "../engine/settings.ts";
import { SSLStateError } from "../engine/errors.ts";
import { checkOptionNames, describe } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import { checkOptions, copyOf } from "./check-options.ts";
import { MemoryBIO } from "./memory-bio.ts";
import type { CheckedOptions, ClientOptions, ConnectionHooks, ServerOptions } from "./options.ts";
import { pack } from "./packing.ts";
import { SSLObject } from "./ssl-object.ts";
import { HandshakeCounter, type SessionStats } from "./session-stats.ts";
import { type CertStoreStats, storeStats } from "./store-stats.ts";
import {
  cipherInfo,
  type CipherInfo,
  groupId,
  type NamedGroup,
  nameOfId,
  type SignatureScheme,
  signatureSchemeId,
  type TLSVersion,
  versionId,
} from "./tables.ts";
import { type Arithmetic, arithmeticIn, type VerifyMode } from "./verification.ts";
import { openConnection, type WrapOptions, wrapOptionNames } from "./wrapping.ts";

/**
 * The configuration of clients or of servers, like Python's `ssl.SSLContext`; it cannot be changed, `with` makes a variant.
 *
 * Made by `SSLContext.client`, `SSLContext.server` or `createDefaultContext`, which check every option: what is wrong with
 * a certificate, a key or a list is said here, not when the first connection fails.
 *
 * @example
 * const context = SSLContext.client({ ca: pemText });
 * const tls = context.wrapBio(incoming, outgoing, { serverHostname: "example.org" });
 */
export class SSLContext {
  readonly #given: ClientOptions & ServerOptions;
  readonly #checked: CheckedOptions;
  #settings: Settings | undefined;
  #digest: Uint8Array | undefined;
  #digestText: string | undefined;
  #sessionKey: Uint8Array | undefined;
  #internals: ContextInternals | undefined;
  #disposed = false;
  readonly #counter: HandshakeCounter;

  /**
   * A configuration for clients. Throws SSLConfigError, TypeError or RangeError for a wrong option.
   */
  static client<T extends SSLContext>(this: ContextClass<T>, options: ClientOptions = {}): T {
    return new this(token, false, options);
  }

  /**
   * A configuration for servers; `identities` needs at least one certificate with its key.
   */
  static server<T extends SSLContext>(this: ContextClass<T>, options: ServerOptions): T {
    return new this(token, true, options);
  }

  /** @internal */
  constructor(secret: symbol, server: boolean, options: ClientOptions & ServerOptions, origin?: SSLContext) {
    if (secret !== token)
      throw new TypeError("Cannot make an SSLContext with new: use SSLContext.client or SSLContext.server");
    const known = origin && { given: origin.#given, checked: origin.#checked };
    this.#checked = checkOptions(server, known === undefined ? options : { ...known.given, ...options }, known);
    this.#given = { ...known?.given, ...copyOf(options) };
    this.#counter = new HandshakeCounter(server);
    if (origin !== undefined) this.#shareSettings(origin);
    this.#settingsIn(); // parses certificates and keys now, so that their errors come now
  }

  /** Whether this is for servers. */
  get serverSide(): boolean {
    return this.#checked.input.server;
  }

  /** Whether peers must present a certificate that can be trusted. */
  get verifyMode(): VerifyMode {
    return this.#checked.verifyMode;
  }

  /** Whether the peer's certificate must be for the name that is asked for. */
  get checkHostname(): boolean {
    return this.#checked.checkHostname;
  }

  /** The same configuration with some options changed. Certificates and keys that stay are not read again. */
  with(options: Partial<ClientOptions & ServerOptions>): this {
    if (typeof options !== "object" || options === null)
      throw new TypeError(`Cannot use the options for with: expected an object, got ${describe(options)}`);
    return new (this.constructor as ContextClass<this>)(token, this.serverSide, options, this);
  }

  /**
   * A TLS object between two byte queues, like Python's `wrap_bio`: ciphertext from the peer is read from `incoming`,
   * ciphertext for the peer is written to `outgoing`.
   *
   * Throws SSLConfigError for a server name that cannot be used or is missing, SSLStateError after `dispose`.
   */
  wrapBio(incoming: MemoryBIO, outgoing: MemoryBIO, options: WrapOptions = {}): SSLObject {
    if (!(incoming instanceof MemoryBIO) || !(outgoing instanceof MemoryBIO)) {
      throw new TypeError(`Cannot wrap: expected two MemoryBIO, got ${describe(incoming)} and ${describe(outgoing)}`);
    }
    checkOptionNames(options, wrapOptionNames, "wrapBio");
    return new SSLObject(this.open(incoming, outgoing, options));
  }

  /**
   * What an SSLObject is made of.
   * @internal
   */
  open(
    incoming: MemoryBIO,
    outgoing: MemoryBIO,
    options: WrapOptions,
    hooks: ConnectionHooks | null = null,
  ): ReturnType<typeof openConnection> {
    const { settings, release } = this.takeSettings();
    try {
      return openConnection({ context: this, settings, incoming, outgoing, options, hooks });
    } finally {
      release(); // the connection keeps what it needs
    }
  }

  /**
   * The configuration for one connection, in a realm of its own where that was asked for.
   * @internal
   */
  takeSettings(): { readonly settings: Settings; readonly release: () => void } {
    if (this.#disposed) throw new SSLStateError("Cannot wrap: the context was disposed of");
    if (this.#checked.isolation !== "connection") return { settings: this.#settingsIn(), release: () => {} };
    const settings = new Settings(newRealm(), this.#checked.input);
    return { settings, release: () => settings.dispose() };
  }

  /**
   * What connections and sessions need of their context.
   * @internal
   */
  internals(): ContextInternals {
    const realm = this.#disposed ? sharedRealm() : this.#settingsIn().realm;
    if (this.#internals?.realm === realm) return this.#internals;
    const arithmetic = arithmeticIn(realm);
    const digest = (): Uint8Array => (this.#digest ??= digestOf(this.#checked, arithmetic));
    this.#internals = {
      checked: this.#checked,
      counter: this.#counter,
      realm,
      digest,
      digestText: () => (this.#digestText ??= hexOf(digest())),
      sessionKey: () => (this.#sessionKey ??= sessionKeyOf(this.#checked)),
      arithmetic,
    };
    return this.#internals;
  }

  /**
   * The trusted certificates, like Python's `get_ca_certs`; also those that are no authorities but trusted themselves.
   * Each has its DER in `raw`.
   */
  getCaCerts(): Certificate[] {
    return this.#checked.trust.certificates();
  }

  /** How many certificates are trusted, and how many revocation lists are there. */
  certStoreStats(): CertStoreStats {
    return storeStats(this.#checked.trust.der(), this.#checked.crls.length);
  }

  /**
   * What its connections did so far, like Python's `session_stats`, without what that says about OpenSSL's cache: there is none
   * here but the application's. A connection counts where it was wrapped, whatever `selectContext` chose.
   */
  sessionStats(): SessionStats {
    return this.#counter.stats();
  }

  /** The lowest version that is spoken. */
  get minVersion(): TLSVersion {
    return nameOfId(versionId, this.#checked.input.minVersion)!;
  }

  /** The highest version that is spoken. */
  get maxVersion(): TLSVersion {
    return nameOfId(versionId, this.#checked.input.maxVersion)!;
  }

  /** The cipher suites in order of preference. */
  getCiphers(): CipherInfo[] {
    return this.#checked.input.cipherSuites.map((id) => cipherInfo(id)!);
  }

  /** The groups in order of preference. */
  getGroups(): NamedGroup[] {
    return this.#checked.input.groups.map((id) => nameOfId(groupId, id)!);
  }

  /** The signature schemes in order of preference, for own signatures and for the peer's. */
  getSigalgs(): SignatureScheme[] {
    return this.#checked.input.signatureAlgorithms.map((id) => nameOfId(signatureSchemeId, id)!);
  }

  /** Frees the context's part of the wasm memory; connections that live keep what they need. Nothing can be wrapped afterwards. */
  dispose(): void {
    this.#disposed = true;
    this.#giveUpSettings();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The configuration inside a realm that is in working order: after a trap it is made again in a fresh one. */
  #settingsIn(): Settings {
    if (this.#settings !== undefined && !this.#settings.realm.poisoned) return this.#settings;
    const realm = this.#checked.isolation === "shared" ? sharedRealm() : newRealm();
    return this.#keepSettings(new Settings(realm, this.#checked.input));
  }

  /** A variant needs no configuration of its own in the realm that all share when nothing in it differs. */
  #shareSettings(origin: SSLContext): void {
    const [mine, its] = [this.#checked, origin.#checked];
    const settings = origin.#settings;
    if (settings === undefined || settings.realm.poisoned || !isSameInput(mine.input, its.input)) return;
    if (mine.isolation !== "shared" || its.isolation !== "shared") return;
    settings.retain();
    this.#keepSettings(settings);
  }

  #keepSettings(settings: Settings): Settings {
    this.#giveUpSettings();
    forgotten.register(this, settings, this);
    return (this.#settings = settings);
  }

  #giveUpSettings(): void {
    forgotten.unregister(this);
    this.#settings?.release();
    this.#settings = undefined;
  }
}

/** @internal */
export interface ContextInternals {
  readonly checked: CheckedOptions;
  readonly counter: HandshakeCounter;
  readonly realm: Realm;
  /** Tells apart contexts that would not answer for each other's sessions. */
  readonly digest: () => Uint8Array;
  /** In hexadecimal digits. */
  readonly digestText: () => string;
  /** Name and secret for what is kept of sessions. */
  readonly sessionKey: () => Uint8Array;
  readonly arithmetic: Arithmetic;
}

/** Who it presents, whom it trusts, and what it agrees on. */
function digestOf(checked: CheckedOptions, arithmetic: Arithmetic): Uint8Array {
  const { input, alpn, verifyMode, checkHostname, certProfile, partialChain, crlCheck, trust } = checked;
  const text = JSON.stringify([input.server, alpn, verifyMode, checkHostname, certProfile, partialChain, crlCheck]);
  const presented = input.identities.map(({ chain }) => chain[0]!);
  return arithmetic.sha256(pack([new TextEncoder().encode(text), pack(presented), trust.digestBy(arithmetic)]));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Name and secret, as sealing wants them. */
function sessionKeyOf({ sessionKey }: CheckedOptions): Uint8Array {
  const key = new Uint8Array(sealKeySize);
  key.set(new TextEncoder().encode("wanttls session1"));
  key.set(sessionKey ?? randomBytes(32, "make a session key"), 16);
  return key;
}

/** SSLContext, or what a higher layer makes of it. */
export type ContextClass<T> = new (
  secret: symbol,
  server: boolean,
  options: ClientOptions & ServerOptions,
  origin?: SSLContext,
) => T;

const token: unique symbol = Symbol("wanttls");

/** A safety net for contexts that nobody disposes of. */
const forgotten = new FinalizationRegistry<Settings>((settings) => settings.release());

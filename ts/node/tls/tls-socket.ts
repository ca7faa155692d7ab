// Owns TLSSocket: the options of one connection, what is decided by them, and the events that tell of it. Refuses to know how
// bytes move (tls-stream.ts), what is told about the connection (tls-report.ts) and how hooks are made (handshake.ts).
import net from "node:net";
import { addAbortSignal } from "node:stream";
import { type MemoryBIO, SSLCertVerificationError, SSLError, type SSLSession } from "../../index.ts";
import { textOf } from "./alpn.ts";
import type { TrustedIssuers } from "./certificates.ts";
import { EmbeddedObject as Engine } from "../../ssl/embedding.ts";
import { invalidArgType, nodeError, opensslError, requireFunction, requireInteger, requireString } from "./errors.ts";
import { isEnd, isSilentRefusal, nodeErrorOf } from "./failures.ts";
import { type ClientSide, openClient, type Opened, openServer, type ServerSide } from "./handshake.ts";
import type { Below, Expectation, TLSSocketOptions } from "./options.ts";
import { contextFor, SecureContext } from "./secure-context.ts";
import type { Server } from "./server.ts";
import { sessionCacheOf } from "./session-events.ts";
import { checkCallbacks, clientPsk, noDelayOf, protocolsOf, sessionOf, withoutOurs } from "./socket-options.ts";
import { TLSReport } from "./tls-report.ts";
import type { OnRead } from "./onread.ts";
import { distrust, missingCommon } from "./verdict.ts";

/** Events of the socket below that are those of this one when it made that itself. */
const connectionEvents = [
  "lookup",
  "connectionAttempt",
  "connectionAttemptFailed",
  "connectionAttemptTimeout",
] as const;

/**
 * A TLS connection over a socket or any other Duplex, as Node's class of that name.
 *
 * @example
 * const socket = new TLSSocket(accepted, { isServer: true, cert, key });
 */
export class TLSSocket extends TLSReport {
  /** Whether the peer's certificate was verified and is trusted. */
  authorized = false;
  /** Why the peer's certificate is not trusted, null when it is or when it was not verified. */
  authorizationError: Error | string | null = null;
  /** The protocol that both sides agreed on; false for none, null before the end of the handshake. */
  alpnProtocol: string | false | null = null;
  /** The name that the client asked for; false for none, null before the end of the handshake. */
  servername: string | false | null = null;
  /** Whether the handshake is still to be finished. */
  secureConnecting = true;
  readonly #options: TLSSocketOptions;
  readonly #server: Server | null;
  #secureContext: SecureContext;
  readonly #alpn: readonly string[] | null;
  #expectation: Expectation | null = null;
  #expected: Readonly<Record<string, unknown>> = {};
  #sessionToResume: Uint8Array | null = null;
  #name: string | undefined;
  #opened: Opened | null = null;
  #early: SSLSession[] | null = [];
  #released: boolean;
  #failure = false;
  #mayRenegotiate = true;
  /** What was said about it before there was a socket. */
  #noDelay: boolean | undefined;

  /** Throws as Node does for options of the wrong type, and what `createSecureContext` throws. */
  constructor(socket?: Below | null, options: TLSSocketOptions = {}) {
    checkCallbacks(options);
    const allowHalfOpen = socket === null || socket === undefined ? options.allowHalfOpen : socket.allowHalfOpen;
    super({
      allowHalfOpen: allowHalfOpen === true,
      highWaterMark: options.highWaterMark ?? socket?.readableHighWaterMark,
      onread: options.onread as OnRead | undefined,
      pauseOnConnect: options.pauseOnConnect,
      suppressRaggedEofs: options.suppressRaggedEofs,
    });
    this.#options = options;
    this.#server = options.server ?? null;
    this.#released = options.isServer !== true || !("setSecureContext" in (this.#server ?? {}));
    this.#secureContext = options.secureContext ?? contextFor(options);
    this.#alpn = protocolsOf(options.ALPNProtocols);
    if (options.session) this.setSession(options.session);
    if (socket !== null && socket !== undefined) this.over(socket);
    if (options.signal !== undefined) addAbortSignal(options.signal, this);
  }

  /** @internal A client that has to know whom it talks to; `about` are the properties of the error when nobody is there. */
  expect(expectation: Expectation, about: Readonly<Record<string, unknown>>): void {
    this.#expectation = expectation;
    this.#expected = about;
  }

  /** @internal From now on what fails is an "error" of this socket; before, its server tells of it. */
  release(): void {
    this.#released = true;
  }

  /** Connects, as of `net.Socket`, and speaks TLS. */
  override connect(...args: unknown[]): this {
    if (this.destroyed) return this;
    const last = args.at(-1);
    if (typeof last === "function") this.once("connect", last as () => void);
    const [options] = typeof last === "function" ? args.slice(0, -1) : args;
    const socket =
      typeof options === "object" && options !== null
        ? net.connect(withoutOurs(options))
        : (net.connect as (...given: unknown[]) => net.Socket)(...args.filter((arg) => typeof arg !== "function"));
    socket.setNoDelay(this.#noDelay ?? noDelayOf(options));
    for (const event of connectionEvents) socket.on(event, (...details: unknown[]) => this.emit(event, ...details));
    socket.once("ready", () => this.emit("ready"));
    this.over(socket);
    return this;
  }

  /** Client, before the handshake: the name to ask the server for. */
  setServername(name: string): void {
    requireString(name, "name");
    if (this.#options.isServer === true)
      throw nodeError("ERR_TLS_SNI_FROM_SERVER", "Cannot issue SNI from a TLS server-side socket");
    this.#name = name;
  }

  /** Client, before the handshake: the session to resume, as `getSession` and the event "session" give it. */
  setSession(session: Buffer | string): void {
    this.#sessionToResume = typeof session === "string" ? Buffer.from(session, "latin1") : session;
  }

  /** Server, before the handshake: presents another certificate. */
  setKeyCert(context: unknown): void {
    this.#secureContext = context instanceof SecureContext ? context : new SecureContext(context as object);
  }

  /** How much plaintext a record may carry: 512 to 16384 bytes; false for another size. */
  setMaxSendFragment(size: number): boolean {
    requireInteger(size, "size", -(2 ** 31), 2 ** 31 - 1);
    if (size < 512 || size > 16_384) return false;
    this.maxFragment = size;
    return true;
  }

  /** Does nothing but make `renegotiate` throw: renegotiation is not offered, and the peer's attempts are refused. */
  disableRenegotiation(): void {
    this.#mayRenegotiate = false;
  }

  /** Answers false and gives the callback an error: renegotiation is not offered (TLS 1.3 has none). */
  renegotiate(options: unknown, callback?: (error: Error | null) => void): boolean | undefined {
    if (typeof options !== "object" || options === null) throw invalidArgType("options", ["object"], options);
    if (callback !== undefined) requireFunction(callback, "callback");
    if (this.destroyed) return undefined;
    const error = this.#mayRenegotiate
      ? opensslError("ERR_SSL_WRONG_SSL_VERSION", "wrong ssl version", "SSL routines", "0A00010A")
      : nodeError("ERR_TLS_RENEGOTIATION_DISABLED", "TLS session renegotiation disabled for this socket");
    if (callback !== undefined) process.nextTick(callback, error);
    return false;
  }

  /** Does nothing: there is no trace of OpenSSL. The event "keylog" and Wireshark show more. */
  enableTrace(): void {}

  override setNoDelay(noDelay?: boolean): this {
    if (this.below === null) this.#noDelay = noDelay ?? true;
    else this.below.setNoDelay?.(noDelay);
    return this;
  }

  override setKeepAlive(enable?: boolean | object, initialDelay?: number): this {
    (this.below as net.Socket | null)?.setKeepAlive?.(enable as boolean, initialDelay);
    return this;
  }

  override ref(): this {
    this.below?.ref?.();
    return this;
  }

  override unref(): this {
    this.below?.unref?.();
    return this;
  }

  /** Begins with the handshake at once: programs that make a client's socket themselves call it. */
  _start(): void {
    if (!this.connecting) this.begin();
  }

  /** A client that nobody has told whom it expects waits until it has something to say, as in Node. */
  protected override get startsItself(): boolean {
    return this.#isServer || this.#expectation !== null;
  }

  protected override get trusted(): TrustedIssuers {
    return this.#secureContext.trustedIssuers;
  }

  protected override presented(): Uint8Array | undefined {
    return this.#secureContext.certificate;
  }

  protected override makeEngine(incoming: MemoryBIO): Engine {
    return this.#isServer ? this.#makeServer(incoming) : this.#makeClient(incoming);
  }

  #makeServer(incoming: MemoryBIO): Engine {
    this.#opened = openServer(this.#serverSide());
    return Engine.open(this.#opened.context, incoming, {}, this.#opened.hooks);
  }

  #makeClient(incoming: MemoryBIO): Engine {
    this.#opened = openClient(this.#clientSide());
    const { context, hooks } = this.#opened;
    const session = sessionOf(this.#sessionToResume, context);
    const options = {
      ...(this.#name === undefined ? {} : { serverHostname: this.#name }),
      ...(session === null ? {} : { session }),
    };
    return Engine.open(context, incoming, options, hooks);
  }

  protected override disposed(): void {
    this.#opened?.release();
    this.#opened = null;
    this.secureConnecting = false;
  }

  protected override handshakeDone(): void {
    const engine = this.engine!;
    const protocol = engine.selectedAlpnProtocol();
    this.alpnProtocol = protocol === null ? false : textOf(protocol);
    this.#noteName();
    if (this.#isServer && this.#options.requestCert) this.#judgeClient(engine);
    for (const session of this.#early ?? []) this.keepSession(session);
    this.emit("secure");
    if (this.#expectation === null) this.secureConnecting = false;
    else this.#connectSecurely(this.#expectation, engine);
    this.#tellSessions();
  }

  protected override tellsPeer(error: unknown): boolean {
    return !isSilentRefusal(error);
  }

  protected override failed(error: unknown): Error | null {
    const failure = this.#meaningOf(error);
    this.#noteName();
    if (!this.secured && !this.#failure) this.emit("_tlsError", failure);
    this.#failure = true;
    // A bare server's socket without a listener must not end the process because of what a stranger sends.
    const mute = this.#isServer && !this.secured && this.listenerCount("error") === 0;
    return this.#released && !mute ? failure : null;
  }

  #noteName(): void {
    const asked = this.#isServer ? this.engine?.clientHello?.serverName : this.#name;
    this.servername = asked ?? (this.secured || this.engine?.clientHello ? false : null);
  }

  get #isServer(): boolean {
    return this.#options.isServer === true;
  }

  /** A transport that ends in the handshake is an error of the connection, as far as Node is concerned. */
  #meaningOf(error: unknown): Error {
    if (this.#isServer && error instanceof SSLCertVerificationError) return this.#refuse(error);
    if (this.secured || !isEnd(error)) return nodeErrorOf(error, this.#reasonOf(error));
    if (this.#isServer) return hangUp(error);
    const message = "Client network socket disconnected before secure TLS connection was established";
    return nodeError("ECONNRESET", message, this.#expected);
  }

  /** Node ends a connection with a client that it does not trust without a word; here the cause says why. */
  #refuse(error: SSLCertVerificationError): Error {
    const { code = "" } = nodeErrorOf(error) as NodeJS.ErrnoException;
    this.authorizationError = code;
    return hangUp(error);
  }

  /** What the two sides have not in common, where OpenSSL is more exact about it. */
  #reasonOf(error: unknown): string | undefined {
    const { engine } = this;
    if (engine === null || this.secured || !this.#isServer) return undefined;
    return error instanceof SSLError && error.reason === "HANDSHAKE_FAILURE" ? missingCommon(engine) : undefined;
  }

  #judgeClient(engine: Engine): void {
    const failure = distrust(engine.getUnverifiedChain(), engine.context);
    this.authorized = failure === null;
    if (failure !== null) this.authorizationError = failure.code as string;
  }

  /** Node's order: whether the certificate is trusted, whether it is the one of the host, and then the event. */
  #connectSecurely(expectation: Expectation, engine: Engine): void {
    const { reject } = expectation;
    const failure = this.#complaint(expectation, engine);
    this.secureConnecting = false;
    if (failure !== null) {
      this.authorized = false;
      this.authorizationError = (failure as NodeJS.ErrnoException).code ?? failure.message;
      if (reject) {
        this.destroy(failure);
        return;
      }
    } else this.authorized = true;
    this.emit("secureConnect");
  }

  /** A client that refuses others has done so in the handshake, unless there was no certificate to look at. */
  #complaint(expectation: Expectation, engine: Engine): Error | null {
    const chain = engine.getUnverifiedChain();
    if (expectation.reject && chain.length > 0) return null;
    const failure = chain.length === 0 ? null : distrust(chain, engine.context);
    return failure ?? this.#secureContext.complaintAbout(chain, expectation) ?? null;
  }

  /** Sessions come before their connection is known to be a good one. */
  #onSession(session: SSLSession): void {
    if (this.#early === null) process.nextTick(() => this.#tellSession(session));
    else this.#early.push(session);
  }

  #tellSession(session: SSLSession): void {
    if (this.destroyed) return;
    this.keepSession(session);
    if (this.listenerCount("session") > 0) this.emit("session", this.getSession());
  }

  #tellSessions(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const session of early) this.#tellSession(session);
  }

  #clientSide(): ClientSide {
    return {
      secureContext: this.#secureContext,
      alpn: this.#alpn,
      expectation: this.#expectation,
      onKeyLog: this.#keyLogger(),
      psk: clientPsk(this.#options.pskCallback),
      onSession: (session) => this.#onSession(session),
    };
  }

  #serverSide(): ServerSide {
    const { requestCert, rejectUnauthorized, SNICallback, ALPNCallback, pskCallback } = this.#options;
    return {
      secureContext: () => this.#secureContext,
      alpn: this.#alpn,
      onKeyLog: this.#keyLogger(),
      requestCert: Boolean(requestCert), // as in Node, which for `createServer` wants true itself
      rejectUnauthorized: rejectUnauthorized !== false,
      chooseContext: typeof SNICallback === "function" ? SNICallback.bind(this.#server ?? this) : null,
      chooseAlpn: typeof ALPNCallback === "function" ? ALPNCallback.bind(this) : null,
      psk:
        typeof pskCallback === "function"
          ? (identity) => Reflect.apply(pskCallback, this.#server, [this, identity]) as unknown
          : null,
      sessionCache: this.#server === null ? null : sessionCacheOf(this.#server),
    };
  }

  /** Secrets are kept only for somebody who listens. */
  #keyLogger(): ((line: string) => void) | null {
    const server = this.#released && this.#server === null ? null : this.#server;
    if (this.listenerCount("keylog") === 0 && (server?.listenerCount("keylog") ?? 0) === 0) return null;
    return (text) => {
      const line = Buffer.from(`${text}\n`);
      process.nextTick(() => {
        this.emit("keylog", line);
        server?.emit("keylog", line, this);
      });
    };
  }
}

function hangUp(cause: unknown): Error {
  return nodeError("ECONNRESET", "socket hang up", { cause });
}

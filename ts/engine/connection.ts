// Owns the state of one side of a TLS conversation, and what moves through it: ciphertext from a source and to a sink, plaintext
// that is written and read. Refuses to know I/O, promises, timers, and who asks.
//
// Mbed TLS is given whole records only, one at a time (records.ts): what lies beyond the record in progress stays in the source,
// so that bytes after the peer's close_notify are still there for whoever speaks next on that transport. The first fatal
// error is kept and repeated; Mbed TLS, which would go on encrypting, is then left alone but for the alert that is due.
import type { ConnectionPointer } from "../wasm/exports.gen.ts";
import { largestPacked, type Realm, type Tenant } from "../wasm/realm.ts";
import { alert } from "./alerts.ts";
import type { ClientHello } from "./client-hello.ts";
import type { Decision, PreSharedKey, SessionSeal } from "./decision.ts";
import * as code from "./error-codes.gen.ts";
import { type Failure, failureOf, SSLEOFError, SSLError, SSLStateError } from "./errors.ts";
import { Facts } from "./facts.ts";
import { Handle } from "./handle.ts";
import { HelloIntake } from "./hello-intake.ts";
import { takeKeyLog } from "./key-log.ts";
import { Limits } from "./limits.ts";
import { type CiphertextSource, fragmentLength, Records } from "./records.ts";
import { type CachedSession, type SavedSession, takeCached, takeSaved } from "./saved-session.ts";
import type { Settings } from "./settings.ts";
import { shortage } from "./shortages.ts";
import { noRecord, notTls } from "./strangers.ts";
import { Trace, type TraceEvent } from "./trace.ts";

/** Where ciphertext goes; it takes everything and may keep the array. */
export interface CiphertextSink {
  append(bytes: Uint8Array): void;
  /** As `append`, and does not keep the array; better for many bytes. */
  appendCopy(bytes: Uint8Array): void;
}

/**
 * What a call came to. `moved`: progress, perhaps fewer bytes than asked for. `want`: nothing moved, ask again when
 * there is more ciphertext. `end`: the peer said goodbye properly.
 */
export type Outcome = { readonly kind: "moved"; readonly bytes: number } | typeof wantsCiphertext | typeof ended;

/**
 * Where the handshake stands. `hello`: a server has the whole ClientHello, until `decide`. `psk`: it has the identity of a
 * key (TLS 1.2), until `givePsk`. `certificate`: the peer's certificates are there, or those of the session that is
 * resumed, until `accept`. `refuse` ends it in each case.
 */
export type HandshakeOutcome = "done" | "want" | "hello" | "psk" | "certificate";

/** Statement B1: where a connection is in its life. `unwrapped` is entered by whoever gave the transport back. */
export type SSLState =
  "init" | "handshaking" | "open" | "write-closed" | "read-closed" | "closed" | "failed" | "unwrapped";

export interface ConnectionOptions {
  /** The server name to send (RFC 6066), or null. */
  readonly serverName: string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type { Tenant };

const wantsCiphertext = { kind: "want", what: "read" } as const;
const ended = { kind: "end" } as const;
const fatal = 2; // RFC 8446, section 6
const tls12 = 771;
const tls13 = 772;
const largestPlaintext = 16384;
const none = new Uint8Array(0);

export class Connection {
  #handle: Handle;
  /** That of the handle. */
  #realm: Realm;
  #facts: Facts;
  #now: () => number;
  #state: SSLState = "init";
  #failure: SSLError | undefined;
  #pending = 0;
  #verified = false;
  /** Plaintext that was decrypted while looking for the peer's close_notify. */
  #stash: Uint8Array = none;
  #handshakeOver = false;
  /** The version as it is known for good at the end of the handshake: asking for each record would cost as much as a small one. */
  #version = 0;
  /** The most that one record carries, known then too: what TLS allows, or less where the peer has asked for it. */
  #mostPerRecord = 0;
  readonly #records = new Records({
    checkHeader: (header) => this.#checkHeader(header),
    room: (size, whole) => this.#room(size, whole),
    filled: (size) => this.#realm.exports.wt_incoming_commit(this.#handle.live(), size),
  });
  readonly #limits = new Limits();
  /** Whom the session stands for that may be resumed. */
  #sessionChain: readonly Uint8Array[] = [];
  /** Client: sessions that nobody has taken yet. */
  readonly #sessions: SavedSession[] = [];
  /** Null at a client. */
  readonly #hello: HelloIntake | null;
  /** Null when nobody looks. */
  #trace: Trace | null;

  constructor(settings: Settings, options: ConnectionOptions) {
    this.#now = options.now;
    this.#hello = settings.server ? new HelloIntake() : null;
    this.#trace = settings.trace ? new Trace(options.now) : null; // calls `now`, which may throw
    this.#handle = new Handle(settings, options.serverName);
    this.#realm = settings.realm;
    this.#facts = new Facts(this.#handle);
  }

  /** Where its memory is; a server's may change when it decides on the ClientHello. */
  get realm(): Realm {
    return this.#realm;
  }

  /** Whether a trap, its own or that of another connection in the realm, has ended it: every call from now on throws that. */
  get trapped(): boolean {
    return this.#realm.poisoned;
  }

  /** Has `tenant` told when that happens; it is not kept alive for it. */
  tellOfTrap(tenant: Tenant): void {
    this.#handle.tellOfTrap(new WeakRef(tenant));
  }

  get state(): SSLState {
    return this.#state;
  }

  /** The first fatal error, if the state is `failed`. */
  get failure(): SSLError | undefined {
    return this.#failure;
  }

  /** True from the end of the handshake on, whatever happened afterwards. */
  get handshakeOver(): boolean {
    return this.#handshakeOver;
  }

  get disposed(): boolean {
    return this.#handle.freed;
  }

  /** True after `accept`: somebody judged the peer's certificate and found it good. */
  get peerVerified(): boolean {
    return this.#verified;
  }

  /** Server: what the client said first, null before it has and when it could not be read. */
  get clientHello(): ClientHello | null {
    return this.#hello?.hello ?? null;
  }

  /** What can be asked about it; a server's are others after `decide`. */
  get facts(): Facts {
    return this.#facts;
  }

  /** Goes as far as the source allows (RFC 8446, section 2; RFC 5246, section 7.3). */
  handshake(source: CiphertextSource): HandshakeOutcome {
    this.#guard();
    return this.#handshakeOver ? "done" : this.#shakeHands(source);
  }

  #shakeHands(source: CiphertextSource): HandshakeOutcome {
    this.#state = "handshaking";
    if (this.#hello?.state === "awaited" && !this.#lookAtHello(this.#hello, source))
      return this.#wantOrEnd(source, "finish the handshake");
    if (this.#hello?.state === "undecided") return "hello";
    this.#realm.time = this.#now();
    if (this.#records.midRecord && !this.#records.feed(source)) return this.#wantOrEnd(source, "finish the handshake");
    for (;;) {
      const result = this.#call((pointer) => this.#realm.exports.wt_handshake(pointer));
      if (result === 0) break;
      if (result === code.PAUSED_AT_CERTIFICATE) return "certificate";
      if (result === code.PAUSED_AT_PSK) return "psk";
      if (result !== code.SSL_WANT_READ) throw this.#fail(result, "finish the handshake");
      if (this.#hello?.state === "unheard" && this.#limits.recordSeen)
        throw this.#fail(code.SSL_UNEXPECTED_MESSAGE, "finish the handshake");
      if (!this.#records.feed(source)) return this.#wantOrEnd(source, "finish the handshake");
    }
    this.#version = this.#facts.protocolVersion();
    this.#mostPerRecord = this.#realm.exports.wt_largest_plaintext(this.#handle.live());
    this.#handshakeOver = true;
    this.#state = "open";
    this.#hello?.keepBytes();
    this.#trace?.established({
      version: this.#facts.protocolVersion(),
      cipherSuite: this.#facts.cipherSuite(),
      resumed: this.#facts.resumed(),
    });
    if (!this.#handle.settings.server && this.#facts.protocolVersion() === tls12) this.#keepSession();
    return "done";
  }

  /**
   * Client, before the handshake: offers a session to the server, whose certificates were `chain` when it began. One that
   * the engine does not take is not offered, so that the handshake is a full one.
   */
  offer(session: SavedSession, chain: readonly Uint8Array[]): void {
    this.#sessionChain = chain;
    this.#call((pointer) =>
      this.#realm.lend(session.bytes, (at, size) =>
        this.#realm.exports.wt_offer_session(pointer, at, size, Number(session.extendedMasterSecret)),
      ),
    );
  }

  /** A server goes on with the ClientHello as decided. */
  decide({ settings, now, alpn, seal, resume, psk }: Decision): void {
    if (settings !== null) {
      this.#exchangeHandle(settings);
      this.#trace = settings.trace ? (this.#trace ?? this.#traceFromHello(now)) : null;
    }
    this.#now = now;
    this.#hello!.decided();
    this.#create();
    this.#checkVersions();
    if (alpn !== undefined)
      this.#lend(alpn ?? none, (at, size) => this.#realm.exports.wt_choose_alpn(this.#handle.live(), at, size));
    if (seal !== null) this.#seal(seal);
    if (resume !== null) {
      this.#sessionChain = resume.chain;
      this.#lend(resume.name, (name, nameSize) =>
        this.#realm.lend(resume.session, (at, size) =>
          this.#realm.exports.wt_accept_session(this.#handle.live(), name, nameSize, at, size),
        ),
      );
    }
    if (psk !== null) this.givePsk(psk);
  }

  /** The key that belongs to the identity; an empty one when there is none. */
  givePsk({ identity, key }: PreSharedKey): void {
    this.#lend(identity, (name, nameSize) =>
      this.#realm.lend(key, (at, size) =>
        this.#realm.exports.wt_give_psk(this.#handle.live(), name, nameSize, at, size),
      ),
    );
  }

  /** The peer's certificate is good enough: the handshake may go on. */
  accept(): void {
    this.#verified = true;
    this.#call((pointer) => this.#realm.exports.wt_accept_certificate(pointer));
  }

  /** The peer is refused: sends the alert, enters `failed` and answers the error to throw. */
  refuse(failure: Failure): SSLError {
    return this.#enterFailed(failure, false);
  }

  /** Plaintext of at most one record. The handshake must be over. */
  read(source: CiphertextSource, into: Uint8Array): Outcome {
    this.#guard();
    if (this.#stash.length > 0) return this.#fromStash(into);
    if (this.#pending === 0 && (this.#state === "read-closed" || this.#state === "closed")) return ended;
    if (into.length === 0) return { kind: "moved", bytes: 0 };
    if (this.#pending > 0) return this.#fromEngine(into);
    for (let ticketCame = false; ;) {
      // A record may hold several tickets: the rest of it is read before another is fed.
      if (!ticketCame && !this.#records.feed(source)) {
        this.#wantOrEnd(source, "read");
        return wantsCiphertext;
      }
      const result = this.#call(this.#realm.exports.wt_read);
      if (result > 0) {
        this.#pending = result;
        this.#limits.dataCame();
        return this.#fromEngine(into);
      }
      ticketCame = result === code.SSL_RECEIVED_NEW_SESSION_TICKET;
      if (ticketCame) {
        this.#keepSession();
        continue;
      }
      if (result === code.SSL_WANT_READ) {
        this.#checkLimit(this.#limits.checkIdle());
        continue;
      }
      if (result !== code.SSL_PEER_CLOSE_NOTIFY) throw this.#fail(result, "read");
      this.#state = this.#state === "write-closed" ? "closed" : "read-closed";
      return ended;
    }
  }

  /** As `read`, but plaintext that is found stays and is read first next time. */
  peekEnd(source: CiphertextSource): Outcome {
    if (this.pending > 0) return { kind: "moved", bytes: this.pending };
    const into = new Uint8Array(largestPlaintext);
    const outcome = this.read(source, into);
    if (outcome.kind === "moved") this.#stash = into.subarray(0, outcome.bytes);
    return outcome;
  }

  /** Encrypts all of it, in as many records as it takes, which go to the sink one by one. The handshake must be over. */
  write(bytes: Uint8Array, sink: CiphertextSink): void {
    this.#guard();
    this.#requireOpenDirection("write");
    const most = this.#mostPerRecord;
    for (let at = 0; at < bytes.length; at += most) {
      const part = bytes.length <= most ? bytes : bytes.subarray(at, at + most);
      const room = this.#call(this.#realm.exports.wt_plaintext_reserve, part.length);
      if (room === 0) throw this.#fail(code.ERR_OUT_OF_MEMORY, "write");
      this.#realm.copyIn(part, room);
      const result = this.#call(this.#realm.exports.wt_write, part.length);
      if (result < 0) throw this.#fail(result, "write");
      this.drain(sink);
    }
  }

  /** Queues one close_notify, the first time; nothing can be written afterwards, reading goes on (RFC 8446, section 6.1). */
  closeNotify(): void {
    this.#guard();
    if (this.#state !== "open" && this.#state !== "read-closed") return;
    const result = this.#call((pointer) => this.#realm.exports.wt_close_notify(pointer));
    if (result !== 0) throw this.#fail(result, "close");
    this.#state = this.#state === "open" ? "write-closed" : "closed";
  }

  /** New keys for what this side sends, with `request` also for what the peer sends (RFC 8446, section 4.6.3). TLS 1.3 only. */
  updateKeys(request: boolean): void {
    this.#guard();
    this.#requireOpenDirection("update the keys");
    const result = this.#call((pointer) => this.#realm.exports.wt_update_keys(pointer, Number(request)));
    if (result !== 0) throw this.#fail(result, "update the keys");
  }

  /** The transport was given back: nothing more can be done with this connection. */
  unwrap(): void {
    this.#state = "unwrapped";
  }

  /** The transport failed, or something else outside made it senseless to go on: `error` is kept and repeated. */
  breakOff(error: SSLError): void {
    if (this.#state !== "failed") this.#enterFailed({ error, alert: null }, true);
  }

  /** Gives everything that Mbed TLS has produced to the sink; also after a failure, as it may be an alert. */
  drain(sink: CiphertextSink): void {
    const pointer = this.#handle.tryLive();
    if (pointer === undefined) return;
    const size = this.#realm.exports.wt_outgoing_size(pointer);
    if (size === 0) return;
    const at = this.#realm.exports.wt_outgoing_data(pointer);
    if (size > largestPacked) sink.appendCopy(this.#realm.view(at, size));
    else sink.append(this.#realm.copyOutPacked(at, size));
    this.#realm.exports.wt_outgoing_consume(pointer, size);
  }

  /** Whether part of a record has come, and the rest is awaited. */
  get midRecord(): boolean {
    return this.#records.midRecord;
  }

  /** Decrypted and not yet read bytes of the current record. */
  get pending(): number {
    return this.#handle.freed ? 0 : this.#pending + this.#stash.length;
  }

  /** True when `read` would not want more ciphertext: plaintext waits, or a whole record does. */
  hasBuffered(source: CiphertextSource): boolean {
    return this.pending > 0 || this.#records.wholeIn(source);
  }

  /** Client: the sessions that can be resumed later, each once, in their order. */
  takeSessions(): readonly SavedSession[] {
    return this.#sessions.length === 0 ? this.#sessions : this.#sessions.splice(0);
  }

  /** Server: the id and the sealed session of TLS 1.2 for the cache, once, or null. */
  takeCached(): CachedSession | null {
    return takeCached(this.#handle);
  }

  /** The certificates of the peer, DER, its own first, or those of the session that is resumed; empty when there are none. */
  peerChain(): readonly Uint8Array[] {
    return this.#facts.resumed() ? this.#sessionChain : this.#facts.presentedChain();
  }

  /** Keying material (RFC 5705; RFC 8446, section 7.5), also after the end. In TLS 1.2 no context differs from an empty one. */
  exportKeys(length: number, label: Uint8Array, context: Uint8Array | undefined): Uint8Array {
    this.#handle.live();
    if (this.#realm.poisoned) this.#meetTrap();
    const input = new Uint8Array(label.length + (context?.length ?? 0));
    input.set(label);
    if (context !== undefined) input.set(context, label.length);
    this.#realm.fillScratch(input);
    const useContext = Number(context !== undefined);
    const result = this.#call((pointer) =>
      this.#realm.exports.wt_export_keys(pointer, label.length, context?.length ?? 0, useContext, length),
    );
    const output = new Uint8Array(length);
    this.#realm.moveFromScratch(output, length);
    this.#realm.wipeScratch(input.length);
    if (result !== 0) {
      const doing = "export keying material";
      throw (shortage(this.#realm, result, doing) ?? failureOf(result, doing, -1)).error;
    }
    return output;
  }

  /** Lines for a key log in the form of NSS, each once. */
  takeKeyLog(): string[] {
    return takeKeyLog(this.#handle);
  }

  /** What has happened, each once; nothing unless the settings say so. */
  takeTrace(): TraceEvent[] {
    this.#overhear();
    return this.#trace?.take() ?? [];
  }

  dispose(): void {
    this.#records.forget();
    this.#handle.free();
  }

  #exchangeHandle(settings: Settings): void {
    this.#handle = this.#handle.exchange(settings);
    this.#realm = settings.realm;
    this.#facts = new Facts(this.#handle);
  }

  /** Takes what it has decrypted, as much as fits. */
  #fromEngine(into: Uint8Array): Outcome {
    const { exports } = this.#realm;
    const pointer = this.#handle.live();
    const bytes = Math.min(into.length, this.#pending);
    into.set(this.#realm.view(exports.wt_plaintext(pointer), bytes));
    exports.wt_plaintext_consume(pointer, bytes);
    this.#pending -= bytes;
    return { kind: "moved", bytes };
  }

  #fromStash(into: Uint8Array): Outcome {
    const part = this.#stash.subarray(0, into.length);
    into.set(part);
    part.fill(0);
    this.#stash = this.#stash.subarray(part.length);
    return { kind: "moved", bytes: part.length };
  }

  /** Without memory for it the connection has failed, and its peer cannot be told why. */
  #create(): void {
    try {
      this.#handle.make();
    } catch (error) {
      throw this.#broken(error);
    }
  }

  #seal({ key, extra, lifetime, tickets, cache }: SessionSeal): void {
    this.#lend(key, (keyAt) =>
      this.#realm.lend(extra, (at, size) =>
        this.#realm.exports.wt_seal_sessions(this.#handle.live(), keyAt, at, size, lifetime, tickets),
      ),
    );
    if (cache) this.#call((pointer) => this.#realm.exports.wt_cache_session(pointer));
  }

  #lend(bytes: Uint8Array, use: (at: number, size: number) => number): void {
    const result = this.#call(() => this.#realm.lend(bytes, use));
    if (result !== 0) throw this.#fail(result, "go on with the handshake");
  }

  #keepSession(): void {
    const result = this.#call((pointer) => this.#realm.exports.wt_keep_session(pointer));
    if (result < 0) throw this.#fail(result, "keep the session");
    if (result > 0) this.#sessions.push(takeSaved(this.#handle));
  }

  /** False while it is not whole. Of one that nobody is to decide on Mbed TLS gets to say what is wrong, or to send the alert. */
  #lookAtHello(hello: HelloIntake, source: CiphertextSource): boolean {
    const fault = hello.take(source, this.#records);
    if (hello.state === "awaited") return false;
    this.#trace?.hello(this.#records.held);
    if (hello.state !== "undecided") this.#create();
    if (fault !== 0) throw this.#fail(fault, "finish the handshake");
    return true;
  }

  /** For a context that looks, when the one before it did not. */
  #traceFromHello(now: () => number): Trace {
    const trace = new Trace(now);
    trace.hello(this.#records.held);
    return trace;
  }

  /** Without TLS 1.3, Mbed TLS does not look at the list of versions and misses something else in a client that speaks nothing older. */
  #checkVersions(): void {
    const { versions } = this.clientHello!;
    if (this.#handle.settings.maxVersion === tls12 && !versions.some((version) => version === tls12))
      throw this.#fail(code.SSL_BAD_PROTOCOL_VERSION, "finish the handshake");
  }

  #room(size: number, whole: boolean): Uint8Array {
    const at = this.#call(this.#realm.exports.wt_incoming_reserve, size, Number(whole));
    if (at === 0) throw this.#fail(code.ERR_OUT_OF_MEMORY, "take ciphertext");
    return this.#realm.view(at, size);
  }

  /** RFC 8446, section 5.1. A first record that does not look like TLS at all is said to be so, with a hint at what it is. */
  #checkHeader(header: Uint8Array): void {
    const [type, major] = header;
    const doing = this.#handshakeOver ? "read" : "finish the handshake";
    if (type! < 20 || type! > 24 || major !== 3) {
      const role = this.#handle.settings.server ? "server" : "client";
      const error = this.#limits.recordSeen ? noRecord(header, doing) : notTls(header, doing, role);
      throw this.#enterFailed({ error, alert: alert.unexpected_message }, false);
    }
    // Whatever it says there: the version of a record means nothing, and Mbed TLS refuses later ones than its own.
    if (!this.#limits.recordSeen) header[2] = 3;
    const length = fragmentLength(header);
    const version = this.#handshakeOver ? this.#version : this.#facts.protocolVersion();
    this.#checkLimit(this.#limits.checkSize(length, version === tls13, doing));
    if (!this.#handshakeOver) this.#checkLimit(this.#limits.checkHandshake(type!, length));
  }

  #checkLimit(failure: Failure | null): void {
    if (failure !== null) throw this.#enterFailed(failure, false);
  }

  /** "want", or the error that is due when the transport has ended. */
  #wantOrEnd(source: CiphertextSource, doing: string): "want" {
    if (!source.eof) return "want";
    const partialRecord = this.#records.midRecord;
    const where = partialRecord ? "in the middle of a record" : "without a close_notify";
    throw this.#enterFailed(
      { error: new SSLEOFError(`Cannot ${doing}: the transport ended ${where}`, { partialRecord }), alert: null },
      false,
    );
  }

  #fail(number: number, doing: string): SSLError {
    const pointer = this.#handle.live();
    const plain = number === code.SSL_INVALID_MAC ? this.#plainAlert() : null;
    const received = plain ?? this.#realm.exports.wt_received_alert(pointer);
    const failure =
      shortage(this.#realm, number, doing) ??
      failureOf(plain === null ? number : code.SSL_FATAL_ALERT_MESSAGE, doing, received);
    return this.#enterFailed(failure, this.#realm.exports.wt_alerted(pointer) !== 0);
  }

  /**
   * An OpenSSL client that refuses a TLS 1.3 server says so before it changes to the handshake keys. Encrypted alerts
   * of TLS 1.3 look like application data, so this one cannot be encrypted; Mbed TLS sees a bad MAC.
   */
  #plainAlert(): number | null {
    if (this.#handshakeOver || this.#facts.protocolVersion() !== tls13) return null;
    const seen = this.#records.plainAlert;
    return seen?.[0] === fatal ? seen[1]! : null;
  }

  #enterFailed(failure: Failure, alerted: boolean): SSLError {
    this.#state = "failed";
    this.#failure = failure.error;
    this.#pending = 0;
    if (failure.alert !== null && !alerted && !this.#realm.poisoned) this.#sendAlert(failure.alert);
    return failure.error;
  }

  /** What failed first is what counts: a peer that cannot be told, for want of memory or because of a trap, learns it from the end. */
  #sendAlert(number: number): void {
    try {
      if (!this.#handle.made) this.#create();
      this.#realm.exports.wt_send_alert(this.#handle.live(), fatal, this.#inThisVersion(number));
    } catch (error) {
      if (!(error instanceof SSLError)) throw error;
    }
  }

  /** TLS 1.2 has no alert for a missing certificate and says handshake_failure (RFC 5246, section 7.4.6). */
  #inThisVersion(number: number): number {
    return number === alert.certificate_required && this.#facts.protocolVersion() !== tls13
      ? alert.handshake_failure
      : number;
  }

  /** Enters the module, with the second and third parameter where there is one. */
  #call(
    enter: (pointer: ConnectionPointer, a: number, b: number) => number | void,
    a: number = 0,
    b: number = 0,
  ): number {
    this.#realm.forgetRandomFailure();
    try {
      return enter(this.#handle.live(), a, b) as number;
    } catch (error) {
      throw this.#broken(error);
    } finally {
      this.#overhear();
    }
  }

  /** A trap, or no memory for what is lent, ends the connection like any other failure. */
  #broken(error: unknown): unknown {
    if (error instanceof SSLError && this.#state !== "failed") this.#enterFailed({ error, alert: null }, true);
    return error;
  }

  /** Takes what the module has noted, so that it has the time of the call. */
  #overhear(): void {
    if (this.#trace === null) return;
    const pointer = this.#handle.tryLive();
    if (pointer === undefined) return;
    const { exports } = this.#realm;
    const size = exports.wt_trace_size(pointer);
    if (size === 0) return;
    this.#trace.add(this.#realm.copyOut(exports.wt_trace(pointer), size));
    exports.wt_forget_trace(pointer);
  }

  #requireOpenDirection(doing: string): void {
    if (this.#state !== "write-closed" && this.#state !== "closed") return;
    throw new SSLError(`Cannot ${doing}: this side has closed its direction`, { reason: "PROTOCOL_IS_SHUTDOWN" });
  }

  #guard(): void {
    if (this.#handle.freed) throw new SSLStateError("Cannot use this connection: it was disposed of");
    if (this.#failure !== undefined) throw this.#failure.again();
    if (this.#state === "unwrapped")
      throw new SSLStateError("Cannot use this connection: TLS has ended on it and its transport was given back");
    if (this.#realm.poisoned) this.#meetTrap();
  }

  /** A trap in another connection of the realm is this one's end too: any call throws it. */
  #meetTrap(): void {
    try {
      this.#realm.exports.wt_abi();
    } catch (error) {
      throw this.#broken(error);
    }
  }
}

// Python's face over the engine: an SSLObject between two MemoryBIO, throwing where Python's `ssl` throws.
// Owns the translation of outcomes into exceptions. Refuses to know sockets, and how it is decided whether to go on.
import type { ClientHello } from "../engine/client-hello.ts";
import { Connection, type Outcome, type SSLState } from "../engine/connection.ts";
import { SSLConfigError, SSLNotSupportedError, SSLStateError, SSLZeroReturnError } from "../engine/errors.ts";
import type { SavedSession } from "../engine/saved-session.ts";
import { type Bytes, checkOptionNames, describe, toBytes, toCount, toFlag } from "./bytes.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { channelBinding, type ChannelBindingType } from "./channel-binding.ts";
import { Decisions } from "./decisions.ts";
import { hookFailure } from "./hooks.ts";
import type { MemoryBIO } from "./memory-bio.ts";
import { forgetFailure } from "./question.ts";
import { SSLSession } from "./session.ts";
import type { HandshakeCounter } from "./session-stats.ts";
import type { SSLContext } from "./ssl-context.ts";
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
import { SSLWantCallbackError, SSLWantReadError, SSLWantWriteError, withoutStack } from "./want.ts";
import type { Parts } from "./wrapping.ts";

/** What a call that never throws for would-block answers. */
export type IoResult =
  | { readonly kind: "ok"; readonly n: number }
  | { readonly kind: "want"; readonly want: "read" | "write" | "callback" }
  | { readonly kind: "eof" };

/**
 * One side of a TLS conversation over two byte queues, like Python's `ssl.SSLObject`. It does no I/O: bytes from the peer
 * are read from the incoming MemoryBIO, bytes for the peer appear in the outgoing one after each call, failed ones included.
 *
 * Made by `SSLContext.wrapBio`. After the first fatal error every call throws an error of the same class with the first one
 * as its cause; an alert that is due for the peer is still in the outgoing queue.
 *
 * @example
 * const tls = context.wrapBio(incoming, outgoing, { serverHostname: "example.org" });
 * try {
 *   tls.doHandshake();
 * } catch (error) {
 *   if (!(error instanceof SSLWantReadError)) throw error; // send outgoing.read(), write what comes to incoming, try again
 * }
 */
export class SSLObject {
  /** Client: the server's name as it was given, null without one; always null on the server side. */
  readonly serverHostname: string | null;
  protected readonly incoming: MemoryBIO;
  protected readonly outgoing: MemoryBIO;
  protected readonly connection: Connection;
  /** Client: the name that was verified, null without one. */
  readonly #verifyName: string | null;
  readonly #decisions: Decisions;
  #session: SSLSession | null = null;
  #want: "read" | "write" | "callback" | null = null;
  #busy = false;
  #disposed = false;
  /** Of the context that it was wrapped in; null when the end of the handshake was counted. */
  #counter: HandshakeCounter | null;

  /** @internal */
  constructor(parts: Parts) {
    if (!(parts?.connection instanceof Connection))
      throw new TypeError("Cannot make an SSLObject with new: use SSLContext.wrapBio");
    this.#verifyName = parts.names.verify?.name ?? null;
    this.#counter = parts.context.internals().counter;
    this.#decisions = new Decisions(this, parts);
    this.serverHostname = parts.serverHostname;
    this.incoming = parts.incoming;
    this.outgoing = parts.outgoing;
    this.connection = parts.connection;
    if (parts.session !== null) this.#offerFirst(parts.session);
    forgotten.register(this, parts.connection, this);
  }

  /** The configuration; a server may have chosen another one by the ClientHello. Can be set within `sniCallback` only. */
  get context(): SSLContext {
    return this.#decisions.context;
  }

  set context(context: SSLContext) {
    this.#decisions.changeContext(context);
  }

  /** Whether this is the server's side. */
  get serverSide(): boolean {
    return this.context.serverSide;
  }

  /** Server: what the client said first; null before it has, and on the client side. */
  get clientHello(): ClientHello | null {
    return this.connection.clientHello;
  }

  /**
   * Client: the latest session that can be resumed, null before there is one (in TLS 1.3 it comes with a read). Setting it
   * before the handshake offers it to the server, as the option `session` does.
   *
   * Setting throws SSLStateError after the handshake has begun, on the server side, and for a session of another context.
   */
  get session(): SSLSession | null {
    return this.#session;
  }

  set session(session: SSLSession | null) {
    if (session !== null) this.#decisions.offer(session, this.serverHostname);
  }

  /** Whether a session was resumed; null before the end of the handshake. */
  get sessionReused(): boolean | null {
    return this.connection.handshakeOver ? this.connection.facts.resumed() : null;
  }

  /** Where the connection is in its life (statement B1). */
  get state(): SSLState {
    return this.connection.state;
  }

  /** What the last call would have had to wait for, null when it did not have to. */
  get want(): "read" | "write" | "callback" | null {
    return this.#want;
  }

  /**
   * Goes on with the handshake until it is over; calling it again afterwards does nothing.
   *
   * Throws SSLWantReadError when more bytes of the peer are needed, SSLCertVerificationError when the peer cannot be
   * trusted, SSLAlertError when the peer refused, SSLEOFError when the transport ended, SSLError for everything else.
   */
  doHandshake(): void {
    this.raise(this.tryHandshake());
  }

  /**
   * One to `n` bytes of plaintext, at most the rest of the current record; empty once the peer has closed its side.
   *
   * Throws SSLWantReadError when there are none yet, SSLZeroReturnError when both sides are closed, SSLEOFError when the
   * transport ended without close_notify.
   */
  read(n: number = 16384): Uint8Array {
    const into = new Uint8Array(Math.min(toCount(n, "n", 0), 65536));
    const size = this.readInto(into);
    return size === into.length ? into : into.slice(0, size);
  }

  /**
   * As `read`, into the caller's array; answers how many bytes. `n` left out or 0 means the whole array.
   */
  readInto(into: Bytes, n?: number): number {
    const result = this.tryRead(target(into, n));
    if (result.kind === "eof" && this.connection.state === "closed") throw new SSLZeroReturnError();
    return this.raise(result);
  }

  /** Encrypts all of `bytes` into the outgoing queue and answers their number. Throws as `doHandshake` before its end. */
  write(bytes: Bytes): number {
    return this.raise(this.tryWrite(bytes));
  }

  /** As `doHandshake`; would-block is an answer instead of an exception. */
  tryHandshake(): IoResult {
    return this.during(() => this.#handshake() ?? nothing);
  }

  /** As `readInto`; would-block and the end are answers instead of exceptions. */
  tryRead(into: Bytes): IoResult {
    const room = toBytes(into, "into");
    return this.during(() => {
      if (room.length === 0) return nothing;
      return this.#handshake() ?? toResult(this.connection.read(this.incoming, room));
    });
  }

  /** As `write`; would-block is an answer instead of an exception. */
  tryWrite(bytes: Bytes): IoResult {
    const from = toBytes(bytes, "bytes");
    return this.during(() => {
      const want = this.#handshake();
      if (want !== null) return want;
      this.connection.write(from, this.outgoing);
      return { kind: "ok", n: from.length };
    });
  }

  /** Bytes of the current record that are decrypted and not read; 0 until a read decrypts a record. */
  pending(): number {
    return this.connection.pending;
  }

  /** Whether a read would find something without new bytes from the peer: plaintext, or a whole record. */
  hasBuffered(): boolean {
    return this.connection.hasBuffered(this.incoming);
  }

  /**
   * Closes both directions: queues close_notify the first time, then waits for the peer's.
   *
   * Throws SSLWantReadError until that has come, SSLStateError when plaintext waits to be read (unless `discard`), SSLError
   * with reason `"SHUTDOWN_WHILE_IN_INIT"` before the end of the handshake, SSLEOFError when the transport ended without it.
   */
  unwrap(options: { readonly discard?: boolean } = {}): void {
    checkOptionNames(options, ["discard"], "unwrap");
    const discard = toFlag(options.discard, "discard", false);
    this.raise(this.during(() => this.#unwrap(discard)));
  }

  /** Queues close_notify, once: nothing can be written afterwards, reading goes on until the peer closes too. */
  shutdownWrite(): void {
    this.during(() => {
      this.#requireHandshake("close");
      this.connection.closeNotify();
      return nothing;
    });
  }

  /**
   * Takes new keys for what this side sends and, with `request`, asks the peer to do the same (KeyUpdate, RFC 8446,
   * section 4.6.3). This happens by itself before a key has encrypted too much.
   *
   * Throws SSLNotSupportedError in TLS 1.2, SSLStateError before the end of the handshake.
   */
  updateKeys(options: { readonly request?: boolean } = {}): void {
    checkOptionNames(options, ["request"], "updateKeys");
    const request = toFlag(options.request, "request", false);
    this.during(() => {
      this.#requireHandshake("update the keys");
      if (this.version() !== "TLSv1.3")
        throw new SSLNotSupportedError("Cannot update the keys: TLS 1.2 has no KeyUpdate");
      this.connection.updateKeys(request);
      return nothing;
    });
  }

  /** The protocol version, null before the end of the handshake. */
  version(): TLSVersion | null {
    return this.connection.handshakeOver ? nameOfId(versionId, this.connection.facts.protocolVersion()) : null;
  }

  /** The cipher suite, null before the end of the handshake. */
  cipher(): CipherInfo | null {
    return this.connection.handshakeOver ? cipherInfo(this.connection.facts.cipherSuite()) : null;
  }

  /**
   * Server: the cipher suites that both sides have, in the server's order, as Python's `shared_ciphers`; null before the end
   * of the handshake, and on the client side, which never learns what the server has.
   */
  sharedCiphers(): CipherInfo[] | null {
    const hello = this.connection.clientHello;
    if (hello === null || !this.connection.handshakeOver) return null;
    this.#requireUse();
    return this.context.getCiphers().filter(({ id }) => hello.cipherSuites.includes(id));
  }

  /** The group of the key exchange, null before the end of the handshake and when there was none. */
  group(): NamedGroup | null {
    return this.connection.handshakeOver ? nameOfId(groupId, this.connection.facts.group()) : null;
  }

  /**
   * The signature scheme with which the client proved that it has the key of its certificate (RFC 8446, section 4.4.3; RFC
   * 5246, section 7.4.8), as Python's `client_sigalg`; null before the end of the handshake, without such a proof, and when
   * a session was resumed.
   */
  clientSigalg(): SignatureScheme | null {
    return this.#signatureScheme(false);
  }

  /** As `clientSigalg`, of the server: in TLS 1.2 the scheme of its key exchange (RFC 5246, section 7.4.3). */
  serverSigalg(): SignatureScheme | null {
    return this.#signatureScheme(true);
  }

  /** The application protocol both sides agreed on (RFC 7301), or null. */
  selectedAlpnProtocol(): string | null {
    return this.connection.handshakeOver ? this.connection.facts.alpn() : null;
  }

  /** Always null: TLS compression is not offered (RFC 8446 has none). */
  compression(): null {
    return null;
  }

  /**
   * The peer's certificate, parsed, or as DER with `{ binary: true }`; null when it sent none. Whether it was verified
   * follows from the context's `verifyMode`. Throws SSLStateError before the end of the handshake.
   */
  getPeerCert(options: { readonly binary: true }): Uint8Array | null;
  getPeerCert(options?: { readonly binary?: false }): Certificate | null;
  getPeerCert(options: { readonly binary?: boolean } = {}): Certificate | Uint8Array | null {
    checkOptionNames(options, ["binary"], "getPeerCert");
    const binary = toFlag(options.binary, "binary", false);
    const der = this.getUnverifiedChain()[0];
    if (der === undefined) return null;
    return binary ? der : parseCertificate(der);
  }

  /** The certificates that the peer presented, DER, its own first. Throws SSLStateError before the end of the handshake. */
  getUnverifiedChain(): Uint8Array[] {
    if (!this.connection.handshakeOver)
      throw new SSLStateError("Cannot get the certificate of the peer: handshake not done yet");
    return [...this.connection.peerChain()];
  }

  /**
   * Bytes that bind another protocol's authentication to this connection, like Python's `get_channel_binding`; null when
   * there are none of that kind (RFC 5929; RFC 9266). Throws SSLStateError before the end of the handshake.
   */
  getChannelBinding(type: ChannelBindingType = "tls-unique"): Uint8Array | null {
    if (!channelBindingTypes.includes(type)) {
      throw new SSLConfigError(
        `Cannot get a channel binding: expected ${channelBindingTypes.join(", ")}, got ${describe(type)}`,
      );
    }
    const version = this.version();
    if (version === null) throw new SSLStateError("Cannot get a channel binding: handshake not done yet");
    const server = this.serverSide ? { identities: this.#decisions.checked.input.identities.length } : null;
    return channelBinding(this.connection, type, version, server);
  }

  /**
   * `length` bytes of keying material that both sides can compute and nobody else (RFC 5705; RFC 8446, section 7.5). In
   * TLS 1.2 no `context` gives other bytes than an empty one.
   *
   * Throws SSLStateError before the end of the handshake, RangeError for a length outside 1 to 8160.
   */
  exportKeyingMaterial(length: number, label: string, context?: Bytes): Uint8Array {
    if (typeof label !== "string") throw new TypeError(`Cannot use label: expected a string, got ${describe(label)}`);
    const name = new TextEncoder().encode(label);
    if (name.length < 1 || name.length > 249)
      throw new RangeError(`Cannot use label: expected 1 to 249 bytes, got ${name.length}`);
    const size = toCount(length, "length", 0);
    if (size < 1 || size > 8160) throw new RangeError(`Cannot use length: expected 1 to 8160, got ${size}`);
    const bytes = context === undefined ? undefined : toBytes(context, "context");
    if ((bytes?.length ?? 0) > 32768)
      throw new RangeError(`Cannot use context: expected at most 32768 bytes, got ${bytes!.length}`);
    if (!this.connection.handshakeOver)
      throw new SSLStateError("Cannot export keying material: handshake not done yet");
    return this.connection.exportKeys(size, name, bytes);
  }

  /** The path that was verified, DER, from the peer's certificate to the trusted one; empty when nothing was verified. */
  getVerifiedChain(): Uint8Array[] {
    if (!this.connection.handshakeOver)
      throw new SSLStateError("Cannot get the verified chain: handshake not done yet");
    this.#requireUse();
    return this.#decisions.verifiedChain.map((der) => der.slice());
  }

  /** Frees the connection's part of the wasm memory and wipes its keys. Every call that would do something throws SSLStateError afterwards. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    forgotten.unregister(this);
    this.connection.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Runs one call of the public interface: refuses re-entrance, notes what it wants, moves its ciphertext out in any case. */
  protected during(act: () => IoResult): IoResult {
    this.#requireUse();
    if (this.#busy) throw new SSLStateError("Cannot call into a connection from within one of its own calls");
    this.#busy = true;
    this.#want = null;
    try {
      const result = act();
      if (result.kind === "want") this.#want = result.want;
      return result;
    } finally {
      this.#handOver();
    }
  }

  /** What the call has produced, to the outgoing queue and to the application. */
  #handOver(): void {
    try {
      this.connection.drain(this.outgoing);
      this.#tell();
    } finally {
      this.#busy = false;
    }
  }

  /** Nobody gets to dispose of a connection whose making fails. */
  #offerFirst(session: SSLSession): void {
    try {
      this.#decisions.offer(session, this.serverHostname);
    } catch (error) {
      this.connection.dispose();
      throw error;
    }
  }

  #signatureScheme(server: boolean): SignatureScheme | null {
    return this.connection.handshakeOver
      ? nameOfId(signatureSchemeId, this.connection.facts.signatureScheme(server))
      : null;
  }

  /** Resolves when the application has answered what it was asked. */
  protected get answerReady(): Promise<void> {
    return this.#decisions.ready;
  }

  /** Whether nothing was asked, or the answer is there. */
  protected get answered(): boolean {
    return this.#decisions.answered;
  }

  /** Turns an answer into Python's way of giving it; the end is 0 bytes. */
  protected raise(result: IoResult): number {
    if (result.kind === "ok") return result.n;
    if (result.kind === "eof") return 0;
    throw withoutStack(() => {
      if (result.want === "callback") return new SSLWantCallbackError(this.answerReady);
      return result.want === "write" ? new SSLWantWriteError() : new SSLWantReadError();
    });
  }

  /** Gives the application what the engine has for it: also after a failure, and before data is returned. */
  #tell(): void {
    const { onKeyLog, onTrace, sessionCache } = this.#decisions.checked;
    try {
      if (onKeyLog !== null) this.connection.takeKeyLog().forEach((line) => onKeyLog(line));
      if (onTrace !== null) this.connection.takeTrace().forEach((event) => onTrace(event, this));
      for (const saved of this.connection.takeSessions()) this.#keepSession(saved);
      const cached = sessionCache === null ? null : this.connection.takeCached();
      if (cached !== null) forgetFailure(sessionCache!.set(cached.id, cached.session));
    } catch (cause) {
      if (this.#disposed || this.connection.failure !== undefined) return; // that was first, and is what the caller gets
      const error = this.connection.refuse(hookFailure("a callback", cause, "internal_error"));
      this.connection.drain(this.outgoing);
      throw error;
    }
  }

  #keepSession(saved: SavedSession): void {
    this.#session = SSLSession.of({
      context: this.context,
      saved,
      hostname: this.serverHostname,
      verifyName: this.#verifyName,
      made: this.#decisions.checked.now(),
      peerChain: this.connection.peerChain(),
      bound: true,
    });
    this.#decisions.checked.onSession?.(this.#session);
  }

  /** Null when the handshake is over, or what it wants. */
  #handshake(): IoResult | null {
    if (this.connection.state === "init") this.#counter?.begin();
    for (;;) {
      const outcome = this.connection.handshake(this.incoming);
      if (outcome === "want") return wantsRead;
      if (outcome !== "done") {
        if (!this.#decisions.settle(outcome)) return wantsCallback;
        continue;
      }
      this.#decisions.requireVerdict();
      this.#countEnd();
      return null;
    }
  }

  #countEnd(): void {
    if (this.#counter === null) return;
    const missed = this.#decisions.sessionOffered && !this.connection.facts.pskUsed();
    this.#counter.end(this.connection.facts.resumed() ? "resumed" : missed ? "refused" : "none");
    this.#counter = null;
  }

  #unwrap(discard: boolean): IoResult {
    this.#requireHandshake("unwrap");
    this.connection.closeNotify();
    const scratch = new Uint8Array(discard ? 16384 : 0);
    for (;;) {
      const result = discard ? this.connection.read(this.incoming, scratch) : this.#nextIsEnd();
      if (result.kind === "end") break;
      if (result.kind === "want") return wantsRead;
    }
    return nothing;
  }

  /** Looks for the peer's close_notify without losing data that comes before it. */
  #nextIsEnd(): Outcome {
    const result = this.connection.peekEnd(this.incoming);
    if (result.kind === "moved") throw unread();
    return result;
  }

  #requireUse(): void {
    if (this.#disposed) throw new SSLStateError("Cannot use this connection: it was disposed of");
  }

  #requireHandshake(doing: string): void {
    if (this.connection.handshakeOver) return;
    if (this.connection.failure !== undefined) throw this.connection.failure.again();
    throw new SSLStateError(`Cannot ${doing}: the handshake is not over`, { reason: "SHUTDOWN_WHILE_IN_INIT" });
  }
}

const channelBindingTypes: readonly ChannelBindingType[] = ["tls-unique", "tls-server-end-point", "tls-exporter"];

const nothing: IoResult = { kind: "ok", n: 0 };
const wantsRead: IoResult = { kind: "want", want: "read" };
const wantsCallback: IoResult = { kind: "want", want: "callback" };
const eof: IoResult = { kind: "eof" };

function toResult(outcome: Outcome): IoResult {
  if (outcome.kind === "moved") return { kind: "ok", n: outcome.bytes };
  return outcome.kind === "end" ? eof : wantsRead;
}

function unread(): SSLStateError {
  return new SSLStateError(
    "Cannot finish unwrap: there is unread application data; read it first, or unwrap with discard",
    {
      reason: "APPLICATION_DATA_AFTER_CLOSE_NOTIFY",
    },
  );
}

/** The part of the caller's array that may be filled. */
function target(into: Bytes, n: number | undefined): Uint8Array<ArrayBuffer> {
  const room = toBytes(into, "into");
  const size = toCount(n, "n", 0);
  return size === 0 ? room : room.subarray(0, size);
}

/** A safety net for connections that nobody disposes of. */
const forgotten = new FinalizationRegistry<Connection>((connection) => connection.dispose());

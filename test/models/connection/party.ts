// Owns one side of a conversation and its model: makes the calls of a script, and says for each whether what came of it may come of
// it. The model is a queue of bytes for each direction, whether the handshake is over, who has ended what, and what was done
// to the wire; beyond that nothing is an excuse. Refuses to know how the wire works.
import { expect } from "vitest";
import type { SSLSocket } from "../../../ts/socket/ssl-socket.ts";
import {
  type IoResult,
  SSLAlertError,
  SSLEngineError,
  SSLEOFError,
  SSLError,
  SSLMemoryError,
  SSLNotSupportedError,
  type SSLObject,
  SSLStateError,
  SSLSyscallError,
  SSLWantCallbackError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
} from "../../../ts/ssl/index.ts";
import type { Role } from "../../socket/tls.ts";
import type { Call, Kind, Settings } from "./calls.ts";
import { misuse } from "./misuse.ts";
import { Answers } from "./questions.ts";
import type { Stream } from "./stream.ts";

/** What came of a call. */
export type Outcome =
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "count"; readonly n: number }
  | { readonly kind: "done" | "end" }
  | { readonly kind: "want"; readonly want: "read" | "write" | "callback" }
  | { readonly kind: "error"; readonly error: SSLError };

/** What a party has to know of the world. */
export interface Surroundings {
  readonly role: Role;
  readonly settings: Settings;
  readonly tls: SSLObject;
  readonly out: Stream;
  readonly in: Stream;
  /** Ciphertext that came and was not looked at, where that can be told. */
  readonly unseen: () => number;
  /** Whether nothing that was sent to it is still on its way. */
  readonly allArrived: () => boolean;
}

const largestRecord = 16384;
const mostUpdates = 32; // of a peer, without data in between: docs/limits.md
const done: Outcome = { kind: "done" };

export class Party {
  readonly role: Role;
  readonly kind: Kind;
  readonly tls: SSLObject;
  readonly out: Stream;
  readonly in: Stream;
  peer!: Party;
  /** The first fatal error. */
  failure: SSLError | null = null;
  over: "no" | "unwrapped" | "closed" = "no";
  aborted = false;
  /** The application has been asked; it has said no. */
  asked = false;
  refused = false;
  calls = 0;
  /** The wire ended without close_notify, and that is taken for an end. */
  ragged = false;
  /** What went wrong where nobody was there to be told. */
  trouble: unknown;
  readonly #world: Surroundings;
  readonly #answers = new Answers();
  #sendingAll: AbortController | null = null;
  /** Kept, as a closed connection does not tell its version. */
  #wasOpen = false;

  constructor(world: Surroundings) {
    this.#world = world;
    this.role = world.role;
    this.kind = world.settings.kinds[world.role];
    this.tls = world.tls;
    this.out = world.out;
    this.in = world.in;
  }

  get handshakeOver(): boolean {
    return this.over !== "closed" && this.tls.version() !== null;
  }

  get sendingAll(): boolean {
    return this.#sendingAll !== null;
  }

  /** Whether everything is as if nobody had done any harm to it. */
  get well(): boolean {
    return this.failure === null && !this.aborted && !this.refused && this.over !== "closed" && !this.ragged;
  }

  /** Makes the call, and fails the test when what comes of it is not allowed. Answers null for a call that it does not have. */
  perform(call: Call): Outcome | null {
    if (this.kind === "object" && (call.do === "flush" || call.do === "sendAll")) return null;
    this.calls++;
    if (call.do === "sendAll") this.#sendAll(call.size);
    else if (call.do === "cancelSendAll") this.#sendingAll?.abort();
    else if (call.do === "misuse") misuse(this.tls, this.over !== "no" || this.sendingAll);
    else if (call.do === "ask") this.#ask(call.question);
    else if (call.do === "pending") this.#checkPending();
    else return this.#performJudged(call);
    return done;
  }

  /** Frees everything, whatever the state. */
  end(): void {
    if (this.kind === "socket") (this.tls as SSLSocket).abort();
    else this.tls.dispose();
  }

  get #socket(): SSLSocket {
    return this.tls as SSLSocket;
  }

  #performJudged(call: Call): Outcome {
    const wasOver = this.over !== "no";
    const wasReady = this.kind === "object" || this.#socket.readable;
    const outcome = outcomeOf(() => this.#make(call));
    const where = `${this.role} (${this.kind}), ${JSON.stringify(call)}: ${textOf(outcome)}`;
    try {
      if (call.do === "close" || call.do === "abort") this.#noteClosed(call.do, outcome);
      else if (wasOver) this.#judgeOver(outcome);
      else this.#judge(call, outcome, wasReady);
      this.#checkState();
    } catch (error) {
      throw new Error(`${where} is not allowed: ${(error as Error).message}`, { cause: error });
    }
    return outcome;
  }

  #make(call: Call): Outcome {
    switch (call.do) {
      case "recv":
        return dataOf(this.kind === "socket" ? this.#socket.recv(call.size) : this.tls.read(call.size), call.size);
      case "recvInto":
      case "tryRecv":
        return this.#receiveInto(call.do, new Uint8Array(call.size));
      case "send":
      case "trySend":
        return this.#send(call.do, this.out.next(call.size).slice());
      case "handshake":
        return this.#handshake();
      case "unwrap":
        return this.#unwrap(call.discard);
      default:
        return this.#act(call);
    }
  }

  #act(call: Call): Outcome {
    if (call.do === "shutdownWrite") this.tls.shutdownWrite();
    else if (call.do === "updateKeys") this.tls.updateKeys({ request: call.request });
    else if (call.do === "flush") this.#socket.flush();
    else if (this.kind === "object") this.tls.dispose();
    else if (call.do === "close") this.#socket.close();
    else this.#socket.abort();
    return done;
  }

  #receiveInto(how: "recvInto" | "tryRecv", into: Uint8Array<ArrayBuffer>): Outcome {
    if (how === "recvInto") {
      const size = this.kind === "socket" ? this.#socket.recvInto(into) : this.tls.readInto(into);
      return dataOf(into.subarray(0, size), into.length);
    }
    const result = this.kind === "socket" ? this.#socket.tryRecv(into) : this.tls.tryRead(into);
    return result.kind === "ok" ? { kind: "data", bytes: into.subarray(0, result.n) } : wantOrEnd(result);
  }

  /** What was given is ours again at once: statement B67. */
  #send(how: "send" | "trySend", bytes: Uint8Array<ArrayBuffer>): Outcome {
    try {
      if (how === "send")
        return { kind: "count", n: this.kind === "socket" ? this.#socket.send(bytes) : this.tls.write(bytes) };
      const result = this.kind === "socket" ? this.#socket.trySend(bytes) : this.tls.tryWrite(bytes);
      return result.kind === "ok" ? { kind: "count", n: result.n } : wantOrEnd(result);
    } finally {
      bytes.fill(0);
    }
  }

  #handshake(): Outcome {
    this.tls.doHandshake();
    expect(this.tls.version(), "the version after the handshake").not.toBe(null);
    return done;
  }

  /** Whatever comes of it, our close_notify is queued when there is a handshake to end. */
  #unwrap(discard: boolean): Outcome {
    this.in.discarded ||= discard && this.over === "no" && this.handshakeOver;
    try {
      this.tls.unwrap({ discard });
    } finally {
      if (this.handshakeOver && this.failure === null) this.out.ended = true;
    }
    return done;
  }

  /** Statements B52, B75 and B95. */
  #judgeOver(outcome: Outcome): void {
    expect(outcome.kind).toBe("error");
    const { error } = outcome as { error: SSLError };
    expect(error instanceof SSLStateError || error instanceof SSLNotSupportedError, "the error is one of state").toBe(
      true,
    );
  }

  #judge(call: Call, outcome: Outcome, wasReady: boolean): void {
    if (outcome.kind === "error") return this.#judgeError(call, outcome.error);
    if (outcome.kind === "want") return this.#judgeWant(call, outcome.want);
    if (isEmpty(call)) return; // nothing asked, nothing done
    const mayHaveFailed = call.do === "flush" || outcome.kind === "end"; // as judged below
    if (!mayHaveFailed) expect(this.failure, "a failed connection does nothing more (B2)").toBe(null);
    if (outcome.kind === "data") this.#judgeData(outcome.bytes, wasReady);
    else if (outcome.kind === "end") this.#judgeEnd(wasReady);
    else if (outcome.kind === "count") this.#judgeCount(outcome.n, (call as { size: number }).size);
    else this.#judgeDone(call);
  }

  #judgeData(bytes: Uint8Array, wasReady: boolean): void {
    expect(wasReady, "it was readable").toBe(true);
    expect(this.in.endSeen, "the end was seen before").toBe(false);
    expect(bytes.length, "bytes of one record").toBeLessThanOrEqual(largestRecord);
    this.in.receive(bytes);
  }

  /** Statements B43 to B47. */
  #judgeEnd(wasReady: boolean): void {
    expect(wasReady, "it was readable").toBe(true);
    const mayBeRagged = this.kind === "socket" && this.#world.settings.suppressRaggedEofs && this.#mayEnd();
    const cutOff = this.failure === null || this.failure instanceof SSLEOFError;
    this.ragged ||= mayBeRagged && cutOff && this.tls.state === "failed";
    if (this.ragged) return void expect(this.handshakeOver, "the handshake is over (B19)").toBe(true);
    expect(this.failure, "a failed connection has no proper end (B2)").toBe(null);
    expect(this.in.ended && this.in.complete, "the peer has said goodbye, and everything was read").toBe(true);
    this.in.endSeen = true;
  }

  /** Statements B56 to B59. */
  #judgeCount(n: number, size: number): void {
    expect(this.out.ended, "its direction is closed (B64)").toBe(false);
    expect(this.handshakeOver, "the handshake is over").toBe(true);
    if (this.kind === "object") expect(n).toBe(size);
    else expect(n === size || (n > 0 && n < size && n % largestRecord === 0), "it took whole records").toBe(true);
    this.out.taken += n;
  }

  #judgeDone(call: Call): void {
    if (call.do === "flush") return void expect(this.#socket.wantWrite, "something is left to send").toBe(false);
    expect(this.handshakeOver, "the handshake is over").toBe(true);
    if (call.do === "shutdownWrite") this.out.ended = true;
    else if (call.do === "updateKeys") this.#noteUpdate(call.request);
    else if (call.do === "unwrap") this.#noteUnwrapped();
  }

  #noteUpdate(request: boolean): void {
    expect(this.tls.version()).toBe("TLSv1.3");
    expect(this.out.ended, "its direction is closed").toBe(false);
    this.out.updates++;
    if (request) this.in.updates++;
  }

  /** Statements B71 and B73. */
  #noteUnwrapped(): void {
    expect(this.in.ended && this.in.complete, "the peer has said goodbye, and everything before was read").toBe(true);
    this.in.endSeen = true;
    if (this.kind === "socket") this.over = "unwrapped";
  }

  /** The peer has said goodbye, and our own goodbye has no room yet. */
  #noteEndOnTheWay(): void {
    this.in.endSeen ||= this.in.ended && this.in.complete && this.tls.state === "closed";
  }

  #noteClosed(how: "close" | "abort", outcome: Outcome): void {
    expect(outcome.kind).toBe("done");
    if (this.over === "closed") return;
    const orderly = how === "close" && this.kind === "socket";
    if (orderly && this.over === "no" && this.failure === null && this.#wasOpen) this.out.ended = true;
    this.aborted ||= !orderly;
    this.over = "closed";
  }

  #judgeWant(call: Call, want: "read" | "write" | "callback"): void {
    if (call.do !== "flush")
      expect(this.failure, "a failed connection wants nothing (B2), but to be heard (B3)").toBe(null);
    expect(this.tls.want).toBe(want);
    if (want === "callback")
      return void expect(this.asked && !this.handshakeOver, "the application is asked").toBe(true);
    if (this.kind === "object") {
      expect(want, "an SSLObject takes everything (B17)").toBe("read");
      expect([this.#world.unseen(), this.tls.hasBuffered()], "it has looked at everything (B16)").toEqual([0, false]);
    } else if (want === "write") {
      expect([this.#socket.wantWrite, this.#socket.writable], "nothing more can be sent").toEqual([true, false]);
      if (call.do === "unwrap") this.#noteEndOnTheWay();
    } else expect(this.#socket.readable, "it has looked at everything (B38)").toBe(false);
    if (want === "read") this.#judgeWantRead(call);
  }

  #judgeWantRead(call: Call): void {
    const reads = call.do === "unwrap" || call.do === "tryRecv" || call.do.startsWith("recv");
    expect(reads || !this.handshakeOver, "only reading waits for the peer (B60)").toBe(true);
    if (!this.handshakeOver || !this.peer.handshakeOver || !this.peer.well || !this.#world.allArrived()) return;
    if (!this.in.whole || !this.out.whole) return;
    expect(this.in.complete && !this.in.ended, "all that was sent has arrived, so it is there to read").toBe(true);
  }

  #judgeError(call: Call, error: SSLError): void {
    for (const fault of [SSLEngineError, SSLMemoryError]) expect(error).not.toBeInstanceOf(fault);
    if (this.#isRefusal(call, error)) return;
    if (this.failure !== null) return this.#judgeRepeated(error);
    if (this.ragged) return void expect(error).toBeInstanceOf(SSLEOFError);
    expect(this.#mayFailWith(error), "something was done to it that leads to this").toBe(true);
    if (this.tls.state === "failed") this.failure = error;
    else expect(error, "what cannot be sent does not end reading").toBeInstanceOf(SSLSyscallError);
  }

  /** Statement B2. */
  #judgeRepeated(error: SSLError): void {
    const { constructor, reason } = this.failure!;
    if (error instanceof SSLSyscallError && this.kind === "socket") return; // the transport is broken beside
    expect([error.constructor, error.reason], "the same error again").toEqual([constructor, reason]);
    expect(error.cause, "its cause is the first").toBeInstanceOf(SSLError);
  }

  /** What the call is not for in this state; nothing has happened then. */
  #isRefusal(call: Call, error: SSLError): boolean {
    const { reason } = error;
    if (reason === "SHUTDOWN_WHILE_IN_INIT") return error instanceof SSLStateError && !this.handshakeOver;
    if (call.do === "updateKeys" && error instanceof SSLNotSupportedError) return this.tls.version() === "TLSv1.2";
    if (reason === "PROTOCOL_IS_SHUTDOWN") return this.out.ended && /send|updateKeys/i.test(call.do);
    if (reason === "APPLICATION_DATA_AFTER_CLOSE_NOTIFY") return call.do === "unwrap" && !this.#allRead;
    return error instanceof SSLStateError && this.sendingAll && /send/i.test(call.do);
  }

  get #allRead(): boolean {
    return !this.in.discarded && this.in.received === this.in.taken + this.in.underway;
  }

  /** The wire has ended, or can have ended, before the peer's goodbye. */
  #mayEnd(): boolean {
    return this.in.cut || this.in.reset || this.in.tampered || this.peer.over === "closed";
  }

  #mayFailWith(error: SSLError): boolean {
    const told = this.peer.failure !== null || this.peer.refused;
    if (error instanceof SSLEOFError) return this.#mayEnd();
    if (error instanceof SSLSyscallError) return this.in.reset || this.out.reset || this.peer.over === "closed";
    if (error instanceof SSLAlertError && told) return true;
    if (error.reason === "TOO_MANY_EMPTY_FRAGMENTS" && this.in.updates > mostUpdates) return true;
    return this.in.tampered || this.refused;
  }

  #ask(question: string): void {
    if (this.over === "closed") this.#answers.checkClosed(this.tls, question);
    else this.#answers.check(this.tls, question, this.handshakeOver);
  }

  #checkPending(): void {
    const pending = this.tls.pending();
    const most = this.over === "closed" || this.failure !== null ? 0 : this.in.taken + this.in.underway;
    expect(pending, "bytes pending").toBeLessThanOrEqual(
      Math.max(0, most - (this.in.discarded ? 0 : this.in.received)),
    );
  }

  /** Statement B1. */
  #checkState(): void {
    this.#wasOpen ||= this.handshakeOver;
    if (this.kind === "object" && this.over === "closed") return;
    expect(statesOf(this), "the state").toContain(this.tls.state);
  }

  #sendAll(size: number): void {
    const bytes = this.out.next(size).slice();
    if (this.sendingAll) {
      this.#socket.sendAll(bytes).then(
        () => (this.trouble = new Error("Cannot be: two calls of sendAll side by side (B54)")),
        (error: unknown) => this.#guarded(() => expect(error).toBeInstanceOf(SSLStateError)),
      );
      return;
    }
    const controller = new AbortController();
    this.#sendingAll = controller;
    this.out.underway = size;
    const sent = this.#socket.sendAll(bytes, { signal: controller.signal });
    bytes.fill(0);
    sent.then(
      () => this.#noteSent(size),
      (error: unknown) => this.#noteSentPart(error as SSLError & { bytesSent?: number }, size),
    );
  }

  #noteSent(n: number): void {
    this.#sendingAll = null;
    this.out.underway = 0;
    this.out.taken += n;
  }

  /** Statement B61. */
  #noteSentPart(error: SSLError & { bytesSent?: number }, size: number): void {
    this.#guarded(() => {
      expect(error).toBeInstanceOf(SSLError);
      if (this.over !== "no") expect(error instanceof SSLStateError || error.reason === "ABORTED").toBe(true);
      else if (error.reason !== "ABORTED") this.#judgeError({ do: "trySend", size }, error);
      if (error.bytesSent !== undefined) expect(error.bytesSent).toBeLessThanOrEqual(size);
    });
    this.#noteSent(error.bytesSent ?? 0);
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.trouble ??= error;
    }
  }
}

function statesOf({ over, failure, ragged, handshakeOver, in: incoming, out }: Party): string[] {
  if (over !== "no") return [over];
  if (failure !== null || ragged) return ["failed"];
  if (!handshakeOver) return ["init", "handshaking"];
  if (incoming.endSeen) return [out.ended ? "closed" : "read-closed"];
  return [out.ended ? "write-closed" : "open"];
}

function outcomeOf(call: () => Outcome): Outcome {
  try {
    return call();
  } catch (error) {
    if (error instanceof SSLWantReadError) return { kind: "want", want: "read" };
    if (error instanceof SSLWantWriteError) return { kind: "want", want: "write" };
    if (error instanceof SSLWantCallbackError) return { kind: "want", want: "callback" };
    if (error instanceof SSLZeroReturnError) return { kind: "end" };
    if (error instanceof SSLError) return { kind: "error", error };
    throw error; // nothing else is ever thrown
  }
}

function dataOf(bytes: Uint8Array, size: number): Outcome {
  return bytes.length === 0 && size > 0 ? { kind: "end" } : { kind: "data", bytes };
}

function wantOrEnd(result: Exclude<IoResult, { kind: "ok" }>): Outcome {
  return result.kind === "eof" ? { kind: "end" } : { kind: "want", want: result.want };
}

function isEmpty(call: Call): boolean {
  return "size" in call && call.size === 0;
}

function textOf(outcome: Outcome): string {
  if (outcome.kind === "error") return String(outcome.error);
  if (outcome.kind === "data") return `${outcome.bytes.length} bytes`;
  return JSON.stringify(outcome);
}

// What is decided during one handshake: which context, protocol, session and key a server goes on with, and whether the peer
// is accepted. Asks the application where it wants to be asked, once, and waits for its answer; does not move a byte.
import { alert } from "../engine/alerts.ts";
import type { ClientHello } from "../engine/client-hello.ts";
import type { Connection, HandshakeOutcome } from "../engine/connection.ts";
import type { PreSharedKey } from "../engine/decision.ts";
import { type Failure, isEngineTrouble, SSLError, SSLStateError } from "../engine/errors.ts";
import { describe } from "./bytes.ts";
import {
  answerHello,
  asked,
  checkChosen,
  type HelloAnswer,
  isServerContext,
  lookUpPsk,
  Refusal,
  refusalWith,
  type SessionPeer,
  wrongAnswer,
} from "./hello.ts";
import { hookFailure, type SniCallback } from "./hooks.ts";
import type { HostName } from "./names.ts";
import type { CheckedOptions, ConnectionHooks } from "./options.ts";
import { approved, overrule } from "./overrule.ts";
import { after, lastly, Question } from "./question.ts";
import { checkSession, type SSLSession } from "./session.ts";
import { namesSession } from "./session-stats.ts";
import type { ContextInternals, SSLContext } from "./ssl-context.ts";
import type { SSLObject } from "./ssl-object.ts";
import { arithmeticIn, judge, policyOf, type Verdict, type VerificationPolicy } from "./verification.ts";
import type { Parts } from "./wrapping.ts";

/** Where the handshake may stand still. */
type Standstill = Exclude<HandshakeOutcome, "done" | "want">;

export class Decisions {
  /** Whom `sniCallback` gets to see. */
  readonly #asker: SSLObject;
  readonly #connection: Connection;
  readonly #verifyName: HostName | null;
  #context: SSLContext;
  /** The one that it began with. */
  readonly #wrapped: SSLContext;
  /** Only within the call of `sniCallback`. */
  #contextMayChange = false;
  #checked: CheckedOptions;
  #policy: VerificationPolicy;
  #question: Question<unknown> | undefined;
  /** Whom the session stands for that may be resumed, as it was judged when it was chosen. */
  #sessionPeer: SessionPeer | null = null;
  /** Server: whether the client has named a session in its ClientHello. */
  #sessionNamed = false;
  #verifiedChain: readonly Uint8Array[] = [];
  readonly #hooks: ConnectionHooks | null;

  constructor(asker: SSLObject, { connection, context, names, hooks }: Parts) {
    this.#asker = asker;
    this.#connection = connection;
    this.#verifyName = names.verify;
    this.#hooks = hooks;
    this.#context = context;
    this.#wrapped = context;
    this.#checked = this.#internals().checked;
    this.#policy = policyOf(this.#checked, context.serverSide, names.verify);
  }

  /** The one that is in force; a server's may have been chosen by the ClientHello. */
  get context(): SSLContext {
    return this.#context;
  }

  /** Its options. */
  get checked(): CheckedOptions {
    return this.#checked;
  }

  get verifiedChain(): readonly Uint8Array[] {
    return this.#verifiedChain;
  }

  /** Whether the client has offered a session, one that was taken or not. */
  get sessionOffered(): boolean {
    return this.#context.serverSide ? this.#sessionNamed : this.#sessionPeer !== null;
  }

  /** Resolves when the application has answered what it was asked. */
  get ready(): Promise<void> {
    return this.#question?.ready ?? Promise.resolve();
  }

  /** Whether nothing was asked, or the answer is there. */
  get answered(): boolean {
    return this.#question === undefined || this.#question.answer !== undefined;
  }

  /** Throws SSLStateError outside `sniCallback`. */
  changeContext(context: SSLContext): void {
    if (!this.#contextMayChange)
      throw new SSLStateError("Cannot change the context: only sniCallback can, during its call");
    this.#context = checkContext(context);
  }

  /** Offers a session to the server; one that does not fit here any more is passed over. */
  offer(session: SSLSession, hostname: string | null): void {
    checkSession(session, this.#context);
    if (this.#connection.state !== "init") throw new SSLStateError("Cannot set the session: the handshake has begun");
    const now = this.#policy.now();
    const saved = session.offerFor(hostname, this.#verifyName?.name ?? null, now);
    if (saved === null) return;
    const chain = session.peerChain;
    const verdict = judge(chain, this.#policy, this.#context.internals().arithmetic);
    if (!verdict.trusted) return;
    this.#sessionPeer = { chain, path: verdict.path };
    session.spend();
    this.#connection.offer(saved, chain);
  }

  /** Gives the connection what it stands still for; false while the application has not answered. Throws when it refuses. */
  settle(standstill: Standstill): boolean {
    if (standstill === "hello") {
      return this.#ask(
        () => this.#decideOnHello(),
        (answer) => this.#goOn(answer),
      );
    }
    if (standstill === "psk") {
      return this.#ask(
        () => this.#lookUpPsk(),
        (psk) => this.#connection.givePsk(psk),
      );
    }
    return this.#ask(
      () => this.#judgePeer(),
      (verdict) => this.#take(verdict),
    );
  }

  /** A handshake that never stood still at the peer's certificate must not count as verified, whatever let it pass. */
  requireVerdict(): void {
    const { mode, pins } = this.#policy;
    if (mode === "none" && pins === null && this.#checked.verify === null) return;
    if (this.#connection.peerVerified || this.#connection.facts.pskUsed()) return;
    const error = new SSLError("Cannot finish the handshake: the peer was not verified", {
      reason: "CERTIFICATE_VERIFY_FAILED",
    });
    throw this.#connection.refuse({ error, alert: alert.handshake_failure });
  }

  /** Puts a question once, and uses its answer when it is there; false while it is not. */
  #ask<T>(question: () => T | PromiseLike<T>, use: (answer: T) => void): boolean {
    this.#question ??= new Question(question);
    const { answer } = this.#question as Question<T>;
    if (answer === undefined) return false;
    this.#question = undefined;
    this.#requireUse();
    if (answer.kind === "value") {
      use(answer.value);
      return true;
    }
    const { error } = answer;
    throw this.#connection.refuse(error instanceof Refusal ? error.failure : failureIn("a callback", error));
  }

  #decideOnHello(): HelloAnswer | PromiseLike<HelloAnswer> {
    const hello = this.#connection.clientHello!;
    this.#sessionNamed = namesSession(hello);
    return after(this.#chooseContext(hello), () => {
      this.#requireUse(); // no more questions for a connection that is gone
      return answerHello(hello, this.#internals());
    });
  }

  /** A hook may have disposed of the connection, or somebody else while it was asked. */
  #requireUse(): void {
    if (this.#connection.disposed) throw new SSLStateError("Cannot go on with the handshake: it was disposed of");
  }

  #chooseContext(hello: ClientHello): void | PromiseLike<void> {
    const { selectContext, sniCallback } = this.#checked;
    if (sniCallback !== null) return this.#askSniCallback(sniCallback, hello);
    if (selectContext === null) return;
    return after(
      asked("selectContext", "access_denied", () => selectContext(hello)),
      (context) => {
        if (context !== undefined) this.#context = checkChosen("selectContext", context);
      },
    );
  }

  #askSniCallback(callback: SniCallback, hello: ClientHello): void | PromiseLike<void> {
    const ask = (): ReturnType<SniCallback> => {
      this.#contextMayChange = true;
      return callback(this.#asker, hello.serverName, this.#context);
    };
    return after(
      asked("sniCallback", "handshake_failure", () => lastly(ask, () => (this.#contextMayChange = false))),
      (number) => {
        if (number === undefined || number === null) return;
        if (!Number.isInteger(number) || number < 0 || number > 255)
          throw wrongAnswer("sniCallback", "the number of an alert, or nothing", number);
        throw refusalWith(number);
      },
    );
  }

  #goOn({ decision, peer }: HelloAnswer): void {
    this.#checked = this.#internals().checked;
    this.#policy = policyOf(this.#checked, true, null);
    this.#sessionPeer = peer;
    const taken = this.#context === this.#wrapped ? null : this.#settingsOf(this.#context);
    try {
      this.#connection.decide({ ...decision, settings: taken?.settings ?? null });
    } finally {
      taken?.release();
    }
  }

  /** Those of the context in force, with the hooks of the connection. */
  #internals(): ContextInternals {
    const internals = this.#context.internals();
    return this.#hooks === null ? internals : { ...internals, checked: { ...internals.checked, ...this.#hooks } };
  }

  /** A context that was disposed of cannot be chosen any more. */
  #settingsOf(context: SSLContext): ReturnType<SSLContext["takeSettings"]> {
    try {
      return context.takeSettings();
    } catch (cause) {
      throw this.#connection.refuse(failureIn("the chosen context", cause));
    }
  }

  #lookUpPsk(): PreSharedKey | PromiseLike<PreSharedKey> {
    return lookUpPsk(this.#checked.pskLookup!, this.#connection.facts.pskIdentity());
  }

  /** The verdict that is found here, and then that of the application. */
  #judgePeer(): Verdict | PromiseLike<Verdict> {
    const chain = this.#connection.peerChain();
    const found = this.#verdictOver(chain);
    const approve = this.#hooks?.approve;
    if (approve !== undefined) return approved(approve, found, chain);
    const { verify } = this.#checked;
    if (verify === null || (chain.length === 0 && (!found.trusted || this.#policy.mode === "none"))) return found;
    const hostname = this.#policy.host?.name ?? null;
    const side = this.#context.serverSide ? "server" : "client";
    return overrule(verify, found, {
      chain,
      hostname,
      side,
      mode: this.#policy.mode,
      resumed: this.#connection.facts.resumed(),
    });
  }

  #verdictOver(chain: readonly Uint8Array[]): Verdict {
    if (this.#connection.facts.resumed() && this.#sessionPeer !== null)
      return { trusted: true, path: this.#sessionPeer.path };
    return judge(chain, this.#policy, arithmeticIn(this.#connection.realm));
  }

  #take(verdict: Verdict): void {
    if (!verdict.trusted) throw this.#connection.refuse(verdict.failure);
    this.#verifiedChain = verdict.path;
    this.#connection.accept();
  }
}

/** What the engine lacks, or has lost, on the way to an answer is nobody's refusal. */
function failureIn(hook: string, error: unknown): Failure {
  if (isEngineTrouble(error)) return { error: error as SSLError, alert: alert.internal_error };
  return hookFailure(hook, error, "internal_error");
}

function checkContext(context: SSLContext): SSLContext {
  if (isServerContext(context)) return context;
  throw new TypeError(`Cannot change the context: expected an SSLContext for servers, got ${describe(context)}`);
}

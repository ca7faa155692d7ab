// What a server answers to a ClientHello: with which context, which application protocol, which session, which pre-shared
// key. Asks the application where it wants to be asked, in that order; does not know how a handshake goes on.
import { alert, alertName, type AlertName } from "../engine/alerts.ts";
import type { ClientHello } from "../engine/client-hello.ts";
import type { Decision, PreSharedKey } from "../engine/decision.ts";
import { type Failure, SSLAlertError, SSLError } from "../engine/errors.ts";
import { sealName, unseal } from "../engine/sealing.ts";
import { describe, toBytes } from "./bytes.ts";
import { hookFailure } from "./hooks.ts";
import type { CheckedOptions } from "./options.ts";
import { after } from "./question.ts";
import { readSession, type SealedSession, sessionExtra } from "./sealed-session.ts";
import type { ContextInternals, SSLContext } from "./ssl-context.ts";
import { judge, policyOf } from "./verification.ts";

/** What to do, all but the settings; and who the peer of a resumed session is. */
export interface HelloAnswer {
  readonly decision: Omit<Decision, "settings">;
  readonly peer: SessionPeer | null;
}

/** The peer of a session that is resumed: what it presented, and the path that was found to a trusted certificate now. */
export interface SessionPeer {
  readonly chain: readonly Uint8Array[];
  readonly path: readonly Uint8Array[];
}

/** Thrown when the answer is to refuse the client. */
export class Refusal extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.error.message);
    this.failure = failure;
  }
}

/** Asks a hook; what it throws is a refusal. */
export function asked<T>(hook: string, otherwise: AlertName, ask: () => T | PromiseLike<T>): T | PromiseLike<T> {
  const refuse = (cause: unknown): never => {
    throw new Refusal(hookFailure(hook, cause, otherwise));
  };
  try {
    const given = ask();
    return typeof (given as Partial<PromiseLike<T>> | null)?.then === "function"
      ? Promise.resolve(given).catch(refuse)
      : given;
  } catch (cause) {
    return refuse(cause);
  }
}

/** A hook that answers with something of the wrong type is at fault, not the client. */
export function wrongAnswer(hook: string, expected: string, got: unknown): Refusal {
  const cause = new TypeError(`Cannot use the answer of ${hook}: expected ${expected}, got ${describe(got)}`);
  return new Refusal(hookFailure(hook, cause, "internal_error"));
}

/** The context that a hook chose. */
export function checkChosen(hook: string, context: SSLContext): SSLContext {
  if (isServerContext(context)) return context;
  throw wrongAnswer(hook, "an SSLContext for servers", context);
}

export function isServerContext(value: unknown): boolean {
  const context = value as Partial<SSLContext> | null | undefined;
  return typeof context?.takeSettings === "function" && context.serverSide === true;
}

/** What it is when `sniCallback` returns an alert. */
export function refusalWith(number: number): Refusal {
  const message = `Cannot finish the handshake: sniCallback refused it with the alert ${alertName(number)}`;
  return new Refusal({ error: new SSLAlertError(message, { alert: number, sent: true }), alert: number });
}

/** The answer to a ClientHello in a context; throws Refusal. */
export function answerHello(hello: ClientHello, context: ContextInternals): HelloAnswer | PromiseLike<HelloAnswer> {
  const { checked } = context;
  return after(chooseAlpn(hello, checked), (alpn) =>
    after(findSession(hello, context), (session) =>
      after(session === null ? findPsk(hello, checked) : null, (psk) => {
        const resume =
          session === null ? null : { name: session.name, session: session.bytes, chain: session.peer.chain };
        const seal = sealFor(hello, context, session?.peer.chain ?? []);
        const decision = { now: checked.now, seal, resume, psk, ...(alpn === undefined ? {} : { alpn }) };
        return { decision, peer: session?.peer ?? null };
      }),
    ),
  );
}

type Choice = Uint8Array | null | undefined;

/** Null: none, whatever the settings say; undefined: by the settings. */
function chooseAlpn(hello: ClientHello, checked: CheckedOptions): Choice | PromiseLike<Choice> {
  const { selectAlpn, alpn } = checked;
  const offered = hello.alpn;
  if (selectAlpn === null || offered.length === 0) {
    return checked.tolerateAlpnMismatch && !offered.some((name) => alpn.includes(name)) ? null : undefined;
  }
  return after(
    asked("selectAlpn", "no_application_protocol", () => selectAlpn(offered, hello)),
    (name): Choice => {
      if (name === null) return null;
      if (!offered.includes(name)) throw wrongAnswer("selectAlpn", "a protocol that the client offers, or null", name);
      return Uint8Array.from(name, (character) => character.charCodeAt(0));
    },
  );
}

interface FoundSession {
  readonly name: Uint8Array;
  readonly bytes: Uint8Array;
  readonly peer: SessionPeer;
}

/** The first session that the client names and that may be resumed; by its ticket, or by its id when it has none. */
function findSession(
  hello: ClientHello,
  context: ContextInternals,
): FoundSession | null | PromiseLike<FoundSession | null> {
  const { checked } = context;
  const tickets = speaksTls13(hello, checked) ? hello.pskIdentities.slice(0, mostIdentities) : [hello.sessionTicket];
  for (const ticket of tickets) {
    const session = ticket === null ? null : openSession(ticket, ticket, hello, context);
    if (session !== null) return session;
  }
  const cache = checked.sessionCache;
  if (cache === null || hello.sessionId.length === 0 || speaksTls13(hello, checked)) return null;
  return after(
    asked("sessionCache", "internal_error", () => cache.get(hello.sessionId)),
    (sealed) => {
      if (sealed === null || sealed === undefined) return null;
      return openSession(hello.sessionId, toBytes(sealed, "the session of sessionCache"), hello, context);
    },
  );
}

/** Null for whatever does not fit: the client gets a full handshake. */
function openSession(
  name: Uint8Array,
  sealed: Uint8Array,
  hello: ClientHello,
  context: ContextInternals,
): FoundSession | null {
  const { checked, realm } = context;
  const keyName = sealName(sealed);
  const key = keyName === null ? undefined : checked.ticketKeys.named(keyName);
  const plain = key === undefined ? null : unseal(realm, key, sealed);
  const session = plain === null ? null : readSession(plain);
  if (session === null || !fits(session, hello, context)) return null;
  const { bytes, chain } = session;
  const verdict = judge(chain, policyOf(checked, true, null), context.arithmetic);
  return verdict.trusted ? { name, bytes, peer: { chain, path: verdict.path } } : null;
}

function fits(session: SealedSession, hello: ClientHello, { checked, digestText }: ContextInternals): boolean {
  const age = checked.now() - session.time;
  if (age < 0 || age >= checked.sessionTimeout * 1000) return false;
  if (session.serverName !== hello.serverName || session.context !== digestText()) return false;
  if (session.version !== (speaksTls13(hello, checked) ? tls13 : tls12)) return false;
  return session.version === tls13 || mayResume(session.extendedMasterSecret, hello, checked);
}

/** RFC 7627, section 5.3: what one handshake did about the extended master secret, the next must do too. */
function mayResume(extendedMasterSecret: boolean, hello: ClientHello, checked: CheckedOptions): boolean {
  const offered = hello.extensions.some(({ type }) => type === extendedMasterSecretType);
  if (extendedMasterSecret && !offered) {
    const message = "Cannot finish the handshake: the client resumes a session without its extended master secret";
    const error = new SSLError(message, { reason: "INCONSISTENT_EXTMS" });
    throw new Refusal({ error, alert: alert.handshake_failure });
  }
  return extendedMasterSecret === offered && (extendedMasterSecret || !checked.input.requireExtendedMasterSecret);
}

/** TLS 1.3: the key of the first identity that the application knows; in TLS 1.2 the identity comes later. */
function findPsk(hello: ClientHello, checked: CheckedOptions): PreSharedKey | null | PromiseLike<PreSharedKey | null> {
  const { pskLookup } = checked;
  if (pskLookup === null || !speaksTls13(hello, checked)) return null;
  const next = (identities: readonly Uint8Array[]): PreSharedKey | null | PromiseLike<PreSharedKey | null> => {
    const [identity, ...others] = identities;
    if (identity === undefined) return null;
    return after(lookUpPsk(pskLookup, identity), (psk) => (psk.key.length > 0 ? psk : next(others)));
  };
  return next(hello.pskIdentities.slice(0, mostIdentities));
}

/** The key for an identity, empty when the application knows none; throws Refusal. */
export function lookUpPsk(
  lookup: NonNullable<CheckedOptions["pskLookup"]>,
  identity: Uint8Array,
): PreSharedKey | PromiseLike<PreSharedKey> {
  return after(
    asked("psk", "internal_error", () => lookup(identity.slice())),
    (key) => ({ identity, key: key === null ? new Uint8Array(0) : toBytes(key, "the key that psk answers").slice() }),
  );
}

/** How the session of this connection is sealed, should it be resumed later. */
function sealFor(
  hello: ClientHello,
  { checked, digestText }: ContextInternals,
  carried: readonly Uint8Array[],
): Decision["seal"] {
  const tickets = checked.numTickets;
  const cache = checked.sessionCache !== null;
  if (tickets === 0 && !cache) return null;
  const origin = { time: checked.now(), serverName: hello.serverName, context: digestText() };
  const { current } = checked.ticketKeys;
  return { key: current, extra: sessionExtra(origin, carried), lifetime: checked.sessionTimeout, tickets, cache };
}

function speaksTls13(hello: ClientHello, checked: CheckedOptions): boolean {
  return checked.input.maxVersion === tls13 && hello.versions.includes(tls13);
}

const tls12 = 771;
const tls13 = 772;
const extendedMasterSecretType = 23;
/** More identities than that are not looked at: each costs a decryption or a question. */
const mostIdentities = 8;

// Sessions as a client keeps them: what is needed to resume one, whom it was made with, and a form that can be stored.
import { randomBytes } from "../engine/randomness.ts";
import type { SavedSession } from "../engine/saved-session.ts";
import { SSLConfigError, SSLError, SSLStateError } from "../engine/errors.ts";
import { seal, unseal } from "../engine/sealing.ts";
import { type Bytes, describe, toBytes } from "./bytes.ts";
import { pack, unpack } from "./packing.ts";
import type { SSLContext } from "./ssl-context.ts";
import { sameBytes } from "./x509/certificate.ts";

/** @internal What a session is made of. */
export interface SessionParts {
  readonly context: SSLContext;
  readonly saved: SavedSession;
  /** The names that were sent and verified when it began. */
  readonly hostname: string | null;
  readonly verifyName: string | null;
  /** In milliseconds since 1970. */
  readonly made: number;
  readonly peerChain: readonly Uint8Array[];
  /** Whether the context that it is used with is like the one that made it. */
  readonly bound: boolean;
}

/**
 * A TLS session that a client can resume, like Python's `ssl.SSLSession`: the next connection to the same server is cheaper,
 * and both sides know each other by what they said in the first one.
 *
 * It belongs to the context whose connection made it, and to the host that the connection was for. Given to a connection for
 * another host, or when its time is over, or when the certificates in it would no longer be trusted, it is not offered, and
 * the handshake is a full one. In TLS 1.3 it is good for one connection (RFC 8446, section C.4), which brings new ones.
 *
 * @example
 * const context = SSLContext.client({ ca, onSession: (session) => sessions.set(session.hostname, session) });
 * const tls = context.wrapBio(incoming, outgoing, { serverHostname: name, session: sessions.get(name) });
 */
export class SSLSession {
  /** The session's id; empty when it has none. */
  readonly id: Uint8Array;
  /** When it was made, in seconds since 1970. */
  readonly time: number;
  /** For how many seconds it can be resumed. */
  readonly timeout: number;
  /** What the server said about that, in seconds; 0 when nothing. */
  readonly ticketLifetimeHint: number;
  /** Whether the server has it sealed in a ticket, instead of remembering it by its id. */
  readonly hasTicket: boolean;
  /** The server's name, as `serverHostname` was given. */
  readonly hostname: string | null;
  /** The certificates of the server, DER, its own first. */
  readonly peerChain: readonly Uint8Array[];
  readonly #parts: SessionParts;
  #spent = false;

  /** @internal */
  constructor(secret: symbol, parts: SessionParts) {
    if (secret !== token) throw new TypeError("Cannot make an SSLSession with new: connections make them");
    const { saved } = parts;
    this.#parts = parts;
    this.id = saved.id;
    this.time = Math.floor(parts.made / 1000);
    this.timeout = Math.min(saved.lifetime === 0 ? usualLifetime : saved.lifetime, longestLifetime);
    this.ticketLifetimeHint = saved.lifetime;
    this.hasTicket = saved.hasTicket;
    this.hostname = parts.hostname;
    this.peerChain = parts.peerChain;
  }

  /**
   * The session as bytes, encrypted and authenticated under the context's `sessionKey`. A context that was given none has a
   * random one, so that only the context itself can read them.
   */
  serialize(): Uint8Array {
    const { context, saved, hostname, verifyName, made, peerChain } = this.#parts;
    const { realm, sessionKey, digest } = context.internals();
    const { version, extendedMasterSecret, hasTicket, lifetime, id, bytes } = saved;
    const head: Head = {
      format,
      version,
      extendedMasterSecret,
      hasTicket,
      lifetime,
      hostname,
      verifyName,
      made,
      spent: this.#spent,
    };
    const text = encoder.encode(JSON.stringify(head));
    const nonce = randomBytes(12, "serialize a session");
    return seal(realm, sessionKey(), nonce, pack([text, digest(), id, bytes, ...peerChain]));
  }

  /**
   * The session that `serialize` made bytes of, for a context with the same `sessionKey`. When that context trusts or presents
   * others than the one that made the session, it will not be offered.
   *
   * Throws SSLError with reason `"BAD_SESSION"` for bytes that were made with another key, changed or cut.
   */
  static deserialize(bytes: Bytes, context: SSLContext): SSLSession {
    const given = toBytes(bytes, "bytes");
    if (typeof (context as Partial<SSLContext> | null)?.internals !== "function")
      throw new TypeError(`Cannot use context: expected an SSLContext, got ${describe(context)}`);
    if (context.serverSide) throw new SSLConfigError("Cannot read the session: sessions are kept by clients");
    const { realm, sessionKey } = context.internals();
    const plain = unseal(realm, sessionKey(), given);
    if (plain === null) refuse("it was sealed with another sessionKey, or has been changed");
    return readStored(plain, context) ?? refuse("another edition of this library made it");
  }

  /** @internal */
  static of(parts: SessionParts): SSLSession {
    return new SSLSession(token, parts);
  }

  /** @internal Whose it is. */
  get context(): SSLContext {
    return this.#parts.context;
  }

  /** @internal What to offer to the server of that name, or null when it must not be. `now` is in milliseconds. */
  offerFor(hostname: string | null, verifyName: string | null, now: number): SavedSession | null {
    const { saved, made, bound } = this.#parts;
    if (!bound || this.#spent || hostname !== this.#parts.hostname || verifyName !== this.#parts.verifyName)
      return null;
    return now < made || now >= made + this.timeout * 1000 ? null : saved;
  }

  /** @internal It was offered: a ticket of TLS 1.3 is not shown twice, or the two connections could be linked. */
  spend(): void {
    if (this.#parts.saved.version === tls13) this.#spent = true;
  }
}

/** Throws when the session may not be given to a connection of that context. */
export function checkSession(session: SSLSession, context: SSLContext): void {
  if (!(session instanceof SSLSession))
    throw new TypeError(`Cannot use session: expected an SSLSession, got ${describe(session)}`);
  if (context.serverSide) throw new SSLStateError("Cannot use session: only a client can offer one");
  if (session.context !== context) throw new SSLStateError("Cannot use session: it belongs to another context");
}

type Head = Pick<SavedSession, "version" | "extendedMasterSecret" | "hasTicket" | "lifetime"> &
  Pick<SessionParts, "hostname" | "verifyName" | "made"> & { readonly format: number; readonly spent: boolean };

/** What `serialize` has put together; null when that was another edition of it. */
function readStored(plain: Uint8Array, context: SSLContext): SSLSession | null {
  try {
    const [text, madeWith, id, bytes, ...peerChain] = unpack(plain);
    const head = JSON.parse(decoder.decode(text)) as Head;
    if (head.format !== format) return null;
    const { hostname, verifyName, made, spent, version, extendedMasterSecret, hasTicket, lifetime } = head;
    const saved = { version, extendedMasterSecret, hasTicket, lifetime, id: id!, bytes: bytes! };
    const bound = sameBytes(madeWith!, context.internals().digest());
    const session = SSLSession.of({ context, saved, hostname, verifyName, made, peerChain, bound });
    if (spent) session.spend();
    return session;
  } catch {
    return null;
  }
}

function refuse(why: string): never {
  throw new SSLError(`Cannot read the session: ${why}`, { reason: "BAD_SESSION" });
}

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
const token: unique symbol = Symbol("wanttls");
const format = 1;
const tls13 = 772;
const usualLifetime = 7200;
const longestLifetime = 604_800; // RFC 8446, section 4.6.1

// Owns what one connection is opened with: a context, and the library's hooks, made of the callbacks that Node knows. Refuses to
// know streams; it is told by its owner what to ask, and tells it what came out.
import {
  alertDescription,
  type ClientHello,
  type PskIdentity,
  type PskLookup,
  type SessionCache,
  type SSLSession,
  type VerifyMode,
} from "../../index.ts";
import type { ConnectionHooks } from "../../ssl/embedding.ts";
import { textOf } from "./alpn.ts";
import { requireReadable } from "./certificates.ts";
import { invalidArgType, nodeError, opensslError } from "./errors.ts";
import type { Lease } from "./families.ts";
import type { Expectation } from "./options.ts";
import { SecureContext } from "./secure-context.ts";

/** What both sides are told of a connection. */
interface Common {
  /** Application protocols in the library's form, null for none. */
  readonly alpn: readonly string[] | null;
  readonly onKeyLog: ((line: string) => void) | null;
}

/** A client. */
export interface ClientSide extends Common {
  readonly secureContext: SecureContext;
  readonly expectation: Expectation | null;
  readonly psk: PskIdentity | null;
  readonly onSession: (session: SSLSession) => void;
}

/** A server. */
export interface ServerSide extends Common {
  /** The one that is set now. */
  readonly secureContext: () => SecureContext;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly chooseContext:
    ((name: string, done: (error: Error | null | undefined, context?: unknown) => void) => void) | null;
  readonly chooseAlpn: ((offer: { servername: string; protocols: string[] }) => unknown) | null;
  readonly psk: ((identity: string) => unknown) | null;
  readonly sessionCache: SessionCache | null;
}

/** What a connection is opened with, until `release`. */
export interface Opened extends Lease {
  readonly hooks: ConnectionHooks;
}

/** Throws SSLConfigError for what cannot be put together. */
export function openClient(side: ClientSide): Opened {
  const { secureContext, expectation, psk, alpn, onKeyLog, onSession } = side;
  const verifyMode = expectation?.reject === true ? "required" : "none";
  const lease = secureContext.openClient({ alpn, verifyMode, logsKeys: onKeyLog !== null }, psk);
  return { ...lease, hooks: { onKeyLog, onSession, ...approving(secureContext, expectation) } };
}

/** Throws SSLConfigError for what cannot be put together. */
export function openServer(side: ServerSide): Opened {
  const { alpn, onKeyLog, psk, sessionCache } = side;
  const shape = { alpn, verifyMode: verifyModeOf(side), logsKeys: onKeyLog !== null, asksForPsk: psk !== null };
  const leases: Lease[] = [];
  const open: Open = (secureContext) => {
    const lease = secureContext.openServer(shape);
    leases.push(lease);
    return lease.context;
  };
  const keys = psk === null ? {} : { pskLookup: pskHook(psk) };
  const hooks = { onKeyLog, sessionCache, ...keys, ...choosing(side, open) };
  const context = open(side.secureContext());
  return { context, hooks, release: () => leases.forEach(({ release }) => release()) };
}

type Open = (secureContext: SecureContext) => Lease["context"];

/**
 * Node's order: the context by the name, then the protocol; both callbacks may still give the connection another context
 * (`setKeyCert`). So both are asked when the context is chosen.
 */
function choosing(side: ServerSide, open: Open): ConnectionHooks {
  const { chooseContext, chooseAlpn } = side;
  if (chooseContext === null && chooseAlpn === null) return {};
  const before = side.secureContext();
  let protocol: string | null = null;
  return {
    async selectContext(hello) {
      const byName = chooseContext === null ? null : await namedContext(chooseContext, hello);
      if (chooseAlpn !== null && hello.alpn.length > 0) protocol = chosenProtocol(chooseAlpn, hello);
      const set = side.secureContext();
      const chosen = set === before ? byName : set;
      return chosen === null ? undefined : open(chosen);
    },
    ...(chooseAlpn === null ? {} : { selectAlpn: () => protocol }),
  };
}

function verifyModeOf({ requestCert, rejectUnauthorized }: ServerSide): VerifyMode {
  if (!requestCert) return "none";
  return rejectUnauthorized ? "required" : "optional";
}

/** A certificate that is trusted must also be the one of the host; one that need not be, must be one at least. */
function approving(secureContext: SecureContext, expectation: Expectation | null): Pick<ConnectionHooks, "approve"> {
  if (expectation?.reject !== true) return { approve: ([leaf]) => requireReadable(leaf) };
  return {
    approve(chain) {
      const wrong = secureContext.complaintAbout(chain, expectation);
      if (wrong) throw Object.assign(asError(wrong), { alert: alertDescription.bad_certificate });
    },
  };
}

/** Whatever a program answers is a refusal, as in Node: a text, a promise, an error of another realm. */
function asError(complaint: unknown): Error {
  if (complaint instanceof Error) return complaint;
  const { message = String(complaint) } = complaint as Partial<Error>;
  return Object.assign(new Error(message, { cause: complaint }), typeof complaint === "object" ? complaint : {});
}

type ChooseContext = NonNullable<ServerSide["chooseContext"]>;

function namedContext(choose: ChooseContext, { serverName }: ClientHello): Promise<SecureContext | null> | null {
  if (serverName === null) return null;
  return new Promise((resolve, reject) => {
    choose(serverName, (error, chosen) => {
      if (error !== null && error !== undefined) return reject(error);
      if (chosen === null || chosen === undefined) return resolve(null);
      const context = contextOf(chosen);
      if (context !== null) return resolve(context);
      reject(nodeError("ERR_TLS_INVALID_CONTEXT", "Invalid SNI context", {}, TypeError));
    });
  });
}

function contextOf(chosen: unknown): SecureContext | null {
  if (chosen instanceof SecureContext) return chosen;
  const { context } = chosen as { context?: unknown };
  return context instanceof SecureContext ? context : null;
}

function chosenProtocol(choose: NonNullable<ServerSide["chooseAlpn"]>, hello: ClientHello): string {
  const protocols = hello.alpn.map(textOf);
  const chosen = choose({ servername: hello.serverName ?? "", protocols });
  const alert = alertDescription.no_application_protocol;
  if (chosen === undefined) {
    const failure = opensslError(
      "ERR_SSL_NO_APPLICATION_PROTOCOL",
      "no application protocol",
      "SSL routines",
      "0A0000EB",
    );
    throw Object.assign(failure, { alert });
  }
  const at = protocols.indexOf(chosen as string);
  if (at >= 0) return hello.alpn[at]!;
  const message = `ALPN callback returned a value (${String(chosen)}) that did not match any of the client's offered protocols (${protocols.join(", ")})`;
  throw nodeError("ERR_TLS_ALPN_CALLBACK_INVALID_RESULT", message, { alert }, TypeError);
}

/** The application answers bytes, an object with them, or nothing for an identity that it does not know. */
function pskHook(find: NonNullable<ServerSide["psk"]>): PskLookup {
  return (bytes) => {
    const found = find(Buffer.from(bytes).toString("utf8"));
    if (found === null || found === undefined) return null;
    return pskOf(ArrayBuffer.isView(found) ? found : (found as { psk?: unknown }).psk, "ret");
  };
}

/** A key as Node takes it. Throws ERR_INVALID_ARG_TYPE. */
export function pskOf(value: unknown, name: string): Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(value)) throw invalidArgType(name, ["Buffer", "TypedArray", "DataView"], value);
  return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
}

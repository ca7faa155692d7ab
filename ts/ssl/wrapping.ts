// Owns what can be said about one connection beside its context, its checking, and the opening of the engine for it. Refuses to know
// what is done with the connection.
import { Connection } from "../engine/connection.ts";
import { SSLConfigError } from "../engine/errors.ts";
import type { Settings } from "../engine/settings.ts";
import type { MemoryBIO } from "./memory-bio.ts";
import { type HostName, toHostName } from "./names.ts";
import type { ConnectionHooks } from "./options.ts";
import { checkSession, type SSLSession } from "./session.ts";
import type { SSLContext } from "./ssl-context.ts";

/** What can be said about one connection. */
export interface WrapOptions {
  /** Client: the server's name, a DNS name or an IP address; sent (names only) and verified. */
  readonly serverHostname?: string;
  /** Client: the name to verify, when it is another than `serverHostname`. */
  readonly verifyName?: string;
  /** Client: a session of an earlier connection to resume; when it does not fit, the handshake is a full one. */
  readonly session?: SSLSession;
}

/** @internal */
export interface Parts {
  readonly context: SSLContext;
  readonly connection: Connection;
  readonly incoming: MemoryBIO;
  readonly outgoing: MemoryBIO;
  readonly names: Names;
  readonly serverHostname: string | null;
  readonly session: SSLSession | null;
  readonly hooks: ConnectionHooks | null;
}

/** Client: the names to send and to verify. */
interface Names {
  readonly send: HostName | null;
  readonly verify: HostName | null;
}

/** @internal */
export interface OpenOptions {
  readonly context: SSLContext;
  readonly settings: Settings;
  readonly incoming: MemoryBIO;
  readonly outgoing: MemoryBIO;
  readonly options: WrapOptions;
  readonly hooks: ConnectionHooks | null;
}

/**
 * Checks what was said about one connection and makes its engine.
 * @internal
 */
export function openConnection({ context, settings, incoming, outgoing, options, hooks }: OpenOptions): Parts {
  const names = checkNames(context, options);
  const { session = null } = options;
  if (session !== null) checkSession(session, context);
  const connection = new Connection(settings, {
    serverName: names.send?.kind === "dns" ? names.send.name : null,
    now: context.internals().checked.now,
  });
  const { serverHostname = null } = options;
  return { context, connection, incoming, outgoing, names, session, serverHostname, hooks };
}

/** @internal */
export const wrapOptionNames: readonly (keyof WrapOptions)[] = ["serverHostname", "verifyName", "session"];

function checkNames(context: SSLContext, options: WrapOptions): Names {
  if (context.serverSide && (options.serverHostname !== undefined || options.verifyName !== undefined)) {
    throw new SSLConfigError("Cannot use serverHostname: it can only be given on the client side", {
      reason: "BAD_SERVER_HOSTNAME",
    });
  }
  const send = options.serverHostname === undefined ? null : toHostName(options.serverHostname, "serverHostname");
  const verify = options.verifyName === undefined ? send : toHostName(options.verifyName, "verifyName");
  if (context.checkHostname && verify === null) {
    throw new SSLConfigError("Cannot wrap: checkHostname requires serverHostname", { reason: "BAD_SERVER_HOSTNAME" });
  }
  return { send, verify };
}

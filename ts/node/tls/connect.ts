// Owns `connect`: its overloads, whom it expects, and the socket that it makes. Refuses to know handshakes.
import net from "node:net";
import { defaults } from "./defaults.ts";
import { requireFunction, requireInteger } from "./errors.ts";
import type { ConnectionOptions } from "./options.ts";
import { contextForClient, SecureContext } from "./secure-context.ts";
import { TLSSocket } from "./tls-socket.ts";

type Callback = () => void;

/**
 * Connects and speaks TLS; the callback is a listener for "secureConnect". The peer is verified before anything is sent to
 * it, unless `rejectUnauthorized` is false. Everything else is as Node has it.
 *
 * Throws as Node does for options of the wrong type, and what `createSecureContext` throws.
 *
 * @example
 * const socket = connect({ host: "example.org", port: 443, servername: "example.org" }, () => socket.end("hello"));
 */
export function connect(options: ConnectionOptions, callback?: Callback): TLSSocket;
export function connect(port: number, host?: string, options?: ConnectionOptions, callback?: Callback): TLSSocket;
export function connect(port: number | string, options?: ConnectionOptions, callback?: Callback): TLSSocket;
export function connect(...args: unknown[]): TLSSocket {
  const { options: given, callback } = argumentsOf(args);
  const options: ConnectionOptions = {
    rejectUnauthorized: process.env["NODE_TLS_REJECT_UNAUTHORIZED"] !== "0",
    ciphers: defaults.DEFAULT_CIPHERS,
    ...given,
  };
  const { checkServerIdentity = defaults.checkServerIdentity, minDHSize = 1024 } = options;
  requireFunction(checkServerIdentity, "options.checkServerIdentity");
  requireMinDHSize(minDHSize);
  const reject = options.rejectUnauthorized !== false; // nothing else that is falsy lets anybody in
  const host = [options.servername, options.host, hostOf(options.socket)].find(isName) ?? "localhost";
  const socket = new TLSSocket(options.socket, {
    ...options,
    isServer: false,
    secureContext: contextOf(options),
  });
  socket.expect(
    { reject, host, check: checkServerIdentity },
    {
      path: options.path,
      host: options.host,
      port: options.port,
      localAddress: (options as { localAddress?: string }).localAddress,
    },
  );
  if (callback !== undefined) socket.once("secureConnect", callback);
  if (options.servername) {
    warnOfAddress(options.servername);
    socket.setServername(options.servername);
  }
  if (options.socket === undefined || options.socket === null) open(socket, options);
  return socket;
}

interface Arguments {
  readonly options: ConnectionOptions;
  readonly callback: Callback | undefined;
}

/** Node's overloads: a port or a path, perhaps a host, perhaps options, perhaps a callback; options come last. */
function argumentsOf(args: readonly unknown[]): Arguments {
  const callback = args.findLast((arg) => typeof arg === "function") as Callback | undefined;
  const [first, ...others] = args.filter((arg) => typeof arg !== "function");
  const given = others.filter((arg): arg is object => typeof arg === "object" && arg !== null);
  const [host] = typeof first === "object" ? [] : others.filter((arg) => typeof arg === "string");
  const options = [targetOf(first), host === undefined ? {} : { host }, ...given].reduce(merge);
  return { options, callback };
}

function merge(options: object, more: object): object {
  return { ...options, ...more };
}

function targetOf(first: unknown): ConnectionOptions {
  if (typeof first === "object" && first !== null) return first;
  if (typeof first === "string" && !/^\d+$/.test(first)) return { path: first };
  return first === undefined ? {} : { port: Number(first) };
}

function contextOf(options: ConnectionOptions): SecureContext {
  const { secureContext } = options as { secureContext?: unknown };
  if (secureContext instanceof SecureContext) return secureContext;
  return contextForClient(options);
}

function isName(name: string | undefined): name is string {
  return name !== undefined && name !== "";
}

/** The name by which a socket was connected, which Node remembers. */
function hostOf(socket: unknown): string | undefined {
  return (socket as { _host?: string } | null | undefined)?._host;
}

/** RFC 6066, section 3: an address is no server name, and is not sent. */
function warnOfAddress(servername: string): void {
  if (net.isIP(servername) === 0) return;
  const message =
    "Setting the TLS ServerName to an IP address is not permitted by RFC 6066. This will be ignored in a future version.";
  process.emitWarning(message, "DeprecationWarning", "DEP0123");
}

function requireMinDHSize(size: unknown): void {
  requireInteger(size, "options.minDHSize", 1, 2 ** 31 - 1);
}

function open(socket: TLSSocket, options: ConnectionOptions): void {
  if (options.timeout !== undefined) socket.setTimeout(options.timeout);
  socket.connect(options);
}

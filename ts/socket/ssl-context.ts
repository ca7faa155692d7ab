// The context that users see: the one of the layer below, which also wraps transports.
import {
  type ClientOptions,
  type ServerOptions,
  SSLConfigError,
  SSLContext as SSLContextWithoutSockets,
} from "../ssl/index.ts";
import { describe } from "../ssl/bytes.ts";
import { SSLSocket, type WrapSocketOptions } from "./ssl-socket.ts";
import type { NonBlockingTransport } from "./transport.ts";

/**
 * The configuration of clients or of servers, like Python's `ssl.SSLContext`; it cannot be changed, `with` makes a variant.
 *
 * Made by `SSLContext.client`, `SSLContext.server` or `createDefaultContext`, which check every option: what is wrong with
 * a certificate, a key or a list is said here, not when the first connection fails.
 *
 * @example
 * const context = SSLContext.client({ ca: pemText });
 * const tls = context.wrapSocket(fromNodeSocket(tcp), { serverHostname: "example.org" });
 */
export class SSLContext extends SSLContextWithoutSockets {
  /**
   * Speaks TLS over a transport, like Python's `wrap_socket`. The handshake is not done yet: `doHandshake`, or the first
   * `recv` or `send`, does it.
   *
   * Throws SSLConfigError for a server name that cannot be used or is missing, SSLStateError after `dispose`.
   */
  wrapSocket(transport: NonBlockingTransport, options: WrapSocketOptions = {}): SSLSocket {
    if (typeof (transport as Partial<NonBlockingTransport> | null)?.recvInto !== "function") {
      throw new TypeError(`Cannot wrap the socket: expected a NonBlockingTransport, got ${describe(transport)}`);
    }
    return new SSLSocket(this, () => transport, options);
  }
}

/** What a context is for: authenticating servers is the business of clients, and the other way round. */
export type Purpose = "server-auth" | "client-auth";

/**
 * A context with safe defaults, like Python's `create_default_context`: for clients ("server-auth": certificate and name
 * are verified) or for servers ("client-auth").
 *
 * @example
 * const context = createDefaultContext("server-auth", { ca: pemText });
 */
export function createDefaultContext(purpose?: "server-auth", options?: ClientOptions): SSLContext;
export function createDefaultContext(purpose: "client-auth", options: ServerOptions): SSLContext;
export function createDefaultContext(
  purpose: Purpose = "server-auth",
  options: ClientOptions & ServerOptions = {},
): SSLContext {
  if (purpose === "server-auth") return SSLContext.client(options);
  if (purpose === "client-auth") return SSLContext.server(options);
  const message = `Cannot make a context: expected the purpose "server-auth" or "client-auth", got ${describe(purpose)}`;
  throw new SSLConfigError(message, { reason: "BAD_OPTION" });
}

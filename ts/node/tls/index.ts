// The entry point wanttls/node/tls, a replacement for node:tls. `require` and the default import answer one object, whose
// settings (DEFAULT_MIN_VERSION and the like) can be assigned to, as Node's can.
import { nodeTls } from "../builtin.ts";
import { convertALPNProtocols } from "./alpn.ts";
import { callable, type Callable } from "./callable.ts";
import { connect } from "./connect.ts";
import { defaults, type Defaults, getCiphers } from "./defaults.ts";
import { createSecureContext, SecureContext } from "./secure-context.ts";
import { createServer, Server as ServerClass } from "./server.ts";
import { TLSSocket as TLSSocketClass } from "./tls-socket.ts";

export { connect, convertALPNProtocols, createSecureContext, createServer, getCiphers, SecureContext };
export type { Defaults } from "./defaults.ts";
export type { ConnectionOptions, OwnOptions, SecureContextOptions, TlsOptions, TLSSocketOptions } from "./options.ts";

type NodeTls = typeof import("node:tls");

/** As they are when the module is loaded; those of the default import can be assigned to. */
export const CLIENT_RENEG_LIMIT: number = defaults.CLIENT_RENEG_LIMIT;
export const CLIENT_RENEG_WINDOW: number = defaults.CLIENT_RENEG_WINDOW;
export const DEFAULT_CIPHERS: string = defaults.DEFAULT_CIPHERS;
export const DEFAULT_ECDH_CURVE: string = defaults.DEFAULT_ECDH_CURVE;
export const DEFAULT_MAX_VERSION: string = defaults.DEFAULT_MAX_VERSION;
export const DEFAULT_MIN_VERSION: string = defaults.DEFAULT_MIN_VERSION;

/** As Node's class; `new` may be left out. */
export const Server: Callable<typeof ServerClass> = callable("Server", ServerClass);
export type Server = ServerClass;
/** As Node's class; `new` may be left out. */
export const TLSSocket: Callable<typeof TLSSocketClass> = callable("TLSSocket", TLSSocketClass);
export type TLSSocket = TLSSocketClass;

/** Node's own: whether a certificate, as `getPeerCertificate` gives it, is the one of a host. */
export const checkServerIdentity: NodeTls["checkServerIdentity"] = nodeTls().checkServerIdentity;
/** Node's own: what the process trusts. */
export const getCACertificates: NodeTls["getCACertificates"] = nodeTls().getCACertificates;
/** Node's own: changes what the process trusts, also for contexts of this module. */
export const setDefaultCACertificates: NodeTls["setDefaultCACertificates"] = nodeTls().setDefaultCACertificates;
/** None: certificates are not compressed (RFC 8879). */
export function getCertificateCompressionAlgorithms(): string[] {
  return [];
}

/** Node's own: the roots that came with it. */
export const rootCertificates: NodeTls["rootCertificates"] = nodeTls().rootCertificates;

/** What the default import and `require` answer. */
export interface Tls extends Defaults {
  readonly SecureContext: typeof SecureContext;
  readonly Server: typeof Server;
  readonly TLSSocket: typeof TLSSocket;
  readonly connect: typeof connect;
  readonly convertALPNProtocols: typeof convertALPNProtocols;
  createSecureContext: typeof createSecureContext;
  readonly createServer: typeof createServer;
  readonly getCACertificates: NodeTls["getCACertificates"];
  readonly getCertificateCompressionAlgorithms: typeof getCertificateCompressionAlgorithms;
  readonly getCiphers: typeof getCiphers;
  readonly rootCertificates: NodeTls["rootCertificates"];
  readonly setDefaultCACertificates: NodeTls["setDefaultCACertificates"];
}

const tls: Tls = Object.assign(defaults, {
  SecureContext,
  Server,
  TLSSocket,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createServer,
  getCACertificates,
  getCertificateCompressionAlgorithms,
  getCiphers,
  setDefaultCACertificates,
  rootCertificates,
});
Object.defineProperty(tls, "rootCertificates", { value: rootCertificates, writable: false, configurable: false });

export default tls;
export { tls as "module.exports" };

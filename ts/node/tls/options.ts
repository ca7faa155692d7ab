// Owns the types of the options: Node's own, with what is said between the parts of this module. Refuses to check them.
import type {
  ConnectionOptions as NodeConnectionOptions,
  SecureContextOptions,
  TlsOptions,
  TLSSocketOptions as NodeTLSSocketOptions,
} from "node:tls";
import type { Duplex } from "node:stream";
import type { SecureContext } from "./secure-context.ts";
import type { Server } from "./server.ts";
import type { CheckServerIdentity } from "./server-identity.ts";

export type { SecureContextOptions, TlsOptions };

/** What the library does beyond Node, where Node has no word for it. */
export interface OwnOptions {
  /**
   * Left out: a transport that ends without the peer's close_notify ends the stream, as in Node, unless that is in the middle of
   * a record. `false`: it is an error in any case, with the code `"ERR_SSL_UNEXPECTED_EOF_WHILE_READING"`, because anybody on
   * the way can cut a connection. `true`: never.
   */
  readonly suppressRaggedEofs?: boolean;
}

/** Node's options for a client. */
export type ConnectionOptions = NodeConnectionOptions & OwnOptions;

/** Node's options for a socket over a stream. */
export type TLSSocketOptions = Omit<NodeTLSSocketOptions, "server" | "secureContext"> &
  OwnOptions & {
    readonly secureContext?: SecureContext;
    readonly server?: Server;
    readonly allowHalfOpen?: boolean;
    readonly highWaterMark?: number;
    readonly pauseOnConnect?: boolean;
    readonly signal?: AbortSignal;
    readonly onread?: unknown;
    readonly pskCallback?: unknown;
    readonly ALPNCallback?: unknown;
  };

/** Whom a client expects; without it a client verifies nothing. */
export interface Expectation {
  /** Whether others are refused, or only said to be others. */
  readonly reject: boolean;
  readonly host: string;
  /** Throws, or answers an error, for a certificate that is not the one of the host. */
  readonly check: CheckServerIdentity;
}

/** A stream to speak TLS over. */
export type Below = Duplex;

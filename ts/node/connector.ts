// Owns what lets undici, and with it `fetch` through one of its dispatchers, speak TLS through wanttls. Refuses to know HTTP.
import type { Socket } from "node:net";
import { type SSLContext, SSLConfigError, startTls, type TLSConnection } from "../index.ts";
import { tell } from "./callback.ts";
import { toDuplex } from "./duplex.ts";
import { connect } from "./stream.ts";
import { fromNodeSocket } from "./transport.ts";

/** What a connector can be told. */
export interface ConnectorOptions {
  /** How to speak TLS: whom to trust, what to present, and with `alpn` whether HTTP/2 is spoken. */
  readonly context: SSLContext;
  /** For the connection and the handshake together, in milliseconds; 60 seconds unless told. */
  readonly timeout?: number;
}

/** What undici asks a connector for. */
export interface ConnectorRequest {
  readonly hostname: string;
  readonly protocol: string;
  /** Empty for the port of the protocol. */
  readonly port: string;
  /** The name to verify, should it not be the one to connect to. */
  readonly servername?: string | null;
  /** A connection to speak TLS over, instead of one of our own. */
  readonly httpSocket?: Socket;
}

/** What undici takes as the `connect` of its agents, clients and pools. */
export type Connector = (
  request: ConnectorRequest,
  callback: (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
) => void;

/**
 * A connector for undici whose connections are wanttls's. HTTP/2 is spoken when the context's `alpn` has `"h2"` and the server
 * agrees. The callback gets SSLConfigError for what is no `https:`, and what `connect` rejects with.
 *
 * @example
 * const dispatcher = new Agent({ connect: connector({ context }) });
 * const response = await fetch("https://example.org/", { dispatcher });
 */
export function connector(options: ConnectorOptions): Connector {
  return (request, callback) => {
    tell(open(request, options), (error, tls) => {
      if (error) callback(error, null);
      // undici's types ask for a socket of TCP; what it uses of one, the stream has.
      else callback(null, toDuplex(tls) as unknown as Socket);
    });
  };
}

async function open(request: ConnectorRequest, { context, timeout }: ConnectorOptions): Promise<TLSConnection> {
  const { hostname, protocol, port, servername, httpSocket } = request;
  if (protocol !== "https:") throw new SSLConfigError(`Cannot connect to ${hostname}: ${protocol} is not https:`);
  const serverHostname = (servername ?? "") || hostname;
  const start = { context, serverHostname, ...(timeout === undefined ? {} : { handshakeTimeout: timeout }) };
  if (httpSocket !== undefined) return startTls(fromNodeSocket(httpSocket), start);
  return connect({ hostname, port: port === "" ? 443 : Number(port), ...start });
}

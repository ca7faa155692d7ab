// What the tests of this folder begin with: contexts for one version, and two connections with their handshake behind them.
import { afterAll } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import {
  type ClientOptions,
  type ServerOptions,
  SSLContext,
  startTls,
  type StartOptions,
  type TLSConnection,
  type TLSVersion,
} from "../../ts/index.ts";
import { certs } from "../support/certs.ts";

export const versions: readonly TLSVersion[] = ["TLSv1.2", "TLSv1.3"];

const made: SSLContext[] = [];
afterAll(() => made.splice(0).forEach((context) => context.dispose()));

/** A context for each side, which are disposed when the file is over. */
export function contexts(
  version: TLSVersion,
  server: Partial<ServerOptions> = {},
  client: Partial<ClientOptions> = {},
): { client: SSLContext; server: SSLContext } {
  const only = { minVersion: version, maxVersion: version };
  const { chain: cert, key } = certs.localhost;
  const both = {
    client: SSLContext.client({ ...only, ca: certs.root.cert, ...client }),
    server: SSLContext.server({ ...only, identities: [{ cert, key }], ...server }),
  };
  made.push(both.client, both.server);
  return both;
}

/** A client and a server, each over its transport. */
export async function connected(
  [left, right]: readonly [NonBlockingTransport, NonBlockingTransport],
  version: TLSVersion,
  options: Partial<StartOptions> = {},
): Promise<[TLSConnection, TLSConnection]> {
  const { client, server } = contexts(version, { numTickets: 0 });
  return Promise.all([
    startTls(left, { context: client, serverHostname: "localhost", ...options }),
    startTls(right, { context: server, ...options }),
  ]);
}

export interface Narrow {
  readonly client: TLSConnection;
  readonly server: TLSConnection;
  /** The client's transport. */
  readonly wire: NonBlockingTransport;
}

/** What either side writes beyond some 60 KB waits until the other reads. */
export async function narrow(version: TLSVersion): Promise<Narrow> {
  const [wire, other] = memoryTransportPair({ capacity: 10_000 });
  const [client, server] = await connected([wire, other], version, { highWaterMark: { outgoing: 50_000 } });
  return { client, server, wire };
}

/** All that comes until the peer closes its direction. */
export async function readAll(from: TLSConnection, signal?: () => AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(20_000);
  for (let size: number | null = 0; size !== null;) {
    try {
      size = await from.read(into, signal === undefined ? {} : { signal: signal() });
      parts.push(into.slice(0, size ?? 0));
    } catch (error) {
      if ((error as Error).message !== "cancelled") throw error;
    }
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

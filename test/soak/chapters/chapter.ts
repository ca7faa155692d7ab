// Owns the form of a chapter of a soak, and what most of them need: contexts, clients that are there, and saying what went wrong.
import { type ServerOptions, SSLContext, SSLEngineError, SSLError, SSLMemoryError } from "../../../ts/index.ts";
import { certs } from "../../support/certs.ts";
import { failureOf } from "../../support/failure.ts";
import type { Clients, PeerName } from "../clients/orders.ts";
import { comesTrue } from "../patience.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Failure, Service } from "../service.ts";

export type Chapter = (amounts: Amounts, report: Report) => Promise<void>;

/** Serves both versions, with tickets, and looks at the certificates of clients that have one. */
export function serverContext(options: Partial<ServerOptions> = {}): SSLContext {
  const { chain: cert, key } = certs.localhost;
  return SSLContext.server({
    identities: [{ cert, key }],
    ca: certs.root.cert,
    verifyMode: "optional",
    ...options,
  });
}

/**
 * Has so many more connect and stay under that name, until the server has all of them: a client is through with its handshake before it is.
 * Answers what went wrong.
 */
export async function gather(
  service: Service,
  clients: Clients,
  peer: PeerName,
  count: number,
  under: string,
): Promise<readonly string[]> {
  const all = service.open.size + count;
  const { failures } = await clients.ask({ do: "hold", port: service.port, peer, count, under });
  if (failures.length > 0 || (await comesTrue(() => service.open.size >= all))) return failures;
  return [`of ${all} connections (${under}) ${service.open.size} are there`];
}

export function described(failures: readonly Failure[]): string[] {
  return failures.map(({ shaking, error }) => `${shaking ? "handshake: " : ""}${failureOf(error)}`);
}

/** What a rude client may bring about; not errors without a type, traps, or a memory that is full. */
export function isExcusable(error: unknown): boolean {
  return error instanceof SSLError && !(error instanceof SSLEngineError) && !(error instanceof SSLMemoryError);
}

// Owns the form of a chapter of a soak, and what most of them need: contexts, and saying what went wrong.
import { type ServerOptions, SSLContext, SSLEngineError, SSLError, SSLMemoryError } from "../../../ts/index.ts";
import { certs } from "../../support/certs.ts";
import { failureOf } from "../../support/failure.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Failure } from "../service.ts";

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

export function described(failures: readonly Failure[]): string[] {
  return failures.map(({ shaking, error }) => `${shaking ? "handshake: " : ""}${failureOf(error)}`);
}

/** What a rude client may bring about; not errors without a type, traps, or a memory that is full. */
export function isExcusable(error: unknown): boolean {
  return error instanceof SSLError && !(error instanceof SSLEngineError) && !(error instanceof SSLMemoryError);
}

// Owns judging a peer that was let in whoever it is: what would have been said had it been verified. Refuses to know streams.
import { SSLCertVerificationError } from "../../index.ts";
import { complaintAbout } from "../../ssl/embedding.ts";
import type { SSLContext } from "../../ssl/ssl-context.ts";
import { verifyErrorOf } from "./failures.ts";
import { nodeError } from "./errors.ts";

/** Why the peer with this chain is not trusted, null when it is. Names are not compared here. */
export function distrust(chain: readonly Uint8Array[], context: SSLContext): NodeJS.ErrnoException | null {
  if (chain.length === 0) return nodeError("UNABLE_TO_GET_ISSUER_CERT", "unable to get issuer certificate");
  const error = complaintAbout(chain, context);
  return error instanceof SSLCertVerificationError ? verifyErrorOf(error) : error;
}

// Owns judging a peer that was let in whoever it is: what would have been said had it been verified. Refuses to know streams.
import { SSLCertVerificationError } from "../../index.ts";
import { complaintAbout, type EmbeddedObject } from "../../ssl/embedding.ts";
import type { SSLContext } from "../../ssl/ssl-context.ts";
import { verifyErrorOf } from "./failures.ts";
import { signatureSchemeId } from "../../ssl/tables.ts";
import { nodeError } from "./errors.ts";

/** Why the peer with this chain is not trusted, null when it is. Names are not compared here. */
export function distrust(chain: readonly Uint8Array[], context: SSLContext): NodeJS.ErrnoException | null {
  if (chain.length === 0) return nodeError("UNABLE_TO_GET_ISSUER_CERT", "unable to get issuer certificate");
  const error = complaintAbout(chain, context);
  return error instanceof SSLCertVerificationError ? verifyErrorOf(error) : error;
}

/** OpenSSL's reason for a server that finds no parameters in common with its client. */
export function missingCommon({ clientHello, context }: EmbeddedObject): string {
  const suites = context.getCiphers().filter(({ id }) => clientHello?.cipherSuites.includes(id));
  if (suites.length === 0) return "NO_SHARED_CIPHER";
  const offered = clientHello?.signatureAlgorithms ?? [];
  const schemes = context.getSigalgs().filter((scheme) => offered.includes(signatureSchemeId[scheme]));
  if (schemes.length === 0) return "NO_SHARED_SIGNATURE_ALGORITHMS";
  return suites.some(({ version }) => version === "TLSv1.3") ? "NO_SUITABLE_SIGNATURE_ALGORITHM" : "NO_SHARED_CIPHER";
}

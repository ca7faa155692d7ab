// How much a context trusts, in numbers, like Python's `cert_store_stats`.
import { SSLError } from "../engine/errors.ts";
import { parseX509, type X509 } from "./x509/certificate.ts";
import { keyUsageBit } from "./x509/extensions.ts";

/** What a context has been given to verify with. */
export interface CertStoreStats {
  /** Trusted certificates. */
  readonly x509: number;
  /** Those of them that may issue others. */
  readonly x509Ca: number;
  /** Revocation lists. */
  readonly crl: number;
}

/** Counts; `certificates` are DER. */
export function storeStats(certificates: readonly Uint8Array[], crls: number): CertStoreStats {
  return { x509: certificates.length, x509Ca: certificates.filter(mayIssue).length, crl: crls };
}

function mayIssue(der: Uint8Array): boolean {
  try {
    return isAuthority(parseX509(der));
  } catch (error) {
    if (error instanceof SSLError) return false;
    throw error;
  }
}

/** OpenSSL's `X509_check_ca`: before version 3 nothing says so, so a root counts as one. */
function isAuthority({ version, selfIssued, extensions }: X509): boolean {
  const signs = extensions.keyUsage?.value.has(keyUsageBit.keyCertSign);
  if (signs === false) return false;
  if (extensions.basicConstraints !== undefined) return extensions.basicConstraints.value.ca;
  return signs === true || (version === 1 && selfIssued);
}

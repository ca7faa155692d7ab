// Whether the peer is who it should be: puts the question to the path validation, and its answer into an error and an
// alert. Fails closed.
import { alert } from "../engine/alerts.ts";
import type { PeerChain } from "../engine/connection.ts";
import { type Failure, SSLError } from "../engine/errors.ts";
import type { HostName } from "./names.ts";
import type { Crl, CrlCheck } from "./x509/crl.ts";
import { errorOf } from "./x509/findings.ts";
import type { SignatureCheck } from "./x509/keys.ts";
import { lenientProfile, type Profile, standardProfile, webProfile } from "./x509/profile.ts";
import type { TrustStore } from "./x509/trust-store.ts";
import { validatePath } from "./x509/validate.ts";

/** How certificates of the peer are asked for and judged: Python's CERT_NONE, CERT_OPTIONAL and CERT_REQUIRED. */
export type VerifyMode = "none" | "optional" | "required";

/**
 * How much a certificate must do right. `"lenient"`: what safety needs, for certificates that were made by hand.
 * `"standard"`: RFC 5280 to the letter. `"web"`: what the CA/Browser Forum demands of public servers.
 */
export type CertProfile = "lenient" | "standard" | "web";

export interface VerificationPolicy {
  readonly mode: VerifyMode;
  readonly server: boolean;
  /** The name to compare, or null when names are not checked. */
  readonly host: HostName | null;
  readonly commonNameFallback: boolean;
  readonly trust: TrustStore;
  readonly partialChain: boolean;
  readonly profile: CertProfile;
  readonly crls: readonly Crl[];
  readonly crlCheck: CrlCheck;
  readonly now: () => number;
}

/** The path from the peer's certificate to a trusted one (DER), or what to throw and which alert to send. */
export type Verdict =
  | { readonly trusted: true; readonly path: readonly Uint8Array[] }
  | { readonly trusted: false; readonly failure: Failure };

/** Judges what the peer presented. */
export function judge(peer: PeerChain, policy: VerificationPolicy, verify: SignatureCheck): Verdict {
  if (policy.mode === "none") return { trusted: true, path: [] };
  if (peer.chain.length === 0) return withoutCertificate(policy);
  const result = validatePath({
    chain: peer.chain,
    trust: policy.trust,
    purpose: policy.server ? "clientAuth" : "serverAuth",
    host: policy.host,
    time: policy.now(),
    verify,
    profile: profiles[policy.profile],
    commonNameFallback: policy.commonNameFallback,
    partialChain: policy.partialChain,
    crls: policy.crls,
    crlCheck: policy.crlCheck,
  });
  if (result.ok) return { trusted: true, path: result.path.map(({ raw }) => raw) };
  return { trusted: false, failure: errorOf(result.failure, peer.chain, policy.host?.name ?? null) };
}

const profiles: Readonly<Record<CertProfile, Profile>> = {
  lenient: lenientProfile,
  standard: standardProfile,
  web: webProfile,
};

/** A client asked for its certificate may say that it has none (RFC 8446, section 4.4.2). */
function withoutCertificate(policy: VerificationPolicy): Verdict {
  if (policy.server && policy.mode === "optional") return { trusted: true, path: [] };
  const error = new SSLError("Cannot finish the handshake: the peer did not send a certificate", {
    reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE",
  });
  return { trusted: false, failure: { error, alert: alert.certificate_required } };
}

// Whether the peer is who it should be: puts the question to the path validation, and its answer into an error and an
// alert. Fails closed.
import { alert } from "../engine/alerts.ts";
import { type Failure, SSLError } from "../engine/errors.ts";
import type { Realm } from "../engine/realms.ts";
import { hashOf, verifySignature } from "../engine/signatures.ts";
import type { HostName } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import type { Crl, CrlCheck } from "./x509/crl.ts";
import { publicKeyOf } from "./x509/certificate.ts";
import { errorOf, toFailure } from "./x509/findings.ts";
import type { SignatureCheck } from "./x509/keys.ts";
import { type Pinning, unpinned } from "./x509/pins.ts";
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
  /** Pins of which the verified path must have one, or null for any. */
  readonly pins: ReadonlySet<string> | null;
  readonly now: () => number;
}

/** The arithmetic that the verdict needs. */
export interface Arithmetic {
  readonly verify: SignatureCheck;
  readonly sha256: (data: Uint8Array) => Uint8Array;
  /** Who calculates. */
  readonly realm: Realm;
}

export function arithmeticIn(realm: Realm): Arithmetic {
  return {
    verify: (key, method, data, signature) => verifySignature(realm, key, method, data, signature),
    sha256: (data) => hashOf(realm, 256, data),
    realm,
  };
}

/** The policy of a context for one connection. */
export function policyOf(checked: CheckedOptions, server: boolean, host: HostName | null): VerificationPolicy {
  return {
    mode: checked.verifyMode,
    server,
    host: checked.checkHostname ? host : null,
    commonNameFallback: checked.commonNameFallback,
    trust: checked.trust,
    partialChain: checked.partialChain,
    profile: checked.certProfile,
    crls: checked.crls,
    crlCheck: checked.crlCheck,
    pins: checked.pins,
    now: checked.now,
  };
}

/** The path from the peer's certificate to a trusted one (DER), or what to throw and which alert to send. */
export type Verdict =
  | { readonly trusted: true; readonly path: readonly Uint8Array[] }
  | { readonly trusted: false; readonly failure: Failure };

/** Judges what the peer presented: DER, its own certificate first; empty when it sent none. */
export function judge(
  chain: readonly Uint8Array[],
  policy: VerificationPolicy,
  { verify, sha256, realm }: Arithmetic,
): Verdict {
  const pinning = policy.pins === null ? null : { pins: policy.pins, hash: sha256 };
  if (policy.mode === "none" && pinning === null) return { trusted: true, path: [] };
  if (chain.length === 0) return withoutCertificate(policy);
  if (policy.mode === "none") return leafVerdict(chain, pinning!);
  const result = validatePath({
    chain,
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
    pinning,
    memory: policy.trust.memoryIn(realm),
  });
  if (result.ok) return { trusted: true, path: result.path.map(({ raw }) => raw) };
  return { trusted: false, failure: errorOf(result.failure, chain, policy.host?.name ?? null) };
}

/** Nothing is verified, so nothing but the peer's own key, which the handshake proves that it has, can be compared. */
function leafVerdict(chain: readonly Uint8Array[], pinning: Pinning): Verdict {
  const text = pinComplaint(chain[0]!, pinning);
  if (text === null) return { trusted: true, path: [] };
  const failure = toFailure([{ code: "PINNED_KEY_NOT_IN_CHAIN", text, certificate: null, depth: 0 }]);
  return { trusted: false, failure: errorOf(failure, chain, null) };
}

function pinComplaint(certificate: Uint8Array, pinning: Pinning): string | null {
  try {
    const seen = unpinned([publicKeyOf(certificate)], pinning);
    return seen === null ? null : `has a key that is not pinned, ${seen.join(", ")}`;
  } catch (error) {
    if (error instanceof SSLError) return `cannot be read (${error.message})`;
    throw error;
  }
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

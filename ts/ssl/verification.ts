// Whether the peer is who it should be: the verdict over what Mbed TLS found in the chain, and over names. Fails closed.
import { alert } from "../engine/alerts.ts";
import { verifyFlag, verifyText } from "../engine/codes.gen.ts";
import type { PeerChain } from "../engine/connection.ts";
import { type Failure, SSLCertVerificationError, SSLError } from "../engine/errors.ts";
import { parseCertificate } from "./certificate.ts";
import { type HostName, matchesHostName, namesOf } from "./names.ts";

/** How certificates of the peer are asked for and judged: Python's CERT_NONE, CERT_OPTIONAL and CERT_REQUIRED. */
export type VerifyMode = "none" | "optional" | "required";

export interface VerificationPolicy {
  readonly mode: VerifyMode;
  readonly server: boolean;
  /** The name to compare, or null when names are not checked. */
  readonly host: HostName | null;
  readonly commonNameFallback: boolean;
}

/** Null when the peer may be trusted, or what to throw and which alert to send. */
export function judge(peer: PeerChain, policy: VerificationPolicy): Failure | null {
  if (policy.mode === "none") return null;
  if (peer.chain.length === 0) return (peer.flags & verifyFlag.BADCERT_MISSING) === 0 ? illegible() : missing(policy);
  const flags = peer.flags & ~verifyFlag.BADCERT_CN_MISMATCH;
  if (flags !== 0) return refusal(peer, flags >>> 0, policy.host);
  return policy.host === null ? null : judgeName(peer, policy.host, policy.commonNameFallback);
}

/** A client asked for its certificate may say that it has none (RFC 8446, section 4.4.2). */
function missing(policy: VerificationPolicy): Failure | null {
  if (policy.server && policy.mode === "optional") return null;
  const error = new SSLError("Cannot finish the handshake: the peer did not send a certificate", {
    reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE",
  });
  return { error, alert: alert.certificate_required };
}

/** Mbed TLS passes over certificates with a signature algorithm that it does not know, until none is left. */
function illegible(): Failure {
  const why = "the certificate of the peer is signed with an algorithm that is not supported";
  const error = new SSLError(`Cannot finish the handshake: ${why}`, { reason: "BAD_CERTIFICATE", library: "X509" });
  return { error, alert: alert.unsupported_certificate };
}

function judgeName(peer: PeerChain, host: HostName, commonNameFallback: boolean): Failure | null {
  let why: string;
  try {
    const certificate = parseCertificate(peer.chain[0]!);
    if (matchesHostName(certificate, host, commonNameFallback)) return null;
    why = `it is for ${namesOf(certificate)}, not for ${host.name}`;
  } catch (error) {
    why = error instanceof Error ? error.message : "it cannot be decoded";
  }
  const verifyCode = host.kind === "ip" ? 64 : 62;
  const details = {
    verifyCode,
    verifyMessage: why,
    nodeCode: "ERR_TLS_CERT_ALTNAME_INVALID",
    flags: verifyFlag.BADCERT_CN_MISMATCH,
    depth: 0,
    chain: peer.chain,
    hostname: host.name,
  };
  return { error: new SSLCertVerificationError(details), alert: alert.bad_certificate };
}

function refusal(peer: PeerChain, flags: number, host: HostName | null): Failure {
  const finding = meanings.find(([flag]) => (flags & flag) !== 0);
  const [flag, verifyCode, nodeCode, alertNumber] = finding ?? fallback;
  const refined = flag === verifyFlag.BADCERT_NOT_TRUSTED ? refineUntrusted(peer) : { verifyCode, nodeCode };
  const texts = Object.entries(verifyText).filter(([bit]) => (flags & Number(bit)) !== 0);
  const place = peer.depth === 0 ? "" : ` (certificate ${peer.depth} of the chain)`;
  const verifyMessage = (refined.text ?? texts.map(([, text]) => lowerFirst(text)).join("; ")) + place;
  const details = {
    ...refined,
    verifyMessage,
    flags,
    depth: peer.depth,
    chain: peer.chain,
    hostname: host?.name ?? null,
  };
  return { error: new SSLCertVerificationError(details), alert: alertNumber };
}

/** Mbed TLS says only "not trusted"; OpenSSL and Node tell three cases apart. */
function refineUntrusted(peer: PeerChain): { verifyCode: number; nodeCode: string; text?: string } {
  const last = parsed(peer.chain.at(-1));
  const selfIssued = last !== null && JSON.stringify(last.subject) === JSON.stringify(last.issuer);
  if (selfIssued && peer.chain.length === 1) {
    return {
      verifyCode: 18,
      nodeCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
      text: "it is self-signed and not among the trusted certificates",
    };
  }
  if (selfIssued) {
    return {
      verifyCode: 19,
      nodeCode: "SELF_SIGNED_CERT_IN_CHAIN",
      text: "its chain ends in a self-signed certificate that is not trusted",
    };
  }
  return {
    verifyCode: 20,
    nodeCode: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    text: "it is not signed by a trusted certificate",
  };
}

function parsed(der: Uint8Array | undefined): ReturnType<typeof parseCertificate> | null {
  try {
    return der === undefined ? null : parseCertificate(der);
  } catch {
    return null;
  }
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

type Meaning = readonly [flag: number, verifyCode: number, nodeCode: string, alert: number];

/** OpenSSL's number, Node's string and the alert for each finding; the gravest first. */
const meanings: readonly Meaning[] = [
  [verifyFlag.BADCERT_REVOKED, 23, "CERT_REVOKED", alert.certificate_revoked],
  [verifyFlag.BADCERT_NOT_TRUSTED, 20, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", alert.unknown_ca],
  [verifyFlag.BADCERT_EXPIRED, 10, "CERT_HAS_EXPIRED", alert.certificate_expired],
  [verifyFlag.BADCERT_FUTURE, 9, "CERT_NOT_YET_VALID", alert.bad_certificate],
  [verifyFlag.BADCERT_KEY_USAGE, 32, "KEYUSAGE_NO_CERTSIGN", alert.unsupported_certificate],
  [verifyFlag.BADCERT_EXT_KEY_USAGE, 26, "INVALID_PURPOSE", alert.unsupported_certificate],
  [verifyFlag.BADCERT_NS_CERT_TYPE, 26, "INVALID_PURPOSE", alert.unsupported_certificate],
  [verifyFlag.BADCERT_BAD_KEY, 66, "EE_KEY_TOO_SMALL", alert.unsupported_certificate],
  [verifyFlag.BADCERT_BAD_PK, 66, "EE_KEY_TOO_SMALL", alert.unsupported_certificate],
  [verifyFlag.BADCERT_BAD_MD, 68, "CA_MD_TOO_WEAK", alert.bad_certificate],
  [verifyFlag.BADCRL_NOT_TRUSTED, 8, "CRL_SIGNATURE_FAILURE", alert.certificate_unknown],
  [verifyFlag.BADCRL_EXPIRED, 12, "CRL_HAS_EXPIRED", alert.certificate_unknown],
  [verifyFlag.BADCRL_FUTURE, 11, "CRL_NOT_YET_VALID", alert.certificate_unknown],
];

const fallback: Meaning = [verifyFlag.BADCERT_OTHER, 50, "APPLICATION_VERIFICATION", alert.certificate_unknown];

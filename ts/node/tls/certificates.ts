// Owns certificates as Node shows them: its old kind of objects, and X509Certificate. Refuses to know trust.
import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { alertDescription } from "../../index.ts";
import { opensslError } from "./errors.ts";

/** One certificate as a plain object; `{}` for none. */
export function plainCertificate(der: Uint8Array | undefined): PeerCertificate {
  return (der === undefined ? {} : new X509Certificate(der).toLegacyObject()) as unknown as PeerCertificate;
}

/** The trusted certificates that may have issued one. */
export type TrustedIssuers = (der: Uint8Array) => readonly Uint8Array[];

/**
 * A certificate with those above it as `issuerCertificate`: out of the chain first, then out of the trusted ones. A
 * self-signed certificate is its own issuer, as in Node.
 */
export function detailedCertificate(chain: readonly Uint8Array[], trusted: TrustedIssuers): DetailedPeerCertificate {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return {} as DetailedPeerCertificate;
  const path = pathFrom(new X509Certificate(leaf), others, trusted);
  const objects = path.map((one) => one.toLegacyObject() as unknown as DetailedPeerCertificate);
  const top = path.at(-1)!;
  for (const [i, object] of objects.entries()) {
    const above = objects[i + 1] ?? (top.checkIssued(top) ? object : undefined);
    if (above !== undefined) object.issuerCertificate = above;
  }
  return objects[0]!;
}

/** The certificates above the own one, the root included as OpenSSL has it, as far as there are any. */
export function chainAbove(leaf: Uint8Array, candidates: readonly Uint8Array[]): Uint8Array[] {
  return pathFrom(new X509Certificate(leaf), candidates)
    .slice(1)
    .map(({ raw }) => raw);
}

/** The peer's certificate with those above it that it presented, as `issuerCertificate`. */
export function x509Chain(chain: readonly Uint8Array[]): X509Certificate | undefined {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return undefined;
  const path = pathFrom(new X509Certificate(leaf), others);
  for (const [i, certificate] of path.entries())
    if (i + 1 < path.length) Object.defineProperty(certificate, "issuerCertificate", { value: path[i + 1] });
  return path[0];
}

function pathFrom(
  leaf: X509Certificate,
  candidates: readonly Uint8Array[],
  trusted: TrustedIssuers = () => [],
): X509Certificate[] {
  const path = [leaf];
  for (let last = leaf; !last.checkIssued(last);) {
    const others = [...candidates, ...trusted(last.raw)].filter((der) => !isIn(path, der));
    const above = issuerOf(last, others);
    if (above === null) break;
    path.push(above);
    last = above;
  }
  return path;
}

function isIn(path: readonly X509Certificate[], der: Uint8Array): boolean {
  return path.some(({ raw }) => raw.equals(der));
}

function issuerOf(certificate: X509Certificate, candidates: readonly Uint8Array[]): X509Certificate | null {
  for (const der of candidates) {
    const candidate = readable(der);
    if (candidate !== null && certificate.checkIssued(candidate)) return candidate;
  }
  return null;
}

/**
 * Throws, for use within the handshake, when the peer's certificate is one that OpenSSL cannot read and that is accepted from
 * anybody: with Node there is no such connection, and no program is prepared for one whose certificate cannot be shown.
 */
export function requireReadable(leaf: Uint8Array | undefined): void {
  if (leaf === undefined || readable(leaf) !== null) return;
  const failure = opensslError("ERR_SSL_DECODE_ERROR", "decode error", "SSL routines");
  throw Object.assign(failure, { alert: alertDescription.decode_error });
}

/** Null for a certificate that OpenSSL cannot read: it is nobody's issuer. */
function readable(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

// Channel bindings (RFC 5929, RFC 9266): bytes that both ends of one TLS connection know and nobody in between can have.
import type { Connection } from "../engine/connection.ts";
import { hashOf, type SignatureMethod } from "../engine/signatures.ts";
import { DerReader, tag } from "./der.ts";
import type { TLSVersion } from "./tables.ts";

/**
 * The three kinds. `tls-unique` (RFC 5929) is for TLS 1.2 only; `tls-exporter` (RFC 9266) is there in TLS 1.3, and in TLS 1.2
 * with the extended master secret; `tls-server-end-point` (RFC 5929) whenever the server has a certificate.
 */
export type ChannelBindingType = "tls-unique" | "tls-server-end-point" | "tls-exporter";

/** The binding, or null when this connection has none of that kind. The handshake must be over. */
export function channelBinding(
  connection: Connection,
  type: ChannelBindingType,
  version: TLSVersion,
  server: { readonly identities: number } | null,
): Uint8Array | null {
  if (type === "tls-exporter") return exporter(connection);
  if (type === "tls-unique") return version === "TLSv1.2" ? firstFinished(connection, server !== null) : null;
  const certificate = serverCertificate(connection, server);
  return certificate === null ? null : hashOf(connection.realm, endPointHash(certificate), certificate);
}

/** RFC 9266, section 4.2: without a unique master secret it binds to nothing. There is no renegotiation here. */
function exporter(connection: Connection): Uint8Array | null {
  if (!connection.facts.uniqueMasterSecret()) return null;
  return connection.exportKeys(32, new TextEncoder().encode("EXPORTER-Channel-Binding"), new Uint8Array(0));
}

/**
 * RFC 5929, section 3.1: the client's in a full handshake, the server's when a session is resumed; there somebody in between
 * could make both connections' the same without the extended master secret (RFC 7627, section 1).
 */
function firstFinished(connection: Connection, server: boolean): Uint8Array | null {
  const resumed = connection.facts.resumed();
  if (resumed && !connection.facts.uniqueMasterSecret()) return null;
  const finished = connection.facts.finished();
  return finished === null ? null : resumed === server ? finished.own : finished.peer;
}

/** Of a resumed session the one that was presented when it began: which of several that was is forgotten. */
function serverCertificate(connection: Connection, server: { readonly identities: number } | null): Uint8Array | null {
  if (connection.facts.pskUsed()) return null;
  if (server === null) return connection.peerChain()[0] ?? null;
  return connection.facts.resumed() && server.identities !== 1 ? null : connection.facts.ownCertificate();
}

/** RFC 5929, section 4.1: the hash of the certificate's signature, but SHA-256 instead of MD5 and SHA-1. */
function endPointHash(certificate: Uint8Array): SignatureMethod["hash"] {
  const outer = new DerReader(certificate).inside(tag.sequence);
  outer.next(tag.sequence);
  const algorithm = outer.inside(tag.sequence);
  const oid = algorithm.oid();
  if (oid === rsassaPss) return hashOfPss(algorithm);
  return hashOfOid[oid] ?? 256;
}

/** RFC 4055, section 3.1: the hash is the first, optional parameter. */
function hashOfPss(algorithm: DerReader): SignatureMethod["hash"] {
  const parameters = algorithm.more ? algorithm.inside(tag.sequence) : undefined;
  const hash = parameters?.optional(160);
  if (hash === undefined) return 256;
  return hashOfOid[new DerReader(hash.content).inside(tag.sequence).oid()] ?? 256;
}

const rsassaPss = "1.2.840.113549.1.1.10";

const hashOfOid: Readonly<Record<string, SignatureMethod["hash"]>> = {
  "1.2.840.113549.1.1.11": 256,
  "1.2.840.113549.1.1.12": 384,
  "1.2.840.113549.1.1.13": 512,
  "1.2.840.113549.1.1.14": 224,
  "1.2.840.10045.4.3.1": 224,
  "1.2.840.10045.4.3.2": 256,
  "1.2.840.10045.4.3.3": 384,
  "1.2.840.10045.4.3.4": 512,
  "2.16.840.1.101.3.4.2.1": 256,
  "2.16.840.1.101.3.4.2.2": 384,
  "2.16.840.1.101.3.4.2.3": 512,
  "2.16.840.1.101.3.4.2.4": 224,
};

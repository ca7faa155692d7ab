// Path validation (RFC 5280, section 6) with the rules of public servers on top: is there a path from a trusted certificate
// to the peer's, and does the peer's stand for who was asked for. Time, trust and arithmetic are given; nothing is kept but
// what goes into the memory, which makes it faster and changes no answer.
import { SSLError } from "../../engine/errors.ts";
import type { HostName } from "../names.ts";
import { parseX509, type X509 } from "./certificate.ts";
import type { Crl, CrlCheck } from "./crl.ts";
import { type Finding, type PathFailure, toFailure } from "./findings.ts";
import { hostComplaints } from "./host.ts";
import type { SignatureCheck } from "./keys.ts";
import type { PathMemory } from "./memory.ts";
import { PathSearch } from "./path-search.ts";
import type { Pinning } from "./pins.ts";
import { type Profile, type Purpose, standardProfile } from "./profile.ts";
import type { TrustStore } from "./trust-store.ts";

export interface PathOptions {
  /** What the peer presented, DER: its own certificate, then others in any order, needed or not. */
  readonly chain: readonly Uint8Array[];
  readonly trust: TrustStore;
  readonly purpose: Purpose;
  /** Who the peer's certificate must stand for; null when names are not compared. */
  readonly host: HostName | null;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly verify: SignatureCheck;
  /** Default `standardProfile`. */
  readonly profile?: Profile;
  /** Compare the subject's common name when the certificate has neither DNS names nor addresses. Default `false`. */
  readonly commonNameFallback?: boolean;
  /** Let a path end at any trusted certificate, not at self-issued ones only. Default `false`. */
  readonly partialChain?: boolean;
  /** Authorities between the peer's certificate and the trusted one. Default 8. */
  readonly maxIntermediates?: number;
  /** Signatures that one validation may check; one under a key on P-384 counts as 4, on P-521 as 6. Default 100. */
  readonly signatureBudget?: number;
  readonly crls?: readonly Crl[];
  /** Default `"off"`. */
  readonly crlCheck?: CrlCheck;
  /** Keys of which the path must have one; null, the default, for any path. */
  readonly pinning?: Pinning | null;
  /** What is known of earlier paths; null, the default, for none. */
  readonly memory?: PathMemory | null;
}

export type PathResult =
  /** From the peer's certificate to the trusted one. */
  { readonly ok: true; readonly path: readonly X509[] } | { readonly ok: false; readonly failure: PathFailure };

/** The options with nothing left out. */
export type Settings = Required<Omit<PathOptions, "chain">>;

/** Looks for a path that holds. Never throws for what the peer sent. */
export function validatePath(options: PathOptions): PathResult {
  const settings = withDefaults(options);
  const { memory } = settings;
  const parsed = options.chain.map((der) => memory?.certificate(der) ?? parseOrNot(der));
  const leaf = parsed[0];
  if (leaf === undefined) return failed([nothing("UNSPECIFIED", "is missing", 0)]);
  if (leaf instanceof SSLError) return failed([undecodable(leaf, 0)]);
  const search = new PathSearch(settings, readable(parsed));
  const { path, findings } = search.run(leaf, hostComplaints(leaf, settings.host, settings.commonNameFallback));
  if (path !== null) {
    memory?.keep(path, search.links());
    return { ok: true, path };
  }
  return failed([...findings, ...missingPieces(findings, parsed)]);
}

function withDefaults(options: PathOptions): Settings {
  return {
    trust: options.trust,
    purpose: options.purpose,
    host: options.host,
    time: options.time,
    verify: options.verify,
    profile: options.profile ?? standardProfile,
    commonNameFallback: options.commonNameFallback ?? false,
    partialChain: options.partialChain ?? false,
    maxIntermediates: options.maxIntermediates ?? 8,
    signatureBudget: options.signatureBudget ?? 100,
    crls: options.crls ?? [],
    crlCheck: options.crlCheck ?? "off",
    pinning: options.pinning ?? null,
    memory: options.memory ?? null,
  };
}

/** Of a copy: a certificate that is remembered must not change when the caller's bytes do. */
function parseOrNot(der: Uint8Array): X509 | SSLError {
  try {
    return parseX509(der.slice());
  } catch (error) {
    if (error instanceof SSLError) return error;
    throw error;
  }
}

/** Without those that cannot be read, as they may not be needed. */
function readable(parsed: readonly (X509 | SSLError)[]): X509[] {
  const certificates = parsed.filter((one): one is X509 => !(one instanceof SSLError));
  return certificates.slice(0, mostPresented);
}

/** More than that is no chain. */
const mostPresented = 64;

/** When a path ends in nothing, a certificate that could not be read may be what is missing. */
function missingPieces(findings: readonly Finding[], parsed: readonly (X509 | SSLError)[]): Finding[] {
  if (!findings.some(({ code }) => code === "UNABLE_TO_GET_ISSUER_CERT_LOCALLY")) return [];
  return parsed.flatMap((one, depth) => (one instanceof SSLError ? undecodable(one, depth) : []));
}

function undecodable(error: SSLError, depth: number): Finding {
  return nothing("UNSPECIFIED", `cannot be read (${error.message})`, depth);
}

function nothing(code: Finding["code"], text: string, depth: number): Finding {
  return { code, text, depth, certificate: null };
}

function failed(findings: readonly Finding[]): PathResult {
  return { ok: false, failure: toFailure(findings) };
}

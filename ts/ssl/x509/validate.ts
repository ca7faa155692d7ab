// Path validation (RFC 5280, section 6) with the rules of public servers on top: is there a path from a trusted certificate
// to the peer's, and does the peer's stand for who was asked for. Time, trust and arithmetic are given; nothing is kept but
// what goes into the memory, which makes it faster and changes no answer.
import { SSLError } from "../../engine/errors.ts";
import { parseX509, type X509 } from "./certificate.ts";
import { type Finding, type PathFailure, toFailure } from "./findings.ts";
import { hostComplaints } from "./host.ts";
import { type PathOptions, withDefaults } from "./path-options.ts";
import { PathSearch } from "./path-search.ts";

export type PathResult =
  /** From the peer's certificate to the trusted one. */
  { readonly ok: true; readonly path: readonly X509[] } | { readonly ok: false; readonly failure: PathFailure };

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

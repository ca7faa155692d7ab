// The form of a case: what the peer presents, what is trusted, what must come out. The same tables are run through our path
// validation and, where it can be asked the same question, through OpenSSL's.
import type { CrlCheck } from "../../../../ts/ssl/x509/crl.ts";
import type { FindingCode } from "../../../../ts/ssl/x509/findings.ts";
import type { Profile, Purpose } from "../../../../ts/ssl/x509/profile.ts";
import {
  type CertificateSpec,
  type Made,
  makeAuthority,
  makeRoot,
  makeServer,
} from "../../../support/certificate-factory.ts";
import type { Der } from "../../../support/der-writer.ts";

export interface CaseOptions {
  /** Default "server.example"; null when names are not compared. */
  readonly host?: string | null;
  /** Default "serverAuth". */
  readonly purpose?: Purpose;
  /** Default `today` of the factory. */
  readonly time?: number;
  readonly profile?: Profile;
  readonly partialChain?: boolean;
  readonly commonNameFallback?: boolean;
  readonly maxIntermediates?: number;
  readonly crls?: readonly Der[];
  readonly crlCheck?: CrlCheck;
  /** What OpenSSL says where it is of another opinion ("accepts", "refuses"), or cannot be asked the same question ("-"). */
  readonly openssl?: "accepts" | "refuses" | "-";
}

export interface Case extends CaseOptions {
  readonly name: string;
  readonly chain: readonly Der[];
  readonly trust: readonly Der[];
  readonly expected: "ok" | FindingCode;
}

export const server = "server.example";
export const root: Made = makeRoot("Root");
export const authority: Made = makeAuthority(root, "Authority");

/** A chain of leaf, intermediates, root: the last one is trusted, the others are presented. */
export function chainCase(
  name: string,
  chain: readonly Made[],
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  const ders = chain.map(({ der }) => der);
  return { name, chain: ders.slice(0, -1), trust: ders.slice(-1), expected, ...options };
}

/** A server's certificate that differs from a good one in what `spec` says. */
export function leafCase(
  name: string,
  spec: CertificateSpec,
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  return chainCase(name, [makeServer(authority, server, spec), authority, root], expected, options);
}

/** An intermediate authority that differs from a good one in what `spec` says. */
export function authorityCase(
  name: string,
  spec: CertificateSpec,
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  const odd = makeAuthority(root, "Odd Authority", spec);
  return chainCase(name, [makeServer(odd, server), odd, root], expected, options);
}

/** A root that differs from a good one in what `spec` says. */
export function rootCase(
  name: string,
  spec: CertificateSpec,
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  const odd = makeRoot("Odd Root", spec);
  return chainCase(name, [makeServer(odd, server), odd], expected, options);
}

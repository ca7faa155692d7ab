// The search for a path from the peer's certificate to a trusted one: depth first, most promising issuer first, back from
// every dead end. Bounded in depth, in signatures, in steps and in comparisons of names, as the chain comes from a stranger.
//
// It walks in two moods. Picky, it turns back at the first thing that is wrong. Curious, it only turns back where nobody
// signed, and notes what is wrong on the way: so the error tells of the path that came closest, not of the first detour.
import type { Complaint, Role } from "./profile.ts";
import { complaintsAbout, timeComplaints } from "./profile.ts";
import { constrainedNames, sameBytes, type X509 } from "./certificate.ts";
import type { Finding, FindingCode } from "./findings.ts";
import { isSignedBy, type PublicKey, type Signed } from "./keys.ts";
import type { Link } from "./memory.ts";
import { type ComparisonBudget, type ConstrainedName, type Violation, violationOf } from "./name-constraints.ts";
import { revocationComplaints } from "./crl.ts";
import type { Settings } from "./path-options.ts";
import { pinSentence, unpinned } from "./pins.ts";
import { policyVerdict } from "./policies.ts";

/** A path that holds, from the peer's certificate to the trusted one; or what keeps the best of the others from holding. */
export type SearchResult =
  | { readonly path: readonly X509[]; readonly findings: null }
  | { readonly path: null; readonly findings: readonly Finding[] };

export class PathSearch {
  readonly #settings: Settings;
  readonly #presented: ReadonlyMap<string, readonly X509[]>;
  readonly #budget: ComparisonBudget;
  readonly #signatures = new Map<Signed, Map<X509, boolean>>();
  readonly #complaints = new Map<X509, Map<Role, readonly Complaint[]>>();
  readonly #names = new Map<X509, readonly ConstrainedName[]>();
  #signatureChecks: number;
  #steps = mostSteps;
  #curious = false;
  #best: readonly Finding[] | null = null;
  #deadEnd: Finding | null = null;

  constructor(settings: Settings, presented: readonly X509[]) {
    this.#settings = settings;
    this.#signatureChecks = settings.signatureBudget;
    this.#budget = { comparisons: mostComparisons };
    this.#presented = bySubject(presented);
  }

  /** `leafComplaints` are added to those about the leaf that the search finds itself. */
  run(leaf: X509, leafComplaints: readonly Complaint[]): SearchResult {
    const role = this.#isTrustedAlone(leaf) ? "trusted leaf" : "leaf";
    const own = [...this.#complaintsAs(leaf, role), ...leafComplaints].map(([code, text]) =>
      finding(code, text, leaf, 0),
    );
    try {
      const path = own.length === 0 ? this.#climb([leaf], []) : null;
      if (path !== null) return { path, findings: null };
      this.#curious = true;
      this.#climb([leaf], []);
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error;
      this.#deadEnd = finding("UNSPECIFIED", "comes with a chain that takes too much work to check", leaf, 0);
    }
    const rest = this.#best ?? (this.#deadEnd === null ? [] : [this.#deadEnd]);
    return { path: null, findings: [...rest, ...own] };
  }

  /** The signatures that the search has found right. */
  *links(): Generator<Link> {
    for (const [signed, byIssuer] of this.#signatures)
      for (const [issuer, right] of byIssuer) if (right) yield [signed, issuer.publicKey];
  }

  /** The path completed upwards, or null. `noted` is what a curious search has found on the way. */
  #climb(path: readonly X509[], noted: readonly Finding[]): readonly X509[] | null {
    if (this.#steps-- <= 0) throw new Exhausted();
    const top = path.at(-1)!;
    if (this.#isTrustedAlone(top)) {
      const found = this.#complete(path, noted);
      if (found !== null || top.selfIssued) return found;
    }
    const intermediates = path.length - 1;
    if (intermediates > this.#settings.maxIntermediates) return this.#noteDeadEnd("CERT_CHAIN_TOO_LONG", path);
    const issuers = this.#issuersOf(top, path);
    if (issuers.length === 0) return this.#noteDeadEnd(this.#nobodyAbove(path), path);
    for (const issuer of issuers) {
      const found = this.#climbOver(issuer, path, noted);
      if (found !== null) return found;
    }
    return null;
  }

  #climbOver(issuer: X509, path: readonly X509[], noted: readonly Finding[]): readonly X509[] | null {
    if (this.#steps-- <= 0) throw new Exhausted();
    const complaints = this.#complaintsAgainst(issuer, path);
    if (complaints.length > 0 && !this.#curious) return null;
    const top = path.at(-1)!;
    if (!this.#isSigned(top, issuer)) {
      if (keyMatch(top, issuer) === "different") return this.#noteDeadEnd("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", path);
      return this.#noteDeadEnd("CERT_SIGNATURE_FAILURE", path);
    }
    return this.#climb([...path, issuer], this.#curious ? [...noted, ...complaints] : noted);
  }

  /** What needs the whole path: policies, revocation and pins. */
  #complete(path: readonly X509[], noted: readonly Finding[]): readonly X509[] | null {
    const below = path.slice(0, -1);
    const verdict = policyVerdict(below);
    const findings = [...noted, ...this.#revocations(path), ...this.#pinComplaints(path)];
    if (verdict !== null) {
      const [code, text] = verdict.complaint;
      findings.push(finding(code, text, verdict.certificate, path.indexOf(verdict.certificate)));
    }
    if (findings.length === 0 && !this.#curious) return path;
    if (this.#best === null || findings.length < this.#best.length) this.#best = findings;
    return null;
  }

  #revocations(path: readonly X509[]): Finding[] {
    const { crlCheck, crls, time, profile } = this.#settings;
    const asked = crlCheck === "off" ? 0 : crlCheck === "leaf" ? 1 : path.length;
    return path
      .slice(0, -1)
      .slice(0, asked)
      .flatMap((certificate, depth) => {
        const issuer = path[depth + 1]!;
        const signed = (crl: Signed): boolean => this.#isSigned(crl, issuer);
        const complaints = revocationComplaints({ certificate, issuer, time, crls, profile, signed });
        return complaints.map(([code, text]) => finding(code, text, certificate, depth));
      });
  }

  /** Of the path alone: what else the peer has sent vouches for nothing. */
  #pinComplaints(path: readonly X509[]): Finding[] {
    const { pinning } = this.#settings;
    const seen =
      pinning === null
        ? null
        : unpinned(
            path.map(({ publicKey }) => publicKey.raw),
            pinning,
          );
    if (seen === null) return [];
    return [finding("PINNED_KEY_NOT_IN_CHAIN", pinSentence(seen), path[0]!, 0)];
  }

  /** Everything that speaks against the issuer in this place. */
  #complaintsAgainst(issuer: X509, path: readonly X509[]): Finding[] {
    const role = this.#isTrustedAlone(issuer) ? "anchor" : "intermediate";
    const complaints = [...this.#complaintsAs(issuer, role), ...pathLengthComplaints(issuer, path)];
    const found = complaints.map(([code, text]) => finding(code, text, issuer, path.length));
    return found.length > 0 && !this.#curious ? found : [...found, ...this.#nameFindings(issuer, path)];
  }

  /** Name constraints hold for all below, but not for an authority that renewed itself (RFC 5280, section 6.1.3 (b)). */
  #nameFindings(issuer: X509, path: readonly X509[]): Finding[] {
    const constraints = issuer.extensions.nameConstraints;
    if (constraints === undefined) return [];
    return path.flatMap((certificate, depth) => {
      if (depth > 0 && certificate.selfIssued) return [];
      const wrong = violationOf(constraints.value, constraints.critical, this.#namesOf(certificate), this.#budget);
      if (wrong?.violation === "too many") throw new Exhausted();
      return wrong === null ? [] : [violationFinding(wrong.violation, wrong.name, certificate, depth)];
    });
  }

  #namesOf(certificate: X509): readonly ConstrainedName[] {
    let names = this.#names.get(certificate);
    if (names === undefined) {
      names = constrainedNames(certificate, this.#settings.commonNameFallback);
      this.#names.set(certificate, names);
    }
    return names;
  }

  #complaintsAs(certificate: X509, role: Role): readonly Complaint[] {
    const byRole = this.#complaints.get(certificate) ?? new Map<Role, readonly Complaint[]>();
    this.#complaints.set(certificate, byRole);
    let complaints = byRole.get(role);
    if (complaints === undefined) {
      const { purpose, profile, time } = this.#settings;
      complaints = [...complaintsAbout(certificate, role, purpose, profile), ...timeComplaints(certificate, time)];
      byRole.set(role, complaints);
    }
    return complaints;
  }

  #isSigned(signed: Signed, issuer: X509): boolean {
    const known = this.#signatures.get(signed) ?? new Map<X509, boolean>();
    this.#signatures.set(signed, known);
    let right = known.get(issuer);
    if (right === undefined) known.set(issuer, (right = this.#checkSignature(signed, issuer)));
    return right;
  }

  #checkSignature(signed: Signed, { publicKey }: X509): boolean {
    const { memory, verify } = this.#settings;
    if (memory?.isSigned(signed, publicKey) === true) return true;
    this.#signatureChecks -= checkCost(publicKey);
    if (this.#signatureChecks < 0) throw new Exhausted();
    return isSignedBy(signed, publicKey, verify);
  }

  /** Trusted, and the end of a path: others in the store only help to get there, unless partial chains are welcome. */
  #isTrustedAlone(certificate: X509): boolean {
    const { trust, partialChain } = this.#settings;
    return (partialChain || certificate.selfIssued) && trust.has(certificate);
  }

  /** Who may have issued it, the most promising first. Nobody comes twice in a path, not in another certificate either. */
  #issuersOf(certificate: X509, path: readonly X509[]): X509[] {
    const trusted = this.#settings.trust.issuers(certificate.issuer);
    const presented = this.#presented.get(certificate.issuer.key) ?? [];
    const others = presented.filter(({ raw }) => !trusted.some((one) => sameBytes(one.raw, raw)));
    return [...trusted, ...others]
      .filter((issuer) => !path.some((below) => isSameEntity(below, issuer)))
      .map((issuer) => ({ issuer, promise: this.#promise(issuer, certificate, trusted.includes(issuer)) }))
      .toSorted((a, b) => b.promise - a.promise)
      .map(({ issuer }) => issuer);
  }

  #promise(issuer: X509, certificate: X509, trusted: boolean): number {
    const match = keyMatch(certificate, issuer);
    const valid = timeComplaints(issuer, this.#settings.time).length === 0;
    return (trusted ? 4 : 0) + (valid ? 2 : 0) + (match === "same" ? 3 : match === "different" ? -6 : 0);
  }

  #nobodyAbove(path: readonly X509[]): FindingCode {
    const top = path.at(-1)!;
    if (top.selfIssued) return path.length === 1 ? "DEPTH_ZERO_SELF_SIGNED_CERT" : "SELF_SIGNED_CERT_IN_CHAIN";
    return this.#settings.trust.has(top) ? "UNABLE_TO_GET_ISSUER_CERT" : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
  }

  /** Of several dead ends the most telling counts: a wrong signature, then the one that is farthest up. */
  #noteDeadEnd(code: FindingCode, path: readonly X509[]): null {
    const depth = path.length - 1;
    const [before, now] = [this.#deadEnd, deadEndWeight(code, depth)];
    if (before === null || now > deadEndWeight(before.code, before.depth))
      this.#deadEnd = finding(code, deadEnds[code] ?? "", path[depth]!, depth);
    return null;
  }
}

/** Each certificate once, by subject. */
function bySubject(certificates: readonly X509[]): ReadonlyMap<string, readonly X509[]> {
  const index = new Map<string, X509[]>();
  for (const certificate of certificates) {
    const same = index.get(certificate.subject.key) ?? [];
    if (same.some(({ raw }) => sameBytes(raw, certificate.raw))) continue;
    same.push(certificate);
    index.set(certificate.subject.key, same);
  }
  return index;
}

/** How often a path may be extended or an issuer be looked at in one validation. */
const mostSteps = 10_000;

/** How many names may be held against how many subtrees in one validation. */
const mostComparisons = 250_000;

/** What a signature costs to check, in signatures under a key on P-256: on longer curves each takes several times as long. */
function checkCost(key: PublicKey): number {
  if (key.kind !== "ec") return 1;
  return key.curve === "P-521" ? 6 : key.curve === "P-384" ? 4 : 1;
}

/** The chain needs more work than a stranger's may. */
class Exhausted extends Error {}

const deadEnds: Partial<Record<FindingCode, string>> = {
  CERT_SIGNATURE_FAILURE: "was not signed by the certificate that bears the name of its issuer",
  CERT_CHAIN_TOO_LONG: "is not reached from a trusted certificate by a chain that is short enough",
  DEPTH_ZERO_SELF_SIGNED_CERT: "is self-signed and not among the trusted certificates",
  SELF_SIGNED_CERT_IN_CHAIN: "is self-signed and not among the trusted certificates",
  UNABLE_TO_GET_ISSUER_CERT: "is trusted, but not self-signed, and its issuer is not there",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "is not signed by a trusted certificate",
};

function deadEndWeight(code: FindingCode, depth: number): number {
  return depth + (code === "CERT_SIGNATURE_FAILURE" ? 1000 : 0);
}

function finding(code: FindingCode, text: string, certificate: X509, depth: number): Finding {
  return { code, text, certificate, depth };
}

/** Section 6.1.4 (l) and (m): authorities that renewed themselves do not count, and the peer's certificate never does. */
function pathLengthComplaints(issuer: X509, path: readonly X509[]): Complaint[] {
  const limit = issuer.extensions.basicConstraints?.value.pathLength ?? null;
  const below = path.slice(1).filter(({ selfIssued }) => !selfIssued).length;
  if (limit === null || below <= limit) return [];
  return [["PATH_LENGTH_EXCEEDED", `allows ${limit} authorities below it, where there are ${below}`]];
}

/** A hint only: whoever signed, signed. */
function keyMatch(certificate: X509, issuer: X509): "same" | "different" | "unknown" {
  const wanted = certificate.extensions.authorityKeyIdentifier?.value.keyId;
  const own = issuer.extensions.subjectKeyIdentifier?.value;
  if (wanted === undefined || wanted === null || own === undefined) return "unknown";
  return sameBytes(wanted, own) ? "same" : "different";
}

/** The same name with the same key, whoever certified it: to pass there again leads nowhere new. */
function isSameEntity(a: X509, b: X509): boolean {
  return a.subject.key === b.subject.key && sameBytes(a.publicKey.raw, b.publicKey.raw);
}

function violationFinding(violation: Violation, name: ConstrainedName, certificate: X509, depth: number): Finding {
  const text = "text" in name ? `the name ${JSON.stringify(name.text.slice(0, longestName))}` : nameKinds[name.kind];
  if (violation === "permitted")
    return finding(
      "PERMITTED_VIOLATION",
      `has ${text}, which an authority above it may not vouch for`,
      certificate,
      depth,
    );
  if (violation === "excluded")
    return finding(
      "EXCLUDED_VIOLATION",
      `has ${text}, which an authority above it must not vouch for`,
      certificate,
      depth,
    );
  return finding(
    "UNSUPPORTED_CONSTRAINT_TYPE",
    `has ${text} under constraints that are not understood`,
    certificate,
    depth,
  );
}

const longestName = 100;

const nameKinds: Readonly<Record<ConstrainedName["kind"], string>> = {
  dns: "a DNS name",
  email: "an email address",
  uri: "a URI",
  ip: "an IP address",
  directory: "a subject or directory name",
  otherName: "a name of a kind of its own",
  x400Address: "an X.400 address",
  ediPartyName: "an EDI party name",
  registeredID: "a registered identifier",
};

// Certificate policies (RFC 5280, section 6.1; as a graph, which stays small, RFC 9618). Every policy is acceptable to the
// user: what is left to find out is whether there is one where the path insists on it.
import type { X509 } from "./certificate.ts";
import { anyPolicy } from "./oids.ts";
import type { Complaint } from "./profile.ts";

/** The policies valid at one depth, and what the next certificate may call each of them. */
type Level = ReadonlyMap<string, ReadonlySet<string>>;

interface State {
  readonly level: Level;
  readonly explicitPolicy: number;
  readonly policyMapping: number;
  readonly inhibitAny: number;
}

interface Verdict {
  readonly complaint: Complaint;
  readonly certificate: X509;
}

/** What is wrong with the policies of a path. It begins with the peer's certificate; the anchor is not part of it. */
export function policyVerdict(path: readonly X509[]): Verdict | null {
  const length = path.length;
  let state: State = {
    level: new Map([[anyPolicy, new Set([anyPolicy])]]),
    explicitPolicy: length + 1,
    policyMapping: length + 1,
    inhibitAny: length + 1,
  };
  for (const [i, certificate] of path.toReversed().entries()) {
    const last = i === length - 1;
    const level = nextLevel(certificate, state, last);
    if (level.size === 0 && state.explicitPolicy === 0) return noPolicy(certificate);
    if (last) return finalVerdict(certificate, level, state);
    if (mapsAny(certificate))
      return { certificate, complaint: ["INVALID_POLICY_EXTENSION", "maps the policy anyPolicy"] };
    state = tightened(certificate, mapped(certificate, level, state), state);
  }
  return null;
}

/** Section 6.1.3 (d) and (e). */
function nextLevel({ extensions, selfIssued }: X509, { level, inhibitAny }: State, last: boolean): Level {
  const policies = extensions.certificatePolicies?.value;
  const next = new Map<string, ReadonlySet<string>>();
  if (policies === undefined) return next;
  const expected = new Set([...level.values()].flatMap((set) => [...set]));
  for (const policy of policies) {
    if (policy !== anyPolicy && (expected.has(policy) || expected.has(anyPolicy))) next.set(policy, new Set([policy]));
  }
  if (policies.has(anyPolicy) && (inhibitAny > 0 || (!last && selfIssued))) {
    for (const policy of expected) if (!next.has(policy)) next.set(policy, new Set([policy]));
  }
  return next;
}

/** Section 6.1.4 (b). */
function mapped({ extensions }: X509, level: Level, { policyMapping }: State): Level {
  const mappings = extensions.policyMappings?.value ?? [];
  if (mappings.length === 0) return level;
  const subjectsOf = new Map<string, Set<string>>();
  for (const [issuer, subject] of mappings)
    subjectsOf.set(issuer, (subjectsOf.get(issuer) ?? new Set<string>()).add(subject));
  const next = new Map(level);
  for (const [issuer, subjects] of subjectsOf) {
    if (policyMapping === 0) next.delete(issuer);
    else if (level.has(issuer) || level.has(anyPolicy)) next.set(issuer, subjects);
  }
  return next;
}

/** Section 6.1.4 (h), (i) and (j). */
function tightened({ extensions, selfIssued }: X509, level: Level, state: State): State {
  const step = selfIssued ? 0 : 1;
  const constraints = extensions.policyConstraints?.value;
  const lower = (counter: number, limit: number | null | undefined): number =>
    Math.min(Math.max(counter - step, 0), limit ?? Infinity);
  return {
    level,
    explicitPolicy: lower(state.explicitPolicy, constraints?.requireExplicitPolicy),
    policyMapping: lower(state.policyMapping, constraints?.inhibitPolicyMapping),
    inhibitAny: lower(state.inhibitAny, extensions.inhibitAnyPolicy?.value),
  };
}

/** Section 6.1.5 (a), (b) and (g). */
function finalVerdict(certificate: X509, level: Level, { explicitPolicy }: State): Verdict | null {
  const required = certificate.extensions.policyConstraints?.value.requireExplicitPolicy === 0;
  const explicit = required || explicitPolicy <= 1;
  return explicit && level.size === 0 ? noPolicy(certificate) : null;
}

function mapsAny({ extensions }: X509): boolean {
  return extensions.policyMappings?.value.some((pair) => pair.includes(anyPolicy)) ?? false;
}

function noPolicy(certificate: X509): Verdict {
  return { certificate, complaint: ["NO_EXPLICIT_POLICY", "has no policy that the certificates above it accept"] };
}

// Name constraints (RFC 5280, section 4.2.1.10): what a certificate authority may vouch for, and whether a name is within.
// In doubt a name is outside of what is permitted and inside of what is excluded.
import { type DerReader, explicit, implicit, tag } from "../der.ts";
import { isWithin, type Name } from "./distinguished-name.ts";
import { type GeneralName, parseGeneralName } from "./general-name.ts";

/** One subtree. `subdomainsOnly` is the leading dot, as in ".example.com". */
export type Subtree =
  | { readonly kind: "dns" | "uri"; readonly labels: readonly string[]; readonly subdomainsOnly: boolean }
  | { readonly kind: "email"; readonly mailbox: Mailbox }
  | { readonly kind: "email"; readonly labels: readonly string[]; readonly subdomainsOnly: boolean }
  | { readonly kind: "ip"; readonly address: Uint8Array; readonly mask: Uint8Array }
  | { readonly kind: "directory"; readonly name: Name }
  | { readonly kind: "otherName" | "x400Address" | "ediPartyName" | "registeredID" };

interface Mailbox {
  readonly local: string;
  readonly labels: readonly string[];
}

export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

export type NameKind = Subtree["kind"];

/** A name that a certificate stands for, in the form that is held against subtrees. */
export type ConstrainedName =
  | { readonly kind: "dns" | "uri" | "email"; readonly text: string }
  | { readonly kind: "ip"; readonly bytes: Uint8Array }
  | { readonly kind: "directory"; readonly name: Name }
  | { readonly kind: "otherName" | "x400Address" | "ediPartyName" | "registeredID" };

export type Violation = "permitted" | "excluded" | "not understood" | "too many";

/** What is left of the comparisons that one validation may make: many names times many subtrees is an attack. */
export interface ComparisonBudget {
  comparisons: number;
}

/** Null when the constraints allow all the names, or the first name that they do not allow and why. */
export function violationOf(
  constraints: NameConstraints,
  critical: boolean,
  names: readonly ConstrainedName[],
  budget: ComparisonBudget,
): { readonly violation: Violation; readonly name: ConstrainedName } | null {
  for (const name of names) {
    budget.comparisons -= constraints.permitted.length + constraints.excluded.length;
    if (budget.comparisons < 0) return { violation: "too many", name };
    const violation = violationBy(constraints, critical, name);
    if (violation !== null) return { violation, name };
  }
  return null;
}

/** Parses NameConstraints. Throws SSLError with reason `"DECODE_ERROR"`. */
export function parseNameConstraints(reader: DerReader): NameConstraints {
  const inner = reader.inside(tag.sequence);
  const permitted = parseSubtrees(inner.optionalInside(explicit(0)));
  const excluded = parseSubtrees(inner.optionalInside(explicit(1)));
  inner.end();
  if (permitted.length + excluded.length === 0) throw inner.malformed("it is empty");
  return { permitted, excluded };
}

function violationBy(constraints: NameConstraints, critical: boolean, name: ConstrainedName): Violation | null {
  const permitted = constraints.permitted.filter(({ kind }) => kind === name.kind);
  const excluded = constraints.excluded.filter(({ kind }) => kind === name.kind);
  if (permitted.length + excluded.length === 0) return null;
  if (!isComparable(name)) return critical ? "not understood" : null;
  if (excluded.some((subtree) => contains(subtree, name, true))) return "excluded";
  return permitted.length === 0 || permitted.some((subtree) => contains(subtree, name, false)) ? null : "permitted";
}

function isComparable(name: ConstrainedName): boolean {
  return "text" in name || "bytes" in name || "name" in name;
}

/** `inDoubt` is the answer for a name that is neither clearly within nor clearly without. */
function contains(subtree: Subtree, name: ConstrainedName, inDoubt: boolean): boolean {
  if (subtree.kind === "ip" && name.kind === "ip") return containsAddress(subtree, name.bytes);
  if (subtree.kind === "directory" && name.kind === "directory") return isWithin(name.name, subtree.name);
  if (subtree.kind === "email" && name.kind === "email") return containsMailbox(subtree, name.text, inDoubt);
  if (subtree.kind === "dns" && name.kind === "dns") return containsHost(subtree, name.text, inDoubt);
  if (subtree.kind === "uri" && name.kind === "uri") return containsUri(subtree, name.text, inDoubt);
  return inDoubt;
}

interface Domain {
  readonly labels: readonly string[];
  readonly subdomainsOnly: boolean;
}

/** The wildcard of a certificate stands for one label: excluded is what it may mean, permitted only what it must mean. */
function containsHost(domain: Domain, host: string, inDoubt: boolean): boolean {
  const wildcard = host.startsWith("*.");
  const labels = labelsOf(wildcard ? host.slice(2) : host);
  if (labels === null || labels.length === 0) return inDoubt;
  return containsLabels(domain, wildcard ? ["*", ...labels] : labels, inDoubt);
}

function containsLabels({ labels, subdomainsOnly }: Domain, name: readonly string[], inDoubt: boolean): boolean {
  const above = name.length - labels.length;
  if (above < 0 || (above === 0 && subdomainsOnly && !inDoubt)) return false;
  return labels.every((label, i) => {
    const own = name[above + i]!;
    return own === label || (own === "*" && inDoubt);
  });
}

function containsMailbox(subtree: Extract<Subtree, { kind: "email" }>, text: string, inDoubt: boolean): boolean {
  const at = text.lastIndexOf("@");
  const labels = labelsOf(text.slice(at + 1));
  if (at < 1 || labels === null || labels.length === 0) return inDoubt;
  if ("mailbox" in subtree) {
    const sameLocal = subtree.mailbox.local === text.slice(0, at);
    return sameLocal && subtree.mailbox.labels.join(".") === labels.join(".");
  }
  if (subtree.labels.length === 0) return true;
  return subtree.subdomainsOnly
    ? containsLabels(subtree, labels, false)
    : subtree.labels.join(".") === labels.join(".");
}

/** The host of a URI with an authority (RFC 3986); one that is an address, or none, cannot be judged. */
function containsUri(domain: Domain, uri: string, inDoubt: boolean): boolean {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1];
  const host = authority?.replace(/^.*@/, "").replace(/:\d*$/, "");
  if (host === undefined || /^\d+\.\d+\.\d+\.\d+$/.test(host)) return inDoubt;
  const labels = labelsOf(host);
  if (labels === null || labels.length === 0) return inDoubt;
  if (domain.labels.length === 0) return true;
  return domain.subdomainsOnly ? containsLabels(domain, labels, false) : domain.labels.join(".") === labels.join(".");
}

function containsAddress(subtree: Extract<Subtree, { kind: "ip" }>, address: Uint8Array): boolean {
  if (address.length !== subtree.address.length) return false;
  return subtree.mask.every((mask, i) => (mask & address[i]!) === (mask & subtree.address[i]!));
}

function parseSubtrees(reader: DerReader | undefined): Subtree[] {
  if (reader === undefined) return [];
  return Array.from(reader.each(tag.sequence), (subtree) => {
    const base = parseGeneralName(subtree.next(), reader.field);
    // RFC 5280 leaves both at their defaults, and DER leaves defaults out.
    if (subtree.optional(implicit(0)) !== undefined) throw reader.malformed("a subtree has a minimum");
    if (subtree.optional(implicit(1)) !== undefined) throw reader.malformed("a subtree has a maximum");
    subtree.end();
    return toSubtree(base, reader);
  });
}

function toSubtree(base: GeneralName, reader: DerReader): Subtree {
  switch (base.kind) {
    case "dns":
    case "uri":
      return { kind: base.kind, ...toDomain(base.text, reader) };
    case "email":
      return toMailbox(base.text, reader);
    case "ip":
      return { kind: "ip", ...toNetwork(base.bytes, reader) };
    case "directory":
      return { kind: "directory", name: base.name };
    default:
      return { kind: base.kind };
  }
}

/** An empty domain holds everything. */
function toDomain(text: string, reader: DerReader): Domain {
  const subdomainsOnly = text.startsWith(".");
  const bare = subdomainsOnly ? text.slice(1) : text;
  const labels = text === "" ? [] : labelsOf(bare);
  if (labels === null || (text !== "" && labels.length === 0))
    throw reader.malformed(`${JSON.stringify(text)} is no domain`);
  return { labels, subdomainsOnly };
}

function toMailbox(text: string, reader: DerReader): Subtree {
  const at = text.lastIndexOf("@");
  if (at === -1) return { kind: "email", ...toDomain(text, reader) };
  const { labels, subdomainsOnly } = toDomain(text.slice(at + 1), reader);
  if (at === 0 || subdomainsOnly || labels.length === 0)
    throw reader.malformed(`${JSON.stringify(text)} is no mailbox`);
  return { kind: "email", mailbox: { local: text.slice(0, at), labels } };
}

function toNetwork(bytes: Uint8Array, reader: DerReader): { address: Uint8Array; mask: Uint8Array } {
  if (bytes.length !== 8 && bytes.length !== 32) throw reader.malformed("an IP network has neither 8 nor 32 bytes");
  const half = bytes.length / 2;
  const mask = bytes.subarray(half);
  const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0")).join("");
  if (bits.includes("01")) throw reader.malformed("the mask of an IP network has holes");
  return { address: bytes.subarray(0, half), mask };
}

/** The labels in lower case; null for what is no host name. The underscore is no part of host names, but of many certificates. */
function labelsOf(host: string): string[] | null {
  if (host === "" || host.length > 253) return null;
  const labels = host.toLowerCase().split(".");
  return labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) ? labels : null;
}

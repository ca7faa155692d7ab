// Name constraints (RFC 5280, section 4.2.1.10): what a certificate authority may vouch for, and whether a name is within.
// In doubt a name is outside of what is permitted and inside of what is excluded.
import { type DerReader, explicit, implicit, tag } from "../der.ts";
import { isWithin, type Name } from "./distinguished-name.ts";
import { type GeneralName, parseGeneralName } from "./general-name.ts";

/** One subtree. `subdomainsOnly` is the leading dot, as in ".example.com". */
export type Subtree =
  | ({ readonly kind: "dns" | "uri" } & Domain)
  | ({ readonly kind: "email" } & (Domain | Mailbox))
  | { readonly kind: "ip"; readonly address: Uint8Array; readonly mask: Uint8Array }
  | { readonly kind: "directory"; readonly name: Name }
  | { readonly kind: "otherName" | "x400Address" | "ediPartyName" | "registeredID" };

/** An empty domain holds everything. */
interface Domain {
  readonly labels: readonly string[];
  readonly subdomainsOnly: boolean;
}

interface Mailbox extends Domain {
  readonly local: string;
}

export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

/** A name that a certificate stands for, taken apart once, as it may be held against many subtrees. */
export type ConstrainedName =
  | {
      readonly kind: "dns" | "uri" | "email";
      readonly text: string;
      /** Those of the host, "*" for a wildcard; null for what is no host name. */
      readonly labels: readonly string[] | null;
      /** What stands before the host of an email address. */
      readonly local: string;
    }
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

/** A name in the forms that are held against subtrees: constraints on email are about mailboxes in Unicode, too (RFC 9598, section 6). */
export function toConstrainedNames(name: GeneralName): ConstrainedName[] {
  if ("text" in name) return [textName(name.kind, name.text)];
  if ("bytes" in name) return [{ kind: name.kind, bytes: name.bytes }];
  if ("name" in name) return [{ kind: name.kind, name: name.name }];
  const mailbox = name.kind === "otherName" && name.mailbox !== null ? [textName("email", name.mailbox)] : [];
  return [{ kind: name.kind }, ...mailbox];
}

export function textName(kind: "dns" | "uri" | "email", text: string): ConstrainedName {
  if (kind === "dns") return { kind, text, labels: hostLabels(text), local: "" };
  if (kind === "uri") return { kind, text, labels: uriLabels(text), local: "" };
  const at = text.lastIndexOf("@");
  return { kind, text, labels: at < 1 ? null : labelsOf(text.slice(at + 1)), local: text.slice(0, at) };
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
  const isAbout = ({ kind }: Subtree): boolean => kind === name.kind;
  const limited = constraints.permitted.some(isAbout);
  if (!limited && !constraints.excluded.some(isAbout)) return null;
  if (!isComparable(name)) return critical ? "not understood" : null;
  if (constraints.excluded.some((subtree) => isAbout(subtree) && contains(subtree, name, true))) return "excluded";
  const allowed = !limited || constraints.permitted.some((subtree) => contains(subtree, name, false));
  return allowed ? null : "permitted";
}

function isComparable(name: ConstrainedName): boolean {
  return "text" in name || "bytes" in name || "name" in name;
}

/** `inDoubt` is the answer for a name that is neither clearly within nor clearly without. */
function contains(subtree: Subtree, name: ConstrainedName, inDoubt: boolean): boolean {
  if (subtree.kind === "ip") return name.kind === "ip" && containsAddress(subtree, name.bytes);
  if (subtree.kind === "directory") return name.kind === "directory" && isWithin(name.name, subtree.name);
  if (name.kind !== subtree.kind || !("text" in name) || !("labels" in subtree)) return false;
  if (name.labels === null) return inDoubt;
  if (subtree.kind === "dns") return containsDomain(subtree, name.labels, inDoubt);
  if ("local" in subtree && subtree.local !== name.local && !(inDoubt && isQuoted(subtree.local + name.local)))
    return false;
  if (subtree.labels.length === 0) return true;
  return subtree.subdomainsOnly ? containsDomain(subtree, name.labels, false) : isDomain(subtree, name.labels);
}

/** The wildcard of a certificate stands for one label: excluded is what it may mean, permitted only what it must mean. */
function containsDomain({ labels, subdomainsOnly }: Domain, name: readonly string[], inDoubt: boolean): boolean {
  const above = name.length - labels.length;
  if (above < 0 || (above === 0 && subdomainsOnly && !inDoubt)) return false;
  return labels.every((label, i) => {
    const own = name[above + i]!;
    return own === label || (own === "*" && inDoubt);
  });
}

/** One local part can be quoted and escaped in many ways (RFC 5321, section 4.1.2). */
function isQuoted(local: string): boolean {
  return /["\\]/.test(local);
}

function isDomain({ labels }: Domain, name: readonly string[]): boolean {
  return labels.length === name.length && labels.every((label, i) => label === name[i]);
}

function hostLabels(host: string): string[] | null {
  if (!host.startsWith("*.")) return labelsOf(host);
  const labels = labelsOf(host.slice(2));
  return labels === null ? null : ["*", ...labels];
}

/**
 * The labels of the host of a URI with an authority (RFC 3986); one that is an address, or none, cannot be judged. Nor can one
 * behind a backslash, where many end the host.
 */
function uriLabels(uri: string): string[] | null {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1];
  const host = authority?.replace(/^[^@\\]*@/, "").replace(/:\d*$/, "") ?? "";
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) ? null : labelsOf(host);
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
  const domain = toDomain(text.slice(at + 1), reader);
  if (at === -1) return { kind: "email", ...domain };
  if (at === 0 || domain.subdomainsOnly || domain.labels.length === 0)
    throw reader.malformed(`${JSON.stringify(text)} is no mailbox`);
  return { kind: "email", local: text.slice(0, at), ...domain };
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

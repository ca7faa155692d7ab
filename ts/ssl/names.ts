// Names of servers: what may be asked for, and which certificate stands for it (RFC 9525, RFC 6125, RFC 5890).
// Three kinds never meet: an IP address is compared with iPAddress entries only and is never sent as a server name;
// a DNS name is compared with dNSName entries only; the common name counts only when asked for.
import { describe } from "./bytes.ts";
import { SSLConfigError } from "../engine/errors.ts";

/** A name to reach or to verify, in the one form that is compared. */
export type HostName =
  | { readonly kind: "dns"; readonly name: string }
  | { readonly kind: "ip"; readonly address: Uint8Array; readonly name: string };

/** Checks and normalises what a caller gave as `serverHostname` or `verifyName`. Throws SSLConfigError or TypeError. */
export function toHostName(value: string, option: string): HostName {
  if (typeof value !== "string") throw new TypeError(`Cannot use ${option}: expected a string, got ${describe(value)}`);
  const ascii = asciiName(value);
  const bare = /^\[.*:.*\]$/.test(ascii) ? ascii.slice(1, -1) : ascii;
  const address = addressOf(bare);
  if (address !== null) return { kind: "ip", address, name: bare };
  const fail = (why: string): never => {
    throw new SSLConfigError(`Cannot use ${option} ${JSON.stringify(value)}: ${why}`, {
      reason: "BAD_SERVER_HOSTNAME",
    });
  };
  if (value === "") fail("it is empty");
  if (value.includes("\0")) fail("it contains a NUL character");
  if (value.startsWith(".")) fail("it begins with a dot");
  const name = ascii.replace(/\.$/, "");
  if (addressOf(name) !== null) fail("an IP address has no dot at its end");
  if (name === "" || name.length > 253) fail("a DNS name has 1 to 253 characters");
  if (/[^a-z0-9._-]/.test(name)) fail("it is neither a DNS name nor an IP address");
  if (name.split(".").some((label) => label === "" || label.length > 63))
    fail("each of its labels must have 1 to 63 characters");
  return { kind: "dns", name };
}

/** The bytes of an IPv4 or IPv6 literal, or null. */
export function addressOf(text: string): Uint8Array | null {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4 !== null) {
    const parts = v4.slice(1).map(Number);
    return parts.every((part, i) => part < 256 && String(part) === v4[i + 1]) ? Uint8Array.from(parts) : null;
  }
  return text.includes(":") ? v6Address(text) : null;
}

/** RFC 4291, section 2.2. A zone (`%eth0`) names an interface of this machine, not the peer, and is dropped. */
function v6Address(text: string): Uint8Array | null {
  const halves = text.replace(/%.*$/, "").split("::");
  if (halves.length > 2) return null;
  const [front, back] = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  if (front === undefined || front === null || back === null) return null;
  const missing = 16 - front.length - (back?.length ?? 0);
  if (back === undefined ? missing !== 0 : missing < 2) return null;
  return Uint8Array.from([...front, ...Array<number>(missing).fill(0), ...(back ?? [])]);
}

/** Only the end of an address may have the form of IPv4. */
function groupsOf(text: string, atEnd: boolean): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const v4 = atEnd && i === groups.length - 1 && group.includes(".") ? addressOf(group) : null;
    if (v4 !== null) bytes.push(...v4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Math.floor(parseInt(group, 16) / 256), parseInt(group, 16) % 256);
    else return null;
  }
  return bytes;
}

/** A dNSName with at most one wildcard, which is the whole leftmost label and stands for one label (RFC 9525, section 6.3). */
export function matchesPattern(pattern: string, name: string): boolean {
  if (/[^\0-\x7f]/.test(pattern)) return false; // the sign for Kelvin, U+212A, has a "k" as its small letter
  const wanted = pattern.toLowerCase();
  if (!wanted.includes("*")) return wanted === name;
  if (!wanted.startsWith("*.") || wanted.indexOf("*", 1) !== -1) return false;
  const rest = wanted.slice(1);
  if (!rest.slice(1).includes(".")) return false; // "*.com" would stand for a whole top-level domain
  return name.endsWith(rest) && !name.slice(0, -rest.length).includes(".") && name.length > rest.length;
}

/**
 * The A-label form. The URL parser is the one IDNA implementation that every runtime has; it must not get what it would
 * take for another part of a URL.
 */
function asciiName(value: string): string {
  if (/^[\0-\x7f]*$/.test(value) || /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/.test(value)) return value.toLowerCase();
  try {
    return new URL(`http://${value}/`).hostname;
  } catch {
    return value;
  }
}

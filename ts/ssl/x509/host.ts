// Whether a certificate stands for the server that was asked for (RFC 9525). Three kinds never meet: addresses are compared
// with iPAddress, DNS names with dNSName, and the common name counts only when asked for and when there is neither.
import { addressText } from "../certificate.ts";
import { type HostName, matchesPattern } from "../names.ts";
import { isServerName, sameBytes, type X509 } from "./certificate.ts";
import { attributesOf } from "./distinguished-name.ts";
import type { GeneralName } from "./general-name.ts";
import { attributeOid } from "./oids.ts";
import type { Complaint } from "./profile.ts";

/** What is wrong with the certificate for this server. */
export function hostComplaints(certificate: X509, host: HostName | null, commonNameFallback: boolean): Complaint[] {
  if (host === null) return [];
  const names = (certificate.extensions.subjectAltName?.value ?? []).filter(isServerName);
  if (names.some((name) => standsFor(name, host))) return [];
  if (host.kind === "dns" && commonNameFallback && names.length === 0) {
    const commonName = attributesOf(certificate.subject, attributeOid.commonName).at(-1);
    if (commonName !== undefined && matchesPattern(commonName, host.name)) return [];
  }
  const list = names.length === 0 ? "no name at all" : names.slice(0, longestList).map(textOf).join(", ");
  const more = names.length > longestList ? ` and ${names.length - longestList} more` : "";
  const code = host.kind === "ip" ? "IP_ADDRESS_MISMATCH" : "HOSTNAME_MISMATCH";
  return [[code, `is for ${list}${more}, not for ${host.name}`]];
}

/** Hostile certificates have thousands of names; a sentence has not. */
const longestList = 20;

function standsFor(name: GeneralName, host: HostName): boolean {
  if (host.kind === "ip") return name.kind === "ip" && sameBytes(name.bytes, host.address);
  return name.kind === "dns" && matchesPattern(name.text, host.name);
}

function textOf(name: GeneralName): string {
  if ("text" in name) return name.text;
  return "bytes" in name ? addressText(name.bytes) : name.kind;
}

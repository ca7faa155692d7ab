// Owns what is told about a connection on stderr, as lines for people and as JSON. Refuses to know where it comes from.
import type { AltName, Certificate, SSLSocket } from "../index.ts";
import { nameText, printable } from "../ssl/trace/text.ts";

/** Tells about a connection whose handshake is over, the way the command line wants it. */
export function report(socket: SSLSocket, how: "none" | "text" | "json"): void {
  if (how === "json") console.error(jsonText(asJson(socket)));
  if (how === "text") console.error(asText(socket));
}

/** JSON escapes only half of the characters that a terminal obeys; the same ones as `printable`. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

function asJson(socket: SSLSocket): unknown {
  const cipher = socket.cipher();
  return {
    version: socket.version(),
    cipher: cipher?.name ?? null,
    bits: cipher?.bits ?? null,
    group: socket.group(),
    alpn: socket.selectedAlpnProtocol(),
    serverHostname: socket.serverHostname,
    verified: verifiedAs(socket),
    peer: certificateAsJson(socket.getPeerCert()),
  };
}

function asText(socket: SSLSocket): string {
  const certificate = socket.getPeerCert();
  const lines: [string, string | null | undefined][] = [
    ["version", socket.version()],
    ["suite", socket.cipher()?.name],
    ["group", socket.group() ?? "none"],
    ["protocol", socket.selectedAlpnProtocol() ?? "none (ALPN)"],
    ["verified", verifiedAs(socket) ?? "no"],
    ["subject", certificate === null ? "none, the peer sent no certificate" : nameText(certificate.subject)],
    ["names", certificate?.subjectAltName.map(altNameText).join(", ")],
    ["issuer", certificate && nameText(certificate.issuer)],
    ["valid", certificate && `from ${certificate.notBefore} to ${certificate.notAfter}`],
  ];
  return lines.flatMap(([name, value]) => (value ? [`${name.padEnd(10)}${printable(value)}`] : [])).join("\n");
}

/** The name that the peer's certificate was found to be good for; a server verifies clients without a name. */
function verifiedAs(socket: SSLSocket): string | null {
  if (socket.context.verifyMode === "none" || socket.getPeerCert() === null) return null;
  return socket.context.checkHostname ? socket.serverHostname : "chain";
}

function certificateAsJson(certificate: Certificate | null): unknown {
  if (certificate === null) return null;
  const { subject, issuer, subjectAltName, notBefore, notAfter, serialNumber } = certificate;
  const validity = { notBefore: new Date(notBefore).toISOString(), notAfter: new Date(notAfter).toISOString() };
  return { subject: nameText(subject), issuer: nameText(issuer), subjectAltName, ...validity, serialNumber };
}

function altNameText([kind, value]: AltName): string {
  return `${kind}:${typeof value === "string" ? value : nameText(value)}`;
}

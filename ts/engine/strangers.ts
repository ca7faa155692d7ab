// What arrives where a TLS record should begin and is none: the errors for it, with a hint at what it may be.
import { SSLError } from "./errors.ts";

/** The peer has never spoken TLS. `header` is the first five bytes that it sent, `role` is ours. */
export function notTls(header: Uint8Array, doing: string, role: "client" | "server"): SSLError {
  const { reason, what } = strangerBy(header, role) ?? {
    reason: "WRONG_VERSION_NUMBER",
    what: `sent something else, beginning with ${quoted(header)}`,
  };
  return new SSLError(`Cannot ${doing}: the peer does not speak TLS but ${what}`, { reason });
}

/** A stream that began as TLS and went astray: bytes were lost or added on the way, or the peer has ended TLS on it. */
export function noRecord(header: Uint8Array, doing: string): SSLError {
  const message = `Cannot ${doing}: the peer sent something that is no TLS record, beginning with ${quoted(header)}`;
  return new SSLError(message, { reason: "INVALID_RECORD" });
}

interface Stranger {
  /** Of the first five bytes. */
  readonly pattern: RegExp;
  /** OpenSSL's reason, where it has one. */
  readonly reason: string;
  readonly what: string;
  /** Where it can be met; on either side when left out. */
  readonly role?: "client" | "server";
}

const strangers: readonly Stranger[] = [
  {
    pattern: /^(GET|POST|PUT|HEAD|OPTI|DELE|PATC|TRAC|PRI \*)/,
    reason: "HTTP_REQUEST",
    what: "seems to send an HTTP request",
    role: "server",
  },
  {
    pattern: /^CONNE/,
    reason: "HTTPS_PROXY_REQUEST",
    what: "seems to want an HTTP proxy",
    role: "server",
  },
  {
    pattern: /^HTTP/,
    reason: "WRONG_VERSION_NUMBER",
    what: "sent an HTTP response: the port may be one for plain HTTP",
  },
  {
    pattern: /^(220|\* OK|\* PRE|\+OK|EHLO|HELO|USER )/,
    reason: "WRONG_VERSION_NUMBER",
    what: "sent a line of SMTP, IMAP, POP3 or FTP: the protocol may need STARTTLS first",
  },
  {
    pattern: /^SSH-/,
    reason: "WRONG_VERSION_NUMBER",
    what: "sent an SSH banner",
  },
];

function strangerBy(header: Uint8Array, role: "client" | "server"): { reason: string; what: string } | undefined {
  if (role === "server" && isSsl2Hello(header))
    return { reason: "UNSUPPORTED_PROTOCOL", what: "sent a hello of SSL 2, which is forbidden (RFC 6176)" };
  const text = String.fromCharCode(...header);
  return strangers.find((stranger) => stranger.pattern.test(text) && (stranger.role ?? role) === role);
}

/** RFC 5246, appendix E.2: a length with its highest bit set, the message type 1, the version. */
function isSsl2Hello([length, , type, major, minor]: Uint8Array): boolean {
  return length! >= 128 && type === 1 && (major === 3 || (major === 0 && minor === 2));
}

/** As text if it is text. */
function quoted(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte >= 32 && byte < 127)) return JSON.stringify(String.fromCharCode(...bytes));
  return `the bytes ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
}

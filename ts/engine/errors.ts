// The errors of wanttls, and the one place where a number of Mbed TLS becomes one of them.
// Would-block is no error here: the exceptions for it belong to Python's face (ts/ssl/want.ts).
import { type AlertName, alert, alertName, alertReason } from "./alerts.ts";
import { codeText } from "./codes.gen.ts";
import * as code from "./error-codes.gen.ts";

/** Where an error comes from: the protocol, a certificate, a private key, the PEM text, or the system below. */
export type SSLLibrary = "SSL" | "X509" | "PK" | "PEM" | "SYS";

/** What an error can be given beside its message; the fields are those of `SSLError`. */
export interface SSLErrorOptions {
  readonly reason?: string;
  readonly library?: SSLLibrary;
  readonly errno?: number;
  readonly cause?: unknown;
}

/**
 * The base of everything wanttls throws, like Python's `ssl.SSLError`.
 *
 * `reason` is OpenSSL's name for what happened where it has one (`"WRONG_VERSION_NUMBER"`), `code` is that name as Node
 * gives it (`"ERR_SSL_WRONG_VERSION_NUMBER"`), `errno` is Mbed TLS's number or 0.
 *
 * @example
 * try { socket.doHandshake(); } catch (error) { if (error instanceof SSLError) console.error(error.reason, error.message); }
 */
export class SSLError extends Error {
  /** The name of its class, in a program too whose bundler has shortened that one. */
  override readonly name: string = "SSLError";
  /** `reason` as Node writes it. */
  readonly code: string;
  /** OpenSSL's name for what happened, in capitals. */
  readonly reason: string;
  /** Where it comes from. */
  readonly library: SSLLibrary;
  /** Mbed TLS's number, negative; 0 when it is none of Mbed TLS's errors. */
  readonly errno: number;

  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = options.reason ?? "ERROR";
    this.code = `ERR_SSL_${this.reason}`;
    this.library = options.library ?? "SSL";
    this.errno = options.errno ?? 0;
  }

  /** The same error once more, for a call on a connection that failed before; the first one is the cause. */
  again(): SSLError {
    return new SSLError(this.message, this.repeated());
  }

  protected repeated(): Required<SSLErrorOptions> {
    return { reason: this.reason, library: this.library, errno: this.errno, cause: this };
  }
}

/** The peer has closed its side properly (close_notify) and nothing is left to read. */
export class SSLZeroReturnError extends SSLError {
  override readonly name: string = "SSLZeroReturnError";
  constructor(message = "Cannot go on: the connection was closed by both sides") {
    super(message, { reason: "ZERO_RETURN" });
  }
}

/** The transport ended without the peer's close_notify: what was received may have been cut short by anybody. */
export class SSLEOFError extends SSLError {
  override readonly name: string = "SSLEOFError";
  /** True when the transport ended in the middle of a record. */
  readonly partialRecord: boolean;
  /** Bytes of the call in progress that the connection had taken; only on errors of `sendAll`. */
  bytesSent?: number;

  constructor(message: string, options: { readonly partialRecord?: boolean; readonly cause?: unknown } = {}) {
    super(message, { reason: "UNEXPECTED_EOF_WHILE_READING", cause: options.cause });
    this.partialRecord = options.partialRecord ?? false;
  }

  override again(): SSLEOFError {
    return new SSLEOFError(this.message, { partialRecord: this.partialRecord, cause: this });
  }
}

/** The system below failed: `code` is its own name for it (`"ECONNRESET"`). */
export class SSLSyscallError extends SSLError {
  override readonly name: string = "SSLSyscallError";
  override readonly code: string;
  /** What was being done, such as `"read"`, when the runtime says so. */
  readonly syscall?: string;
  /** Bytes of the call in progress that the connection had taken; only on errors of `sendAll`. */
  bytesSent?: number;

  constructor(
    message: string,
    options: { readonly code: string; readonly syscall?: string; readonly cause?: unknown },
  ) {
    super(message, { reason: "SYSCALL", library: "SYS", cause: options.cause });
    this.code = options.code;
    if (options.syscall !== undefined) this.syscall = options.syscall;
  }

  override again(): SSLSyscallError {
    const options = { code: this.code, cause: this };
    return new SSLSyscallError(
      this.message,
      this.syscall === undefined ? options : { ...options, syscall: this.syscall },
    );
  }
}

/** A fatal alert ended the connection (RFC 8446, section 6.2); `sent` tells which side gave up. */
export class SSLAlertError extends SSLError {
  override readonly name: string = "SSLAlertError";
  /** Its number; `alertDescription` has them by name. */
  readonly alert: number;
  /** Its name in the RFC, such as `"unknown_ca"`. */
  readonly alertName: string;
  /** True when this side sent it, false when the peer did. */
  readonly sent: boolean;

  constructor(message: string, options: { readonly alert: number; readonly sent: boolean; readonly cause?: unknown }) {
    super(message, { reason: alertReason(options.alert), errno: code.SSL_FATAL_ALERT_MESSAGE, cause: options.cause });
    this.alert = options.alert;
    this.alertName = alertName(options.alert);
    this.sent = options.sent;
  }

  override again(): SSLAlertError {
    return new SSLAlertError(this.message, { alert: this.alert, sent: this.sent, cause: this });
  }
}

/**
 * What was found wrong with the peer's certificate: the first finding in three vocabularies, all of them as bits, and what it
 * was found on. `SSLCertVerificationError` has the same fields.
 */
export interface CertVerificationDetails {
  /** OpenSSL's number (X509_V_ERR_...), as in Python's `verify_code`. */
  readonly verifyCode: number;
  /** One sentence, as in Python's `verify_message`. */
  readonly verifyMessage: string;
  /** Node's string, such as `"CERT_HAS_EXPIRED"`. */
  readonly nodeCode: string;
  /** Every finding as Mbed TLS's bits (MBEDTLS_X509_BADCERT_...). */
  readonly flags: number;
  /** The certificate in the chain that is wrong: 0 is the peer's own. */
  readonly depth: number;
  /** The chain as the peer presented it, DER. */
  readonly chain: readonly Uint8Array[];
  /** The name that was expected, or null when names are not checked. */
  readonly hostname: string | null;
}

/** The peer's certificate cannot be trusted: like Python's `ssl.SSLCertVerificationError`, also known as `CertificateError`. */
export class SSLCertVerificationError extends SSLError implements CertVerificationDetails {
  override readonly name: string = "SSLCertVerificationError";
  /** OpenSSL's number (X509_V_ERR_...), as in Python's `verify_code`. */
  readonly verifyCode: number;
  /** One sentence, as in Python's `verify_message`. */
  readonly verifyMessage: string;
  /** Node's string, such as `"CERT_HAS_EXPIRED"`. */
  readonly nodeCode: string;
  /** Every finding as Mbed TLS's bits (MBEDTLS_X509_BADCERT_...). */
  readonly flags: number;
  /** The certificate in the chain that is wrong: 0 is the peer's own. */
  readonly depth: number;
  /** The chain as the peer presented it, DER. */
  readonly chain: readonly Uint8Array[];
  /** The name that was expected, or null when names are not checked. */
  readonly hostname: string | null;

  constructor(details: CertVerificationDetails, cause?: unknown) {
    super(`Cannot trust the certificate of the peer: ${details.verifyMessage}`, {
      reason: "CERTIFICATE_VERIFY_FAILED",
      library: "X509",
      errno: code.X509_CERT_VERIFY_FAILED,
      cause,
    });
    this.verifyCode = details.verifyCode;
    this.verifyMessage = details.verifyMessage;
    this.nodeCode = details.nodeCode;
    this.flags = details.flags;
    this.depth = details.depth;
    this.chain = details.chain;
    this.hostname = details.hostname;
  }

  override again(): SSLCertVerificationError {
    return new SSLCertVerificationError(this, this);
  }
}

/** Something took longer than it was given. */
export class SSLTimeoutError extends SSLError {
  override readonly name: string = "SSLTimeoutError";
  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, { reason: "TIMEOUT", ...options });
  }
}

/** The call does not fit the state: too early, too late, on a closed object, or while data waits to be read. Nothing changed. */
export class SSLStateError extends SSLError {
  override readonly name: string = "SSLStateError";
  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, { reason: "STATE", ...options });
  }
}

/** Something that neither this build of Mbed TLS nor wanttls offers. */
export class SSLNotSupportedError extends SSLError {
  override readonly name: string = "SSLNotSupportedError";
  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, { reason: "NOT_SUPPORTED", ...options });
  }
}

/** An option or a certificate, key or list given to a context is wrong; the message names it and what was expected. */
export class SSLConfigError extends SSLError {
  override readonly name: string = "SSLConfigError";
  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, { reason: "CONFIG", ...options });
  }
}

/** The wasm memory is full. */
export class SSLMemoryError extends SSLError {
  override readonly name: string = "SSLMemoryError";
  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, { reason: "MALLOC_FAILURE", ...options });
  }

  override again(): SSLMemoryError {
    return new SSLMemoryError(this.message, this.repeated());
  }
}

/** The wasm module trapped. Every connection in the same realm is lost; new ones get a new realm. */
export class SSLEngineError extends SSLError {
  override readonly name: string = "SSLEngineError";
  constructor(message: string, options: SSLErrorOptions = {}) {
    super(message, { reason: "ENGINE_TRAP", ...options });
  }

  override again(): SSLEngineError {
    return new SSLEngineError(this.message, this.repeated());
  }
}

/** Whether it is about the engine itself, so that no input was at fault. */
export function isEngineTrouble(error: unknown): boolean {
  return error instanceof SSLMemoryError || error instanceof SSLEngineError;
}

/** What a failing call of Mbed TLS means: the error for the caller, and the alert for the peer (null: none is due). */
export interface Failure {
  readonly error: SSLError;
  readonly alert: number | null;
}

/** Turns Mbed TLS's number into meaning. `doing` completes "Cannot ...", `received` is the peer's alert if that is what happened. */
export function failureOf(number: number, doing: string, received: number): Failure {
  if (number === code.SSL_FATAL_ALERT_MESSAGE && received >= 0) {
    const message = `Cannot ${doing}: the peer sent the alert ${alertName(received)}`;
    return { error: new SSLAlertError(message, { alert: received, sent: false }), alert: null };
  }
  if (outOfMemory.has(number) || outOfMemory.has(lowPart(number))) {
    return {
      error: new SSLMemoryError(`Cannot ${doing}: the wasm memory is full`, { errno: number }),
      alert: alert.internal_error,
    };
  }
  const [reason, name, text] = meanings[number] ?? meaningOfFamily(number);
  const message = `Cannot ${doing}: ${text ?? textOf(number)}`;
  return { error: new SSLError(message, { reason, errno: number }), alert: alert[name] };
}

/** The sentence for an error of Mbed TLS's parsers. */
export function textOf(number: number): string {
  const text = codeText[-number] ?? codeText[lowPart(number) - number] ?? `Mbed TLS error ${number}`;
  return lowerFirst(text);
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

/** Mbed TLS adds a low-level error (below 0x80) to a high-level one. */
function lowPart(number: number): number {
  return -(-number & 127);
}

/** The parsers' errors come in hundreds of sums; which parser it was says what of the peer's was wrong. */
function meaningOfFamily(number: number): Meaning {
  const family = families.find(([first, last]) => number <= first && number > last - 128);
  return family?.[2] ?? ["INTERNAL_ERROR", "internal_error"];
}

const outOfMemory: ReadonlySet<number> = new Set([
  code.SSL_ALLOC_FAILED,
  code.X509_ALLOC_FAILED,
  code.PK_ALLOC_FAILED,
  code.MD_ALLOC_FAILED,
  code.ECP_ALLOC_FAILED,
  code.MPI_ALLOC_FAILED,
  code.ASN1_ALLOC_FAILED,
  code.ERR_OUT_OF_MEMORY,
]);

/** Reason, the alert that RFC 8446 or RFC 5246 wants for it, and a sentence where Mbed TLS's own does not help a user. */
type Meaning = readonly [string, AlertName, string?];

const meanings: Readonly<Record<number, Meaning>> = {
  [code.SSL_INVALID_MAC]: [
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
    "bad_record_mac",
    "a record was altered on its way, or encrypted under other keys",
  ],
  [code.SSL_INVALID_RECORD]: ["INVALID_RECORD", "decode_error", "the peer sent a record that TLS does not allow"],
  [code.SSL_DECODE_ERROR]: ["DECODE_ERROR", "decode_error", "a message of the peer cannot be decoded"],
  [code.SSL_ILLEGAL_PARAMETER]: [
    "ILLEGAL_PARAMETER",
    "illegal_parameter",
    "the peer sent a value that TLS does not allow there",
  ],
  // A TLS 1.2 client answers these two for a cipher suite or a compression in the ServerHello that it did not offer.
  [code.SSL_BAD_INPUT_DATA]: [
    "ILLEGAL_PARAMETER",
    "illegal_parameter",
    "the peer sent a value that TLS does not allow there",
  ],
  [code.SSL_FEATURE_UNAVAILABLE]: [
    "ILLEGAL_PARAMETER",
    "illegal_parameter",
    "the peer chose something that was not offered",
  ],
  [code.SSL_UNEXPECTED_MESSAGE]: [
    "UNEXPECTED_MESSAGE",
    "unexpected_message",
    "the peer sent a message that does not belong there",
  ],
  [code.SSL_UNEXPECTED_RECORD]: [
    "UNEXPECTED_MESSAGE",
    "unexpected_message",
    "the peer sent a record that does not belong there",
  ],
  [code.SSL_UNSUPPORTED_EXTENSION]: [
    "UNSUPPORTED_EXTENSION",
    "unsupported_extension",
    "the peer sent an extension that was not offered",
  ],
  [code.SSL_BAD_PROTOCOL_VERSION]: [
    "UNSUPPORTED_PROTOCOL",
    "protocol_version",
    "the two sides have no TLS version in common",
  ],
  [code.SSL_HANDSHAKE_FAILURE]: [
    "HANDSHAKE_FAILURE",
    "handshake_failure",
    "the two sides have no parameters in common (cipher suite, group, signature algorithm or certificate)",
  ],
  [code.SSL_NO_CLIENT_CERTIFICATE]: ["PEER_DID_NOT_RETURN_A_CERTIFICATE", "certificate_required"],
  [code.SSL_NO_APPLICATION_PROTOCOL]: [
    "NO_APPLICATION_PROTOCOL",
    "no_application_protocol",
    "the two sides have no application protocol (ALPN) in common",
  ],
  [code.SSL_BAD_CERTIFICATE]: ["BAD_CERTIFICATE", "bad_certificate", "the certificate of the peer cannot be used"],
  [code.X509_CERT_VERIFY_FAILED]: ["CERTIFICATE_VERIFY_FAILED", "bad_certificate"],
  [code.ERR_TOO_MANY_KEY_UPDATES]: [
    "TOO_MANY_KEY_UPDATES",
    "unexpected_message",
    "the peer changed its keys again and again without sending data",
  ],
  [code.SSL_COUNTER_WRAPPING]: ["TOO_MANY_RECORDS", "internal_error"],
  [code.SSL_PK_TYPE_MISMATCH]: ["WRONG_CERTIFICATE_TYPE", "illegal_parameter"],
  [code.SSL_UNRECOGNIZED_NAME]: ["UNRECOGNIZED_NAME", "unrecognized_name"],
  [code.SSL_UNKNOWN_IDENTITY]: ["UNKNOWN_PSK_IDENTITY", "unknown_psk_identity"],
  [code.SSL_BUFFER_TOO_SMALL]: [
    "MESSAGE_TOO_LONG",
    "illegal_parameter",
    "a message of the handshake is longer than is supported (16 KiB)",
  ],
  [code.ECP_VERIFY_FAILED]: [
    "BAD_SIGNATURE",
    "decrypt_error",
    "the peer could not prove that it has the key of its certificate",
  ],
  [code.RSA_VERIFY_FAILED]: [
    "BAD_SIGNATURE",
    "decrypt_error",
    "the peer could not prove that it has the key of its certificate",
  ],
  [code.ERR_NO_EXTENDED_MASTER_SECRET]: [
    "MISSING_EXTENDED_MASTER_SECRET",
    "handshake_failure",
    "the peer does not support the extended master secret (RFC 7627), which TLS 1.2 needs to be safe",
  ],
  [code.ERR_EXTENDED_MASTER_SECRET_CHANGED]: [
    "INCONSISTENT_EXTMS",
    "handshake_failure",
    "the server resumes a session without its extended master secret", // RFC 7627, section 5.3
  ],
};

const brokenSignature: Meaning = ["BAD_SIGNATURE", "decrypt_error", "a signature of the peer cannot be decoded"];
const brokenCertificate: Meaning = [
  "BAD_CERTIFICATE",
  "bad_certificate",
  "the certificate of the peer cannot be decoded",
];
const brokenKey: Meaning = [
  "BAD_CERTIFICATE",
  "unsupported_certificate",
  "the key in the certificate of the peer is broken or not supported (supported: RSA, P-256, P-384, P-521)",
];

/** From the first to the last code of a family, with what it means when the peer's bytes brought it about. */
const families: readonly (readonly [first: number, last: number, Meaning])[] = [
  [code.ASN1_OUT_OF_DATA, code.ASN1_BUF_TOO_SMALL, brokenSignature],
  [code.X509_FEATURE_UNAVAILABLE, code.X509_BUFFER_TOO_SMALL, brokenCertificate],
  [code.PK_BUFFER_TOO_SMALL, code.PK_ALLOC_FAILED, brokenKey],
  [code.RSA_BAD_INPUT_DATA, code.RSA_RNG_FAILED, brokenKey],
  [code.ECP_IN_PROGRESS, code.ECP_BAD_INPUT_DATA, brokenKey],
];

// Owns what Node calls the failures of the library: its codes, and OpenSSL's sentences and numbers. Refuses to know when they
// happen. The library's own error, which says more, is the cause of the one that comes out.
import {
  SSLAlertError,
  SSLCertVerificationError,
  SSLConfigError,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
} from "../../index.ts";
import { nodeError, opensslError } from "./errors.ts";

/** The error as Node would give it; one that the application made itself comes out as it was. `reason` overrides the name of it. */
export function nodeErrorOf(error: unknown, reason?: string): Error {
  if (!(error instanceof SSLError)) return error as Error;
  const { cause } = error;
  if (cause instanceof SSLError && cause.constructor === error.constructor) return nodeErrorOf(cause, reason); // said once more
  const own = cause instanceof Error && !(cause instanceof SSLError);
  if (own && (error instanceof SSLSyscallError || fromApplication(error))) return cause;
  if (error instanceof SSLCertVerificationError) return verifyErrorOf(error);
  return protocolErrorOf(error, reason ?? error.reason);
}

/** What an application's callback has refused with an error that names no alert; Node then says nothing to the peer. */
export function isSilentRefusal(error: unknown): boolean {
  if (!(error instanceof SSLError) || error.reason !== "CALLBACK_FAILED") return false;
  return (error.cause as { alert?: unknown } | undefined)?.alert === undefined;
}

function fromApplication(error: SSLError): boolean {
  const verified = error instanceof SSLCertVerificationError && error.nodeCode === "APPLICATION_VERIFICATION";
  return verified || error.reason === "CALLBACK_FAILED";
}

/** Why a certificate is not trusted, with the code and the sentence that Node takes from OpenSSL. */
export function verifyErrorOf(error: SSLCertVerificationError): NodeJS.ErrnoException {
  // OpenSSL has a code of its own for a chain of one certificate whose issuer is not known.
  const alone = error.nodeCode === "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" && error.chain.length === 1;
  const code = alone ? "UNABLE_TO_VERIFY_LEAF_SIGNATURE" : error.nodeCode;
  return Object.assign(nodeError(code, sentences[code] ?? error.verifyMessage), { cause: error });
}

/** Whether the transport ended in the middle of things. */
export function isEnd(error: unknown): error is SSLEOFError {
  return error instanceof SSLEOFError;
}

/** As OpenSSL would say it; what is no matter of the protocol stays as it is. */
function protocolErrorOf(error: SSLError, reason: string): Error {
  if (error.code !== `ERR_SSL_${error.reason}`) return error;
  // OpenSSL 3.2 and later do not say any more which old protocol brought an alert.
  const name = reason.replace(/^SSLV3_ALERT_/, "SSL/TLS_ALERT_");
  const number = error instanceof SSLAlertError ? 1000 + error.alert : numbers[reason];
  const text = number === undefined ? undefined : `0A${number.toString(16).toUpperCase().padStart(6, "0")}`;
  const failure = opensslError(`ERR_SSL_${name}`, name.toLowerCase().replaceAll("_", " "), "SSL routines", text);
  return Object.assign(failure, { cause: error });
}

/** OpenSSL's numbers of its reasons (SSL_R_..., sslerr.h), for the text of the message. */
const numbers: Readonly<Record<string, number>> = {
  NO_SUITABLE_SIGNATURE_ALGORITHM: 118,
  CERTIFICATE_VERIFY_FAILED: 134,
  NO_SHARED_CIPHER: 193,
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 199,
  NO_APPLICATION_PROTOCOL: 235,
  UNSUPPORTED_PROTOCOL: 258,
  WRONG_VERSION_NUMBER: 267,
  DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 281,
  UNEXPECTED_EOF_WHILE_READING: 294,
  NO_SHARED_SIGNATURE_ALGORITHMS: 376,
};

const sentences: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: "unable to get issuer certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unable to get local issuer certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unable to verify the first certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in certificate chain",
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  CERT_REVOKED: "certificate revoked",
  CERT_SIGNATURE_FAILURE: "certificate signature failure",
  UNABLE_TO_GET_CRL: "unable to get certificate CRL",
  CRL_HAS_EXPIRED: "CRL has expired",
  INVALID_CA: "invalid CA certificate",
  INVALID_PURPOSE: "unsuitable certificate purpose",
  PATH_LENGTH_EXCEEDED: "path length constraint exceeded",
};

/** The library's refusal of an own certificate or key, in Node's words where it has some. */
export function configErrorOf(error: unknown): unknown {
  if (!(error instanceof SSLConfigError)) return error;
  const known = configErrors[error.reason];
  const failure = known === undefined ? pfxErrorOf(error) : opensslError(...known);
  return failure === null ? error : Object.assign(failure, { cause: error });
}

/** What Node itself says about a PKCS#12 file. */
function pfxErrorOf(error: SSLConfigError): NodeJS.ErrnoException | null {
  if (error.reason === "UNSUPPORTED_ENCRYPTION" && error.message.includes("options.pfx"))
    return nodeError("ERR_CRYPTO_UNSUPPORTED_OPERATION", "Unsupported PKCS12 PFX data");
  if (error.reason !== "BAD_PKCS12" || !error.message.includes("no private key")) return null;
  return Object.assign(new Error("Unable to load private key from PFX data"), { code: "ERR_CRYPTO_OPERATION_FAILED" });
}

type OpensslWords = Parameters<typeof opensslError>;

const configErrors: Readonly<Record<string, OpensslWords | undefined>> = {
  KEY_VALUES_MISMATCH: [
    "ERR_OSSL_X509_KEY_VALUES_MISMATCH",
    "key values mismatch",
    "x509 certificate routines",
    "05800074",
  ],
  MAC_VERIFY_FAILURE: ["ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE", "mac verify failure", "PKCS12 routines", "11800071"],
  BAD_DECRYPT: ["ERR_OSSL_BAD_DECRYPT", "bad decrypt", "Provider routines", "1C800064"],
  BAD_PASSWORD_READ: ["ERR_OSSL_BAD_DECRYPT", "bad decrypt", "Provider routines", "1C800064"],
};

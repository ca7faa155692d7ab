// Owns what Node calls the failures of the library: its codes, and OpenSSL's sentences for certificates. Refuses to know when
// they happen.
import { SSLCertVerificationError, SSLConfigError, SSLEOFError, SSLError, SSLSyscallError } from "../../index.ts";
import { nodeError } from "./errors.ts";

/** The error as Node would give it; one that the application made itself comes out as it was. */
export function nodeErrorOf(error: unknown, serverHandshake = false): Error {
  if (!(error instanceof SSLError)) return error as Error;
  const { cause } = error;
  if (cause instanceof SSLError && cause.constructor === error.constructor) return nodeErrorOf(cause, serverHandshake); // said once more
  const own = cause instanceof Error && !(cause instanceof SSLError);
  if (own && (error instanceof SSLSyscallError || fromApplication(error))) return cause;
  if (error instanceof SSLCertVerificationError) return verifyErrorOf(error);
  return renamed(error, serverHandshake);
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

/** What Node says when a client that asked for it gets no certificate to verify. */
export function missingCertificate(): NodeJS.ErrnoException {
  return nodeError("UNABLE_TO_GET_ISSUER_CERT", "unable to get issuer certificate");
}

/** Whether the transport ended in the middle of things. */
export function isEnd(error: unknown): boolean {
  return error instanceof SSLEOFError;
}

/** Where OpenSSL has another name for it than the library. */
function renamed(error: SSLError, serverHandshake: boolean): Error {
  // What the two have not in common is nearly always the cipher suite or the certificate, which OpenSSL calls the same.
  const none = serverHandshake && error.reason === "HANDSHAKE_FAILURE";
  const reason = none ? "NO_SHARED_CIPHER" : (otherReasons[error.reason] ?? error.reason);
  if (error.code !== `ERR_SSL_${error.reason}`) return error;
  const text = reason.toLowerCase().replaceAll("_", " ");
  return Object.assign(nodeError(`ERR_SSL_${reason}`, error.message, { library: "SSL routines", reason: text }), {
    cause: error,
  });
}

const otherReasons: Readonly<Record<string, string>> = {
  SSLV3_ALERT_HANDSHAKE_FAILURE: "SSL/TLS_ALERT_HANDSHAKE_FAILURE",
  SSLV3_ALERT_BAD_RECORD_MAC: "SSL/TLS_ALERT_BAD_RECORD_MAC",
  SSLV3_ALERT_CERTIFICATE_EXPIRED: "SSL/TLS_ALERT_CERTIFICATE_EXPIRED",
  SSLV3_ALERT_CERTIFICATE_UNKNOWN: "SSL/TLS_ALERT_CERTIFICATE_UNKNOWN",
  SSLV3_ALERT_BAD_CERTIFICATE: "SSL/TLS_ALERT_BAD_CERTIFICATE",
  SSLV3_ALERT_UNEXPECTED_MESSAGE: "SSL/TLS_ALERT_UNEXPECTED_MESSAGE",
  SSLV3_ALERT_ILLEGAL_PARAMETER: "SSL/TLS_ALERT_ILLEGAL_PARAMETER",
  SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: "SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE",
  TLSV1_ALERT_NO_APPLICATION_PROTOCOL: "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
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
  if (known === undefined) return error;
  const [code, reason, library] = known;
  return Object.assign(nodeError(code, reason, { library, reason }), { cause: error });
}

const configErrors: Readonly<Record<string, readonly [code: string, reason: string, library: string] | undefined>> = {
  KEY_VALUES_MISMATCH: ["ERR_OSSL_X509_KEY_VALUES_MISMATCH", "key values mismatch", "x509 certificate routines"],
  MAC_VERIFY_FAILURE: ["ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE", "mac verify failure", "PKCS12 routines"],
  BAD_DECRYPT: ["ERR_OSSL_BAD_DECRYPT", "bad decrypt", "Provider routines"],
  BAD_PASSWORD_READ: [
    "ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED",
    "interrupted or cancelled",
    "common libcrypto routines",
  ],
};

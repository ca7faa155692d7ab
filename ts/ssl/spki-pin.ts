// The pin of a certificate, made for the option `pins`. What pins are compared with is in x509/pins.ts.
import { sharedRealm } from "../engine/realms.ts";
import { hashOf } from "../engine/signatures.ts";
import type { Bytes } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import { certificatesFrom } from "./pem.ts";
import { publicKeyOf } from "./x509/certificate.ts";
import { pinOf } from "./x509/pins.ts";

/**
 * The pin of a certificate's key: `sha256/` and the SHA-256 of its SubjectPublicKeyInfo in Base64 (RFC 7469, section 2.4).
 * A certificate that is renewed with the same key has the same pin. Of several certificates in a PEM text the first counts.
 *
 * Throws SSLConfigError, or SSLError with reason `"DECODE_ERROR"`, for what is no certificate.
 *
 * @example
 * const context = SSLContext.client({ trust, pins: [spkiPin(currentPem), spkiPin(backupPem)] });
 */
export function spkiPin(certificate: string | Bytes | Certificate): string {
  const [der] = certificatesFrom(isParsed(certificate) ? certificate.raw : certificate, "certificate");
  return `sha256/${pinOf(hashOf(sharedRealm(), 256, publicKeyOf(der!)))}`;
}

function isParsed(certificate: string | Bytes | Certificate): certificate is Certificate {
  return typeof certificate === "object" && certificate !== null && "raw" in certificate;
}

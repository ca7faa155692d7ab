// What this build of the library can do and what it cannot, for programs that must decide by it. Facts, no behaviour.

/**
 * What is offered, like Python's `HAS_*`. What is `false` is refused when it is asked for, never silently left out.
 *
 * @example
 * if (!features.EDDSA) useTheCertificateWithTheEcKey();
 */
export const features: Readonly<Record<Feature, boolean>> = Object.freeze({
  ALPN: true,
  SNI: true,
  ECDH: true,
  NEVER_CHECK_COMMON_NAME: true,
  PSK: true,
  PSK_TLS13: true,
  PHA: false,
  NPN: false,
  KEY_UPDATE: true,
  EXPORTER: true,
  EARLY_DATA: false,
  OCSP: false,
  EDDSA: false,
  PQ_HYBRID: false,
  DTLS: false,
  SSLv2: false,
  SSLv3: false,
  TLSv1: false,
  TLSv1_1: false,
  TLSv1_2: true,
  TLSv1_3: true,
});

/** PSK: pre-shared keys. PHA: client certificates after the handshake. OCSP: asking for or stapling of its answers. */
export type Feature =
  | "ALPN"
  | "SNI"
  | "ECDH"
  | "NEVER_CHECK_COMMON_NAME"
  | "PSK"
  | "PSK_TLS13"
  | "PHA"
  | "NPN"
  | "KEY_UPDATE"
  | "EXPORTER"
  | "EARLY_DATA"
  | "OCSP"
  | "EDDSA"
  | "PQ_HYBRID"
  | "DTLS"
  | "SSLv2"
  | "SSLv3"
  | "TLSv1"
  | "TLSv1_1"
  | "TLSv1_2"
  | "TLSv1_3";

// The alert numbers of RFC 8446, section 6 (with those of RFC 5246 that TLS 1.2 peers still send), and their names.

/**
 * The alerts by name (RFC 8446, section 6), as Python's `AlertDescription`: what `SSLAlertError.alert` can be.
 *
 * @example
 * if (error instanceof SSLAlertError && error.alert === alertDescription.unknown_ca) addTheAuthority();
 */
export const alert = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  decryption_failed: 21,
  record_overflow: 22,
  decompression_failure: 30,
  handshake_failure: 40,
  no_certificate: 41,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  export_restriction: 60,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  certificate_unobtainable: 111,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  bad_certificate_hash_value: 114,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
} as const;

/** The name of an alert. */
export type AlertName = keyof typeof alert;

export function alertName(number: number): string {
  return Object.entries(alert).find(([, value]) => value === number)?.[0] ?? `alert ${number}`;
}

/** OpenSSL's reason for a received alert, as Python and Node show it: the prefix tells which protocol brought the alert. */
export function alertReason(number: number): string {
  const name = alertName(number).toUpperCase().replaceAll(" ", "_");
  if (number === alert.missing_extension || number === alert.certificate_required) return `TLSV13_ALERT_${name}`;
  if (number >= alert.unsupported_extension && number <= alert.bad_certificate_hash_value) return `TLSV1_${name}`;
  return sslv3Alerts.has(number) ? `SSLV3_ALERT_${name}` : `TLSV1_ALERT_${name}`;
}

const sslv3Alerts: ReadonlySet<number> = new Set([10, 20, 30, 40, 41, 42, 43, 44, 45, 46, 47]);

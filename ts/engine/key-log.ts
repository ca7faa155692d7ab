// Lines of the key log that Wireshark and others read (the NSS format), from what the module noted.

/** Bytes of one note: kind, size, client random, secret. */
export const keyLogEntrySize: number = 2 + 32 + 48;

/** By Mbed TLS's kind of secret (mbedtls_ssl_key_export_type). */
const labels = [
  "CLIENT_RANDOM",
  "CLIENT_EARLY_TRAFFIC_SECRET",
  "EARLY_EXPORTER_SECRET",
  "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
  "SERVER_HANDSHAKE_TRAFFIC_SECRET",
  "CLIENT_TRAFFIC_SECRET_0",
  "SERVER_TRAFFIC_SECRET_0",
];

/** What a key log calls a kind of secret. */
export function keyLabel(type: number): string {
  return labels[type]!;
}

export function keyLogLine(entry: Uint8Array): string {
  return `${keyLabel(entry[0]!)} ${hex(entry.subarray(2, 34))} ${hex(entry.subarray(34, 34 + entry[1]!))}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Owns the key log that Wireshark and others read (the NSS format): its lines, from what the module noted. Refuses to know where
// they go.
import type { Handle } from "./handle.ts";

/** Bytes of one note: kind, size, client random, secret. */
const entrySize = 2 + 32 + 48;

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

/** Lines of the log, each once. */
export function takeKeyLog(handle: Handle): string[] {
  const { realm } = handle;
  const pointer = handle.tryLive();
  if (pointer === undefined) return [];
  const count = realm.exports.wt_logged_keys(pointer);
  if (count === 0) return [];
  const entries = realm.copyOut(realm.exports.wt_key_log(pointer), count * entrySize);
  realm.exports.wt_forget_logged_keys(pointer);
  return Array.from({ length: count }, (_, i) => line(entries.subarray(i * entrySize)));
}

function line(entry: Uint8Array): string {
  return `${keyLabel(entry[0]!)} ${hex(entry.subarray(2, 34))} ${hex(entry.subarray(34, 34 + entry[1]!))}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

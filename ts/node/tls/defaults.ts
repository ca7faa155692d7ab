// Owns the object that `require` and the default import answer, and the settings in it that programs may change
// (`tls.DEFAULT_MIN_VERSION = ...`). Refuses to know what reads them.
import { allCiphers, defaultCipherSuites, opensslName } from "../../ssl/tables.ts";

/** What of the module may be assigned to, as Node allows it. */
export interface Defaults {
  /** The cipher suites that are offered unless `ciphers` says otherwise, by OpenSSL's names, joined by colons. */
  DEFAULT_CIPHERS: string;
  /** The groups for the key exchange; `"auto"` stands for all that there are. */
  DEFAULT_ECDH_CURVE: string;
  DEFAULT_MIN_VERSION: string;
  DEFAULT_MAX_VERSION: string;
  /** Kept for programs that read it: renegotiation is not offered. */
  CLIENT_RENEG_LIMIT: number;
  /** Kept for programs that read it: renegotiation is not offered. */
  CLIENT_RENEG_WINDOW: number;
}

/** The module itself, for those who read its settings. */
export const defaults: Defaults = {
  DEFAULT_CIPHERS: defaultCipherSuites.map(opensslName).join(":"),
  DEFAULT_ECDH_CURVE: "auto",
  DEFAULT_MIN_VERSION: "TLSv1.2",
  DEFAULT_MAX_VERSION: "TLSv1.3",
  CLIENT_RENEG_LIMIT: 3,
  CLIENT_RENEG_WINDOW: 600,
};

/** The cipher suites that there are, by OpenSSL's names in small letters. */
export function getCiphers(): string[] {
  return allCiphers.map(({ name }) => name.toLowerCase()).toSorted();
}

// Owns the object that `require` and the default import answer, and the settings in it that programs may change
// (`tls.DEFAULT_MIN_VERSION = ...`). Refuses to know what reads them.
import { constants } from "node:crypto";
import { nodeTls } from "../builtin.ts";
import { allCiphers, defaultCipherSuites, opensslName } from "../../ssl/tables.ts";
import { checkNames, type CheckServerIdentity } from "./server-identity.ts";

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
  /** Compares the names in a certificate, unless a connection has a function of its own for that. */
  checkServerIdentity: CheckServerIdentity;
  /** Makes the contexts of `connect` and `Server`: programs put a function of their own in its place, to add certificates. */
  createSecureContext?(options: object): object;
}

/** The module itself, for those who read its settings. */
export const defaults: Defaults = {
  DEFAULT_CIPHERS: defaultCiphers(),
  DEFAULT_ECDH_CURVE: "auto",
  DEFAULT_MIN_VERSION: nodeTls().DEFAULT_MIN_VERSION,
  DEFAULT_MAX_VERSION: nodeTls().DEFAULT_MAX_VERSION,
  CLIENT_RENEG_LIMIT: 3,
  CLIENT_RENEG_WINDOW: 600,
  checkServerIdentity: checkNames,
};

/** The library's, unless Node was started with others (`--tls-cipher-list`). */
function defaultCiphers(): string {
  const { DEFAULT_CIPHERS } = nodeTls();
  const asBuilt = DEFAULT_CIPHERS === constants.defaultCoreCipherList;
  return asBuilt ? defaultCipherSuites.map(opensslName).join(":") : DEFAULT_CIPHERS;
}

/** The cipher suites that there are, by OpenSSL's names in small letters. */
export function getCiphers(): string[] {
  return allCiphers()
    .map(({ name }) => name.toLowerCase())
    .toSorted();
}

// Owns reading OpenSSL's lists of cipher suites ("ECDHE+AESGCM:!aNULL:TLS_AES_128_GCM_SHA256"). Refuses to judge them: a list
// that names weak suites gets those that there are.
import { allCiphers, type CipherInfo } from "../../ssl/tables.ts";
import { opensslError } from "./errors.ts";

/**
 * The IANA names of what a list selects. As in Node, suites of TLS 1.3 are in it when it names them, and only then. Throws
 * ERR_SSL_NO_CIPHER_MATCH when it selects nothing.
 */
export function parseCiphers(list: string): string[] {
  const words = list.split(/[:, ]+/).filter((word) => word !== "" && !word.startsWith("@"));
  const named13 = words.filter((word) => tls13.some(({ name }) => name === word));
  const selected12 = words.filter((word) => !word.startsWith("TLS_")).reduce(apply, new Selection());
  const selected = [...new Set([...named13, ...selected12.names()])];
  if (selected.length === 0) throw noCipherMatch();
  return selected;
}

/** No suite is selected, or none for the versions. */
export function noCipherMatch(): Error {
  return opensslError("ERR_SSL_NO_CIPHER_MATCH", "no cipher match", "SSL routines", "0A0000B9");
}

// Any use of this entry makes a context from such a list, so nothing is gained by putting these off.
const all = allCiphers();
const tls13 = all.filter(({ version }) => version === "TLSv1.3");
const tls12 = all.filter(({ version }) => version === "TLSv1.2").toSorted((a, b) => rank(a) - rank(b));

/** What the words so far have selected, and what none of the later ones can bring back. */
class Selection {
  #chosen: readonly CipherInfo[] = [];
  readonly #killed = new Set<CipherInfo>();

  add(suites: readonly CipherInfo[]): void {
    const more = suites.filter((suite) => !this.#killed.has(suite) && !this.#chosen.includes(suite));
    this.#chosen = [...this.#chosen, ...more];
  }

  moveToEnd(suites: readonly CipherInfo[]): void {
    const moved = this.#chosen.filter((suite) => suites.includes(suite));
    this.remove(moved);
    this.#chosen = [...this.#chosen, ...moved];
  }

  remove(suites: readonly CipherInfo[]): void {
    this.#chosen = this.#chosen.filter((suite) => !suites.includes(suite));
  }

  kill(suites: readonly CipherInfo[]): void {
    for (const suite of suites) this.#killed.add(suite);
    this.remove(suites);
  }

  names(): string[] {
    return this.#chosen.map(({ standardName }) => standardName);
  }
}

function apply(selection: Selection, word: string): Selection {
  const suites = suitesOf(word.replace(/^[!+-]/, ""));
  if (word.startsWith("!")) selection.kill(suites);
  else if (word.startsWith("-")) selection.remove(suites);
  else if (word.startsWith("+")) selection.moveToEnd(suites);
  else selection.add(suites);
  return selection;
}

/** One name, or names joined by "+" that must all fit. */
function suitesOf(word: string): CipherInfo[] {
  const named = tls12.filter(({ name, standardName }) => name === word || standardName === word);
  if (named.length > 0) return named;
  const parts = word.split("+").map((part) => families[part]);
  if (parts.some((part) => part === undefined)) return [];
  return tls12.filter(({ standardName }) => parts.every((part) => part!.test(standardName)));
}

/** OpenSSL's words (ciphers(1)) as what the IANA name must look like; words for what there is none of are left out. */
const families: Readonly<Record<string, RegExp | undefined>> = {
  ALL: /./,
  DEFAULT: /^TLS_ECDHE_(RSA|ECDSA)_.*(GCM|CHACHA20)/,
  HIGH: /./,
  PSK: /_PSK_/,
  kPSK: /^TLS_PSK_/,
  aPSK: /_PSK_/,
  ECDHE: /^TLS_ECDHE_/,
  EECDH: /^TLS_ECDHE_/,
  kECDHE: /^TLS_ECDHE_(RSA|ECDSA)/,
  kECDHEPSK: /^TLS_ECDHE_PSK/,
  ECDSA: /_ECDSA_/,
  aECDSA: /_ECDSA_/,
  RSA: /^TLS_RSA_/,
  kRSA: /^TLS_RSA_/,
  aRSA: /^TLS_(ECDHE_)?RSA_/,
  AES: /AES/,
  AES128: /AES_128/,
  AES256: /AES_256/,
  AESGCM: /AES.*GCM/,
  AESCCM: /AES.*CCM/,
  CHACHA20: /CHACHA20/,
  SHA: /_SHA$/,
  SHA1: /_SHA$/,
  SHA256: /CBC_SHA256$/,
  SHA384: /CBC_SHA384$/,
  "TLSv1.2": /(SHA256|SHA384|CCM|CCM_8)$/,
};

/** Forward secrecy first, then authenticated encryption, then strength, as OpenSSL orders what a word stands for. */
function rank({ standardName, bits }: CipherInfo): number {
  return (
    (standardName.startsWith("TLS_ECDHE_") ? 0 : 8) +
    (/GCM|CHACHA20|CCM/.test(standardName) ? 0 : 4) +
    (bits >= 256 ? 0 : 2) +
    (standardName.includes("_ECDSA_") ? 0 : 1)
  );
}

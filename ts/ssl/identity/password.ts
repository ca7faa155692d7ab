// The password of a key or of a PKCS#12 file in the forms that are hashed, and the limit of that work.
import { SSLConfigError } from "../../engine/errors.ts";
import { type Bytes, toBytes } from "../bytes.ts";

/** A password, as text or as its bytes in UTF-8, or a function that is asked for one when it is needed. */
export type Password = string | Bytes | (() => string | Bytes);

/** One password in its two forms. */
export interface Passphrase {
  /** UTF-8, or the bytes that were given. */
  readonly bytes: Uint8Array;
  /** The BMPString of PKCS#12 with the two zeros at its end (RFC 7292, appendix B.1). */
  readonly wide: Uint8Array;
}

/** Throws TypeError for what is no password and no function that may answer one. */
export function checkPassword(password: Password | undefined, name: string): void {
  if (password !== undefined && typeof password !== "function") passphraseFrom(password, name);
}

/** Without a password an empty one is tried. Throws TypeError for what is no password. */
export function passphraseFrom(password: Password | undefined, name: string): Passphrase {
  if (password === undefined) return passphraseFrom("", name);
  const given = typeof password === "function" ? password() : password;
  if (typeof given === "string") return { bytes: new TextEncoder().encode(given), wide: wideText(given) };
  const bytes = toBytes(given, name).slice();
  return { bytes, wide: wideText(textOf(bytes)) };
}

/**
 * How much hashing one file may ask for. What openssl and Java write asks for some ten thousand, the most careful browser
 * for two million; this limit is reached within seconds, where a hostile file would keep us busy for hours.
 */
export const mostIterations = 5_000_000;

/** Whether another password might have opened it. */
export function isWrongPassword(error: unknown): error is SSLConfigError {
  return error instanceof SSLConfigError && ["MAC_VERIFY_FAILURE", "BAD_DECRYPT"].includes(error.reason);
}

/** The same error, or that there was no password to be wrong. */
export function wrongOrMissing(error: SSLConfigError, { bytes }: Passphrase, name: string): SSLConfigError {
  if (bytes.length > 0) return error;
  const options = { reason: "BAD_PASSWORD_READ", library: "PK", cause: error } as const;
  return new SSLConfigError(`Cannot use ${name}: it is encrypted and no password was given`, options);
}

/** What is left of `mostIterations` for one file. */
export class Work {
  readonly #name: string;
  #left = mostIterations;

  constructor(name: string) {
    this.#name = name;
  }

  /** To be told before each derivation: the iterations that the file asks for, and how many hashes are made of them. */
  spend(iterations: number, hashes: number): void {
    this.#left -= iterations * hashes;
    if (this.#left >= 0 && iterations >= 1) return;
    const why =
      iterations < 1 ? "its iteration count is 0" : `its password asks for more than ${mostIterations} iterations`;
    throw new SSLConfigError(`Cannot use ${this.#name}: ${why}`, { reason: "BAD_ITERATION_COUNT", library: "PK" });
  }
}

/** UTF-8, or else one character for each byte, as OpenSSL reads passwords. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}

function wideText(text: string): Uint8Array {
  const wide = new Uint8Array(2 * text.length + 2);
  for (let i = 0; i < text.length; i++) {
    wide[2 * i] = text.charCodeAt(i) >> 8;
    wide[2 * i + 1] = text.charCodeAt(i);
  }
  return wide;
}

// Owns the own certificates and keys of a context in all the forms in which Node takes them: one or many, with a passphrase
// of their own, in PKCS#12 files. Refuses to know what they are used for.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { openIdentity } from "../../ssl/identity/identity.ts";
import { certificatesFrom } from "../../ssl/pem.ts";
import { chainAbove } from "./certificates.ts";
import { invalidArgType, nodeError, requireString } from "./errors.ts";

/** A certificate chain and its key, both in the clear. */
export interface OpenIdentity {
  readonly cert: readonly Uint8Array[];
  readonly key: Uint8Array;
}

/** PEM or DER, in the forms of Node. */
export type Material = string | NodeJS.ArrayBufferView;
/** What `key` and `pfx` can also be, each with a passphrase of its own. */
export interface WithPassphrase {
  readonly pem?: Material;
  readonly buf?: Material;
  readonly passphrase?: string;
}

/** Where the identities of a context come from. */
export interface IdentityOptions {
  readonly key?: unknown;
  readonly cert?: unknown;
  readonly pfx?: unknown;
  readonly passphrase?: unknown;
}

interface Key {
  readonly pem: Uint8Array | string;
  readonly passphrase: string | undefined;
}

/**
 * The identities that the options hold; without a key or without a certificate there are none. `above` are certificates
 * out of which a chain is completed that ends too early. Throws ERR_INVALID_ARG_TYPE, and what a broken file is refused with.
 */
export function identitiesOf(options: IdentityOptions, above: readonly Uint8Array[]): OpenIdentity[] {
  const { passphrase } = options;
  if (passphrase !== undefined && passphrase !== null) requireString(passphrase, "options.passphrase");
  for (const name of ["cert", "key"] as const) refuseWrapped(options[name], `options.${name}`);
  const certs = listOf(options.cert).map((cert) => requireMaterial(cert, "options.cert"));
  const keys = listOf(options.key).map((key) => keyOf(key, passphrase ?? undefined));
  const files = listOf(options.pfx).map((pfx) => openPfx(pfx, passphrase ?? undefined));
  const paired = keys.length === 0 ? [] : certs.map((cert) => pairedWith(cert, keys, above));
  for (const cert of keys.length === 0 ? certs : []) certificatesFrom(cert, "options.cert");
  return [...paired, ...files];
}

/** The certificates of PKCS#12 files beside the own ones: Node trusts them. */
export function trustedByPfx(identities: readonly OpenIdentity[], options: IdentityOptions): Uint8Array[] {
  return truthy(options.pfx) ? identities.flatMap(({ cert }) => cert.slice(1)) : [];
}

/** A text or bytes, checked. */
export function requireMaterial(value: unknown, name: string): string | Uint8Array {
  if (typeof value === "string") return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  throw invalidArgType(name, ["string", "Buffer", "TypedArray", "DataView"], value);
}

/** What falsy means in the options of Node: left out. */
export function listOf(value: unknown): readonly unknown[] {
  if (!truthy(value)) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function truthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}

/** A file with its own passphrase must be in a list. */
function refuseWrapped(value: unknown, name: string): void {
  if (truthy(value) && !Array.isArray(value)) requireMaterial(value, name);
}

function keyOf(given: unknown, passphrase: string | undefined): Key {
  const own = isWrapped(given, "pem") ? given : null;
  const pem = requireMaterial(own === null ? given : own.pem, "options.key");
  const word = own === null ? passphrase : (own.passphrase ?? passphrase);
  if (word !== undefined) requireString(word, "options.passphrase");
  return { pem, passphrase: word };
}

function isWrapped(value: unknown, name: "pem" | "buf"): value is WithPassphrase {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && name in value;
}

function openPfx(given: unknown, passphrase: string | undefined): OpenIdentity {
  const own = isWrapped(given, "buf") ? given : null;
  const file = requireMaterial(own === null ? given : own.buf, "options.pfx");
  const word = own === null ? passphrase : (own.passphrase ?? passphrase);
  const pfx = typeof file === "string" ? Buffer.from(file, "latin1") : file;
  return openIdentity(word === undefined ? { pfx } : { pfx, password: word }, "options.pfx");
}

/** The certificate with that of the keys which is its own; with one key there is no choice, and the library says if it does not fit. */
function pairedWith(cert: string | Uint8Array, keys: readonly Key[], above: readonly Uint8Array[]): OpenIdentity {
  const chain = certificatesFrom(cert, "options.cert");
  const key = keys.length === 1 ? keys[0]! : (keys.find((one) => fits(chain[0]!, one)) ?? mismatch());
  const complete = chain.length === 1 ? [...chain, ...chainAbove(chain[0]!, above)] : chain;
  const { pem, passphrase } = key;
  return openIdentity(
    { cert: complete, key: pem as string, ...(passphrase === undefined ? {} : { password: passphrase }) },
    "options",
  );
}

function fits(leaf: Uint8Array, { pem, passphrase }: Key): boolean {
  const key = typeof pem === "string" ? pem : Buffer.from(pem);
  return new X509Certificate(leaf).checkPrivateKey(
    createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }),
  );
}

function mismatch(): never {
  const reason = "key values mismatch";
  throw nodeError("ERR_OSSL_X509_KEY_VALUES_MISMATCH", reason, { library: "x509 certificate routines", reason });
}

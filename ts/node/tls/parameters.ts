// Owns the translation of Node's words for versions, groups and signature schemes into those of the library. Refuses to
// know contexts. What neither has is left out of a list; a list of which nothing is left is refused.
import { signatureSchemeId, type NamedGroup, type SignatureScheme, type TLSVersion } from "../../ssl/tables.ts";
import { defaults } from "./defaults.ts";
import { invalidArgType, invalidArgValue, nodeError } from "./errors.ts";

/** Both ends of the range of versions. */
export interface VersionRange {
  readonly minVersion: TLSVersion;
  readonly maxVersion: TLSVersion;
}

/** What is said about versions in the options of a context. */
export interface VersionOptions {
  readonly minVersion?: string | null | undefined;
  readonly maxVersion?: string | null | undefined;
  readonly secureProtocol?: string | null | undefined;
}

const known: readonly string[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/** Null when only versions are left that are not offered here (TLS 1.0 and 1.1). Throws as Node does for what is no version. */
export function versionRange({ minVersion, maxVersion, secureProtocol }: VersionOptions): VersionRange | null {
  const method = secureProtocol ?? null;
  if (method !== null) {
    conflict(minVersion, method);
    conflict(maxVersion, method);
  }
  const fixed = method === null ? null : methodRange(method);
  const [least, most] = fixed ?? [
    versionOf(minVersion, "minimum", defaults.DEFAULT_MIN_VERSION),
    versionOf(maxVersion, "maximum", defaults.DEFAULT_MAX_VERSION),
  ];
  if (known.indexOf(most) < 2 || known.indexOf(least) > known.indexOf(most)) return null;
  return { minVersion: known.indexOf(least) < 2 ? "TLSv1.2" : (least as TLSVersion), maxVersion: most as TLSVersion };
}

function versionOf(given: string | null | undefined, end: string, fallback: string): string {
  const version = given ?? fallback;
  if (known.includes(version)) return version;
  const message = `${JSON.stringify(version)} is not a valid ${end} TLS protocol version`;
  throw nodeError("ERR_TLS_INVALID_PROTOCOL_VERSION", message, {}, TypeError);
}

function conflict(version: unknown, method: string): void {
  if (version === null || version === undefined) return;
  const message = `TLS protocol version ${JSON.stringify(version)} conflicts with secureProtocol ${JSON.stringify(method)}`;
  throw nodeError("ERR_TLS_PROTOCOL_VERSION_CONFLICT", message, {}, TypeError);
}

/** OpenSSL's methods. */
function methodRange(method: string): readonly [string, string] {
  const match = /^(SSLv2|SSLv3|SSLv23|TLS|TLSv1|TLSv1_1|TLSv1_2|TLSv1_3)_(client_|server_)?method$/.exec(method);
  const refuse = (message: string): never => {
    throw nodeError("ERR_TLS_INVALID_PROTOCOL_METHOD", message, {}, TypeError);
  };
  if (match === null || match[1] === "TLSv1_3") return refuse(`Unknown method: ${method}`);
  const [, name] = match as unknown as [string, string];
  if (name === "SSLv2" || name === "SSLv3") return refuse(`${name} methods disabled`);
  if (name === "SSLv23") return [defaults.DEFAULT_MIN_VERSION, "TLSv1.2"];
  if (name === "TLS") return ["TLSv1", "TLSv1.3"];
  const version = name.replace("_", ".");
  return [version, version];
}

/** The groups of a list as OpenSSL writes it ("P-256:X25519"); undefined stands for the library's own. */
export function groupsOf(list: string): NamedGroup[] | undefined {
  if (list === "auto") return undefined;
  const names = list.split(":").filter((name) => name !== "");
  const found = names.map((name) => groupNames[name.toLowerCase().replaceAll("-", "")]);
  const unknown = found.findIndex((group) => group === undefined);
  if (names.length > 0 && unknown < 0) return found as NamedGroup[];
  throw nodeError("ERR_CRYPTO_OPERATION_FAILED", "Failed to set ECDH curve");
}

const groupNames: Readonly<Record<string, NamedGroup | undefined>> = {
  x25519: "x25519",
  p256: "secp256r1",
  prime256v1: "secp256r1",
  secp256r1: "secp256r1",
  p384: "secp384r1",
  secp384r1: "secp384r1",
  p521: "secp521r1",
  secp521r1: "secp521r1",
};

/** Name and size of a group, as `getEphemeralKeyInfo` gives them. */
export const groupInfo: Readonly<Record<NamedGroup, { readonly name: string; readonly size: number }>> = {
  x25519: { name: "X25519", size: 253 },
  secp256r1: { name: "prime256v1", size: 256 },
  secp384r1: { name: "secp384r1", size: 384 },
  secp521r1: { name: "secp521r1", size: 521 },
};

/** The signature schemes of a list as OpenSSL writes it ("ECDSA+SHA256:rsa_pss_rsae_sha256"). */
export function sigalgsOf(list: unknown): SignatureScheme[] {
  if (typeof list !== "string") throw invalidArgType("options.sigalgs", ["string"], list);
  if (list === "") throw invalidArgValue("options.sigalgs", list);
  const found = list
    .split(":")
    .map((name) => schemes.find((scheme) => scheme === name || opensslNames[scheme].includes(name)));
  const usable = found.filter((scheme) => scheme !== undefined);
  if (usable.length > 0) return usable;
  throw nodeError("ERR_CRYPTO_OPERATION_FAILED", "Failed to set sigalgs");
}

/** How `getSharedSigalgs` calls a signature scheme. */
export function sigalgName(scheme: SignatureScheme): string {
  return opensslNames[scheme][0]!;
}

const schemes = Object.keys(signatureSchemeId) as SignatureScheme[];

const opensslNames: Readonly<Record<SignatureScheme, readonly string[]>> = {
  ecdsa_secp256r1_sha256: ["ECDSA+SHA256"],
  ecdsa_secp384r1_sha384: ["ECDSA+SHA384"],
  ecdsa_secp521r1_sha512: ["ECDSA+SHA512"],
  rsa_pss_rsae_sha256: ["RSA-PSS+SHA256", "PSS+SHA256"],
  rsa_pss_rsae_sha384: ["RSA-PSS+SHA384", "PSS+SHA384"],
  rsa_pss_rsae_sha512: ["RSA-PSS+SHA512", "PSS+SHA512"],
  rsa_pkcs1_sha256: ["RSA+SHA256"],
  rsa_pkcs1_sha384: ["RSA+SHA384"],
  rsa_pkcs1_sha512: ["RSA+SHA512"],
};

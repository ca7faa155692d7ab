// Names and numbers of versions, cipher suites, groups and signature schemes, and what is offered when nobody says.
import { cipherSuiteId } from "../engine/codes.gen.ts";

/** The protocol versions that exist here. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";
/** A cipher suite by its IANA name. */
export type CipherName = keyof typeof cipherSuiteId;
/** A group for the key exchange (RFC 8446, section 4.2.7). */
export type NamedGroup = keyof typeof groupId;
/** A signature scheme (RFC 8446, section 4.2.3). */
export type SignatureScheme = keyof typeof signatureSchemeId;

/** A cipher suite as `cipher()` and `getCiphers()` describe it. */
export interface CipherInfo {
  /** OpenSSL's name, as Python and Node give it. */
  readonly name: string;
  /** The IANA name. */
  readonly standardName: string;
  /** The number in IANA's registry. */
  readonly id: number;
  /** Bits of the symmetric key. */
  readonly bits: number;
  /** The protocol version that the suite belongs to. */
  readonly version: TLSVersion;
}

export const versionId: Readonly<Record<TLSVersion, number>> = { "TLSv1.2": 771, "TLSv1.3": 772 };

export const groupId = { x25519: 29, secp256r1: 23, secp384r1: 24, secp521r1: 25 } as const;

export const signatureSchemeId = {
  ecdsa_secp256r1_sha256: 1027,
  ecdsa_secp384r1_sha384: 1283,
  ecdsa_secp521r1_sha512: 1539,
  rsa_pss_rsae_sha256: 2052,
  rsa_pss_rsae_sha384: 2053,
  rsa_pss_rsae_sha512: 2054,
  rsa_pkcs1_sha256: 1025,
  rsa_pkcs1_sha384: 1281,
  rsa_pkcs1_sha512: 1537,
} as const;

/** Forward secrecy and authenticated encryption only; ChaCha20-Poly1305 first, as it is constant time without any table. */
export const defaultCipherSuites: readonly CipherName[] = [
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
];

/** Beside them, with a pre-shared key: those of TLS 1.3 serve for both. */
export const defaultPskSuites: readonly CipherName[] = ["TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"];

export const defaultGroups: readonly NamedGroup[] = ["x25519", "secp256r1", "secp384r1", "secp521r1"];

export const defaultSignatureAlgorithms: readonly SignatureScheme[] = [
  "ecdsa_secp256r1_sha256",
  "rsa_pss_rsae_sha256",
  "ecdsa_secp384r1_sha384",
  "rsa_pss_rsae_sha384",
  "ecdsa_secp521r1_sha512",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
];

export function nameOfId<T extends string>(table: Readonly<Record<T, number>>, id: number): T | null {
  return (Object.keys(table) as T[]).find((name) => table[name] === id) ?? null;
}

export function cipherInfo(id: number): CipherInfo | null {
  const name = nameOfId(cipherSuiteId, id);
  return name === null ? null : infoOf(name);
}

/** The version that a suite belongs to, which is one that there is. */
export function cipherVersion(id: number): TLSVersion {
  return versionOf(nameOfId(cipherSuiteId, id)!);
}

/** The number of a suite that is named by its number, IANA's name or OpenSSL's; undefined when there is none. */
export function cipherSuiteNamed(suite: string | number): number | undefined {
  const found = cipherNames().find((name) => suite === name || suite === cipherSuiteId[name]);
  return found === undefined ? allCiphers().find(({ name }) => suite === name)?.id : cipherSuiteId[found];
}

/** Everything that can be named in `cipherSuites`. Made when asked for, as most programs name nothing by OpenSSL's names. */
export function allCiphers(): readonly CipherInfo[] {
  return cipherNames().map(infoOf);
}

function cipherNames(): CipherName[] {
  return Object.keys(cipherSuiteId) as CipherName[];
}

function infoOf(standardName: CipherName): CipherInfo {
  return {
    name: opensslName(standardName),
    standardName,
    id: cipherSuiteId[standardName],
    bits: standardName.includes("AES_128") ? 128 : 256,
    version: versionOf(standardName),
  };
}

function versionOf(standardName: CipherName): TLSVersion {
  return standardName.includes("_WITH_") ? "TLSv1.2" : "TLSv1.3";
}

/** OpenSSL's name for a suite: "ECDHE-RSA-AES128-GCM-SHA256" for TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. */
export function opensslName(standardName: string): string {
  if (!standardName.includes("_WITH_")) return standardName;
  const [exchange, cipher] = standardName.slice("TLS_".length).split("_WITH_") as [string, string];
  const short = cipher
    .replace(/AES_(\d+)/, "AES$1")
    .replace("_CBC", exchange.endsWith("PSK") ? "_CBC" : "") // only these names keep it
    .replace(/(CHACHA20_POLY1305)_SHA256/, "$1")
    .replace(/_8$/, "8")
    .replaceAll("_", "-");
  return exchange === "RSA" ? short : `${exchange.replaceAll("_", "-")}-${short}`;
}

// What a context can be told, checked and brought into one form. Every refusal names the option and what was expected.
import { SSLConfigError, SSLError } from "../engine/errors.ts";
import type { IdentityInput, SettingsInput } from "../engine/settings.ts";
import type { PreSharedKey } from "../engine/decision.ts";
import { newRealm, type Realm, sharedRealm } from "../engine/realms.ts";
import { type Bytes, checkOptionNames, describe, toBytes, toCount, toFlag } from "./bytes.ts";
import type { PskLookup, SelectAlpn, SelectContext, SniCallback, TraceListener, VerifyHook } from "./hooks.ts";
import { checkCertificateKind } from "./identity/key-kinds.ts";
import { checkPassword, type Password, passphraseFrom, Work } from "./identity/password.ts";
import { openPkcs12 } from "./identity/pkcs12.ts";
import { privateKeyFrom } from "./identity/private-key.ts";
import { certificatesFrom, type PemOrDer } from "./pem.ts";
import {
  type CipherName,
  cipherSuiteNamed,
  cipherVersion,
  defaultCipherSuites,
  defaultGroups,
  defaultPskSuites,
  defaultSignatureAlgorithms,
  groupId,
  type NamedGroup,
  type SignatureScheme,
  signatureSchemeId,
  type TLSVersion,
  versionId,
} from "./tables.ts";
import type { SSLSession } from "./session.ts";
import { TicketKeys } from "./ticket-keys.ts";
import type { CertProfile, VerifyMode } from "./verification.ts";
import { type Crl, type CrlCheck, crlsFrom } from "./x509/crl.ts";
import { parseCertificate } from "./certificate.ts";
import { parseX509, sameBytes } from "./x509/certificate.ts";
import { parsePin } from "./x509/pins.ts";
import { TrustStore } from "./x509/trust-store.ts";

/**
 * A certificate chain with its private key: each for itself, or both in a PKCS#12 file.
 *
 * @example
 * const identities = [{ cert: certPem, key: keyPem }, { pfx: bytesOfTheFile, password: "changeit" }];
 */
export type Identity = KeyIdentity | PfxIdentity;

/** A certificate chain and its private key, each for itself. */
export interface KeyIdentity {
  /** The own certificate first, then the intermediate ones. */
  readonly cert: PemOrDer | readonly PemOrDer[];
  /**
   * PKCS#8, PKCS#1 or SEC 1; PEM or DER; in the clear or encrypted: PBES2 with PBKDF2 and AES-CBC or DES, 3DES of PKCS#12,
   * PBES1 with DES, and the old PEM text with a `DEK-Info` line.
   */
  readonly key: PemOrDer;
  /** For an encrypted key. */
  readonly password?: Password;
}

/** A PKCS#12 file (`.p12`, `.pfx`; RFC 7292), as openssl, Java, Windows and macOS write it. */
export interface PfxIdentity {
  /**
   * The bytes of the file. The first private key in it that has a certificate is used, with the certificates that lead away
   * from that; nothing in the file is trusted. RC2 and RC4 are not supported: `openssl pkcs12 -legacy` can make another file.
   */
  readonly pfx: Bytes;
  readonly password?: Password;
}

/** How much memory connections share: one wasm instance for all, one for the context, or one for each connection. */
export type Isolation = "shared" | "context" | "connection";

/** What clients and servers can be told alike. Whatever is left out has a safe default. */
export interface BaseOptions {
  /** Default `"TLSv1.2"`, or what `cipherSuites` are for. */
  readonly minVersion?: TLSVersion;
  /** Default `"TLSv1.3"`, or what `cipherSuites` are for. */
  readonly maxVersion?: TLSVersion;
  /** IANA or OpenSSL names or numbers, in order of preference; for both versions in one list. Default: AEAD with forward secrecy only. */
  readonly cipherSuites?: readonly (CipherName | (string & {}) | number)[];
  /**
   * In order of preference. Default `["x25519", "secp256r1", "secp384r1", "secp521r1"]`. In TLS 1.2 the list also says which
   * curves the certificate of the peer may use (RFC 8422, section 5.1.1): without `secp256r1` no P-256 certificate.
   */
  readonly groups?: readonly NamedGroup[];
  /** For the signatures of both sides, in order of preference. Default: ECDSA and RSA-PSS, then RSA with PKCS#1, SHA-256 and above. */
  readonly signatureAlgorithms?: readonly SignatureScheme[];
  /** Application protocols in order of preference (RFC 7301), 1 to 255 bytes each. */
  readonly alpn?: readonly string[];
  /** Own certificates with their keys. A server needs at least one. */
  readonly identities?: readonly Identity[];
  /** Certificates to trust: PEM with any number of them, or DER. All of them must be usable. */
  readonly ca?: PemOrDer | readonly PemOrDer[];
  /** Certificates to trust, beside `ca`: a store, which may be shared by contexts and is read when it is needed. */
  readonly trust?: TrustStore;
  /** Let a chain end at any trusted certificate, not only at a self-issued one. Default `true`, as in Python since 3.13. */
  readonly partialChain?: boolean;
  /** How much certificates must do right. Default `"standard"`. */
  readonly certProfile?: CertProfile;
  /** Certificate revocation lists, PEM or DER. */
  readonly crls?: PemOrDer | readonly PemOrDer[];
  /** For which certificates a revocation list must be there: none, the peer's own, or all but the trusted one. Default: `"leaf"` if `crls` are given. */
  readonly crlCheck?: CrlCheck;
  /**
   * The keys that the peer is held to, as `spkiPin` gives them or in the form of RFC 7469: some certificate of the verified
   * path, the trusted one included, must have one of them. Everything else is verified as without pins; with
   * `verifyMode: "none"` nothing is, and the peer's own certificate must have a pinned key.
   */
  readonly pins?: readonly string[];
  /** Default: `"required"` for clients, `"none"` for servers. */
  readonly verifyMode?: VerifyMode;
  /** TLS 1.2 without the extended master secret (RFC 7627) is refused unless this is `false`. */
  readonly requireExtendedMasterSecret?: boolean;
  /** The application's own judgement of the peer, in the handshake; beside the verdict that is found here. */
  readonly verify?: VerifyHook;
  /**
   * A pre-shared key (RFC 8446, section 4.2.11; RFC 5489), instead of certificates. Client: its identity and key. Server: the
   * same, or a function that finds the key for an identity. TLS 1.2 gets `TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256` added to
   * the cipher suites, unless you name some.
   */
  readonly psk?: PskIdentity | PskLookup;
  /** The time for certificates and sessions, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** Gets each line of the key log (NSS format, as Wireshark reads it): whoever has it can decrypt the connections. */
  readonly onKeyLog?: ((line: string) => void) | undefined;
  /**
   * Gets everything that happens on the wire, for people who want to look: records, handshake messages and alerts in the clear,
   * the names of secrets, each with the connection. It has none of the data and no secret. `explainTrace` makes words of it.
   */
  readonly onTrace?: TraceListener | undefined;
  /** Default `"shared"`. */
  readonly isolation?: Isolation;
}

/** What clients can be told. */
export interface ClientOptions extends BaseOptions {
  /** Whether the certificate must be for `serverHostname`. Default `true`, unless `verifyMode` is `"none"`. */
  readonly checkHostname?: boolean;
  /** Compare the subject's common name when the certificate has no subjectAltName. Default `false`. */
  readonly commonNameFallback?: boolean;
  /** Gets each session that can be resumed later; in TLS 1.3 they come with the first reads after the handshake. */
  readonly onSession?: (session: SSLSession) => void;
  /** 32 bytes of secret for `SSLSession.serialize` and `deserialize`. Default: random ones, which only this context has. */
  readonly sessionKey?: Bytes;
}

/** A pre-shared key and the name under which the other side knows it. */
export interface PskIdentity {
  /** A string stands for its UTF-8 bytes. */
  readonly identity: string | Bytes;
  /** 1 to 256 bytes; random ones, no password. */
  readonly key: Bytes;
}

/** Where a server keeps sessions of TLS 1.2 clients that take no tickets; what it keeps is sealed with the `ticketKeys`. */
export interface SessionCache {
  get(id: Uint8Array): Bytes | null | undefined | PromiseLike<Bytes | null | undefined>;
  /** What it answers is not waited for; when it is a promise that fails, the session will not be found. */
  set(id: Uint8Array, session: Uint8Array): unknown;
}

/** What servers can be told. */
export interface ServerOptions extends BaseOptions {
  /** Whether the server's order of cipher suites decides in TLS 1.2; in TLS 1.3 the client's does. Default `true`. */
  readonly honorCipherOrder?: boolean;
  /** A client that offers protocols, but none of `alpn`: an error (RFC 7301), or no protocol at all as in Python. Default `"fatal"`. */
  readonly alpnMismatch?: "fatal" | "ignore";
  /** Chooses the context for a client by what it says first. */
  readonly selectContext?: SelectContext;
  /** As Python's `sni_callback`; not together with `selectContext`. */
  readonly sniCallback?: SniCallback;
  /** Chooses the application protocol, instead of the order of `alpn`. */
  readonly selectAlpn?: SelectAlpn;
  /** Tickets that a client gets in TLS 1.3; with 0 nobody gets any, in TLS 1.2 neither. Default 2. */
  readonly numTickets?: number;
  /** Default: keys of its own. */
  readonly ticketKeys?: TicketKeys;
  /** For TLS 1.2 clients without tickets. Default: none, they get full handshakes. */
  readonly sessionCache?: SessionCache;
  /** For how many seconds a session can be resumed. Default 7200, at most 604800. */
  readonly sessionTimeout?: number;
}

/** The options as a context keeps them. */
export interface CheckedOptions {
  readonly input: SettingsInput;
  readonly alpn: readonly string[];
  readonly verifyMode: VerifyMode;
  readonly checkHostname: boolean;
  readonly trust: TrustStore;
  readonly partialChain: boolean;
  readonly certProfile: CertProfile;
  readonly crls: readonly Crl[];
  readonly crlCheck: CrlCheck;
  readonly pins: ReadonlySet<string> | null;
  readonly commonNameFallback: boolean;
  readonly tolerateAlpnMismatch: boolean;
  readonly now: () => number;
  readonly onKeyLog: ((line: string) => void) | null;
  readonly onTrace: TraceListener | null;
  readonly isolation: Isolation;
  readonly verify: VerifyHook | null;
  readonly pskLookup: PskLookup | null;
  readonly onSession: ((session: SSLSession) => void) | null;
  readonly sessionKey: Uint8Array | null;
  readonly selectContext: SelectContext | null;
  readonly sniCallback: SniCallback | null;
  readonly selectAlpn: SelectAlpn | null;
  readonly numTickets: number;
  readonly ticketKeys: TicketKeys;
  readonly sessionCache: SessionCache | null;
  readonly sessionTimeout: number;
}

/** What an embedding decides for one connection, in the place of what its context says. */
export type ConnectionHooks = Partial<
  Pick<CheckedOptions, "onKeyLog" | "onSession" | "pskLookup" | "selectAlpn" | "selectContext" | "sessionCache">
> & {
  /** In the place of `verify`: throws to refuse a peer who is trusted and has presented these certificates (DER). */
  readonly approve?: (chain: readonly Uint8Array[]) => void;
};

type AnyOptions = ClientOptions & ServerOptions;

/** Options that were checked before, for the variants of a context: what is the same object in both is not read again. */
export interface KnownOptions {
  readonly given: AnyOptions;
  readonly checked: CheckedOptions;
}

/** Checks everything that can be checked without the engine. Throws SSLConfigError, TypeError or RangeError. */
export function checkOptions(server: boolean, given: AnyOptions, known?: KnownOptions): CheckedOptions {
  checkOptionNames(given, [...commonNames, ...(server ? serverNames : clientNames)], server ? "a server" : "a client");
  const usual = given.psk === undefined ? defaultCipherSuites : [...defaultCipherSuites, ...defaultPskSuites];
  const cipherSuites = checkCipherSuites(or(given.cipherSuites, usual));
  const psk = checkPsk(given.psk, server);
  const { minVersion, maxVersion } = checkVersions(given, cipherSuites);
  const verifyMode = oneOf("verifyMode", or(given.verifyMode, server ? "none" : "required"), [
    "none",
    "optional",
    "required",
  ]);
  const checkHostname = toFlag(given.checkHostname, "checkHostname", !server && verifyMode !== "none");
  if (checkHostname && verifyMode === "none")
    throw wrong(
      "checkHostname",
      'it needs verifyMode "required": a name says nothing when the certificate is not verified',
    );
  const alpn = checkAlpn(or(given.alpn, []));
  const alpnMismatch = oneOf("alpnMismatch", or(given.alpnMismatch, "fatal"), ["fatal", "ignore"]);
  const isolation = oneOf("isolation", or(given.isolation, "shared"), ["shared", "context", "connection"]);
  const realm = isolation === "shared" ? sharedRealm : newRealm;
  const kept = known === undefined ? {} : keptOf(given, known);
  const identities = kept.identities ?? checkIdentities(given.identities, realm);
  if (server && identities.length === 0 && psk === null)
    throw wrong("identities", "a server needs a certificate and a key");
  return {
    input: {
      server,
      minVersion: versionId[minVersion],
      maxVersion: versionId[maxVersion],
      cipherSuites,
      groups: ids("groups", or(given.groups, defaultGroups), groupId),
      signatureAlgorithms: checkSignatureAlgorithms(given.signatureAlgorithms, maxVersion),
      alpn: alpn.map((name) => Uint8Array.from(name, (character) => character.charCodeAt(0))),
      identities,
      requestCertificate: !server || verifyMode !== "none",
      requireExtendedMasterSecret: toFlag(given.requireExtendedMasterSecret, "requireExtendedMasterSecret", true),
      honorCipherOrder: toFlag(given.honorCipherOrder, "honorCipherOrder", true),
      logKeys: given.onKeyLog !== undefined,
      trace: given.onTrace !== undefined,
      psk: server && psk !== null ? "asked" : (psk as PreSharedKey | null),
    },
    alpn,
    verifyMode,
    checkHostname,
    trust: kept.trust ?? checkTrust(given),
    partialChain: toFlag(given.partialChain, "partialChain", true),
    certProfile: oneOf("certProfile", or(given.certProfile, "standard"), ["lenient", "standard", "web"]),
    ...checkRevocation(given, kept.crls),
    pins: checkPins(given.pins, server && verifyMode === "none"),
    commonNameFallback: toFlag(given.commonNameFallback, "commonNameFallback", false),
    tolerateAlpnMismatch: alpn.length > 0 && alpnMismatch === "ignore",
    now: clockOf(checkFunction("now", or(given.now, Date.now))),
    pskLookup: server ? (psk as PskLookup | null) : null,
    ...checkHooks(given, server && verifyMode === "none"),
    ...checkServing(given),
    isolation,
  };
}

/** What was read before and stays. */
function keptOf(given: BaseOptions, { given: before, checked }: KnownOptions): Kept {
  return {
    ...(given.identities === before.identities ? { identities: checked.input.identities } : {}),
    ...(given.ca === before.ca && given.trust === before.trust ? { trust: checked.trust } : {}),
    ...(given.crls === before.crls ? { crls: checked.crls } : {}),
  };
}

type Kept = Partial<Pick<CheckedOptions, "trust" | "crls"> & Pick<SettingsInput, "identities">>;

function checkRevocation(
  given: BaseOptions,
  kept: readonly Crl[] | undefined,
): Pick<CheckedOptions, "crls" | "crlCheck"> {
  const crls = kept ?? checkCrls(given.crls);
  const fallback = crls.length > 0 ? "leaf" : "off";
  return { crls, crlCheck: oneOf("crlCheck", or(given.crlCheck, fallback), ["off", "leaf", "chain"]) };
}

type Hooks = "onKeyLog" | "onTrace" | "verify" | "onSession" | "sessionKey";

function checkHooks(given: ClientOptions, nobodyAsked: boolean): Pick<CheckedOptions, Hooks> {
  return {
    onKeyLog: checkHook("onKeyLog", given.onKeyLog),
    onTrace: checkHook("onTrace", given.onTrace),
    verify: checkVerify(given.verify, nobodyAsked),
    onSession: checkHook("onSession", given.onSession),
    sessionKey: given.sessionKey === undefined ? null : checkSessionKey(given.sessionKey),
  };
}

type Serving =
  "selectContext" | "sniCallback" | "selectAlpn" | "numTickets" | "ticketKeys" | "sessionCache" | "sessionTimeout";

function checkServing(given: ServerOptions): Pick<CheckedOptions, Serving> {
  const { selectContext, sniCallback, ticketKeys, sessionCache } = given;
  if (selectContext !== undefined && sniCallback !== undefined)
    throw wrong("sniCallback", "selectContext is there too, and one of them decides");
  if (ticketKeys !== undefined && !(ticketKeys instanceof TicketKeys))
    throw new TypeError(`Cannot use ticketKeys: expected TicketKeys, got ${describe(ticketKeys)}`);
  if (sessionCache !== undefined && (typeof sessionCache?.get !== "function" || typeof sessionCache.set !== "function"))
    throw new TypeError(`Cannot use sessionCache: expected an object with get and set, got ${describe(sessionCache)}`);
  return {
    selectContext: checkHook("selectContext", selectContext),
    sniCallback: checkHook("sniCallback", sniCallback),
    selectAlpn: checkHook("selectAlpn", given.selectAlpn),
    numTickets: countUpTo("numTickets", given.numTickets, 0, 16, 2),
    ticketKeys: ticketKeys ?? new TicketKeys(),
    sessionCache: sessionCache ?? null,
    sessionTimeout: countUpTo("sessionTimeout", given.sessionTimeout, 1, 604_800, 7200),
  };
}

/** Client: the key itself. Server: how to find one. */
function checkPsk(psk: BaseOptions["psk"], server: boolean): PreSharedKey | PskLookup | null {
  if (psk === undefined) return null;
  if (typeof psk === "function") {
    if (server) return psk;
    throw new TypeError("Cannot use psk: expected { identity, key } for a client, got a function");
  }
  if (typeof psk !== "object" || psk === null)
    throw new TypeError(`Cannot use psk: expected { identity, key }, got ${describe(psk)}`);
  checkOptionNames(psk, ["identity", "key"], "psk");
  const identity =
    typeof psk.identity === "string"
      ? new TextEncoder().encode(psk.identity)
      : toBytes(psk.identity, "psk.identity").slice();
  const key = toBytes(psk.key, "psk.key").slice();
  if (identity.length < 1 || identity.length > 1024)
    throw wrong("psk.identity", `expected 1 to 1024 bytes, got ${identity.length}`);
  if (key.length < 1 || key.length > 256) throw wrong("psk.key", `expected 1 to 256 bytes, got ${key.length}`);
  return server ? (asking) => (sameBytes(asking, identity) ? key : null) : { identity, key };
}

function checkSessionKey(given: Bytes): Uint8Array {
  const key = toBytes(given, "sessionKey").slice();
  if (key.length === 32) return key;
  throw wrong("sessionKey", `expected 32 bytes, got ${key.length}`);
}

function countUpTo(option: string, value: number | undefined, least: number, most: number, fallback: number): number {
  const count = toCount(value, option, fallback);
  if (count >= least && count <= most) return count;
  throw new RangeError(`Cannot use ${option}: expected ${least} to ${most}, got ${count}`);
}

function checkHook<T>(option: string, value: T | undefined): T | null {
  return value === undefined ? null : checkFunction(option, value);
}

/** What a context keeps of the caller's options for its variants: lists and bytes may be changed or wiped afterwards. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return toBytes(value, "options").slice() as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copyOf(part)])) as T;
}

const commonNames: readonly (keyof BaseOptions)[] = [
  "minVersion",
  "maxVersion",
  "cipherSuites",
  "groups",
  "signatureAlgorithms",
  "alpn",
  "identities",
  "ca",
  "trust",
  "partialChain",
  "certProfile",
  "crls",
  "crlCheck",
  "pins",
  "verifyMode",
  "verify",
  "psk",
  "requireExtendedMasterSecret",
  "now",
  "onKeyLog",
  "onTrace",
  "isolation",
];
const clientNames: readonly (keyof ClientOptions)[] = [
  "checkHostname",
  "commonNameFallback",
  "onSession",
  "sessionKey",
];
const serverNames: readonly (keyof ServerOptions)[] = [
  "honorCipherOrder",
  "alpnMismatch",
  "selectContext",
  "sniCallback",
  "selectAlpn",
  "numTickets",
  "ticketKeys",
  "sessionCache",
  "sessionTimeout",
];

/** A bound that is left out is the first or last version that the cipher suites are for. */
function checkVersions(
  given: BaseOptions,
  suites: readonly number[],
): { minVersion: TLSVersion; maxVersion: TLSVersion } {
  const versions = suites.map(cipherVersion).toSorted();
  const known: readonly TLSVersion[] = ["TLSv1.2", "TLSv1.3"];
  const minVersion = oneOf("minVersion", or(given.minVersion, versions[0]!), known);
  const maxVersion = oneOf("maxVersion", or(given.maxVersion, versions.at(-1)!), known);
  if (!versions.includes(maxVersion)) throw wrong("cipherSuites", `there is none for maxVersion, ${maxVersion}`);
  if (versionId[minVersion] <= versionId[maxVersion]) return { minVersion, maxVersion };
  if (given.maxVersion === undefined) throw wrong("cipherSuites", `there is none for minVersion, ${minVersion}`);
  throw wrong("minVersion", `${minVersion} is above maxVersion, ${maxVersion}`);
}

function checkSignatureAlgorithms(names: readonly SignatureScheme[] | undefined, maxVersion: TLSVersion): number[] {
  const found = ids("signatureAlgorithms", or(names, defaultSignatureAlgorithms), signatureSchemeId);
  if (maxVersion === "TLSv1.2" && names?.every((name) => name.startsWith("rsa_pss")) === true)
    throw wrong("signatureAlgorithms", "RSA-PSS is supported in TLSv1.3 only, and maxVersion is TLSv1.2");
  return found;
}

function checkTrust({ ca, trust }: BaseOptions): TrustStore {
  if (trust !== undefined && !(trust instanceof TrustStore))
    throw new TypeError(`Cannot use trust: expected a TrustStore, got ${describe(trust)}`);
  const given = certificateList("ca", ca);
  if (given.length === 0) return trust ?? TrustStore.empty();
  for (const [i, der] of given.entries()) checkCertificate(`ca[${i}]`, der);
  const store = TrustStore.fromDer(given);
  return trust === undefined ? store : store.with(trust);
}

function checkCertificate(name: string, der: Uint8Array): void {
  const { kind } = readCertificate(name, () => parseX509(der)).publicKey;
  if (kind === "rsa" || kind === "rsa-pss" || kind === "ec") return;
  const why = "its key is of a kind that is not supported (supported: RSA, P-256, P-384, P-521)";
  throw new SSLConfigError(`Cannot use ${name}: ${why}`, { reason: "UNSUPPORTED_KEY_TYPE", library: "X509" });
}

/** What `read` makes of a certificate, or the error that names the option. */
function readCertificate<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const options = { reason: "BAD_CONFIG", library: "X509", cause } as const;
    throw new SSLConfigError(`Cannot use ${name} as a certificate: ${why}`, options);
  }
}

function checkCrls(crls: PemOrDer | readonly PemOrDer[] | undefined): Crl[] {
  if (crls === undefined) return [];
  if (!Array.isArray(crls)) return crlsOf("crls", crls as PemOrDer);
  return crls.flatMap((crl: PemOrDer, i) => crlsOf(`crls[${i}]`, crl));
}

function crlsOf(name: string, crl: PemOrDer): Crl[] {
  try {
    return crlsFrom(crl);
  } catch (cause) {
    if (!(cause instanceof SSLError) || cause instanceof SSLConfigError) throw cause;
    const options = { reason: "BAD_CONFIG", library: "X509", cause } as const;
    throw new SSLConfigError(`Cannot use ${name} as a revocation list: ${cause.message}`, options);
  }
}

function checkVerify(verify: VerifyHook | undefined, nobodyAsked: boolean): VerifyHook | null {
  if (verify !== undefined && nobodyAsked)
    throw wrong("verify", 'a server with verifyMode "none" asks no client for a certificate');
  return checkHook("verify", verify);
}

function checkPins(pins: readonly string[] | undefined, nobodyAsked: boolean): ReadonlySet<string> | null {
  if (pins === undefined) return null;
  if (nobodyAsked) throw wrong("pins", 'a server with verifyMode "none" asks no client for a certificate');
  const parsed = nonEmpty("pins", pins).map((pin: unknown, i) => {
    const found = typeof pin === "string" ? parsePin(pin) : null;
    if (found !== null) return found;
    throw wrong(
      `pins[${i}]`,
      `expected the SHA-256 of a public key in Base64, as spkiPin gives it, got ${describe(pin)}`,
    );
  });
  return new Set(parsed);
}

function checkIdentities(identities: readonly Identity[] = [], realm: () => Realm): IdentityInput[] {
  return list("identities", identities).map((identity, i) => checkIdentity(identity, `identities[${i}]`, realm));
}

/** `realm` tells where a password is made a key. */
function checkIdentity(identity: Identity, name: string, realm: () => Realm): IdentityInput {
  if (typeof identity !== "object" || identity === null)
    throw new TypeError(`Cannot use ${name}: expected { cert, key } or { pfx }, got ${describe(identity)}`);
  checkPassword(identity.password, `${name}.password`);
  const input = "pfx" in identity ? openPfx(identity, name, realm) : openKey(identity, name, realm);
  checkCertificateKind(input.chain[0]!, `${name}.${"pfx" in identity ? "pfx" : "cert"}`);
  return input;
}

/** An identity with its file opened and its key decrypted, so that contexts made of it need no password and little time. */
export function openIdentity(
  identity: Identity,
  name: string,
): { readonly cert: Uint8Array[]; readonly key: Uint8Array } {
  const { chain, key } = checkIdentity(identity, name, sharedRealm);
  return { cert: [...chain], key };
}

function openPfx(identity: PfxIdentity, name: string, realm: () => Realm): IdentityInput {
  checkOptionNames(identity, ["pfx", "password"], name);
  const file = toBytes(identity.pfx, `${name}.pfx`);
  return openPkcs12(file, `${name}.pfx`, passphraseFrom(identity.password, `${name}.password`), realm());
}

function openKey(identity: KeyIdentity, name: string, realm: () => Realm): IdentityInput {
  checkOptionNames(identity, ["cert", "key", "password"], name);
  const chain = certificateList(`${name}.cert`, identity.cert);
  for (const [i, der] of chain.entries()) if (i > 0) readCertificate(`${name}.cert[${i}]`, () => parseCertificate(der));
  if (chain.length === 0) throw wrong(`${name}.cert`, "it is missing");
  const keyName = `${name}.key`;
  const key = privateKeyFrom(identity.key, keyName, () => ({
    realm: realm(),
    passphrase: passphraseFrom(identity.password, `${name}.password`),
    work: new Work(keyName),
    name: keyName,
  }));
  return { chain, key };
}

function certificateList(name: string, value: PemOrDer | readonly PemOrDer[] | undefined): Uint8Array[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return certificatesFrom(value as PemOrDer, name);
  return value.flatMap((item: PemOrDer, i) => certificatesFrom(item, `${name}[${i}]`));
}

function checkCipherSuites(suites: readonly (string | number)[]): number[] {
  return nonEmpty("cipherSuites", suites).map((suite) => {
    const id = cipherSuiteNamed(suite);
    if (id === undefined) throw wrong("cipherSuites", `${describe(suite)} is not a cipher suite that is supported`);
    return id;
  });
}

function ids<T extends string>(option: string, names: readonly T[], table: Readonly<Record<T, number>>): number[] {
  return nonEmpty(option, names).map((name) => table[oneOf(option, name, Object.keys(table) as T[])]);
}

/** RFC 7301, section 3.1. Names are octets; the ones above ASCII are given as the characters of the same number. */
function checkAlpn(names: readonly string[]): readonly string[] {
  for (const name of list("alpn", names)) {
    if (typeof name !== "string") throw new TypeError(`Cannot use alpn: expected strings, got ${describe(name)}`);
    if (name.length < 1 || name.length > 255)
      throw wrong(
        "alpn",
        `a protocol name has 1 to 255 bytes, ${JSON.stringify(name.slice(0, 20))} has ${name.length}`,
      );
    if (/[\0\u0100-\uffff]/.test(name)) throw wrong("alpn", "a protocol name consists of bytes other than 0");
  }
  return [...names];
}

function clockOf(now: () => number): () => number {
  return () => {
    const time = now();
    if (Number.isFinite(time)) return time;
    throw new TypeError(`Cannot use now: expected it to answer milliseconds since 1970, it answered ${describe(time)}`);
  };
}

function checkFunction<T>(option: string, value: T): T {
  if (typeof value !== "function")
    throw new TypeError(`Cannot use ${option}: expected a function, got ${describe(value)}`);
  return value;
}

function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw wrong(option, `expected ${allowed.map((name) => JSON.stringify(name)).join(" or ")}, got ${describe(value)}`);
}

/** Only what is left out has a default: null is somebody's mistake. */
function or<T>(value: T | undefined, fallback: T): T {
  if (value === undefined) return fallback;
  return value;
}

function list<T>(option: string, value: readonly T[]): readonly T[] {
  const given: unknown = value;
  if (!Array.isArray(given)) throw new TypeError(`Cannot use ${option}: expected an array, got ${describe(given)}`);
  return value;
}

function nonEmpty<T>(option: string, value: readonly T[]): readonly T[] {
  if (list(option, value).length === 0) throw wrong(option, "the list is empty");
  return value;
}

function wrong(option: string, why: string): SSLConfigError {
  return new SSLConfigError(`Cannot use ${option}: ${why}`, { reason: "BAD_OPTION" });
}

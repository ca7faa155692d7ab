// Owns the checking of what a context is told, which brings it into one form. Every refusal names the option and what was expected.
// Refuses to know the engine but for its memory, in which passwords become keys.
import { SSLConfigError, SSLError } from "../engine/errors.ts";
import type { PreSharedKey } from "../engine/decision.ts";
import { newRealm, sharedRealm } from "../engine/realms.ts";
import type { SettingsInput } from "../engine/settings.ts";
import { type Bytes, checkOptionNames, describe, toBytes, toFlag } from "./bytes.ts";
import type { PskLookup, VerifyHook } from "./hooks.ts";
import { checkIdentities } from "./identity/identity.ts";
import { checkFunction, countUpTo, list, nonEmpty, oneOf, or, readCertificate, wrong } from "./option-values.ts";
import type { BaseOptions, CheckedOptions, ClientOptions, ServerOptions } from "./options.ts";
import { certificateList, type PemOrDer } from "./pem.ts";
import {
  cipherSuiteNamed,
  cipherVersion,
  defaultCipherSuites,
  defaultGroups,
  defaultPskSuites,
  defaultSignatureAlgorithms,
  groupId,
  type SignatureScheme,
  signatureSchemeId,
  type TLSVersion,
  versionId,
} from "./tables.ts";
import { TicketKeys } from "./ticket-keys.ts";
import { type Crl, crlsFrom } from "./x509/crl.ts";
import { parseX509, sameBytes } from "./x509/certificate.ts";
import { parsePin } from "./x509/pins.ts";
import { TrustStore } from "./x509/trust-store.ts";

type AnyOptions = ClientOptions & ServerOptions;

/** Options that were checked before, for the variants of a context: what is the same object in both is not read again. */
export interface KnownOptions {
  readonly given: AnyOptions;
  readonly checked: CheckedOptions;
}

/** Checks everything that can be checked without the engine. Throws SSLConfigError, TypeError or RangeError. */
export function checkOptions(server: boolean, given: AnyOptions, known?: KnownOptions): CheckedOptions {
  checkOptionNames(given, optionNames(server), server ? "a server" : "a client");
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

/** What the options for clients, or for servers, are called. */
export function optionNames(server: boolean): readonly string[] {
  return [...commonNames, ...(server ? serverNames : clientNames)];
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

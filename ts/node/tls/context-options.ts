// Owns the options of a context: checks them as Node does and says them in the words of the library. Refuses to know
// certificates and keys of one's own, and connections.
import { constants } from "node:crypto";
import { type BaseOptions, type ServerOptions, TicketKeys } from "../../index.ts";
import { noCipherMatch, parseCiphers } from "./ciphers.ts";
import { defaults } from "./defaults.ts";
import { invalidArgType, invalidArgValue, nodeError, requireBuffer, requireInteger, requireString } from "./errors.ts";
import { listOf, requireMaterial } from "./identities.ts";
import type { SecureContextOptions } from "./options.ts";
import { groupsOf, sigalgsOf, versionRange, type VersionRange } from "./parameters.ts";

/** What of the library's options follows from those of Node, for both sides and for servers only. */
export interface ContextOptions {
  /** Null when only versions are left that are not offered here. */
  readonly common: BaseOptions | null;
  readonly serving: Partial<ServerOptions>;
}

/** Throws as Node does for a wrong type, an unknown name or a list of which nothing is left. */
export function contextOptions(options: SecureContextOptions): ContextOptions {
  refuseEngines(options);
  const secureOptions = bitsOf(options.secureOptions);
  const { ecdhCurve = defaults.DEFAULT_ECDH_CURVE, sigalgs, sessionIdContext } = options;
  requireString(ecdhCurve, "options.ecdhCurve");
  if (isGiven(sessionIdContext)) requireString(sessionIdContext, "options.sessionIdContext");
  const groups = groupsOf(ecdhCurve);
  const crls = listOf(options.crl).map((crl) => requireMaterial(crl, "options.crl"));
  const range = versionRange(options);
  const suites = ciphersWithin(options.ciphers, range, secureOptions);
  return {
    common: suites && {
      ...suites,
      ...(groups === undefined ? {} : { groups }),
      ...(isGiven(sigalgs) ? { signatureAlgorithms: sigalgsOf(sigalgs) } : {}),
      ...(crls.length === 0 ? {} : { crls, crlCheck: "chain" as const }),
      // As lenient as OpenSSL: certificates that Node's programs have got by with are to go on working.
      certProfile: "lenient",
      partialChain: options.allowPartialTrustChain === true,
    },
    serving: servingOptions(options, secureOptions),
  };
}

/** What `ticketKeys` are as Node takes them: 48 bytes. */
export function ticketKeysOf(given: unknown): TicketKeys {
  if (!isGiven(given)) return new TicketKeys();
  requireBuffer(given, "options.ticketKeys");
  if (given.byteLength !== 48)
    throw invalidArgValue("options.ticketKeys", given.byteLength, "must be exactly 48 bytes");
  return new TicketKeys([new Uint8Array(given.buffer as ArrayBuffer, given.byteOffset, given.byteLength)]);
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

function servingOptions(options: SecureContextOptions, secureOptions: number): Partial<ServerOptions> {
  const { sessionTimeout, honorCipherOrder } = options;
  if (isGiven(sessionTimeout)) requireInteger(sessionTimeout, "options.sessionTimeout", 0, 2 ** 31 - 1);
  const seconds =
    isGiven(sessionTimeout) && sessionTimeout > 0 ? Math.min(sessionTimeout, longestSession) : usualSession;
  return {
    honorCipherOrder: honorCipherOrder ?? true,
    sessionTimeout: seconds,
    ...((secureOptions & constants.SSL_OP_NO_TICKET) === 0 ? {} : { numTickets: 0 }),
  };
}

const usualSession = 300; // OpenSSL's
const longestSession = 604_800; // RFC 8446, section 4.6.1

const engineOptions: ReadonlySet<string> = new Set(["clientCertEngine", "privateKeyEngine", "privateKeyIdentifier"]);

/** Keys in the hands of OpenSSL's engines cannot be used by another implementation. */
function refuseEngines(options: SecureContextOptions): void {
  const asked: Readonly<Record<string, unknown>> = { ...options };
  const given = Object.entries(asked).filter(([name, value]) => engineOptions.has(name) && isGiven(value));
  for (const [name, value] of given)
    if (typeof value !== "string") throw invalidArgType(`options.${name}`, ["string", "null", "undefined"], value);
  if (given.length === 0) return;
  const message = "Custom engines not supported by this OpenSSL";
  throw nodeError("ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED", message);
}

function bitsOf(secureOptions: unknown): number {
  if (!isGiven(secureOptions) || secureOptions === false) return 0;
  requireInteger(secureOptions, "options.secureOptions", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return secureOptions;
}

/** SSL_OP_NO_TLSv1_2 and SSL_OP_NO_TLSv1_3 take a version out of the range. */
function withoutDisabled({ minVersion, maxVersion }: VersionRange, bits: number): VersionRange | null {
  const versions = (["TLSv1.2", "TLSv1.3"] as const).filter(
    (version) => version >= minVersion && version <= maxVersion && (bits & disabling[version]) === 0,
  );
  return versions.length === 0 ? null : { minVersion: versions[0]!, maxVersion: versions.at(-1)! };
}

const disabling = { "TLSv1.2": constants.SSL_OP_NO_TLSv1_2, "TLSv1.3": constants.SSL_OP_NO_TLSv1_3 } as const;

/** The suites of a list, and the part of the range of versions that they are for; null when there is none. */
function ciphersWithin(list: unknown, range: VersionRange | null, bits: number): BaseOptions | null {
  if (isGiven(list)) requireString(list, "options.ciphers");
  const names = parseCiphers(isGiven(list) ? list : defaults.DEFAULT_CIPHERS);
  const left = range && withoutDisabled(range, bits);
  if (left === null) return null;
  const has12 = names.some((name) => name.includes("_WITH_"));
  const has13 = names.some((name) => !name.includes("_WITH_"));
  if (!has12 && left.maxVersion === "TLSv1.2") throw noCipherMatch();
  if (!has13 && left.minVersion === "TLSv1.3") throw noCipherMatch();
  return {
    cipherSuites: names,
    minVersion: has12 ? left.minVersion : "TLSv1.3",
    maxVersion: has13 ? left.maxVersion : "TLSv1.2",
  };
}

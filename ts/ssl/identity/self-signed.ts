// A fresh key with a certificate that it signed itself, for tests and for development: nobody vouches for it.
import { randomBytes } from "../../engine/randomness.ts";
import { generateKey, type KeySize, publicKeyOf, signedWith } from "../../engine/keys.ts";
import { sharedRealm } from "../../engine/realms.ts";
import { hashOf } from "../../engine/signatures.ts";
import { checkOptionNames, describe } from "../bytes.ts";
import { type Der, explicit, integer, octets, sequence, time } from "../der-writer.ts";
import { DerReader, tag } from "../der.ts";
import { toHostName } from "../names.ts";
import { wrong } from "../option-values.ts";
import { pemOf } from "../pem.ts";
import { keyUsageBit } from "../x509/extensions.ts";
import { attributeOid, purposeOid } from "../x509/oids.ts";
import {
  authorityKeyIdentifier,
  basicConstraints,
  extKeyUsage,
  hostName,
  keyUsage,
  relativeName,
  signatureId,
  signed,
  subjectAltName,
  subjectKeyIdentifier,
} from "../x509/writer.ts";

export type SelfSignedKey = "P-256" | "P-384" | "P-521" | "RSA-2048" | "RSA-3072" | "RSA-4096";

export interface SelfSignedOptions {
  /**
   * DNS names, which may begin with `*.`, and IP addresses that the certificate is for; the first is its common name, too. Default
   * `["localhost", "127.0.0.1", "::1"]`.
   */
  readonly names?: readonly string[];
  /** Default `"P-256"`. Making an RSA key takes a second for 2048 bits, and up to half a minute for 4096. */
  readonly key?: SelfSignedKey;
  /** How long it is valid from now, in days; from one hour before now, as clocks differ. Default 30. */
  readonly days?: number;
  /** What now is, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** An identity as PEM text. The certificate is also what the other side takes as `ca`. */
export interface SelfSigned {
  readonly cert: string;
  /** PKCS#8, not encrypted. */
  readonly key: string;
}

/**
 * Makes a key and a self-signed certificate for it, for servers and for clients, without openssl: for tests and for
 * development. Whoever gets the certificate as `ca` accepts it under every `certProfile`; nobody else does.
 *
 * Throws SSLConfigError, TypeError or RangeError for a wrong option.
 *
 * @example
 * const identity = generateSelfSigned();
 * const server = SSLContext.server({ identities: [identity] });
 * const client = SSLContext.client({ ca: identity.cert }); // for localhost
 */
export function generateSelfSigned(options: SelfSignedOptions = {}): SelfSigned {
  checkOptionNames(options, ["names", "key", "days", "now"], "generateSelfSigned");
  const { names = ["localhost", "127.0.0.1", "::1"], key: kind = "P-256", days = 30, now = Date.now } = options;
  const hosts = checkNames(names);
  if (!Object.hasOwn(kinds, kind))
    throw wrong("key", `expected ${Object.keys(kinds).join(" or ")}, got ${describe(kind)}`);
  const details = kinds[kind];
  const { from, to } = checkTimes(days, now);
  const realm = sharedRealm();
  const key = generateKey(realm, details.size);
  const publicKey = publicKeyOf(realm, key);
  const subject = subjectFor(hosts[0]!);
  const algorithm = signatureId(details.signature, details.rsa);
  const tbs = sequence(
    explicit(0, integer(2)), // version 3
    integer(serialNumber()),
    algorithm,
    subject,
    sequence(time(from), time(to)),
    subject,
    publicKey,
    explicit(3, sequence(...extensionsFor(hosts, hashOf(realm, 1, publicKey), details.rsa))),
  );
  const signature = signedWith(realm, key, details.hash, tbs);
  return {
    cert: pemOf("CERTIFICATE", signed(tbs, algorithm, signature)),
    key: pemOf("PRIVATE KEY", pkcs8(key, publicKey)),
  };
}

interface KeyDetails {
  readonly size: KeySize;
  readonly rsa: boolean;
  readonly hash: 256 | 384 | 512;
  readonly signature: string;
}

const sha256WithRsa = "1.2.840.113549.1.1.11";

const kinds: Readonly<Record<SelfSignedKey, KeyDetails>> = {
  "P-256": { size: 256, rsa: false, hash: 256, signature: "1.2.840.10045.4.3.2" },
  "P-384": { size: 384, rsa: false, hash: 384, signature: "1.2.840.10045.4.3.3" },
  "P-521": { size: 521, rsa: false, hash: 512, signature: "1.2.840.10045.4.3.4" },
  "RSA-2048": { size: 2048, rsa: true, hash: 256, signature: sha256WithRsa },
  "RSA-3072": { size: 3072, rsa: true, hash: 256, signature: sha256WithRsa },
  "RSA-4096": { size: 4096, rsa: true, hash: 256, signature: sha256WithRsa },
};

const hour = 3_600_000;
const day = 24 * hour;
const lastTime = Date.UTC(9999, 11, 31);

/** No authority: who trusts it trusts this one certificate, and nothing that somebody signs with its key. */
function extensionsFor(hosts: readonly string[], keyId: Der, rsa: boolean): Der[] {
  const encrypts = rsa ? [keyUsageBit.keyEncipherment] : [];
  return [
    basicConstraints(false),
    keyUsage(keyUsageBit.digitalSignature, ...encrypts),
    extKeyUsage([purposeOid.serverAuth, purposeOid.clientAuth]),
    subjectKeyIdentifier(keyId),
    authorityKeyIdentifier(keyId), // tells it from another one of the same name
    subjectAltName(hosts.map(hostName)),
  ];
}

/** A common name has at most 64 characters (RFC 5280, appendix A.1); IPv6 addresses have too many forms to be one. */
function subjectFor(host: string): Der {
  const fits = host.length <= 64 && !host.includes(":");
  const { commonName, organizationName } = attributeOid;
  return sequence(fits ? relativeName(commonName, host) : relativeName(organizationName, "Self-signed"));
}

/** PrivateKeyInfo (RFC 5208): the algorithm stands in the public key, too. */
function pkcs8(key: Der, publicKey: Der): Der {
  const algorithm = new DerReader(publicKey).inside(tag.sequence).next(tag.sequence).whole;
  return sequence(integer(0), algorithm, octets(key));
}

/** 127 random bits, positive and never zero. */
function serialNumber(): bigint {
  const bytes = randomBytes(16, "make a certificate");
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) / 2n + 1n;
}

function checkNames(names: readonly string[]): string[] {
  const given: unknown = names;
  if (!Array.isArray(given)) throw new TypeError(`Cannot use names: expected an array, got ${describe(given)}`);
  if (names.length === 0) throw wrong("names", "the list is empty");
  return names.map((name, i) => {
    const wildcard = typeof name === "string" && name.startsWith("*.");
    const host = toHostName(wildcard ? name.slice(2) : name, `names[${i}]`);
    if (wildcard && host.kind === "ip") throw wrong(`names[${i}]`, "an IP address has no wildcard");
    return `${wildcard ? "*." : ""}${host.name}`;
  });
}

function checkTimes(days: number, now: () => number): { from: number; to: number } {
  if (typeof days !== "number") throw new TypeError(`Cannot use days: expected a number, got ${describe(days)}`);
  if (typeof now !== "function") throw new TypeError(`Cannot use now: expected a function, got ${describe(now)}`);
  const start = now();
  if (!(days > 0)) throw new RangeError(`Cannot use days: expected a number above 0, got ${days}`);
  const [from, to] = [start - hour, start + days * day];
  if (from >= 0 && to <= lastTime) return { from, to };
  throw new RangeError(`Cannot use days: the certificate would not be valid between 1970 and 9999`);
}

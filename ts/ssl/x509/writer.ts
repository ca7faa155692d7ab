// Writes the parts of certificates (RFC 5280): extensions and names. The counterpart of extensions.ts and general-name.ts;
// what goes into a certificate is decided elsewhere.
import {
  bits,
  boolean,
  type Der,
  element,
  implicit,
  integer,
  latin1,
  namedBits,
  octets,
  oid,
  sequence,
  set,
  utf8,
} from "../der-writer.ts";
import { addressOf } from "../names.ts";
import { extensionOid } from "./oids.ts";

export function extension(id: string, value: Der, critical = false): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Der {
  const limit = pathLength === undefined ? [] : [integer(pathLength)];
  return extension(extensionOid.basicConstraints, sequence(...(ca ? [boolean(true)] : []), ...limit), critical);
}

/** The bits by their positions, as in `keyUsageBit`. */
export function keyUsage(...positions: readonly number[]): Der {
  return extension(extensionOid.keyUsage, namedBits(...positions), true);
}

export function extKeyUsage(purposes: readonly string[], critical = false): Der {
  return extension(extensionOid.extKeyUsage, sequence(...purposes.map(oid)), critical);
}

export function subjectKeyIdentifier(id: Der, critical = false): Der {
  return extension(extensionOid.subjectKeyIdentifier, octets(id), critical);
}

/** By the key alone, as RFC 5280 prefers it. */
export function authorityKeyIdentifier(id: Der, critical = false): Der {
  return extension(extensionOid.authorityKeyIdentifier, sequence(implicit(0, id)), critical);
}

export function subjectAltName(names: readonly Der[], critical = false): Der {
  return extension(extensionOid.subjectAltName, sequence(...names), critical);
}

/** A GeneralName for a host: a dNSName, or an iPAddress when it is one. */
export function hostName(host: string): Der {
  const address = addressOf(host);
  return address === null ? dnsName(host) : implicit(7, address);
}

export function dnsName(name: string): Der {
  return implicit(2, latin1(name));
}

/** A RelativeDistinguishedName of one attribute: its value is text, or what is given. */
export function relativeName(type: string, value: string | Der): Der {
  return set(sequence(oid(type), typeof value === "string" ? utf8(value) : value));
}

/** The AlgorithmIdentifier of a signature: with NULL for RSA, without anything for ECDSA. */
export function signatureId(algorithm: string, rsa: boolean): Der {
  return rsa ? sequence(oid(algorithm), element(5)) : sequence(oid(algorithm));
}

/** A certificate or revocation list: what is signed, how, and the signature. */
export function signed(tbs: Der, algorithm: Der, signature: Der): Der {
  return sequence(tbs, algorithm, bits(signature));
}

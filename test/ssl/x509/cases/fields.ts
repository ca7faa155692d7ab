// The fields of single certificates: encoding, versions, numbers, times, keys and algorithms.
import { Buffer } from "node:buffer";
import { lenientProfile } from "../../../../ts/ssl/x509/profile.ts";
import {
  algorithmId,
  basicConstraints,
  day,
  extension,
  keyNamed,
  keyUsage,
  makeAuthority,
  makeRoot,
  koblitzKey,
  makeServer,
  pssId,
  signWith,
  ski,
  tampered,
  today,
} from "../../../support/certificate-factory.ts";
import {
  bits,
  boolean,
  concat,
  type Der,
  element,
  explicit,
  implicit,
  integer,
  integerBytes,
  namedBits,
  octets,
  oid,
  sequence,
  set,
  sloppyElement,
  text,
} from "../../../support/der-writer.ts";
import { authority, authorityCase, type Case, chainCase, leafCase, root, rootCase, server } from "./case.ts";

const good = makeServer(authority, server);
const rsa = keyNamed("rsa", "rsa2048");
const rsaRoot = makeRoot("RSA Root", { key: rsa });
const refused = "UNSPECIFIED"; // does not decode
const utc = (value: string): Uint8Array => text(23, value);
const long = (value: string): Uint8Array => text(24, value);
const raw = (id: string, value: Uint8Array, critical = false): { odd: Uint8Array } => ({
  odd: extension(id, value, critical),
});

const encoding: readonly Case[] = [
  chainCase("a good chain", [good, authority, root], "ok"),
  { name: "no chain at all", chain: [], trust: [root.der], expected: refused, openssl: "-" },
  { name: "an empty certificate", chain: [new Uint8Array()], trust: [root.der], expected: refused, openssl: "-" },
  {
    name: "something behind the certificate",
    chain: [concat([good.der, Uint8Array.of(0)]), authority.der],
    trust: [root.der],
    expected: refused,
    openssl: "accepts",
  },
  {
    name: "a certificate that is cut off",
    chain: [good.der.subarray(0, -1), authority.der],
    trust: [root.der],
    expected: refused,
  },
  {
    name: "a length with too many bytes",
    chain: [sloppyElement(48, good.der.subarray(4)), authority.der],
    trust: [root.der],
    expected: refused,
    openssl: "accepts",
  },
  {
    name: "a signature with a changed bit",
    chain: [tampered(good.der), authority.der],
    trust: [root.der],
    expected: "CERT_SIGNATURE_FAILURE",
  },
  {
    name: "a name with a changed letter",
    chain: [tampered(good.der, Buffer.from(good.der).lastIndexOf(server)), authority.der],
    trust: [root.der],
    expected: "CERT_SIGNATURE_FAILURE",
    host: null,
  },
  leafCase("an indefinite length", { tail: Uint8Array.of(163, 128, 0, 0), onlyExtensions: null }, refused, {
    openssl: "-",
  }),
  leafCase("something behind the extensions", { tail: octets(Uint8Array.of(1)) }, refused),
  leafCase("an unknown field", { tail: implicit(5, Uint8Array.of(0)) }, refused),
  leafCase("an algorithm that differs outside", { outerAlgorithmId: algorithmId("ecdsa-sha384") }, refused),
  leafCase(
    "an algorithm that differs outside by a NULL",
    { outerAlgorithmId: sequence(oid("1.2.840.10045.4.3.2"), element(5)) },
    refused,
  ),
  leafCase("the same extension twice", { extensions: { one: keyUsage(0) } }, refused),
  leafCase("an empty list of extensions", { onlyExtensions: [] }, refused, { openssl: "-" }),
  leafCase("an empty subjectAltName", { extensions: { subjectAltName: extension("2.5.29.17", sequence()) } }, refused),
  leafCase(
    "a critical flag that is neither 0 nor 255",
    {
      extensions: { odd: sequence(oid("1.2.3.4"), element(1, Uint8Array.of(1)), octets(sequence())) },
    },
    refused,
  ),
  leafCase(
    "a critical flag that says no",
    {
      extensions: { odd: sequence(oid("1.2.3.4"), boolean(false), octets(sequence())) },
    },
    "ok",
  ),
];

const versions: readonly Case[] = [
  leafCase("version 1 with extensions", { version: 0 }, refused),
  leafCase("version 2 with extensions", { version: 1 }, refused),
  leafCase("version 4", { version: 3 }, refused, { openssl: "accepts" }),
  leafCase("a leaf of version 1", { version: 0, onlyExtensions: null }, "EXTENSIONS_REQUIRE_VERSION_3", {
    host: null,
    openssl: "accepts",
  }),
  leafCase("a leaf of version 1, leniently", { version: 0, onlyExtensions: null }, "ok", {
    host: null,
    profile: lenientProfile,
  }),
  leafCase("version 1 spelt out", { versionField: explicit(0, integer(0)), onlyExtensions: null }, refused, {
    host: null,
    openssl: "accepts",
  }),
  leafCase("version 3 with something behind", { versionField: explicit(0, integer(2), integer(2)) }, refused),
  authorityCase("an intermediate authority of version 1", { version: 0, onlyExtensions: null }, "INVALID_CA"),
  authorityCase(
    "an intermediate authority of version 1, leniently",
    { version: 0, onlyExtensions: null },
    "INVALID_CA",
    {
      profile: lenientProfile,
    },
  ),
  rootCase("a root of version 1", { version: 0, onlyExtensions: null }, "INVALID_CA"),
  rootCase("a root of version 1, leniently", { version: 0, onlyExtensions: null }, "ok", {
    profile: lenientProfile,
  }),
  rootCase("a root of version 3 without extensions, leniently", { onlyExtensions: null }, "INVALID_CA", {
    profile: lenientProfile,
  }),
  leafCase(
    "unique identifiers",
    { uniqueIds: [implicit(1, Uint8Array.of(0, 1)), implicit(2, Uint8Array.of(0, 2))] },
    "ok",
  ),
  leafCase(
    "unique identifiers in version 1",
    { version: 0, onlyExtensions: null, uniqueIds: [implicit(1, Uint8Array.of(0, 1))] },
    refused,
    { host: null, openssl: "accepts" },
  ),
];

const serials: readonly Case[] = [
  leafCase("serial number 0", { serial: 0 }, "INVALID_EXTENSION", { openssl: "accepts" }),
  leafCase("serial number 0, leniently", { serial: 0 }, "ok", { profile: lenientProfile }),
  leafCase("a negative serial number", { serial: -5 }, "INVALID_EXTENSION", { openssl: "accepts" }),
  leafCase("a serial number of 20 bytes", { serial: 2n ** 159n - 1n }, "ok"),
  leafCase("a serial number of 21 bytes", { serial: 2n ** 160n - 1n }, refused, { openssl: "accepts" }),
  leafCase("a serial number of 22 bytes", { serial: 2n ** 168n + 1n }, refused, { openssl: "accepts" }),
  leafCase("a serial number with a superfluous byte", { serial: element(2, Uint8Array.of(0, 5)) }, refused),
  leafCase("an empty serial number", { serial: element(2) }, refused),
  rootCase("a root with serial number 0", { serial: 0 }, "ok"),
  authorityCase("an intermediate authority with serial number 0", { serial: 0 }, "INVALID_EXTENSION", {
    openssl: "accepts",
  }),
];

const times: readonly Case[] = [
  leafCase("expired yesterday", { notAfter: today - day }, "CERT_HAS_EXPIRED"),
  leafCase("valid from tomorrow", { notBefore: today + day }, "CERT_NOT_YET_VALID"),
  leafCase("valid until this very second", { notAfter: today }, "ok", { openssl: "refuses" }),
  leafCase("expired a second ago", { notAfter: today - 1000 }, "CERT_HAS_EXPIRED"),
  leafCase("valid from this very second", { notBefore: today }, "ok"),
  leafCase("valid from the next second", { notBefore: today + 1000 }, "CERT_NOT_YET_VALID"),
  leafCase("an end before its beginning", { notBefore: today + day, notAfter: today - day }, "CERT_NOT_YET_VALID"),
  leafCase("valid until 2049 in the short form", { notAfter: utc("491231235959Z") }, "ok"),
  leafCase("valid until 2050 in the long form", { notAfter: long("20500101000000Z") }, "ok"),
  leafCase("valid until the end of time", { notAfter: long("99991231235959Z") }, "ok"),
  leafCase("valid from 1950 in the short form", { notBefore: utc("500101000000Z") }, "ok"),
  leafCase("the long form before 2050", { notAfter: long("20491231235959Z") }, "INVALID_EXTENSION", {
    openssl: "accepts",
  }),
  leafCase("the long form before 2050, leniently", { notAfter: long("20491231235959Z") }, "ok", {
    profile: lenientProfile,
  }),
  rootCase("a root with the long form before 2050", { notAfter: long("20491231235959Z") }, "ok"),
  leafCase("a time without seconds", { notAfter: utc("3012312359Z") }, refused),
  leafCase("a time with a zone", { notAfter: utc("301231235959+0000") }, refused),
  leafCase("a time without Z", { notAfter: utc("301231235959") }, refused),
  leafCase("a time with a fraction", { notAfter: long("20501231235959.5Z") }, refused),
  leafCase("a time on the 30th of February", { notAfter: utc("300230000000Z") }, refused),
  leafCase("a time at 24 hours", { notAfter: utc("300228240000Z") }, refused),
  leafCase("a time with a 60th second", { notAfter: utc("300228235960Z") }, refused),
  leafCase("a time with other characters", { notAfter: utc("3O1231235959Z") }, refused),
  leafCase("a time that is a text", { notAfter: text(12, "301231235959Z") }, refused),
  authorityCase("an expired intermediate authority", { notAfter: today - day }, "CERT_HAS_EXPIRED"),
  authorityCase("an intermediate authority of tomorrow", { notBefore: today + day }, "CERT_NOT_YET_VALID"),
  rootCase("an expired root", { notAfter: today - day }, "CERT_HAS_EXPIRED"),
  rootCase("a root of tomorrow", { notBefore: today + day }, "CERT_NOT_YET_VALID"),
  chainCase("a time long after all", [good, authority, root], "CERT_HAS_EXPIRED", { time: Date.UTC(2300, 0) }),
  chainCase("a time that is no number", [good, authority, root], "CERT_NOT_YET_VALID", { time: NaN, openssl: "-" }),
];

const subjects: readonly Case[] = [
  leafCase(
    "no subject, and a critical subjectAltName",
    {
      subject: "",
      extensions: {
        subjectAltName: extension("2.5.29.17", sequence(implicit(2, new TextEncoder().encode(server))), true),
      },
    },
    "ok",
  ),
  leafCase("no subject, and a subjectAltName that is not critical", { subject: "" }, "EMPTY_SUBJECT_SAN_NOT_CRITICAL"),
  leafCase(
    "no subject and no subjectAltName",
    { subject: "", extensions: { subjectAltName: null } },
    "SUBJECT_NAME_EMPTY",
    {
      host: null,
    },
  ),
  authorityCase("an authority without a subject", { subject: "" }, "ISSUER_NAME_EMPTY"),
  chainCase(
    "an empty issuer",
    [makeServer({ ...root, subject: sequence() }, server), makeRoot("nobody", { subject: "", key: root.key })],
    "ISSUER_NAME_EMPTY",
  ),
  leafCase("an empty set in the subject", { subject: sequence(set()) }, refused),
  leafCase(
    "a subject that is not UTF-8",
    {
      subject: sequence(set(sequence(oid("2.5.4.3"), element(12, Uint8Array.of(255))))),
    },
    refused,
  ),
  ...Object.entries({
    "half a pair of UTF-16": element(30, Uint8Array.of(216, 0, 0, 65)),
    "both halves of a pair of UTF-16": element(30, Uint8Array.of(216, 0, 220, 0)),
    "half a pair of UTF-16 in four bytes": element(28, Uint8Array.of(0, 0, 216, 0)),
    "two and a half letters": element(30, Uint8Array.of(0, 65, 0, 65, 0)),
  }).map(([what, value]) =>
    leafCase(`a subject with ${what}`, { subject: sequence(set(sequence(oid("2.5.4.3"), value))) }, refused),
  ),
  ...[3, 18].map((kind) =>
    leafCase(
      `a subject with a value of the kind ${kind}`,
      {
        subject: sequence(
          set(sequence(oid("2.5.4.45"), element(kind, Uint8Array.of(0, 49).subarray(kind === 3 ? 0 : 1)))),
        ),
      },
      "ok",
    ),
  ),
  leafCase(
    "an attribute of two values in a row",
    {
      subject: sequence(set(sequence(oid("2.5.4.3"), text(12, "a"), text(12, "b")))),
    },
    refused,
  ),
];

/** RSASSA-PSS-params with something that does not belong there: behind a hash, within the mask, behind it, ... */
const pssWithJunk: readonly Der[] = [0, 1, 2, 3, 4, 5].map((place) => {
  const junk = (here: number): Der => (place === here ? integer(5) : new Uint8Array());
  const hash = sequence(oid("2.16.840.1.101.3.4.2.1"), element(5));
  const mask = sequence(oid("1.2.840.113549.1.1.8"), hash, junk(1));
  const [salt, trailer] = [explicit(2, integer(32), junk(3)), explicit(3, integer(1), junk(4))];
  return sequence(
    oid("1.2.840.113549.1.1.10"),
    sequence(explicit(0, hash, junk(0)), explicit(1, mask, junk(2)), salt, trailer),
    junk(5),
  );
});

const keysAndSignatures: readonly Case[] = [
  chainCase("an RSA key of 2048 bits", [makeServer(rsaRoot, server, { key: rsa }), rsaRoot], "ok"),
  leafCase("an RSA key of 1024 bits", { key: keyNamed("small", "rsa1024") }, "EE_KEY_TOO_SMALL"),
  leafCase("an RSA key of 2050 bits", { spki: rsaKey(2n ** 2049n + 1n, 65537n) }, "EE_KEY_TOO_SMALL", {
    openssl: "accepts",
  }),
  leafCase("a key on P-384", { key: keyNamed("server", "P-384") }, "ok"),
  leafCase("a key on P-521", { key: keyNamed("server", "P-521") }, "ok"),
  leafCase("a key on P-224", { key: keyNamed("server", "P-224") }, "EE_KEY_TOO_SMALL", { openssl: "accepts" }),
  leafCase("a key on secp256k1", { spki: koblitzKey }, "EE_KEY_TOO_SMALL", { openssl: "accepts" }),
  leafCase("an Ed25519 key", { key: keyNamed("server", "ed25519") }, "EE_KEY_TOO_SMALL", { openssl: "accepts" }),
  leafCase(
    "a key on a curve that is spelt out",
    {
      spki: sequence(sequence(oid("1.2.840.10045.2.1"), sequence(integer(1))), bits(new Uint8Array(65))),
    },
    "EC_KEY_EXPLICIT_PARAMS",
  ),
  leafCase(
    "a point that does not fit its curve",
    {
      spki: sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(new Uint8Array(33))),
    },
    refused,
  ),
  leafCase(
    "a DSA key",
    {
      spki: sequence(sequence(oid("1.2.840.10040.4.1")), bits(integer(5))),
    },
    "EE_KEY_TOO_SMALL",
  ),
  leafCase(
    "an RSA key without the NULL",
    {
      spki: sequence(sequence(oid("1.2.840.113549.1.1.1")), rsa.spki.subarray(rsa.spki.length - 275)),
    },
    refused,
    { openssl: "accepts" },
  ),
  leafCase(
    "an RSA key with an even exponent",
    {
      spki: rsaKey(2n ** 2047n + 1n, 4n),
    },
    refused,
    { openssl: "accepts" },
  ),
  leafCase("an RSA key with exponent 1", { spki: rsaKey(2n ** 2047n + 1n, 1n) }, refused, { openssl: "accepts" }),
  leafCase("an RSA key with exponent 3", { spki: rsaKey(2n ** 2047n + 1n, 3n) }, "ok"),
  leafCase("an RSA key of 16384 bits", { spki: rsaKey(2n ** 16383n + 1n, 65537n) }, "EE_KEY_TOO_SMALL", {
    openssl: "accepts",
  }),
  leafCase(
    "a bit string with unused bits as key",
    {
      spki: sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(new Uint8Array(65), 3)),
    },
    refused,
  ),
  leafCase("signed with ECDSA and SHA-1", { algorithm: "ecdsa-sha1" }, "CA_MD_TOO_WEAK"),
  leafCase("signed with ECDSA and SHA-224", { algorithm: "ecdsa-sha224" }, "CA_MD_TOO_WEAK", { openssl: "accepts" }),
  leafCase("signed with ECDSA and SHA-384", { algorithm: "ecdsa-sha384" }, "ok"),
  leafCase("signed with ECDSA and SHA-512", { algorithm: "ecdsa-sha512" }, "ok"),
  ...(["sha256", "sha384", "sha512"] as const).flatMap((hash) => [
    chainCase(
      `signed with RSA and ${hash}`,
      [makeServer(rsaRoot, server, { algorithm: `rsa-${hash}` }), rsaRoot],
      "ok",
    ),
    chainCase(
      `signed with RSA-PSS and ${hash}`,
      [makeServer(rsaRoot, server, { algorithm: `pss-${hash}` }), rsaRoot],
      "ok",
    ),
  ]),
  chainCase(
    "signed with RSA and SHA-1",
    [makeServer(rsaRoot, server, { algorithm: "rsa-sha1" }), rsaRoot],
    "CA_MD_TOO_WEAK",
  ),
  chainCase(
    "signed with RSA and MD5",
    [
      makeServer(rsaRoot, server, { algorithm: "rsa-md5", signature: signWith(rsa, "rsa-sha256", new Uint8Array()) }),
      rsaRoot,
    ],
    "CERT_SIGNATURE_FAILURE",
  ),
  chainCase(
    "signed with RSA-PSS and a salt that is not as long as the hash",
    [makeServer(rsaRoot, server, { algorithm: "pss-sha256-20" }), rsaRoot],
    "UNSUPPORTED_SIGNATURE_ALGORITHM",
    { openssl: "accepts" },
  ),
  chainCase(
    "signed with RSA-PSS and two different hashes",
    [makeServer(rsaRoot, server, { algorithm: "pss-sha256", algorithmId: pssId("sha256", 32, "sha384") }), rsaRoot],
    refused,
  ),
  ...pssWithJunk.map((id, i) =>
    chainCase(
      `signed with RSA-PSS and something behind parameter ${i}`,
      [makeServer(rsaRoot, server, { algorithm: "pss-sha256", algorithmId: id }), rsaRoot],
      refused,
    ),
  ),
  leafCase("signed with an unknown algorithm", { algorithmId: sequence(oid("1.2.3.4.5")) }, "CERT_SIGNATURE_FAILURE"),
  chainCase(
    "an ECDSA signature under an RSA identifier",
    [makeServer(root, server, { algorithmId: algorithmId("rsa-sha256") }), root],
    "CERT_SIGNATURE_FAILURE",
  ),
  chainCase(
    "an empty signature",
    [makeServer(root, server, { signature: new Uint8Array() }), root],
    "CERT_SIGNATURE_FAILURE",
  ),
  authorityCase("an authority signed with SHA-1", { algorithm: "ecdsa-sha1" }, "CA_MD_TOO_WEAK"),
  rootCase("a root that signed itself with SHA-1", { algorithm: "ecdsa-sha1" }, "ok"),
  rootCase("a root with a wrong signature of its own", { signature: new Uint8Array(8) }, "ok"),
  rootCase("a root with an RSA key of 1024 bits", { key: keyNamed("small", "rsa1024") }, "CA_KEY_TOO_SMALL"),
  chainCase("an authority with an RSA key of 1024 bits", smallAuthority(), "CA_KEY_TOO_SMALL"),
];

const constraints: readonly Case[] = [
  leafCase(
    "basicConstraints with an explicit FALSE",
    {
      extensions: { basicConstraints: extension("2.5.29.19", sequence(boolean(false)), true) },
    },
    "ok",
  ),
  leafCase("no basicConstraints", { extensions: { basicConstraints: null } }, "ok"),
  leafCase(
    "basicConstraints with something behind",
    {
      extensions: { basicConstraints: extension("2.5.29.19", sequence(boolean(true), integer(0), integer(0)), true) },
    },
    refused,
  ),
  leafCase(
    "basicConstraints with a negative length",
    {
      extensions: {
        basicConstraints: extension("2.5.29.19", sequence(boolean(true), element(2, integerBytes(-1n))), true),
      },
    },
    refused,
  ),
  leafCase(
    "keyUsage that allows nothing",
    { extensions: { keyUsage: extension("2.5.29.15", namedBits(), true) } },
    refused,
  ),
  leafCase(
    "keyUsage with unused bits that are set",
    {
      extensions: { keyUsage: extension("2.5.29.15", bits(Uint8Array.of(129), 1), true) },
    },
    refused,
    { openssl: "accepts" },
  ),
  leafCase(
    "keyUsage with zeros at its end",
    {
      extensions: { keyUsage: extension("2.5.29.15", bits(Uint8Array.of(128, 0), 0), true) },
    },
    "ok",
  ),
  leafCase(
    "keyUsage with 9 unused bits",
    {
      extensions: { keyUsage: extension("2.5.29.15", bits(Uint8Array.of(128), 9), true) },
    },
    refused,
  ),
  leafCase(
    "a policy twice",
    {
      extensions: { policies: extension("2.5.29.32", sequence(sequence(oid("1.2.3")), sequence(oid("1.2.3")))) },
    },
    refused,
  ),
  leafCase("an empty list of policies", { extensions: { policies: extension("2.5.29.32", sequence()) } }, refused, {
    openssl: "accepts",
  }),
  leafCase(
    "authorityInfoAccess that does not decode",
    {
      extensions: raw("1.3.6.1.5.5.7.1.1", text(12, "http://example.com")),
    },
    refused,
    { openssl: "accepts" },
  ),
  leafCase(
    "authorityInfoAccess",
    {
      extensions: raw(
        "1.3.6.1.5.5.7.1.1",
        sequence(sequence(oid("1.3.6.1.5.5.7.48.1"), implicit(6, new TextEncoder().encode("http://ocsp.example")))),
      ),
    },
    "ok",
  ),
  leafCase("crlDistributionPoints that do not decode", { extensions: raw("2.5.29.31", sequence(sequence())) }, refused),
  leafCase(
    "an authorityKeyIdentifier with an issuer, but no serial number",
    {
      extensions: {
        aki: extension(
          "2.5.29.35",
          sequence(implicit(0, authority.key.id), explicit(1, implicit(2, new Uint8Array(1).fill(65)))),
        ),
      },
    },
    refused,
    { openssl: "accepts" },
  ),
  leafCase("an extension nobody knows", { extensions: raw("1.2.3.4", sequence()) }, "ok"),
  leafCase(
    "a critical extension nobody knows",
    { extensions: raw("1.2.3.4", sequence(), true) },
    "UNHANDLED_CRITICAL_EXTENSION",
  ),
  leafCase(
    "the poison of Certificate Transparency",
    { extensions: raw("1.3.6.1.4.1.11129.2.4.3", element(5), true) },
    "UNHANDLED_CRITICAL_EXTENSION",
  ),
  leafCase(
    "a critical authorityInfoAccess",
    {
      extensions: raw(
        "1.3.6.1.5.5.7.1.1",
        sequence(sequence(oid("1.3.6.1.5.5.7.48.1"), implicit(6, new TextEncoder().encode("http://ocsp.example")))),
        true,
      ),
    },
    "UNHANDLED_CRITICAL_EXTENSION",
  ),
  authorityCase(
    "a critical extension nobody knows in an authority",
    { extensions: raw("1.2.3.4", sequence(), true) },
    "UNHANDLED_CRITICAL_EXTENSION",
  ),
  rootCase(
    "a critical extension nobody knows in a root",
    { extensions: raw("1.2.3.4", sequence(), true) },
    "UNHANDLED_CRITICAL_EXTENSION",
  ),
  leafCase(
    "an object identifier with a superfluous byte",
    {
      extensions: { odd: sequence(element(6, Uint8Array.of(42, 128, 3)), octets(sequence())) },
    },
    refused,
  ),
  leafCase(
    "an object identifier that is cut off",
    {
      extensions: { odd: sequence(element(6, Uint8Array.of(42, 131)), octets(sequence())) },
    },
    refused,
  ),
  leafCase(
    "an authority that limits the path, but may not sign",
    { extensions: { ski: ski(keyNamed("server").id), basicConstraints: basicConstraints(true, 0) } },
    "PATHLEN_WITHOUT_KU_KEY_CERT_SIGN",
  ),
];

export const fieldCases: readonly Case[] = [
  ...encoding,
  ...versions,
  ...serials,
  ...times,
  ...subjects,
  ...keysAndSignatures,
  ...constraints,
];

function rsaKey(modulus: bigint, exponent: bigint): Uint8Array {
  return sequence(
    sequence(oid("1.2.840.113549.1.1.1"), element(5)),
    bits(sequence(integer(modulus), integer(exponent))),
  );
}

function smallAuthority(): Parameters<typeof chainCase>[1] {
  const small = makeAuthority(root, "Small", { key: keyNamed("small", "rsa1024") });
  return [makeServer(small, server), small, root];
}

// The strict parser: everything that a certificate says is found, and an error names the field that does not decode.
import { describe, expect, test } from "vitest";
import { SSLError } from "../../../ts/engine/errors.ts";
import { parseCertificate } from "../../../ts/ssl/index.ts";
import { parseX509 } from "../../../ts/ssl/x509/certificate.ts";
import {
  aki,
  basicConstraints,
  type CertificateSpec,
  crlDistributionPoints,
  directoryName,
  dnsName,
  emailName,
  extension,
  extKeyUsage,
  hostName,
  inhibitAnyPolicy,
  keyNamed,
  keyUsage,
  koblitzKey,
  makeAuthority,
  makeServer,
  nameConstraints,
  network,
  otherName,
  policies,
  policyConstraints,
  policyMappings,
  serverAuth,
  ski,
  subjectAltName,
  today,
  uriName,
} from "../../support/certificate-factory.ts";
import { bits, element, explicit, implicit, integer, octets, oid, sequence, text } from "../../support/der-writer.ts";
import { authority, root } from "./cases/case.ts";

const parse = (spec: CertificateSpec): ReturnType<typeof parseX509> =>
  parseX509(makeServer(authority, "a.example", spec).der);

describe("what a certificate says", () => {
  test("its numbers, names, times and key", () => {
    const made = makeServer(authority, "a.example", { serial: 300, notBefore: today, subject: "O=Org,CN=a.example" });
    const certificate = parseX509(made.der);
    expect(certificate.version).toBe(3);
    expect([...certificate.serial]).toEqual([1, 44]);
    expect(certificate.notBefore).toBe(today);
    expect(certificate.subject.rdns.flat().map(({ text: value }) => value)).toEqual(["Org", "a.example"]);
    expect(certificate.issuer.key).toBe(parseX509(authority.der).subject.key);
    expect(certificate.publicKey).toMatchObject({ kind: "ec", curve: "P-256", raw: made.key.spki });
    expect(certificate.signatureAlgorithm).toMatchObject({ scheme: "ecdsa", hash: 256 });
    expect(certificate.selfIssued).toBe(false);
    expect(parseX509(root.der).selfIssued).toBe(true);
  });

  test.each([
    ["rsa2048", { kind: "rsa", bits: 2048 }],
    ["P-521", { kind: "ec", curve: "P-521" }],
    ["ed25519", { kind: "ed25519" }],
  ] as const)("a key of the kind %s", (kind, wanted) => {
    expect(parse({ key: keyNamed("any", kind) }).publicKey).toMatchObject(wanted);
  });

  test("a key on another curve", () => {
    expect(parse({ spki: koblitzKey }).publicKey).toMatchObject({ kind: "ec", curve: "unknown" });
  });

  test("every kind of subjectAltName", () => {
    const names = [
      dnsName("a.example"),
      emailName("a@example.com"),
      uriName("https://a.example/"),
      hostName("192.0.2.1"),
      directoryName("O=Org"),
      otherName("1.2.3", "x"),
      explicit(3),
      explicit(5),
      implicit(8, Uint8Array.of(42, 3)),
    ];
    const altNames = parse({ extensions: { subjectAltName: subjectAltName(names) } }).extensions.subjectAltName!.value;
    const kinds = [
      "dns",
      "email",
      "uri",
      "ip",
      "directory",
      "otherName",
      "x400Address",
      "ediPartyName",
      "registeredID",
    ];
    expect(altNames.map(({ kind }) => kind)).toEqual(kinds);
    expect(altNames.map(({ raw }) => [...raw])).toEqual(names.map((name) => [...name]));
  });

  test("every extension that is known", () => {
    const { extensions } = parse({
      extensions: {
        basicConstraints: basicConstraints(true, 3),
        keyUsage: keyUsage(0, 5, 6),
        extKeyUsage: extKeyUsage([serverAuth], true),
        ski: ski(Uint8Array.of(1, 2)),
        aki: aki(Uint8Array.of(3, 4)),
        nc: nameConstraints(
          [dnsName("example"), network("10.0.0.0/255.0.0.0")],
          [emailName("example.com"), uriName(".x")],
        ),
        policies: policies("1.2.3", "2.25.329800735698586629295641978511506172918"),
        mappings: policyMappings(["1.2.3", "1.2.4"]),
        constraints: policyConstraints(1, 2),
        inhibit: inhibitAnyPolicy(7),
        points: crlDistributionPoints("http://crl.example/"),
        aia: extension(
          "1.3.6.1.5.5.7.1.1",
          sequence(sequence(oid("1.3.6.1.5.5.7.48.2"), uriName("http://ca.example/"))),
        ),
        ian: extension("2.5.29.18", sequence(dnsName("ca.example"))),
        unknown: extension("1.2.3.4", octets(new Uint8Array())),
      },
    });
    expect(extensions.basicConstraints).toEqual({ critical: true, value: { ca: true, pathLength: 3 } });
    expect(extensions.keyUsage).toEqual({ critical: true, value: new Set([0, 5, 6]) });
    expect(extensions.extKeyUsage).toEqual({ critical: true, value: new Set([serverAuth]) });
    expect(extensions.subjectKeyIdentifier?.value).toEqual(Uint8Array.of(1, 2));
    expect(extensions.authorityKeyIdentifier?.value).toEqual({ keyId: Uint8Array.of(3, 4), byIssuer: false });
    expect(extensions.nameConstraints?.value.permitted.map(({ kind }) => kind)).toEqual(["dns", "ip"]);
    expect(extensions.nameConstraints?.value.excluded.map(({ kind }) => kind)).toEqual(["email", "uri"]);
    expect(extensions.certificatePolicies?.value).toEqual(
      new Set(["1.2.3", "2.25.329800735698586629295641978511506172918"]),
    );
    expect(extensions.policyMappings?.value).toEqual([["1.2.3", "1.2.4"]]);
    expect(extensions.policyConstraints?.value).toEqual({ requireExplicitPolicy: 1, inhibitPolicyMapping: 2 });
    expect(extensions.inhibitAnyPolicy?.value).toBe(7);
    expect(extensions.crlDistributionPoints?.value[0]?.fullName).toMatchObject([
      { kind: "uri", text: "http://crl.example/" },
    ]);
    expect(extensions.authorityInfoAccess?.value[0]?.location).toMatchObject({ text: "http://ca.example/" });
    expect(extensions.issuerAltName?.value).toMatchObject([{ kind: "dns" }]);
    expect(extensions.notUnderstood).toEqual([]);
  });

  test("the critical extensions that nobody knows", () => {
    const odd = extension("1.2.3.4", octets(new Uint8Array()), true);
    expect(parse({ extensions: { odd } }).extensions.notUnderstood).toEqual(["1.2.3.4"]);
  });
});

describe("an error names the field", () => {
  const wrong: Readonly<Record<string, CertificateSpec>> = {
    "version of the certificate": { versionField: explicit(0, integer(7)) },
    "serial number of the certificate": { serial: element(2) },
    "signature algorithm of the certificate": { algorithmId: sequence(oid("1.2.840.10045.4.3.2"), element(5)) },
    "issuer of the certificate": { issuer: sequence(integer(1)) },
    "validity of the certificate": { notAfter: text(23, "tomorrow") },
    "subject of the certificate": { subject: sequence(integer(1)) },
    "public key of the certificate": { spki: sequence(sequence(oid("1.2.840.113549.1.1.1")), bits(integer(1))) },
    "extensions of the certificate": { onlyExtensions: [integer(1)] },
    "keyUsage of the certificate": { extensions: { keyUsage: extension("2.5.29.15", integer(1)) } },
    "subjectAltName of the certificate": { extensions: { subjectAltName: extension("2.5.29.17", sequence()) } },
    "nameConstraints of the certificate": { extensions: { nc: extension("2.5.29.30", sequence()) } },
    "authorityInfoAccess of the certificate": { extensions: { aia: extension("1.3.6.1.5.5.7.1.1", sequence()) } },
  };
  test.each(Object.entries(wrong))("%s", (field, spec) => {
    expect(() => parse(spec)).toThrow(SSLError);
    expect(() => parse(spec)).toThrow(
      expect.objectContaining({
        reason: "DECODE_ERROR",
        library: "X509",
        message: expect.stringContaining(`Cannot decode the ${field}: `) as string,
      }),
    );
  });
});

describe("what would take seconds to write down or to compare is refused, and what is next to it is read", () => {
  const longArc = (size: number): Uint8Array => element(6, Uint8Array.of(42, ...Array<number>(size - 2).fill(255), 1));
  const named = (type: Uint8Array, value: string): CertificateSpec => ({
    subject: sequence(element(49, sequence(type, text(12, value)))),
  });
  const commonName = oid("2.5.4.3");

  test("an object identifier with an enormous number", () => {
    expect(parse(named(longArc(128), "x")).subject.rdns.flat()[0]!.oid).toHaveLength(272);
    expect(() => parse(named(longArc(129), "x"))).toThrow("an object identifier has more than 128 bytes");
    const { der } = makeServer(authority, "a.example", named(longArc(60_000), "x"));
    expect(() => parseX509(der)).toThrow("an object identifier has more than 128 bytes");
    expect(() => parseCertificate(der)).toThrow("an object identifier has more than 128 bytes");
    const registered = element(136, longArc(60_000).subarray(4));
    const { der: other } = makeServer(authority, "a.example", {
      extensions: { subjectAltName: subjectAltName([registered]) },
    });
    expect(() => parseX509(other)).toThrow("an object identifier has more than 128 bytes");
    expect(parseCertificate(other).subjectAltName).toEqual([]);
  });

  test.each(["\u0300\u0316", "\u0300\uff9e"])("a name with a long run of combining marks, %j", (marks) => {
    expect(parse(named(commonName, `a${marks.repeat(15)}`)).subject.key).not.toBe("");
    for (const pairs of [16, 10_000]) {
      const spec = named(commonName, `a${marks.repeat(pairs)}`);
      expect(() => parse(spec)).toThrow("a text has too many combining marks in a row");
    }
  });
});

test("whatever is cut off or changed, the parser answers or refuses, and ends", () => {
  const { der } = makeAuthority(root, "Constrained", {
    extensions: {
      nc: nameConstraints([dnsName("example"), network("10.0.0.0/255.0.0.0")]),
      san: subjectAltName([emailName("a@b.example")]),
    },
  });
  let answers = 0;
  for (let at = 0; at < der.length; at++) {
    for (const change of [1, 128, 255]) {
      const copy = der.slice();
      copy[at]! ^= change;
      answers += refuses(copy) ? 0 : 1;
    }
    expect(refuses(der.subarray(0, at))).toBe(true);
  }
  expect(answers).toBeGreaterThan(der.length); // the key, the signature and the letters of names may be anything
});

function refuses(der: Uint8Array): boolean {
  try {
    parseX509(der);
    return false;
  } catch (error) {
    if (error instanceof SSLError && error.reason === "DECODE_ERROR") return true;
    throw error;
  }
}

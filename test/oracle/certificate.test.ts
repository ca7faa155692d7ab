// What a certificate says: parseCertificate() and CPython's getpeercert() on the same certificates, those that authorities
// issue and those that only an attacker would.
import { execFileSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SSLError } from "../../ts/engine/errors.ts";
import { type Certificate, parseCertificate, pemCertToDer } from "../../ts/ssl/index.ts";
import { otherNames } from "../../ts/ssl/x509/oids.ts";
import { families } from "../ssl/x509/cases/families.ts";
import {
  type CertificateSpec,
  crlDistributionPoints,
  directoryName,
  dnsName,
  emailName,
  extension,
  hostName,
  makeRoot,
  makeServer,
  nameFrom,
  otherName,
  rdn,
  subjectAltName,
  tampered,
  uriName,
} from "../support/certificate-factory.ts";
import { certs } from "../support/certs.ts";
import {
  ascii,
  boolean,
  type Der,
  element,
  explicit,
  implicit,
  integer,
  octets,
  oid,
  oidBytes,
  sequence,
  text,
  utf8,
} from "../support/der-writer.ts";

const root = makeRoot("CN=root of the parsed");

test("S27 every field is what Python's getpeercert() says, for every certificate of the tests", () => {
  const all = [
    ...Object.values(certs).map(({ cert }) => pemCertToDer(cert)),
    ...Object.values(families).flatMap((cases) => cases.flatMap(({ chain, trust }) => [...chain, ...trust])),
  ];
  const theirs = askPython(all);
  let compared = 0;
  for (const [i, der] of all.entries()) {
    const [ours, python] = [parsed(der), theirs[i]!];
    if (ours === null || typeof python === "string") continue; // one of the two finds it too broken to say anything
    if (JSON.stringify(ours.subject).includes(inPieces)) continue; // which OpenSSL puts together, though it is not DER
    expect(pythonForm(ours), `certificate ${i}`).toEqual(withoutEmptyLists(python));
    compared++;
  }
  expect(compared / all.length).toBeGreaterThan(0.95);
});

/** A UTF8String in pieces, as it is shown. */
const inPieces = `"#2C`;

/** Of each type that is shown: with a text of either kind, and with none. */
function othernames(san: (...names: readonly Der[]) => Der): Record<string, Der> {
  const values = [utf8("some one@bücher.example"), text(22, "_ldap.example"), octets(ascii("x"))];
  const ofType = (type: string): Der =>
    san(...values.map((value) => explicit(0, oid(type), explicit(0, value))), otherName("1.2.3.4", "x"));
  return Object.fromEntries(Object.entries(otherNames).map(([type, name]) => [name, ofType(type)]));
}

test("S27 every kind of subjectAltName is what Python says, an unreadable one included", () => {
  const san = (...names: readonly Der[]): Der => issued({ extensions: { subjectAltName: subjectAltName(names) } });
  expectPythonsAnswer({
    DNS: san(dnsName("a.example"), dnsName("*.b.example"), dnsName("xn--nxasmq6b.example"), dnsName("")),
    "IP Address": san(hostName("192.0.2.1"), hostName("::1"), hostName("2001:db8::A0:1"), hostName("::")),
    "IP Address of another size": san(implicit(7, new Uint8Array(5)), implicit(7, new Uint8Array(0))),
    "email and URI": san(emailName("a@example.com"), uriName("https://a.example/x?y#z"), uriName("")),
    "Registered ID": san(implicit(8, oidBytes("1.2.3.4.5")), implicit(8, oidBytes("2.5.4.3"))),
    DirName: san(directoryName("C=GB,O=Example,CN=a.example"), directoryName("")),
    othername: san(otherName("1.2.3.4", "whatever")),
    ...othernames(san),
    "X400Name and EdiPartyName": san(explicit(3, sequence()), explicit(5, explicit(1, utf8("party")))),
    "all kinds": san(
      otherName("1.2.3.4", "x"),
      emailName("user@example.org"),
      dnsName("www.example.org"),
      directoryName("C=XY,O=Python"),
      uriName("https://www.python.org/"),
      hostName("127.0.0.1"),
      hostName("::1"),
      implicit(8, oidBytes("1.2.3.4.5")),
    ),
    "not ASCII": san(implicit(2, new TextEncoder().encode("bücher.example"))),
  });
});

test("S27 names with a NUL keep it, as Python's do since CVE-2013-4238", () => {
  const nul = "null.python.org\0example.org";
  expectPythonsAnswer({
    "in every field": issued({
      subject: nameFrom(sequence(rdn("C", "US"), rdn("CN", nul), rdn("1.2.840.113549.1.9.1", `python-dev@${nul}`))),
      extensions: {
        subjectAltName: subjectAltName([
          dnsName(`alt${nul}`),
          emailName(`null@python.org\0user@example.org`),
          uriName(`http://${nul}`),
          hostName("192.0.2.1"),
          hostName("2001:db8::1"),
        ]),
      },
    }),
  });
  const { subject, subjectAltName: names } = parseCertificate(issued({ subject: sequence(rdn("CN", nul)) }));
  expect(subject).toEqual([[["commonName", nul]]]);
  expect(names).toEqual([["DNS", "a.example"]]);
});

test("S27 a distribution point without a name is skipped, where CVE-2019-5010 made Python crash", () => {
  const point = (...parts: readonly Der[]): Der =>
    issued({ extensions: { points: extension("2.5.29.31", sequence(sequence(...parts))) } });
  expectPythonsAnswer({
    "with nothing at all": point(),
    "with reasons only": point(implicit(1, Uint8Array.of(1, 6))),
    "with an issuer only": point(element(162, directoryName("CN=issuer"))),
    "relative to the issuer": point(explicit(0, element(161, sequence(oid("2.5.4.3"), utf8("list"))))),
    "with an empty name": point(explicit(0, explicit(0))),
    "with a name that is no URI": point(explicit(0, explicit(0, directoryName("CN=list")))),
    "one good, one without a name": issued({
      extensions: {
        points: extension(
          "2.5.29.31",
          sequence(sequence(), sequence(explicit(0, explicit(0, uriName("http://crl.example/a"), dnsName("b"))))),
        ),
      },
    }),
  });
});

test("S27 OCSP, caIssuers and crlDistributionPoints are the URIs that Python gives", () => {
  const access = (...list: readonly (readonly [string, Der])[]): Der =>
    extension("1.3.6.1.5.5.7.1.1", sequence(...list.map(([method, location]) => sequence(oid(method), location))));
  const [ocsp, issuers] = ["1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"];
  expectPythonsAnswer({
    both: issued({
      extensions: {
        aia: access(
          [ocsp, uriName("http://ocsp.example/")],
          [issuers, uriName("http://ca.example/1.cer")],
          [ocsp, uriName("http://ocsp2.example/")],
          [ocsp, dnsName("no.uri.example")],
          ["1.2.3", uriName("http://unknown.example/")],
        ),
        points: crlDistributionPoints("http://crl.example/1", "ldap:///cn=x?y"),
      },
    }),
    none: issued({ extensions: { aia: access() } }),
  });
});

test("S27 attributes have Python's names, in every string type", () => {
  const types = [
    ...Array.from({ length: 48 }, (_, i) => `2.5.4.${i + 3}`),
    ...["2.5.4.51", "2.5.4.54", "2.5.4.65", "2.5.4.72", "2.5.4.97", "2.5.4.98", "2.5.4.99", "2.5.4.100"],
    ...[1, 3, 4, 6, 8, 9, 10, 20, 25, 37, 38, 40, 41, 43, 44, 45, 48].map((i) => `0.9.2342.19200300.100.1.${i}`),
    ...[1, 2, 7, 8].map((i) => `1.2.840.113549.1.9.${i}`),
    ...[1, 2, 3].map((i) => `1.3.6.1.4.1.311.60.2.1.${i}`),
    ...["1.2.643.3.131.1.1", "1.2.643.100.1", "1.2.643.100.3", "1.2.3.4.5.6", "2.999.1"],
  ].filter((type) => !unnamed.has(type));
  expectPythonsAnswer({
    "every attribute": issued({ subject: sequence(...types.map((type) => rdn(type, "value"))) }),
    "several in one RDN": issued({
      subject: sequence(element(49, sequence(oid("2.5.4.10"), utf8("b")), sequence(oid("2.5.4.3"), utf8("a")))),
    }),
    "no attribute": issued({ subject: sequence() }),
  });
});

test("S27 texts are what Python decodes, from every string type", () => {
  const texts = {
    UTF8String: utf8("Größe ☃ 𝄞"),
    "UTF8String with a mark at its beginning": utf8("\uFEFFmarked"),
    "UTF8String that is empty": utf8(""),
    NumericString: text(18, "123"),
    PrintableString: text(19, "printable"),
    TeletexString: element(20, Uint8Array.of(0xfc, 0x62, 0x65, 0x72)),
    IA5String: text(22, "ia5@"),
    BMPString: element(30, Uint8Array.of(0, 0x41, 0x26, 3)),
    UniversalString: element(28, Uint8Array.of(0, 0, 0x26, 3)),
  };
  const subjects = Object.entries(texts).map(([name, value]) => [name, issued({ subject: sequence(rdn("O", value)) })]);
  expectPythonsAnswer(Object.fromEntries(subjects) as Record<string, Der>);
});

test("S27 a text that makes Python raise is shown as far as it can be", () => {
  const odd: readonly (readonly [Der, string])[] = [
    [text(26, "visible"), "visible"],
    [element(12, Uint8Array.of(0x61, 0xff)), "a\uFFFD"],
    [integer(300), "#0202012C"],
    [sequence(), "#3000"],
  ];
  for (const [value, shown] of odd) {
    const der = issued({ subject: sequence(rdn("O", value)) });
    expect(askPython([der])).toEqual(["SSLError"]);
    expect(parseCertificate(der).subject).toEqual([[["organizationName", shown]]]);
  }
  const latin1 = issued({ extensions: { subjectAltName: subjectAltName([implicit(2, Uint8Array.of(0x62, 0xfc))]) } });
  expect(askPython([latin1])).toEqual(["UnicodeDecodeError"]);
  expect(parseCertificate(latin1).subjectAltName).toEqual([["DNS", "bü"]]);
});

test("S27 numbers and times are what Python prints", () => {
  const serials = [0n, 1n, 127n, 128n, 255n, 256n, 300n, -1n, -128n, -129n, 2n ** 159n - 1n, 2n ** 159n, 2n ** 200n];
  const times = [
    [Date.UTC(1950, 0, 1), Date.UTC(2049, 11, 31, 23, 59, 59)],
    [Date.UTC(2050, 1, 28, 1, 2, 3), Date.UTC(9999, 11, 31, 23, 59, 59)],
    [Date.UTC(2000, 1, 29), Date.UTC(2026, 5, 5, 5, 5, 5)],
  ] as const;
  expectPythonsAnswer({
    ...Object.fromEntries(serials.map((serial) => [`serial ${serial}`, issued({ serial: integer(serial) })])),
    ...Object.fromEntries(times.map(([notBefore, notAfter]) => [`from ${notBefore}`, issued({ notBefore, notAfter })])),
    "version 1": issued({ version: 0, onlyExtensions: null }),
    "version 2": issued({ version: 1, onlyExtensions: null }),
  });
});

test("S27 an extension that does not decode, or is there twice, counts as empty, as in Python", () => {
  const san = (value: Der): Der => issued({ extensions: { subjectAltName: extension("2.5.29.17", value) } });
  const dns = sequence(dnsName("a.example"));
  expectPythonsAnswer({
    "no DER": san(Uint8Array.of(1, 2, 3)),
    empty: san(new Uint8Array()),
    "an empty list": san(sequence()),
    "no list": san(boolean(true)),
    "cut off": san(dns.subarray(0, -1)),
    "a name longer than the list": san(Uint8Array.of(48, 3, 130, 20, 97)),
    "an unknown kind of name": san(sequence(implicit(9, ascii("x")))),
    "one good name and one that is broken": san(sequence(dnsName("a.example"), element(164, octets(ascii("x"))))),
    "a name of a universal type": san(sequence(utf8("a.example"))),
    "access information that is none": issued({ extensions: { aia: extension("1.3.6.1.5.5.7.1.1", dns) } }),
    "distribution points that are none": issued({ extensions: { points: extension("2.5.29.31", dns) } }),
    "the same extension twice": issued({
      extensions: {
        subjectAltName: subjectAltName([dnsName("a.example")]),
        again: subjectAltName([dnsName("b.example")]),
      },
    }),
  });
});

test("S27 no alteration of a certificate does worse than an SSLError", () => {
  const san = subjectAltName([
    dnsName("a.example"),
    hostName("::1"),
    directoryName("CN=x"),
    implicit(8, oidBytes("1.2.3")),
  ]);
  const der = issued({ extensions: { subjectAltName: san, points: crlDistributionPoints("http://crl.example/") } });
  let readable = 0;
  for (let at = 0; at < der.length; at++) {
    for (const altered of [tampered(der, at), der.subarray(0, at), withByte(der, at, 0), withByte(der, at, 255)]) {
      if (parsed(altered) !== null) readable++;
    }
  }
  expect(readable).toBeGreaterThan(der.length / 4);
});

/** Attributes without a name in some version of OpenSSL, or none in ours. */
const unnamed: ReadonlySet<string> = new Set(["2.5.4.38", "2.5.4.39", "2.5.4.40", "2.5.4.47", "2.5.4.52", "2.5.4.53"]);

function issued(spec: CertificateSpec): Der {
  return makeServer(root, "a.example", spec).der;
}

/** Our reading of each certificate equals Python's. */
function expectPythonsAnswer(certificates: Readonly<Record<string, Der>>): void {
  const theirs = askPython(Object.values(certificates));
  for (const [i, [name, der]] of Object.entries(certificates).entries()) {
    expect(pythonForm(parseCertificate(der)), name).toEqual(withoutEmptyLists(theirs[i]!));
  }
}

/** As our documentation says: without `raw`. */
function pythonForm({ raw: _, ...fields }: Certificate): object {
  return withoutEmptyLists(fields);
}

/** Python leaves them out, and empty lists of extensions that are there it does not; ours are always there. */
function withoutEmptyLists(fields: string | object): object {
  const kept = Object.entries(fields).filter(([name, value]) => !lists.has(name) || (value as unknown[]).length > 0);
  return Object.fromEntries(kept);
}

const lists: ReadonlySet<string> = new Set(["subjectAltName", "OCSP", "caIssuers", "crlDistributionPoints"]);

/** The dictionary for each, or the name of the exception. */
function askPython(ders: readonly Der[]): (string | object)[] {
  const script = fileURLToPath(new URL("decode_certificates.py", import.meta.url));
  const input = JSON.stringify(ders.map((der) => Buffer.from(der).toString("base64")));
  return JSON.parse(execFileSync("python3", [script], { input, encoding: "utf8", maxBuffer: 2 ** 26 })) as object[];
}

function parsed(der: Der): Certificate | null {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof SSLError) return null;
    throw error;
  }
}

function withByte(der: Der, at: number, byte: number): Der {
  const altered = der.slice();
  altered[at] = byte;
  return altered;
}

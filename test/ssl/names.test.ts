// Names of servers: which can be asked for, in which form they are compared, and what a certificate stands for.
import fc from "fast-check";
import { expect, test } from "vitest";
import { pemCertToDer, SSLConfigError } from "../../ts/ssl/index.ts";
import { addressOf, type HostName, toHostName } from "../../ts/ssl/names.ts";
import { parseX509, type X509 } from "../../ts/ssl/x509/certificate.ts";
import type { GeneralName } from "../../ts/ssl/x509/general-name.ts";
import { hostComplaints } from "../../ts/ssl/x509/host.ts";
import { certs } from "../support/certs.ts";
import { inCase } from "../support/conversation.ts";

test("S22 B26 a DNS name is compared without regard to case and to the final dot, in A-labels", () => {
  for (const [given, name] of [
    ["example.org", "example.org"],
    ["EXAMPLE.Org", "example.org"],
    ["example.org.", "example.org"],
    ["localhost", "localhost"],
    ["a-b.c_d.example", "a-b.c_d.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["faß.example", "xn--fa-hia.example"],
    ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
    ["例え。テスト", "xn--r8jz45g.xn--zckzah"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ] as const) {
    expect(toHostName(given, "serverHostname")).toEqual({ kind: "dns", name });
  }
});

test("S22 B26 what is no name is refused, and never turned into another name", () => {
  const bad = [
    "",
    ".",
    "..",
    ".example.org",
    "a..b",
    "a.b..",
    "127.0.0.1.",
    "exa\0mple.org",
    "exa mple.org",
    "exa\nmple.org",
    "example.org/path",
    "example.org:443",
    "user@example.org",
    "*.example.org",
    "exam%70le.org",
    "[example.org]",
    "[::1",
    "::1]",
    "1:2:3",
    "bücher.example/path",
    "bücher.example:443",
    "user@bücher.example",
    "bücher.example\0.org",
    "b%C3%BCcher.ex\u00e4mple",
    "bü\ncher.example",
    "bücher.example?x",
    "bücher.example#x",
    "bücher.example\\x",
    "\u00ad",
    `${"a".repeat(64)}.example`,
    `${"abcdefg.".repeat(32)}example`,
  ];
  for (const name of bad) {
    inCase(JSON.stringify(name), () => expect(() => toHostName(name, "serverHostname")).toThrow(SSLConfigError));
  }
  for (const wrong of [null, undefined, 5, {}, ["example.org"]]) {
    expect(() => toHostName(wrong as string, "serverHostname")).toThrow(TypeError);
  }
});

test("S22 an address is an address in each of its forms", () => {
  for (const text of [
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "[::1]",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7:8",
  ]) {
    expect(toHostName(text, "serverHostname").kind).toBe("ip");
  }
  // IDNA makes digits of these.
  expect(toHostName("１２７.0.0.1", "serverHostname")).toMatchObject({ kind: "ip" });
  for (const [text, bytes] of [
    ["1.2.3.4", [1, 2, 3, 4]],
    ["::1", [...Array<number>(15).fill(0), 1]],
    ["1::", [0, 1, ...Array<number>(14).fill(0)]],
    ["1:2::8", [0, 1, 0, 2, ...Array<number>(11).fill(0), 8]],
    ["::ffff:1.2.3.4", [...Array<number>(10).fill(0), 255, 255, 1, 2, 3, 4]],
    ["1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]],
    [
      "ABCD:EF01:2345:6789:abcd:ef01:2345:6789",
      [171, 205, 239, 1, 35, 69, 103, 137, 171, 205, 239, 1, 35, 69, 103, 137],
    ],
  ] as const) {
    expect(addressOf(text)).toEqual(Uint8Array.from(bytes));
  }
});

test("S22 what only looks like an address is none", () => {
  for (const text of [
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "0x7f.0.0.1",
    "1.2.3.4.",
    " 1.2.3.4",
    "1::2::3",
    ":1",
    "1:",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::12345",
    "::g",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "",
  ]) {
    inCase(text, () => expect(addressOf(text)).toBe(null));
  }
});

test("S22 the rules of dNSName entries", () => {
  const rules: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ["example.org", "example.org", true],
    ["EXAMPLE.org", "example.ORG", true],
    ["example.org", "www.example.org", false],
    ["www.example.org", "example.org", false],
    ["*.example.org", "www.example.org", true],
    ["*.EXAMPLE.org", "WWW.example.org", true],
    ["*.example.org", "example.org", false],
    ["*.example.org", "a.b.example.org", false],
    ["*.example.org", "xn--bcher-kva.example.org", true],
    ["*.org", "example.org", false],
    ["*", "localhost", false],
    ["*.", "localhost", false],
    ["*.*.example.org", "a.b.example.org", false],
    ["w*.example.org", "www.example.org", false],
    ["*w.example.org", "www.example.org", false],
    ["www.*.org", "www.example.org", false],
    ["www.example.*", "www.example.org", false],
    ["xn--*.example.org", "xn--bcher-kva.example.org", false],
    ["**.example.org", "www.example.org", false],
    ["example.org\0.evil.example", "example.org", false],
    ["", "example.org", false],
    [".example.org", "www.example.org", false],
    ["exampleXorg", "example.org", false],
    ["127.0.0.1", "localhost", false],
  ];
  for (const [pattern, name, matches] of rules) {
    inCase(`${pattern} for ${name}`, () => {
      const certificate = withNames([["DNS", pattern]]);
      expect(standsFor(certificate, toHostName(name, "serverHostname"), false)).toBe(matches);
    });
  }
});

test("S22 an address matches iPAddress entries only, and a name never does", () => {
  const both = withNames([
    ["DNS", "127.0.0.1"],
    ["IP Address", "10.0.0.1"],
    ["IP Address", "0:0:0:0:0:0:0:1"],
    ["URI", "https://example.org/"],
    ["email", "example.org"],
  ]);
  for (const [name, matches] of [
    ["127.0.0.1", false],
    ["10.0.0.1", true],
    ["::1", true],
    ["0::1", true],
    ["::2", false],
    ["::ffff:10.0.0.1", false],
    ["example.org", false],
  ] as const) {
    expect(standsFor(both, toHostName(name, "serverHostname"), true)).toBe(matches);
  }
  expect(standsFor(withNames([["DNS", "*.0.0.1"]]), toHostName("127.0.0.1", "x"), true)).toBe(false);
});

test("S22 the common name counts only when it is asked for and there is no DNS name or address", () => {
  const host = toHostName("example.org", "serverHostname");
  const cases: readonly [SimpleName[], boolean, boolean][] = [
    [[], false, false],
    [[], true, true],
    [[["email", "someone@example.org"]], true, true],
    [[["DNS", "other.example"]], true, false],
    [[["IP Address", "10.0.0.1"]], true, false],
  ];
  for (const [names, fallback, matches] of cases) {
    expect(standsFor(withNames(names, "example.org"), host, fallback)).toBe(matches);
  }
  expect(standsFor(withNames([], "10.0.0.1"), toHostName("10.0.0.1", "x"), true)).toBe(false);
});

test("S22 a name that is taken matches itself, and no junk is ever more than a name, an address or a refusal", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
      try {
        const host = toHostName(text, "serverHostname");
        if (host.kind === "ip") expect([4, 16]).toContain(host.address.length);
        else {
          expect(host.name).toMatch(/^[a-z0-9._-]+$/);
          expect(toHostName(host.name, "again")).toEqual(host);
          expect(standsFor(withNames([["DNS", host.name]]), host, false)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(SSLConfigError);
      }
    }),
    { numRuns: 500 },
  );
});

const template = parseX509(pemCertToDer(certs.localhost.cert));

function standsFor(certificate: X509, host: HostName, commonNameFallback: boolean): boolean {
  return hostComplaints(certificate, host, commonNameFallback).length === 0;
}

/** The kinds that a server can be known by. */
type SimpleName = readonly [kind: "DNS" | "IP Address" | "URI" | "email", text: string];

function withNames(names: readonly SimpleName[], commonName = "nobody"): X509 {
  const subjectAltName = { critical: false, value: names.map(generalName) };
  const rdns = [[{ oid: "2.5.4.3", text: commonName, folded: commonName }]];
  return {
    ...template,
    subject: { ...template.subject, rdns },
    extensions: { ...template.extensions, subjectAltName },
  };
}

function generalName([kind, text]: SimpleName): GeneralName {
  const raw = new Uint8Array(0);
  if (kind === "IP Address") return { kind: "ip", bytes: addressOf(text)!, raw };
  return { kind: ({ DNS: "dns", URI: "uri", email: "email" } as const)[kind as "DNS"], text, raw };
}

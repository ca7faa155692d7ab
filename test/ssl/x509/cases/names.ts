// Which certificate stands for which server: RFC 9525 with the rules of public servers.
import { lenientProfile, webProfile } from "../../../../ts/ssl/x509/profile.ts";
import {
  dnsName,
  emailName,
  extension,
  hostName,
  makeServer,
  otherName,
  subjectAltName,
  uriName,
} from "../../../support/certificate-factory.ts";
import { type Der, ascii, implicit, sequence } from "../../../support/der-writer.ts";
import { authority, type Case, type CaseOptions, chainCase, root, server } from "./case.ts";

const mismatch = "HOSTNAME_MISMATCH";
const refused = "UNSPECIFIED";

function nameCase(
  name: string,
  names: readonly Der[],
  host: string,
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  const leaf = makeServer(authority, server, {
    subject: "O=Example",
    extensions: { subjectAltName: subjectAltName(names) },
  });
  return chainCase(name, [leaf, authority, root], expected, { host, ...options });
}

function dns(pattern: string, host: string, expected: Case["expected"], options: CaseOptions = {}): Case {
  return nameCase(
    `${JSON.stringify(pattern)} for ${JSON.stringify(host)}`,
    [dnsName(pattern)],
    host,
    expected,
    options,
  );
}

function address(pattern: string, host: string, expected: Case["expected"], options: CaseOptions = {}): Case {
  return nameCase(`${pattern} for ${host}`, [hostName(pattern)], host, expected, options);
}

function commonName(
  subject: string,
  expected: Case["expected"],
  options: CaseOptions,
  names: readonly Der[] | null = null,
): Case {
  const leaf = makeServer(authority, server, {
    subject,
    extensions: { subjectAltName: names === null ? null : subjectAltName(names) },
  });
  const titles = [
    subject,
    names === null ? "no subjectAltName" : "another subjectAltName",
    options.commonNameFallback === true ? "asked for" : "not asked for",
  ];
  return chainCase(titles.join(", "), [leaf, authority, root], expected, options);
}

const patterns: readonly Case[] = [
  dns("server.example", "server.example", "ok"),
  dns("server.example", "other.example", mismatch),
  dns("SERVER.Example", "server.example", "ok"),
  dns("server.example", "SERVER.EXAMPLE", "ok"),
  dns("server.example", "server.example.", "ok", { openssl: "refuses" }),
  dns("server.example.", "server.example", mismatch),
  dns("server.example", "www.server.example", mismatch),
  dns("www.server.example", "server.example", mismatch),
  dns("server.example", "server.exampl", mismatch),
  dns("localhost", "localhost", "ok"),
  dns("*.example.com", "www.example.com", "ok"),
  dns("*.Example.COM", "WWW.example.com", "ok"),
  dns("*.example.com", "example.com", mismatch),
  dns("*.example.com", "a.b.example.com", mismatch),
  dns("*.example.com", "www.example.org", mismatch),
  dns("*.example.com", "xn--bcher-kva.example.com", "ok"),
  dns("*.xn--bcher-kva.example", "www.xn--bcher-kva.example", "ok"),
  dns("xn--bcher-kva.example", "xn--bcher-kva.example", "ok"),
  dns("xn--bcher-kva.example", "b\u00fccher.example", "ok", { openssl: "-" }),
  dns("*.com", "example.com", mismatch),
  dns("*", "localhost", mismatch),
  dns("*", "example.com", mismatch),
  dns("*.", "example.", mismatch),
  dns("*..com", "example.com", mismatch),
  dns("w*.example.com", "www.example.com", mismatch, { openssl: "accepts" }),
  dns("*w.example.com", "www.example.com", mismatch, { openssl: "accepts" }),
  dns("w*w.example.com", "www.example.com", mismatch),
  dns("www.*.com", "www.example.com", mismatch),
  dns("*.*.com", "www.example.com", mismatch),
  dns("**.example.com", "www.example.com", mismatch),
  dns("xn--*.example.com", "xn--bcher-kva.example.com", mismatch),
  dns("*xn--bcher-kva.example", "axn--bcher-kva.example", mismatch),
  dns("foo_bar.example.com", "foo_bar.example.com", "ok"),
  dns(".example.com", "www.example.com", mismatch),
  dns("www.example.com.evil.example", "www.example.com", mismatch),
  dns("evil.example\0.server.example", "evil.example", refused),
  dns("b\u00fccher.example", "xn--bcher-kva.example", refused),
  dns("server.example ", "server.example", mismatch),
  dns("", "server.example", refused),
  dns(" ", "server.example", refused),
  dns("127.0.0.1", "127.0.0.1", "IP_ADDRESS_MISMATCH"),
  dns("*.0.0.1", "127.0.0.1", "IP_ADDRESS_MISMATCH"),
  dns("::1", "::1", "IP_ADDRESS_MISMATCH"),
  nameCase("several names, the last one counts too", ["a.example", "b.example", server].map(dnsName), server, "ok"),
  nameCase(
    "a thousand names",
    [...Array.from({ length: 1000 }, (_, i) => dnsName(`n${i}.example`)), dnsName(server)],
    server,
    "ok",
  ),
];

const addresses: readonly Case[] = [
  address("192.0.2.1", "192.0.2.1", "ok"),
  address("192.0.2.1", "192.0.2.2", "IP_ADDRESS_MISMATCH"),
  address("2001:db8::1", "2001:db8::1", "ok"),
  address("2001:db8::1", "2001:0DB8:0:0::0001", "ok", { openssl: "-" }),
  address("2001:db8::1", "[2001:db8::1]", "ok", { openssl: "-" }),
  address("2001:db8::1", "2001:db8::2", "IP_ADDRESS_MISMATCH"),
  address("::ffff:192.0.2.1".replace("192.0.2.1", "c000:201"), "192.0.2.1", "IP_ADDRESS_MISMATCH"),
  address("192.0.2.1", server, mismatch),
  nameCase("an address for a name that looks like it", [hostName("192.0.2.1")], "192.0.2.1.example", mismatch),
  nameCase("an address of 5 bytes", [implicit(7, Uint8Array.of(1, 2, 3, 4, 5)), dnsName(server)], server, refused, {
    openssl: "accepts",
  }),
  nameCase("an address of no bytes", [implicit(7, new Uint8Array()), dnsName(server)], server, refused, {
    openssl: "accepts",
  }),
  nameCase(
    "an address with a mask",
    [implicit(7, Uint8Array.of(192, 0, 2, 1, 255, 255, 255, 255))],
    "192.0.2.1",
    refused,
  ),
];

const otherKinds: readonly Case[] = [
  nameCase("a URI", [uriName("https://server.example/")], server, mismatch),
  nameCase("an email address", [emailName("root@server.example")], server, mismatch),
  nameCase("an othername", [otherName("1.3.6.1.5.5.7.8.7", server)], server, mismatch),
  nameCase("an othername beside the name", [otherName("1.2.3", "x"), dnsName(server)], server, "ok"),
  nameCase(
    "a registered identifier beside the name",
    [implicit(8, Uint8Array.of(42, 3)), dnsName(server)],
    server,
    "ok",
  ),
  nameCase("an unknown kind of name", [implicit(9, ascii(server)), dnsName(server)], server, refused),
  nameCase("nothing compared", [dnsName("elsewhere.example")], "", "ok", { host: null }),
  chainCase(
    "a subjectAltName that is no sequence",
    [
      makeServer(authority, server, { extensions: { subjectAltName: extension("2.5.29.17", dnsName(server)) } }),
      authority,
      root,
    ],
    refused,
  ),
  chainCase(
    "a subjectAltName with something behind it",
    [
      makeServer(authority, server, {
        extensions: { subjectAltName: extension("2.5.29.17", Uint8Array.from([...sequence(dnsName(server)), 5, 0])) },
      }),
      authority,
      root,
    ],
    refused,
    { openssl: "accepts" },
  ),
];

const asked: CaseOptions = { commonNameFallback: true, openssl: "-" };

const commonNames: readonly Case[] = [
  commonName(`CN=${server}`, mismatch, { openssl: "accepts" }),
  commonName(`CN=${server}`, "ok", asked),
  commonName("CN=*.example.com", "ok", { ...asked, host: "www.example.com" }),
  commonName("CN=other.example", mismatch, asked),
  commonName("CN=\u212aelvin.example", mismatch, { commonNameFallback: true, host: "kelvin.example" }),
  commonName(`CN=${server}`, mismatch, asked, [dnsName("other.example")]),
  commonName(`CN=${server}`, mismatch, asked, [hostName("192.0.2.1")]),
  commonName(`CN=${server}`, "ok", asked, [emailName("root@example.com")]),
  commonName(`CN=other.example,CN=${server}`, "ok", asked),
  commonName(`CN=${server},CN=other.example`, mismatch, asked),
  commonName("CN=192.0.2.1", "IP_ADDRESS_MISMATCH", { ...asked, host: "192.0.2.1" }),
  commonName("O=Nobody", mismatch, asked),
];

/** What the CA/Browser Forum wants of the common name: a copy of one of the other names. */
function copyCase(subject: string, names: readonly string[], expected: Case["expected"]): Case {
  const leaf = makeServer(authority, names, { subject });
  const host = names[0]!;
  return chainCase(`public servers: ${subject} beside ${names.join(", ")}`, [leaf, authority, root], expected, {
    host,
    profile: webProfile,
    openssl: "accepts",
  });
}

const copies: readonly Case[] = [
  copyCase(`CN=${server}`, [server], "ok"),
  copyCase(`CN=${server}`, ["other.example", server], "ok"),
  copyCase("O=Example", [server], "ok"),
  copyCase("CN=other.example", [server], "INVALID_EXTENSION"),
  copyCase("CN=SERVER.example", [server], "INVALID_EXTENSION"),
  copyCase("CN=b\u00fccher.example", ["xn--bcher-kva.example"], "INVALID_EXTENSION"),
  copyCase("CN=192.0.2.1", ["192.0.2.1"], "ok"),
  copyCase("CN=192.000.002.001", ["192.0.2.1"], "INVALID_EXTENSION"),
  copyCase("CN=c0000201", ["192.0.2.1"], "INVALID_EXTENSION"),
  copyCase("CN=2001:db8::1", ["2001:db8::1"], "ok"),
  copyCase("CN=2001:DB8::1", ["2001:db8::1"], "INVALID_EXTENSION"),
  copyCase("CN=2001:db8:0:0:0:0:0:1", ["2001:db8::1"], "INVALID_EXTENSION"),
  copyCase("CN=fe80::1%eth0", ["fe80::1"], "INVALID_EXTENSION"),
].map((one) => (one.expected === "ok" ? { ...one, openssl: "-" as const } : one));

export const nameCases: readonly Case[] = [
  ...patterns,
  ...addresses,
  ...otherKinds,
  ...commonNames,
  ...copies,
  chainCase(
    "any CN for a server of one's own",
    [makeServer(authority, server, { subject: "CN=My server" }), authority, root],
    "ok",
  ),
  chainCase("any CN, leniently", [makeServer(authority, server, { subject: "CN=My server" }), authority, root], "ok", {
    profile: lenientProfile,
  }),
];

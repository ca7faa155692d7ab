// Name constraints: what an authority may vouch for.
import {
  type CertificateSpec,
  directoryName,
  dnsName,
  emailName,
  extension,
  hostName,
  keyNamed,
  type Made,
  makeAuthority,
  makeRoot,
  makeServer,
  nameConstraints,
  nameFrom,
  network,
  otherName,
  rdn,
  subjectAltName,
  uriName,
} from "../../../support/certificate-factory.ts";
import {
  concat,
  type Der,
  element,
  explicit,
  implicit,
  integer,
  oid,
  printable,
  sequence,
  text,
} from "../../../support/der-writer.ts";
import { type Case, type CaseOptions, chainCase, root, server } from "./case.ts";

const permitted = "PERMITTED_VIOLATION";
const excluded = "EXCLUDED_VIOLATION";
const unreadable = "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"; // the authority does not decode

interface Constraints {
  readonly permit?: readonly Der[];
  readonly exclude?: readonly Der[];
  readonly critical?: boolean;
}

/** An authority with the constraints, and below it a server with the names (or whatever `spec` says). */
function constrained(
  name: string,
  { permit = [], exclude = [], critical = true }: Constraints,
  names: readonly Der[],
  expected: Case["expected"],
  options: CaseOptions & { readonly spec?: CertificateSpec } = {},
): Case {
  const odd = makeAuthority(root, "Constrained", {
    extensions: { nameConstraints: nameConstraints(permit, exclude, critical) },
  });
  const { spec, ...rest } = options;
  const leaf = makeServer(odd, server, {
    subject: "O=Example",
    ...spec,
    extensions: { subjectAltName: names.length === 0 ? null : subjectAltName(names), ...spec?.extensions },
  });
  return chainCase(name, [leaf, odd, root], expected, { host: null, ...rest });
}

function permits(base: string, name: string, expected: "ok" | typeof permitted, options: CaseOptions = {}): Case {
  return constrained(
    `permitted ${JSON.stringify(base)} for ${name}`,
    { permit: [dnsName(base)] },
    [dnsName(name)],
    expected,
    options,
  );
}

function excludes(base: string, name: string, expected: "ok" | typeof excluded, options: CaseOptions = {}): Case {
  return constrained(
    `excluded ${JSON.stringify(base)} for ${name}`,
    { exclude: [dnsName(base)] },
    [dnsName(name)],
    expected,
    options,
  );
}

const dns: readonly Case[] = [
  permits("example.com", "example.com", "ok"),
  permits("example.com", "www.example.com", "ok"),
  permits("example.com", "a.b.c.example.com", "ok"),
  permits("Example.COM", "www.eXample.com", "ok"),
  permits("example.com", "example.org", permitted),
  permits("example.com", "notexample.com", permitted),
  permits("example.com", "com", permitted),
  permits("www.example.com", "example.com", permitted),
  permits("example.com", "*.example.com", "ok"),
  permits("www.example.com", "*.example.com", permitted),
  permits("com", "*.example.com", "ok"),
  permits(".example.com", "www.example.com", "ok"),
  permits(".example.com", "example.com", permitted),
  permits(".example.com", "*.example.com", "ok"),
  permits(".example.com", "notexample.com", permitted),
  permits("", "anything.example", "ok"),
  permits("example.com", "www.example.com.", permitted),
  permits("example.com", "foo_bar.example.com", "ok"),
  permits("example.com", "w*.example.com", permitted, { openssl: "accepts" }),
  permits("example.com", "a..example.com", permitted, { openssl: "accepts" }),
  permits("example.com", "bad name.example.com", permitted, { openssl: "accepts" }),
  permits("example.com", ".example.com", permitted, { openssl: "accepts" }),
  excludes("example.com", "example.com", excluded),
  excludes("example.com", "www.example.com", excluded),
  excludes("EXAMPLE.com", "www.Example.com", excluded),
  excludes("example.com", "example.org", "ok"),
  excludes("example.com", "notexample.com", "ok"),
  excludes("www.example.com", "example.com", "ok"),
  excludes("www.example.com", "*.example.com", excluded, { openssl: "accepts" }),
  excludes("a.www.example.com", "*.example.com", "ok"),
  excludes("example.com", "*.example.com", excluded),
  excludes("www.example.org", "*.example.com", "ok"),
  excludes(".example.com", "www.example.com", excluded),
  excludes(".example.com", "example.com", excluded, { openssl: "accepts" }),
  excludes(".mil", "www.army.mil", excluded),
  excludes(".mil", "www.example", "ok"),
  excludes("", "anything.example", excluded),
  excludes("example.com", "bad name.org", excluded, { openssl: "accepts" }),
  constrained(
    "the second of two permitted",
    { permit: [dnsName("example.org"), dnsName("example.com")] },
    [dnsName("www.example.com")],
    "ok",
  ),
  constrained(
    "one name permitted, the other not",
    { permit: [dnsName("example.com")] },
    [dnsName("www.example.com"), dnsName("example.org")],
    permitted,
  ),
  constrained(
    "permitted and excluded at once",
    { permit: [dnsName("example.com")], exclude: [dnsName("www.example.com")] },
    [dnsName("www.example.com")],
    excluded,
  ),
  constrained(
    "permitted, and something else excluded",
    { permit: [dnsName("example.com")], exclude: [dnsName("www.example.com")] },
    [dnsName("example.com")],
    "ok",
  ),
  constrained("a leaf without names under a permitted domain", { permit: [dnsName("example.com")] }, [], "ok"),
  constrained(
    "not critical, and heeded all the same",
    { permit: [dnsName("example.com")], critical: false },
    [dnsName("example.org")],
    permitted,
  ),
  constrained(
    "not critical, and kept",
    { permit: [dnsName("example.com")], critical: false },
    [dnsName("example.com")],
    "ok",
  ),
  constrained(
    "a common name outside of the permitted domain",
    { permit: [dnsName("example.com")] },
    [dnsName("example.com")],
    "ok",
    { spec: { subject: "CN=example.org" } },
  ),
  constrained("a common name that counts", { permit: [dnsName("example.com")] }, [], permitted, {
    spec: { subject: `CN=${server}` },
    commonNameFallback: true,
    host: server,
  }),
  constrained("a common name that counts and is permitted", { permit: [dnsName("example")] }, [], "ok", {
    spec: { subject: `CN=${server}` },
    commonNameFallback: true,
    host: server,
    openssl: "-",
  }),
];

const addresses: readonly Case[] = [
  constrained(
    "an address in a permitted network",
    { permit: [network("10.0.0.0/255.0.0.0")] },
    [hostName("10.1.2.3")],
    "ok",
  ),
  constrained(
    "an address outside of a permitted network",
    { permit: [network("10.0.0.0/255.0.0.0")] },
    [hostName("11.1.2.3")],
    permitted,
  ),
  constrained(
    "an address in an excluded network",
    { exclude: [network("10.0.0.0/255.0.0.0")] },
    [hostName("10.1.2.3")],
    excluded,
  ),
  constrained(
    "an address outside of an excluded network",
    { exclude: [network("10.0.0.0/255.0.0.0")] },
    [hostName("11.1.2.3")],
    "ok",
  ),
  constrained(
    "a network of one address",
    { permit: [network("10.1.2.3/255.255.255.255")] },
    [hostName("10.1.2.3")],
    "ok",
  ),
  constrained("a network of all addresses", { permit: [network("0.0.0.0/0.0.0.0")] }, [hostName("10.1.2.3")], "ok"),
  constrained("all addresses excluded", { exclude: [network("0.0.0.0/0.0.0.0")] }, [hostName("10.1.2.3")], excluded),
  constrained(
    "an address of version 6 in a permitted network",
    { permit: [network("2001:db8::/ffff:ffff::")] },
    [hostName("2001:db8::1")],
    "ok",
  ),
  constrained(
    "an address of version 6 outside of it",
    { permit: [network("2001:db8::/ffff:ffff::")] },
    [hostName("2001:db9::1")],
    permitted,
  ),
  constrained(
    "an address of version 6 in an excluded network",
    { exclude: [network("2001:db8::/ffff:ffff::")] },
    [hostName("2001:db8::1")],
    excluded,
  ),
  constrained(
    "version 6 where version 4 is permitted",
    { permit: [network("10.0.0.0/255.0.0.0")] },
    [hostName("2001:db8::1")],
    permitted,
  ),
  constrained(
    "version 6 where version 4 is excluded",
    { exclude: [network("0.0.0.0/0.0.0.0")] },
    [hostName("2001:db8::1")],
    "ok",
  ),
  constrained(
    "a network whose base has more bits than its mask",
    { permit: [network("10.1.2.3/255.0.0.0")] },
    [hostName("10.9.9.9")],
    "ok",
  ),
  constrained("a mask with holes", { permit: [network("10.0.0.0/255.0.255.0")] }, [hostName("10.1.0.3")], unreadable, {
    openssl: "accepts",
  }),
  constrained(
    "a mask with holes within a byte",
    { permit: [network("10.0.0.0/253.0.0.0")] },
    [hostName("10.1.0.3")],
    unreadable,
    { openssl: "accepts" },
  ),
  constrained("a network without a mask", { permit: [hostName("10.0.0.0")] }, [hostName("10.0.0.0")], unreadable),
  constrained(
    "a network of 5 bytes",
    { permit: [implicit(7, Uint8Array.of(1, 2, 3, 4, 5))] },
    [hostName("10.0.0.0")],
    unreadable,
  ),
  constrained(
    "an address under a permitted domain",
    { permit: [dnsName("example.com")] },
    [hostName("10.0.0.0")],
    "ok",
  ),
  constrained(
    "a domain under a permitted network",
    { permit: [network("10.0.0.0/255.0.0.0")] },
    [dnsName("example.com")],
    "ok",
  ),
  constrained(
    "a domain under an excluded network",
    { exclude: [network("0.0.0.0/0.0.0.0")] },
    [dnsName("example.com")],
    "ok",
  ),
];

const mail = (base: string, name: string, expected: "ok" | typeof permitted, options: CaseOptions = {}): Case =>
  constrained(
    `permitted mail ${base} for ${name}`,
    { permit: [emailName(base)] },
    [emailName(name)],
    expected,
    options,
  );

const mailboxType = "1.3.6.1.5.5.7.8.9";

const emails: readonly Case[] = [
  mail("joe@example.com", "joe@example.com", "ok"),
  mail("joe@example.com", "joe@EXAMPLE.com", "ok"),
  mail("joe@example.com", "ann@example.com", permitted),
  mail("Joe@example.com", "joe@example.com", permitted),
  mail("example.com", "joe@example.com", "ok"),
  mail("example.com", "joe@www.example.com", permitted),
  mail(".example.com", "joe@www.example.com", "ok"),
  mail(".example.com", "joe@example.com", permitted),
  mail("example.com", "joe@notexample.com", permitted),
  mail("example.com", "example.com", permitted),
  mail("example.com", "@example.com", permitted, { openssl: "accepts" }),
  constrained("excluded mail", { exclude: [emailName("example.com")] }, [emailName("joe@example.com")], excluded),
  constrained("excluded mail elsewhere", { exclude: [emailName("example.com")] }, [emailName("joe@example.org")], "ok"),
  constrained("all mail excluded", { exclude: [emailName("")] }, [emailName("joe@example.org")], excluded, {
    openssl: "-",
  }),
  constrained(
    "a mail address in the subject outside of the permitted domain",
    { permit: [emailName("example.com")] },
    [dnsName(server)],
    permitted,
    { spec: { subject: "O=Example,emailAddress=joe@example.org" } },
  ),
  constrained("a mail address in the subject within", { permit: [emailName("example.com")] }, [dnsName(server)], "ok", {
    spec: { subject: "O=Example,emailAddress=joe@example.com" },
    openssl: "-",
  }),
  ...[true, false].map((within) =>
    constrained(
      `a mail address in Unicode ${within ? "within" : "outside of"} the permitted domain`,
      { permit: [emailName("example.com")] },
      [dnsName(server), otherName(mailboxType, `b\u00f6b@example.${within ? "com" : "org"}`)],
      within ? "ok" : permitted,
    ),
  ),
  constrained(
    "a mail address in Unicode that is a kind of name which is not understood, too",
    { permit: [otherName(mailboxType, "x")] },
    [dnsName(server), otherName(mailboxType, "b\u00f6b@example.com")],
    "UNSUPPORTED_CONSTRAINT_TYPE",
    { openssl: "accepts" },
  ),
  constrained(
    "a mail address in Unicode that is no text",
    { exclude: [emailName("example.com")] },
    [dnsName(server), explicit(0, oid(mailboxType), explicit(0, integer(1)))],
    excluded,
  ),
  constrained(
    "a mail address in Unicode in the excluded domain",
    { exclude: [emailName("example.com")] },
    [dnsName(server), otherName(mailboxType, "b\u00f6b@example.com")],
    excluded,
  ),
  constrained(
    "a mail address in Unicode where nothing is said about mail",
    { permit: [dnsName(server)] },
    [dnsName(server), otherName(mailboxType, "b\u00f6b@example.com")],
    "ok",
  ),
  constrained(
    "an excluded mailbox in quotes",
    { exclude: [emailName("joe@example.com")] },
    [emailName('"joe"@example.com')],
    excluded,
    { openssl: "accepts" },
  ),
  constrained(
    "an excluded mailbox with an escaped letter",
    { exclude: [emailName("joe@example.com")] },
    [emailName("j\\oe@example.com")],
    excluded,
    { openssl: "accepts" },
  ),
  constrained(
    "an excluded mailbox, and one in quotes elsewhere",
    { exclude: [emailName("joe@example.com")] },
    [emailName('"joe"@example.org')],
    "ok",
  ),
  mail("joe@example.com", '"joe"@example.com', permitted),
  constrained("a mail address that is none", { permit: [emailName("joe@@")] }, [dnsName(server)], unreadable, {
    openssl: "accepts",
  }),
];

const link = (base: string, name: string, expected: "ok" | typeof permitted, options: CaseOptions = {}): Case =>
  constrained(`permitted URI ${base} for ${name}`, { permit: [uriName(base)] }, [uriName(name)], expected, options);

const uris: readonly Case[] = [
  link("example.com", "https://example.com/path?x#y", "ok"),
  link("example.com", "https://joe@example.com:8443/", "ok", { openssl: "-" }),
  link("example.com", "https://www.example.com/", permitted),
  link(".example.com", "https://www.example.com/", "ok"),
  link(".example.com", "https://example.com/", permitted),
  link("example.com", "urn:example.com", permitted),
  link("example.com", "https://127.0.0.1/", permitted),
  link("example.com", "https://[::1]/", permitted),
  link("example.com", "https:///", permitted),
  link("example.com", "https://evil.example/@example.com", permitted),
  link("example.com", "https://evil.example\\@example.com/", permitted),
  constrained(
    "an excluded URI behind a backslash",
    { exclude: [uriName("evil.example")] },
    [uriName("https://evil.example\\@example.com/")],
    excluded,
    { openssl: "accepts" },
  ),
  constrained("an excluded URI", { exclude: [uriName("example.com")] }, [uriName("https://example.com/")], excluded),
  constrained(
    "a URI without a host under an exclusion",
    { exclude: [uriName("example.com")] },
    [uriName("urn:x")],
    excluded,
  ),
];

const below = (
  base: string,
  subject: string | Der,
  expected: "ok" | typeof permitted,
  options: CaseOptions = {},
): Case =>
  constrained(
    `permitted directory ${base} for ${typeof subject === "string" ? subject : "another form of it"}`,
    { permit: [directoryName(base)] },
    [dnsName(server)],
    expected,
    { spec: { subject }, ...options },
  );

const oddTexts: Readonly<Record<string, Der>> = {
  pieces: element(32 + 12, text(12, "Exam"), text(12, "ple")),
  VisibleString: text(26, "Example"),
  GeneralString: text(27, "Example"),
};

const directories: readonly Case[] = [
  below("O=Example", "O=Example", "ok"),
  below("O=Example", "O=Example,CN=server", "ok"),
  below("O=Example,OU=A", "O=Example,OU=A,CN=server", "ok"),
  below("O=Example,OU=A", "O=Example,OU=B,CN=server", permitted),
  below("O=Example,OU=A", "O=Example", permitted),
  below("O=Example", "CN=server,O=Example", permitted),
  below("O=Example", "O=example", "ok"),
  below("O=Big Example", "O=  big   EXAMPLE ", "ok"),
  below("O=Example", nameFrom(concat([sequence(rdn("O", printable("EXAMPLE")))])), "ok"),
  below("O=Example", nameFrom(sequence(rdn("O", text(30, "\0E\0x\0a\0m\0p\0l\0e")))), "ok"),
  below("O=Example", "O=Example2", permitted),
  below("O=Example", "OU=Example", permitted),
  constrained("an excluded directory", { exclude: [directoryName("O=Example")] }, [dnsName(server)], excluded, {
    spec: { subject: "O=Example,CN=server" },
  }),
  constrained(
    "an excluded directory in another spelling",
    { exclude: [directoryName("O=Example")] },
    [dnsName(server)],
    excluded,
    { spec: { subject: "O=EXAMPLE,CN=server" } },
  ),
  constrained("another directory excluded", { exclude: [directoryName("O=Example")] }, [dnsName(server)], "ok", {
    spec: { subject: "O=Other,CN=server" },
  }),
  constrained(
    "a directory name in the subjectAltName",
    { permit: [directoryName("O=Example")] },
    [dnsName(server), directoryName("O=Other")],
    permitted,
  ),
  constrained(
    "an excluded directory name in the subjectAltName",
    { exclude: [directoryName("O=Other")] },
    [dnsName(server), directoryName("O=Other,CN=x")],
    excluded,
  ),
  ...["pieces", "VisibleString", "GeneralString"].map((form) =>
    constrained(
      `an excluded directory in ${form}`,
      { exclude: [directoryName("O=Example")] },
      [dnsName(server)],
      "UNSPECIFIED",
      { spec: { subject: nameFrom(sequence(rdn("O", oddTexts[form]!))) } },
    ),
  ),
  constrained(
    "a permitted directory with a letter beyond Unicode",
    { permit: [directoryName("O=A")] },
    [dnsName(server)],
    "UNSPECIFIED",
    { spec: { subject: nameFrom(sequence(rdn("O", element(28, Uint8Array.of(0, 17, 0, 65))))) } },
  ),
  constrained(
    "a permitted directory with a number for a name, and a text that looks like its bytes",
    { permit: [directoryName(nameFrom(sequence(rdn("O", text(18, "1")))))] },
    [dnsName(server)],
    permitted,
    { spec: { subject: nameFrom(sequence(rdn("O", text(12, "#\x12\x011")))) } },
  ),
  constrained("every directory excluded", { exclude: [directoryName("")] }, [dnsName(server)], excluded),
];

const forms: readonly Case[] = [
  constrained(
    "a kind of name that is not understood",
    { permit: [otherName("1.2.3", "a")] },
    [dnsName(server), otherName("1.2.3", "a")],
    "UNSUPPORTED_CONSTRAINT_TYPE",
  ),
  constrained(
    "a kind of name that is not understood, not critical",
    { permit: [otherName("1.2.3", "a")], critical: false },
    [dnsName(server), otherName("1.2.3", "a")],
    "ok",
    { openssl: "refuses" },
  ),
  constrained(
    "a kind that is not understood and does not occur",
    { permit: [otherName("1.2.3", "a")] },
    [dnsName(server)],
    "ok",
  ),
  oddForm("nothing permitted and nothing excluded", sequence(), "accepts"),
  oddForm("two empty lists", sequence(explicit(0), explicit(1)), "accepts"),
  oddForm("an empty list of what is permitted", sequence(explicit(0)), "accepts"),
  oddForm("a minimum", sequence(explicit(0, sequence(dnsName("example"), implicit(0, Uint8Array.of(1)))))),
  oddForm(
    "a minimum of 0 spelt out",
    sequence(explicit(0, sequence(dnsName("example"), implicit(0, Uint8Array.of(0))))),
    "accepts",
  ),
  oddForm("a maximum", sequence(explicit(0, sequence(dnsName("example"), implicit(1, Uint8Array.of(5)))))),
  oddForm("a wildcard as domain", sequence(explicit(0, sequence(dnsName("*.example"))))),
  oddForm("a domain with an empty label", sequence(explicit(0, sequence(dnsName("a..example"))))),
  oddForm("a domain that ends in a dot", sequence(explicit(0, sequence(dnsName("example."))))),
  oddForm("a domain that is no ASCII", sequence(explicit(0, sequence(dnsName("ex\u00e4mple"))))),
  oddForm("an address as URI", sequence(explicit(0, sequence(uriName("https://server.example/")))), "accepts"),
  oddForm("something behind", sequence(explicit(0, sequence(dnsName("example"))), integer(1))),
];

function oddForm(name: string, value: Der, openssl?: CaseOptions["openssl"]): Case {
  const odd = makeAuthority(root, "Constrained", { extensions: { nc: extension("2.5.29.30", value, true) } });
  return chainCase(
    `constraints with ${name}`,
    [makeServer(odd, server), odd, root],
    unreadable,
    openssl === undefined ? {} : { openssl },
  );
}

/** Who is under the constraints: everybody below, but no authority that only renewed itself. */
const heirs: readonly Case[] = [
  (() => {
    const upper = makeRoot("Constrained Root", { extensions: { nc: nameConstraints([dnsName("example.com")]) } });
    return chainCase("constraints in the root", [makeServer(upper, "example.org"), upper], permitted, { host: null });
  })(),
  (() => {
    const upper = makeAuthority(root, "Upper", { extensions: { nc: nameConstraints([dnsName("example.com")]) } });
    const lower = makeAuthority(upper, "Lower", { extensions: { nc: nameConstraints([dnsName("example.org")]) } });
    return chainCase(
      "constraints that meet in nothing",
      [makeServer(lower, "example.org"), lower, upper, root],
      permitted,
      { host: null },
    );
  })(),
  (() => {
    const upper = makeAuthority(root, "Upper", { extensions: { nc: nameConstraints([dnsName("example.com")]) } });
    const lower = makeAuthority(upper, "Lower", { extensions: { nc: nameConstraints([dnsName("www.example.com")]) } });
    return chainCase("constraints that narrow", [makeServer(lower, "www.example.com"), lower, upper, root], "ok", {
      host: null,
    });
  })(),
  (() => {
    const upper = makeAuthority(root, "Upper", { extensions: { nc: nameConstraints([directoryName("O=Example")]) } });
    const lower = makeAuthority(upper, "Lower", { subject: "O=Other,CN=Lower" });
    const leaf = makeServer(lower, server, { subject: "O=Example,CN=server.example" });
    return chainCase("an intermediate authority outside of what is permitted", [leaf, lower, upper, root], permitted);
  })(),
  (() => {
    const upper = makeAuthority(root, "Upper", { extensions: { nc: nameConstraints([directoryName("O=Example")]) } });
    const renewed = makeAuthority(upper, "Upper", { key: keyNamed("Upper 2") });
    const leaf = makeServer(renewed, server, { subject: "O=Example,CN=server.example" });
    return chainCase(
      "an authority that renewed itself outside of what is permitted",
      [leaf, renewed, upper, root],
      "ok",
    );
  })(),
  (() => {
    const upper = makeAuthority(root, "Upper", {
      extensions: { nc: nameConstraints([], [directoryName("CN=Upper")]) },
    });
    const leaf = makeServer(upper, server, { subject: "CN=Upper" });
    return chainCase("a leaf with the name of its issuer is under the constraints", [leaf, upper, root], excluded);
  })(),
  (() => {
    const made: Made = makeAuthority(root, "Named", {
      extensions: {
        nc: nameConstraints([dnsName("example")]),
        san: subjectAltName([dnsName("ca.elsewhere")]),
      },
    });
    return chainCase("an authority is not under its own constraints", [makeServer(made, server), made, root], "ok");
  })(),
];

export const constraintCases: readonly Case[] = [
  ...dns,
  ...addresses,
  ...emails,
  ...uris,
  ...directories,
  ...forms,
  ...heirs,
];

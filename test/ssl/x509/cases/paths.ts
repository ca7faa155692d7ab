// Finding the way: order, detours, crossings, loops, lengths, and what counts as trusted.
import { lenientProfile } from "../../../../ts/ssl/x509/profile.ts";
import {
  aki,
  basicConstraints,
  clientAuth,
  day,
  dnsName,
  extKeyUsage,
  keyNamed,
  keyUsage,
  type Made,
  makeAuthority,
  makeCertificate,
  makeRoot,
  makeServer,
  nameConstraints,
  nameFrom,
  rdn,
  ski,
  subjectAltName,
  tampered,
  today,
} from "../../../support/certificate-factory.ts";
import { printable, sequence, text, utf8 } from "../../../support/der-writer.ts";
import { authority, type Case, type CaseOptions, chainCase, leafCase, root, server } from "./case.ts";

const other = makeRoot("Other Root");
const leaf = makeServer(authority, server);
const lower = makeAuthority(authority, "Lower");
const deepLeaf = makeServer(lower, server);

function bagCase(
  name: string,
  presented: readonly Made[],
  trusted: readonly Made[],
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  return { name, chain: presented.map(({ der }) => der), trust: trusted.map(({ der }) => der), expected, ...options };
}

const unknown = "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";

const order: readonly Case[] = [
  bagCase("two authorities in order", [deepLeaf, lower, authority], [root], "ok"),
  bagCase("two authorities out of order", [deepLeaf, authority, lower], [root], "ok"),
  bagCase("the root presented too", [deepLeaf, lower, authority, root], [root], "ok"),
  bagCase("the root presented first", [deepLeaf, root, lower, authority], [root], "ok"),
  bagCase("strangers in between", [deepLeaf, other, lower, makeAuthority(other, "Stranger"), authority], [root], "ok"),
  bagCase("everything twice", [deepLeaf, lower, authority, lower, authority, deepLeaf], [root], "ok"),
  bagCase("the wrong certificate first", [authority, leaf], [root], "INVALID_PURPOSE"),
  bagCase("an intermediate authority missing", [deepLeaf, lower], [root], unknown),
  bagCase("all intermediate authorities missing", [leaf], [root], unknown),
  bagCase("an intermediate authority from the trusted ones", [leaf], [root, authority], "ok"),
  bagCase("two of them from the trusted ones", [deepLeaf], [root, authority, lower], "ok"),
  bagCase("an unknown root", [leaf, authority], [other], unknown),
  bagCase("an unknown root, presented", [leaf, authority, root], [other], "SELF_SIGNED_CERT_IN_CHAIN"),
  bagCase("nobody trusted", [leaf, authority], [], unknown),
  bagCase("many trusted", [leaf, authority], [other, makeRoot("A"), makeRoot("B"), root, makeRoot("C")], "ok"),
  bagCase(
    "a certificate that does not decode, not needed",
    [leaf, { ...other, der: text(12, "no") }, authority],
    [root],
    "ok",
  ),
  bagCase(
    "a certificate that does not decode, needed",
    [leaf, { ...other, der: tampered(authority.der, 1) }],
    [root],
    unknown,
  ),
  bagCase(
    "an authority with an unknown kind of key, not needed",
    [leaf, makeAuthority(root, "Edwards", { key: keyNamed("e", "ed25519") }), authority],
    [root],
    "ok",
  ),
];

const selfSigned = makeRoot(server, {
  key: keyNamed("self"),
  extensions: { subjectAltName: subjectAltName([dnsName(server)]), keyUsage: null },
});
const plainSelfSigned = makeRoot(server, {
  key: keyNamed("self"),
  extensions: {
    basicConstraints: basicConstraints(false),
    keyUsage: keyUsage(0),
    subjectAltName: subjectAltName([dnsName(server)]),
  },
});

const trusted: readonly Case[] = [
  bagCase("a self-signed server, not trusted", [plainSelfSigned], [root], "DEPTH_ZERO_SELF_SIGNED_CERT"),
  bagCase("a self-signed server, trusted", [plainSelfSigned], [plainSelfSigned], "ok"),
  bagCase("a self-signed authority as server, trusted", [selfSigned], [selfSigned], "ok"),
  bagCase(
    "a self-signed server, trusted, for another name",
    [plainSelfSigned],
    [plainSelfSigned],
    "HOSTNAME_MISMATCH",
    { host: "other.example" },
  ),
  bagCase("a self-signed server, trusted, but expired", [plainSelfSigned], [plainSelfSigned], "CERT_HAS_EXPIRED", {
    time: today + 90 * day,
  }),
  bagCase(
    "a self-signed server that only looks like the trusted one",
    [makeRoot(server, { key: keyNamed("evil"), extensions: { subjectAltName: subjectAltName([dnsName(server)]) } })],
    [selfSigned],
    "CERT_SIGNATURE_FAILURE",
  ),
  bagCase("a server's certificate that is trusted, whole chains wanted", [leaf], [leaf], "UNABLE_TO_GET_ISSUER_CERT"),
  bagCase("a server's certificate that is trusted, partial chains welcome", [leaf], [leaf], "ok", {
    partialChain: true,
  }),
  bagCase(
    "an authority that is trusted, whole chains wanted",
    [leaf, authority],
    [authority],
    "UNABLE_TO_GET_ISSUER_CERT",
  ),
  bagCase("an authority that is trusted, partial chains welcome", [leaf, authority], [authority], "ok", {
    partialChain: true,
  }),
  bagCase("an authority that is trusted and not presented, partial chains welcome", [leaf], [authority], "ok", {
    partialChain: true,
  }),
  bagCase(
    "a partial chain does not excuse an expired authority",
    [leaf],
    [makeAuthority(root, "Authority", { notAfter: today - day })],
    "CERT_HAS_EXPIRED",
    { partialChain: true },
  ),
  bagCase(
    "a root with the right name and another key",
    [leaf, authority],
    [makeRoot("Root", { key: keyNamed("Root 2") })],
    unknown,
  ),
  bagCase(
    "a root with the right name, another key and no identifier",
    [leaf, authority],
    [makeRoot("Root", { key: keyNamed("Root 2"), extensions: { ski: null } })],
    "CERT_SIGNATURE_FAILURE",
    { profile: lenientProfile },
  ),
  bagCase(
    "two roots with the same name",
    [leaf, authority],
    [makeRoot("Root", { key: keyNamed("Root 2") }), root],
    "ok",
  ),
  bagCase(
    "two roots with the same name, without identifiers",
    [leaf, authority],
    [makeRoot("Root", { key: keyNamed("Root 2"), extensions: { ski: null } }), root],
    "ok",
    { openssl: "refuses" },
  ),
  bagCase(
    "an expired root beside its renewal",
    [leaf, authority],
    [makeRoot("Root", { notAfter: today - day }), root],
    "ok",
  ),
];

const crossSigned = makeAuthority(other, "Root", { key: root.key });
const oldCross = makeAuthority(other, "Root", { key: root.key, notAfter: today - day });

const crossings: readonly Case[] = [
  bagCase("a root that another root signed", [leaf, authority, crossSigned], [other], "ok"),
  bagCase("a crossing that is not needed", [leaf, authority, crossSigned], [root], "ok"),
  bagCase("a crossing, both roots trusted", [leaf, authority, crossSigned], [other, root], "ok"),
  bagCase("an expired crossing, the root trusted", [leaf, authority, oldCross], [root], "ok"),
  bagCase("an expired crossing, the other root trusted", [leaf, authority, oldCross], [other], "CERT_HAS_EXPIRED"),
  bagCase("an expired crossing and a fresh one", [leaf, authority, oldCross, crossSigned], [other], "ok"),
  bagCase(
    "a crossing without authorityKeyIdentifier",
    [leaf, authority, makeAuthority(other, "Root", { key: root.key, extensions: { aki: null } })],
    [other],
    "MISSING_AUTHORITY_KEY_IDENTIFIER",
  ),
  ...detours(),
  bagCase(
    "two roots that signed each other",
    [leaf, authority, makeAuthority(root, "Other Root", { key: other.key }), crossSigned],
    [other],
    "ok",
  ),
  bagCase(
    "two roots that signed each other, neither trusted",
    [leaf, authority, makeAuthority(root, "Other Root", { key: other.key }), crossSigned],
    [makeRoot("Third")],
    unknown,
  ),
  bagCase(
    "an authority that signed its own issuer",
    [deepLeaf, lower, makeAuthority(lower, "Authority", { key: authority.key })],
    [root],
    unknown,
  ),
];

/** An authority that exists twice, once with something wrong: the good one must be found, whatever the order. */
function detours(): Case[] {
  const wrongs: Readonly<Record<string, Made>> = {
    "is expired": makeAuthority(root, "Authority", { notAfter: today - day }),
    "is of tomorrow": makeAuthority(root, "Authority", { notBefore: today + day }),
    "is no authority": makeAuthority(root, "Authority", { extensions: { basicConstraints: basicConstraints(false) } }),
    "has no basicConstraints": makeAuthority(root, "Authority", { extensions: { basicConstraints: null } }),
    "may not sign": makeAuthority(root, "Authority", { extensions: { keyUsage: keyUsage(6) } }),
    "is for clients": makeAuthority(root, "Authority", { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } }),
    "may not vouch for the name": makeAuthority(root, "Authority", {
      extensions: { nc: nameConstraints([dnsName("elsewhere")]) },
    }),
    "is signed with SHA-1": makeAuthority(root, "Authority", { algorithm: "ecdsa-sha1" }),
    "has another key": makeAuthority(root, "Authority", { key: keyNamed("Authority 2") }),
    "has another key, but the same identifier": makeAuthority(root, "Authority", {
      key: keyNamed("Authority 2"),
      extensions: { ski: ski(authority.key.id) },
    }),
    "has a wrong signature": { ...authority, der: tampered(authority.der) },
    "is signed by nobody": makeAuthority(makeRoot("Nobody"), "Authority"),
    "is self-signed and not trusted": makeRoot("Authority", { key: authority.key }),
  };
  return Object.entries(wrongs).flatMap(([name, wrong]) => {
    const twin = { ...wrong, key: authority.key };
    return [
      bagCase(`an authority twice, the first one ${name}`, [leaf, twin, authority], [root], "ok"),
      bagCase(`an authority twice, the second one ${name}`, [leaf, authority, twin], [root], "ok"),
      bagCase(
        `the same authority under another root, the first one ${name}`,
        [leaf, twin, makeAuthority(other, "Authority")],
        [root, other],
        "ok",
      ),
    ].map((one) => ({ ...one, openssl: "-" as const }));
  });
}

function lengths(): Case[] {
  const limited = (limit: number): Made =>
    makeAuthority(root, "Limited", { extensions: { basicConstraints: basicConstraints(true, limit) } });
  const [none, one] = [limited(0), limited(1)];
  const under = (issuer: Made, name = "Under", limit?: number): Made =>
    makeAuthority(issuer, name, { extensions: { basicConstraints: basicConstraints(true, limit) } });
  const renewed = (issuer: Made, name: string): Made =>
    makeAuthority(issuer, name, { key: keyNamed(`${name} renewed`) });
  const exceeded = "PATH_LENGTH_EXCEEDED";
  const limitedRoot = makeRoot("Limited Root", { extensions: { basicConstraints: basicConstraints(true, 0) } });
  const looseUnder = under(none, "Under", 5);
  return [
    chainCase("a limit of 0 above the leaf", [makeServer(none, server), none, root], "ok"),
    chainCase("a limit of 0 above an authority", [makeServer(under(none), server), under(none), none, root], exceeded),
    chainCase("a limit of 1 above an authority", [makeServer(under(one), server), under(one), one, root], "ok"),
    chainCase(
      "a limit of 1 above two authorities",
      [makeServer(under(under(one), "Last"), server), under(under(one), "Last"), under(one), one, root],
      exceeded,
    ),
    chainCase(
      "a limit that a lower one tries to raise",
      [makeServer(looseUnder, server), looseUnder, none, root],
      exceeded,
    ),
    chainCase(
      "a limit of 0 below a limit of 1",
      [makeServer(under(one, "Under", 0), server), under(one, "Under", 0), one, root],
      "ok",
    ),
    chainCase(
      "a limit of 0 above an authority that renewed itself",
      [makeServer(renewed(none, "Limited"), server), renewed(none, "Limited"), none, root],
      "ok",
    ),
    chainCase(
      "a limit of 0 above an authority as leaf, leniently",
      [
        makeAuthority(none, server, {
          extensions: { subjectAltName: subjectAltName([dnsName(server)]), keyUsage: keyUsage(0, 5) },
        }),
        none,
        root,
      ],
      "ok",
      { profile: lenientProfile },
    ),
    chainCase(
      "a limit of 0 in the root",
      [makeServer(under(limitedRoot), server), under(limitedRoot), limitedRoot],
      exceeded,
    ),
    chainCase("a limit of 0 in the root above the leaf", [makeServer(limitedRoot, server), limitedRoot], "ok"),
    ...depths(),
  ];
}

/** The bound that the caller sets: how many authorities may stand between. */
function depths(): Case[] {
  const tower = (height: number): Made[] => {
    const floors: Made[] = [root];
    for (let i = 0; i < height; i++) floors.unshift(makeAuthority(floors[0]!, `Floor ${i}`));
    return [makeServer(floors[0]!, server), ...floors];
  };
  const long = "CERT_CHAIN_TOO_LONG";
  return [
    chainCase("no authority where none is allowed", tower(0), "ok", { maxIntermediates: 0 }),
    chainCase("an authority where none is allowed", tower(1), long, { maxIntermediates: 0, openssl: "-" }),
    chainCase("an authority where one is allowed", tower(1), "ok", { maxIntermediates: 1 }),
    chainCase("two authorities where one is allowed", tower(2), long, { maxIntermediates: 1, openssl: "-" }),
    chainCase("eight authorities by default", tower(8), "ok"),
    chainCase("nine authorities by default", tower(9), long, { openssl: "accepts" }),
    bagCase("a trusted leaf where no authority is allowed", [plainSelfSigned], [plainSelfSigned], "ok", {
      maxIntermediates: 0,
    }),
  ];
}

/** The names that chain certificates together are compared as RFC 5280, section 7.1 wants. */
function spellings(): Case[] {
  const named = (value: Uint8Array): Made =>
    makeAuthority(root, "x", { subject: nameFrom(sequence(rdn("O", value))), key: keyNamed("Spelt") });
  const chained = (name: string, subject: Uint8Array, issuer: Uint8Array, expected: Case["expected"]): Case => {
    const spelt = named(subject);
    const below = makeServer({ ...spelt, subject: sequence(rdn("O", issuer)) }, server);
    return chainCase(`an issuer ${name}`, [below, spelt, root], expected);
  };
  return [
    chained("in another case", utf8("Example CA"), utf8("EXAMPLE ca"), "ok"),
    chained("with other spaces", utf8("Example CA"), utf8("  Example   CA "), "ok"),
    chained("as another type of text", utf8("Example CA"), printable("Example CA"), "ok"),
    chained("as BMPString", utf8("Ex"), text(30, "\0E\0x"), "ok"),
    chained("in composed letters", utf8("caf\u00e9"), utf8("cafe\u0301"), "ok"),
    chained("that differs by a letter", utf8("Example CA"), utf8("Example CB"), unknown),
    chained("without a space", utf8("Example CA"), utf8("ExampleCA"), unknown),
  ].map((one) => (one.name.includes("composed") ? { ...one, openssl: "refuses" as const } : one));
}

const misfits: readonly Case[] = [
  leafCase("a leaf that names another issuer", { issuer: "Somebody" }, unknown),
  chainCase(
    "a leaf signed by another key",
    [
      makeServer({ ...authority, key: keyNamed("evil") }, server, { extensions: { aki: aki(authority.key.id) } }),
      authority,
      root,
    ],
    "CERT_SIGNATURE_FAILURE",
  ),
  chainCase(
    "an authority signed by another key",
    [
      leaf,
      makeAuthority({ ...root, key: keyNamed("evil") }, "Authority", { extensions: { aki: aki(root.key.id) } }),
      root,
    ],
    "CERT_SIGNATURE_FAILURE",
  ),
  chainCase(
    "a self-issued leaf that is not self-signed",
    [makeCertificate(authority, { subject: "Authority", extensions: { ...serverLike() } }), authority, root],
    "ok",
    { openssl: "refuses" },
  ),
];

function serverLike(): Record<string, Uint8Array> {
  return {
    subjectAltName: subjectAltName([dnsName(server)]),
    extKeyUsage: extKeyUsage(["1.3.6.1.5.5.7.3.1"]),
    aki: aki(authority.key.id),
  };
}

export const pathCases: readonly Case[] = [
  ...order,
  ...trusted,
  ...crossings,
  ...lengths(),
  ...spellings(),
  ...misfits,
];

// Revocation lists: who may issue them, what they cover, how long they hold, and what happens when there is none.
import { lenientProfile } from "../../../../ts/ssl/x509/profile.ts";
import {
  crlDistributionPoints,
  type CrlSpec,
  day,
  extension,
  keyNamed,
  keyUsage,
  type Made,
  makeAuthority,
  makeCrl,
  makeRoot,
  makeServer,
  tampered,
  today,
  uriName,
} from "../../../support/certificate-factory.ts";
import {
  boolean,
  concat,
  type Der,
  element,
  explicit,
  implicit,
  integer,
  sequence,
  time,
} from "../../../support/der-writer.ts";
import { authority, type Case, type CaseOptions, chainCase, root, server } from "./case.ts";

const missing = "UNABLE_TO_GET_CRL";
const scope = "DIFFERENT_CRL_SCOPE";
const point = "http://crl.example/1";
const revoked = makeServer(authority, server, { serial: 4711 });
const good = makeServer(authority, server, { serial: 4712 });
const pointed = makeServer(authority, server, { serial: 4711, extensions: { points: crlDistributionPoints(point) } });
const pointedForSomeReasons = makeServer(authority, server, {
  extensions: {
    points: extension(
      "2.5.29.31",
      sequence(sequence(explicit(0, explicit(0, uriName(point))), implicit(1, Uint8Array.of(6, 64)))),
    ),
  },
});
const rootCrl = makeCrl(root);

function listCase(
  name: string,
  leaf: Made,
  crls: readonly Der[],
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  return chainCase(name, [leaf, authority, root], expected, { crls, crlCheck: "leaf", ...options });
}

const list = (spec: CrlSpec = {}): Der => makeCrl(authority, spec);
const entry = (serial: number, ...extensions: readonly Der[]): Der =>
  sequence(integer(serial), time(today - day), sequence(...extensions));
const reason = (number: number): Der => extension("2.5.29.21", element(10, Uint8Array.of(number)));
const about = (...parts: readonly Der[]): CrlSpec => ({
  extensions: { scope: extension("2.5.29.28", sequence(...parts), true) },
});
const yes = Uint8Array.of(255);

const answers: readonly Case[] = [
  listCase("no list, nobody asks", good, [], "ok", { crlCheck: "off" }),
  listCase("a revoked certificate, nobody asks", revoked, [list({ revoked: [4711] })], "ok", { crlCheck: "off" }),
  listCase("no list", good, [], missing),
  listCase("an empty list", good, [list()], "ok"),
  listCase("a list with others on it", good, [list({ revoked: [1, 4711, 4713] })], "ok"),
  listCase("a list with the certificate on it", revoked, [list({ revoked: [1, 4711] })], "CERT_REVOKED"),
  listCase("two lists, the second one has it", revoked, [list(), list({ revoked: [4711] })], "CERT_REVOKED", {
    openssl: "-",
  }),
  listCase("a list of another issuer", good, [makeCrl(makeRoot("Other Root"))], missing),
  listCase(
    "the same number on the list of another issuer",
    revoked,
    [list(), makeCrl(root, { revoked: [4711] })],
    "ok",
  ),
  listCase(
    "a list with the name of the issuer and another key",
    good,
    [makeCrl({ ...authority, key: keyNamed("evil") })],
    "CRL_SIGNATURE_FAILURE",
  ),
  listCase("a list with a changed bit", good, [tampered(list())], "CRL_SIGNATURE_FAILURE"),
  listCase("a bad list and a good one", good, [tampered(list()), list()], "ok", { openssl: "-" }),
  listCase("a list of tomorrow", good, [list({ thisUpdate: today + day })], "CRL_NOT_YET_VALID"),
  listCase(
    "a list of yesterday",
    good,
    [list({ thisUpdate: today - 2 * day, nextUpdate: today - day })],
    "CRL_HAS_EXPIRED",
  ),
  listCase(
    "an old list and a new one",
    good,
    [list({ thisUpdate: today - 2 * day, nextUpdate: today - day }), list()],
    "ok",
  ),
  listCase("a list that holds until this second", good, [list({ nextUpdate: today })], "ok", { openssl: "refuses" }),
  listCase("a list without an end", good, [list({ nextUpdate: null })], "CRL_HAS_EXPIRED", { openssl: "accepts" }),
  listCase("a list without a number", good, [list({ extensions: { crlNumber: null } })], missing, {
    openssl: "accepts",
  }),
  listCase("a list without a number, leniently", good, [list({ extensions: { crlNumber: null } })], "ok", {
    profile: lenientProfile,
  }),
  listCase(
    "a list with a critical number",
    good,
    [list({ extensions: { crlNumber: extension("2.5.29.20", integer(1), true) } })],
    "UNHANDLED_CRITICAL_CRL_EXTENSION",
  ),
  listCase(
    "a list of version 1",
    good,
    [list({ version: null, extensions: { crlNumber: null, aki: null } })],
    missing,
    { openssl: "accepts" },
  ),
  listCase("a list signed with SHA-1", good, [list({ algorithm: "ecdsa-sha1" })], "CRL_SIGNATURE_FAILURE", {
    openssl: "accepts",
  }),
  listCase(
    "a list that is critical about something unknown",
    good,
    [list({ extensions: { odd: extension("1.2.3.4", integer(1), true) } })],
    "UNHANDLED_CRITICAL_CRL_EXTENSION",
  ),
  listCase(
    "a list that mentions something unknown",
    good,
    [list({ extensions: { odd: extension("1.2.3.4", integer(1)) } })],
    "ok",
  ),
  listCase(
    "an entry that is critical about something unknown",
    good,
    [list({ revoked: [entry(1, extension("1.2.3.4", integer(1), true))] })],
    "UNHANDLED_CRITICAL_CRL_EXTENSION",
  ),
  listCase("an entry with a reason", revoked, [list({ revoked: [entry(4711, reason(1))] })], "CERT_REVOKED"),
  listCase(
    "an entry that takes another one back",
    revoked,
    [list({ revoked: [entry(4711, reason(8))] })],
    "CERT_REVOKED",
    { openssl: "accepts" },
  ),
  listCase(
    "an entry about another issuer",
    good,
    [list({ revoked: [entry(4712, extension("2.5.29.29", sequence(uriName("x")), true))] })],
    "UNHANDLED_CRITICAL_CRL_EXTENSION",
    { openssl: "-" },
  ),
  listCase(
    "a delta",
    good,
    [list({ extensions: { delta: extension("2.5.29.27", integer(1), true) } })],
    "UNHANDLED_CRITICAL_CRL_EXTENSION",
    { openssl: "-" },
  ),
  listCase(
    "a delta that is not critical",
    good,
    [list({ extensions: { delta: extension("2.5.29.27", integer(1)) } })],
    scope,
    { openssl: "-" },
  ),
];

const scopes: readonly Case[] = [
  listCase("a list about leaves", good, [list(about(implicit(1, yes)))], "ok"),
  listCase(
    "a list about leaves, revoked",
    revoked,
    [list({ ...about(implicit(1, yes)), revoked: [4711] })],
    "CERT_REVOKED",
  ),
  listCase("a list about authorities", good, [list(about(implicit(2, yes)))], scope),
  listCase(
    "a list about leaves and one about authorities",
    good,
    [list(about(implicit(2, yes))), list(about(implicit(1, yes)))],
    "ok",
    { openssl: "-" },
  ),
  listCase("a list about some reasons", good, [list(about(implicit(3, Uint8Array.of(6, 64))))], scope),
  listCase("an indirect list", good, [list(about(implicit(4, yes)))], scope, { openssl: "-" }),
  listCase("a list about attribute certificates", good, [list(about(implicit(5, yes)))], scope),
  listCase(
    "a list for a distribution point that the certificate names",
    pointed,
    [list({ ...about(explicit(0, explicit(0, uriName(point)))), revoked: [4711] })],
    "CERT_REVOKED",
  ),
  listCase(
    "a list for another distribution point",
    pointed,
    [list(about(explicit(0, explicit(0, uriName("http://crl.example/2")))))],
    scope,
  ),
  listCase(
    "a list for a distribution point, the certificate names none",
    good,
    [list(about(explicit(0, explicit(0, uriName(point)))))],
    scope,
  ),
  listCase("a list for everything, the certificate names a point", pointed, [list()], "ok"),
  listCase(
    "a list for a distribution point that the certificate names for some reasons",
    pointedForSomeReasons,
    [list(about(explicit(0, explicit(0, uriName(point)))))],
    scope,
  ),
  listCase(
    "a list for everything, the certificate names a point for some reasons",
    pointedForSomeReasons,
    [list()],
    "ok",
    { openssl: "refuses" },
  ),
];

const chains: readonly Case[] = [
  listCase("the whole chain, all lists there", good, [list(), rootCrl], "ok", { crlCheck: "chain" }),
  listCase("the whole chain, the list of the root missing", good, [list()], missing, { crlCheck: "chain" }),
  listCase("only the leaf, the list of the root missing", good, [list()], "ok"),
  chainCase(
    "the whole chain, the authority revoked",
    (() => {
      const odd = makeAuthority(root, "Revoked", { serial: 99 });
      return [makeServer(odd, server), odd, root];
    })(),
    "CERT_REVOKED",
    { crlCheck: "chain", crls: [makeCrl(root, { revoked: [99] }), makeCrl(makeAuthority(root, "Revoked"))] },
  ),
  chainCase("the whole chain, a list about leaves only", [good, authority, root], scope, {
    crlCheck: "chain",
    crls: [list(), makeCrl(root, about(implicit(1, yes)))],
  }),
  (() => {
    const mute = makeAuthority(root, "Mute", { extensions: { keyUsage: keyUsage(5) } });
    return chainCase(
      "an issuer that may not sign lists",
      [makeServer(mute, server), mute, root],
      "KEYUSAGE_NO_CRL_SIGN",
      {
        crlCheck: "leaf",
        crls: [makeCrl(mute)],
      },
    );
  })(),
  {
    name: "a revoked authority beside another one with the same key",
    chain: [
      good.der,
      makeAuthority(root, "Authority", { serial: 77 }).der,
      makeAuthority(root, "Authority", { serial: 78 }).der,
    ],
    trust: [root.der],
    crls: [list(), makeCrl(root, { revoked: [77] })],
    crlCheck: "chain",
    expected: "ok",
    openssl: "-",
  },
  {
    name: "a trusted leaf has no issuer to ask",
    chain: [makeRoot("self", { key: keyNamed("self") }).der],
    trust: [makeRoot("Another").der],
    crls: [],
    crlCheck: "leaf",
    host: null,
    profile: lenientProfile,
    expected: "DEPTH_ZERO_SELF_SIGNED_CERT",
  },
];

export const revocationCases: readonly Case[] = [...answers, ...scopes, ...chains];

/** Lists that do not decode. */
export const brokenLists: Readonly<Record<string, Der>> = {
  nothing: new Uint8Array(),
  "something behind it": concat([list(), Uint8Array.of(5, 0)]),
  "a version that is not known": list({ version: 2 }),
  "extensions in version 1": list({ version: null }),
  "the same extension twice": list({ extensions: { again: extension("2.5.29.20", integer(2)) } }),
  "a scope that does not decode": list({ extensions: { scope: extension("2.5.29.28", integer(2), true) } }),
  "an entry with something behind it": list({
    revoked: [sequence(integer(1), time(today), sequence(reason(1)), boolean(true))],
  }),
  "an entry with an empty list of extensions": list({ revoked: [sequence(integer(1), time(today), sequence())] }),
};

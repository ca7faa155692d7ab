// What certificates may be used for: authorities and leaves, keyUsage, extKeyUsage, key identifiers, and what is critical.
import { lenientProfile, webProfile } from "../../../../ts/ssl/x509/profile.ts";
import {
  aki,
  anyUsage,
  basicConstraints,
  clientAuth,
  extension,
  extKeyUsage,
  keyNamed,
  keyUsage,
  makeAuthority,
  makeRoot,
  makeServer,
  nameConstraints,
  dnsName,
  serverAuth,
  ski,
  subjectAltName,
  inhibitAnyPolicy,
  policyConstraints,
  directoryName,
} from "../../../support/certificate-factory.ts";
import { ascii, explicit, implicit, sequence } from "../../../support/der-writer.ts";
import { authority, authorityCase, type Case, chainCase, leafCase, root, rootCase, server } from "./case.ts";

const refused = "UNSPECIFIED";
const codeSigning = "1.3.6.1.5.5.7.3.3";
const lenient = { profile: lenientProfile };
const web = { profile: webProfile };

const authorities: readonly Case[] = [
  authorityCase("an authority without basicConstraints", { extensions: { basicConstraints: null } }, "INVALID_CA"),
  authorityCase(
    "an authority that says it is none",
    { extensions: { basicConstraints: basicConstraints(false), keyUsage: keyUsage(5) } },
    "INVALID_CA",
  ),
  authorityCase(
    "an authority that is none, leniently",
    { extensions: { basicConstraints: basicConstraints(false) } },
    "INVALID_CA",
    lenient,
  ),
  authorityCase(
    "basicConstraints that are not critical",
    { extensions: { basicConstraints: basicConstraints(true, undefined, false) } },
    "CA_BCONS_NOT_CRITICAL",
  ),
  authorityCase(
    "basicConstraints that are not critical, leniently",
    { extensions: { basicConstraints: basicConstraints(true, undefined, false) } },
    "ok",
    lenient,
  ),
  authorityCase(
    "an authority that may not sign certificates",
    { extensions: { keyUsage: keyUsage(0, 6) } },
    "KEYUSAGE_NO_CERTSIGN",
  ),
  authorityCase("an authority that may only sign certificates", { extensions: { keyUsage: keyUsage(5) } }, "ok"),
  authorityCase("an authority without keyUsage", { extensions: { keyUsage: null } }, "CA_CERT_MISSING_KEY_USAGE"),
  authorityCase("an authority without keyUsage, leniently", { extensions: { keyUsage: null } }, "ok", lenient),
  rootCase("a root without basicConstraints", { extensions: { basicConstraints: null } }, "INVALID_CA"),
  rootCase(
    "a root that says it is no authority",
    { extensions: { basicConstraints: basicConstraints(false) } },
    "INVALID_CA",
  ),
  rootCase(
    "a root with basicConstraints that are not critical",
    { extensions: { basicConstraints: basicConstraints(true, undefined, false) } },
    "CA_BCONS_NOT_CRITICAL",
  ),
  rootCase("a root that may not sign certificates", { extensions: { keyUsage: keyUsage(6) } }, "KEYUSAGE_NO_CERTSIGN"),
  rootCase("a root without keyUsage", { extensions: { keyUsage: null } }, "ok", { openssl: "refuses" }),
  chainCase("a leaf that signs", leafThatSigns(), "INVALID_CA"),
];

const leaves: readonly Case[] = [
  leafCase(
    "a leaf that may sign certificates",
    { extensions: { keyUsage: keyUsage(0, 5) } },
    "KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA",
  ),
  leafCase(
    "a leaf that may sign certificates, without basicConstraints",
    { extensions: { basicConstraints: null, keyUsage: keyUsage(0, 5) } },
    "KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA",
  ),
  leafCase(
    "a leaf that limits the path",
    { extensions: { basicConstraints: basicConstraints(false, 0) } },
    "PATHLEN_INVALID_FOR_NON_CA",
  ),
  leafCase(
    "an authority that serves",
    {
      extensions: {
        ski: ski(keyNamed("server").id),
        basicConstraints: basicConstraints(true),
        keyUsage: keyUsage(0, 5),
      },
    },
    "ok",
  ),
  leafCase(
    "an authority that serves, publicly",
    {
      extensions: {
        ski: ski(keyNamed("server").id),
        basicConstraints: basicConstraints(true),
        keyUsage: keyUsage(0, 5),
      },
    },
    "INVALID_PURPOSE",
    { ...web, openssl: "accepts" },
  ),
  leafCase(
    "an authority that serves, leniently",
    { extensions: { basicConstraints: basicConstraints(true), keyUsage: keyUsage(0, 5) } },
    "ok",
    lenient,
  ),
  chainCase(
    "an intermediate authority presented alone",
    [
      makeAuthority(root, server, {
        extensions: {
          subjectAltName: subjectAltName([dnsName(server)]),
          extKeyUsage: extKeyUsage([serverAuth]),
          keyUsage: keyUsage(0, 5),
        },
      }),
      root,
    ],
    "ok",
  ),
  chainCase(
    "an intermediate authority presented alone, publicly",
    [
      makeAuthority(root, server, {
        extensions: {
          subjectAltName: subjectAltName([dnsName(server)]),
          extKeyUsage: extKeyUsage([serverAuth]),
          keyUsage: keyUsage(0, 5),
        },
      }),
      root,
    ],
    "INVALID_PURPOSE",
    { ...web, openssl: "accepts" },
  ),
  leafCase("no keyUsage", { extensions: { keyUsage: null } }, "ok"),
  leafCase("keyUsage for encryption to the key", { extensions: { keyUsage: keyUsage(2) } }, "ok"),
  leafCase("keyUsage for key agreement", { extensions: { keyUsage: keyUsage(4) } }, "INVALID_PURPOSE", {
    openssl: "accepts",
  }),
  leafCase("keyUsage for lists only", { extensions: { keyUsage: keyUsage(6) } }, "INVALID_PURPOSE"),
  leafCase("keyUsage for documents only", { extensions: { keyUsage: keyUsage(1) } }, "INVALID_PURPOSE"),
  leafCase("keyUsage for documents only, for any purpose", { extensions: { keyUsage: keyUsage(1) } }, "ok", {
    purpose: "any",
  }),
];

const purposes: readonly Case[] = [
  leafCase("extKeyUsage for clients", { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } }, "INVALID_PURPOSE"),
  leafCase("extKeyUsage for clients, as a client", { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } }, "ok", {
    purpose: "clientAuth",
  }),
  leafCase("extKeyUsage for servers, as a client", {}, "INVALID_PURPOSE", { purpose: "clientAuth" }),
  leafCase(
    "extKeyUsage for clients, for any purpose",
    { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } },
    "ok",
    { purpose: "any" },
  ),
  leafCase("extKeyUsage for both", { extensions: { extKeyUsage: extKeyUsage([clientAuth, serverAuth]) } }, "ok"),
  leafCase("extKeyUsage for code", { extensions: { extKeyUsage: extKeyUsage([codeSigning]) } }, "INVALID_PURPOSE"),
  leafCase("extKeyUsage for anything", { extensions: { extKeyUsage: extKeyUsage([anyUsage]) } }, "ok", {
    openssl: "refuses",
  }),
  leafCase(
    "extKeyUsage for anything, publicly",
    { extensions: { extKeyUsage: extKeyUsage([anyUsage]) } },
    "INVALID_PURPOSE",
    web,
  ),
  leafCase("extKeyUsage for anything, leniently", { extensions: { extKeyUsage: extKeyUsage([anyUsage]) } }, "ok", {
    ...lenient,
    openssl: "refuses",
  }),
  leafCase(
    "extKeyUsage for anything and servers",
    { extensions: { extKeyUsage: extKeyUsage([anyUsage, serverAuth]) } },
    "ok",
  ),
  leafCase(
    "extKeyUsage for anything and servers, publicly",
    { extensions: { extKeyUsage: extKeyUsage([anyUsage, serverAuth]) } },
    "INVALID_PURPOSE",
    { ...web, openssl: "accepts" },
  ),
  leafCase("no extKeyUsage", { extensions: { extKeyUsage: null } }, "ok"),
  leafCase("no extKeyUsage, publicly", { extensions: { extKeyUsage: null } }, "INVALID_PURPOSE", {
    ...web,
    openssl: "accepts",
  }),
  leafCase("no extKeyUsage, leniently", { extensions: { extKeyUsage: null } }, "ok", lenient),
  leafCase("no extKeyUsage, as a client", { extensions: { extKeyUsage: null } }, "ok", { purpose: "clientAuth" }),
  leafCase("an empty extKeyUsage", { extensions: { extKeyUsage: extKeyUsage([]) } }, refused),
  leafCase("a critical extKeyUsage", { extensions: { extKeyUsage: extKeyUsage([serverAuth], true) } }, "ok"),
  leafCase(
    "a critical extKeyUsage of a public server",
    { extensions: { extKeyUsage: extKeyUsage([serverAuth], true) } },
    "INVALID_EXTENSION",
    { ...web, openssl: "accepts" },
  ),
  authorityCase("an authority for servers", { extensions: { extKeyUsage: extKeyUsage([serverAuth]) } }, "ok"),
  authorityCase(
    "an authority for servers and clients",
    { extensions: { extKeyUsage: extKeyUsage([clientAuth, serverAuth]) } },
    "ok",
  ),
  authorityCase("an authority for anything", { extensions: { extKeyUsage: extKeyUsage([anyUsage]) } }, "ok", {
    openssl: "refuses",
  }),
  authorityCase(
    "an authority for clients",
    { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } },
    "INVALID_PURPOSE",
  ),
  authorityCase(
    "an authority for clients, leniently",
    { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } },
    "INVALID_PURPOSE",
    lenient,
  ),
  authorityCase(
    "an authority for code",
    { extensions: { extKeyUsage: extKeyUsage([codeSigning]) } },
    "INVALID_PURPOSE",
  ),
  rootCase("a root for clients", { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } }, "INVALID_PURPOSE"),
  rootCase("a root for servers", { extensions: { extKeyUsage: extKeyUsage([serverAuth]) } }, "ok"),
  rootCase(
    "a public root for servers",
    { extensions: { extKeyUsage: extKeyUsage([serverAuth]) } },
    "INVALID_EXTENSION",
    { ...web, openssl: "accepts" },
  ),
];

const other = keyNamed("other");

const identifiers: readonly Case[] = [
  leafCase("no authorityKeyIdentifier", { extensions: { aki: null } }, "MISSING_AUTHORITY_KEY_IDENTIFIER"),
  leafCase("no authorityKeyIdentifier, leniently", { extensions: { aki: null } }, "ok", lenient),
  leafCase(
    "an empty authorityKeyIdentifier",
    { extensions: { aki: extension("2.5.29.35", sequence()) } },
    "MISSING_AUTHORITY_KEY_IDENTIFIER",
  ),
  leafCase(
    "a critical authorityKeyIdentifier",
    { extensions: { aki: aki(authority.key.id, true) } },
    "AUTHORITY_KEY_IDENTIFIER_CRITICAL",
  ),
  leafCase(
    "a critical subjectKeyIdentifier",
    { extensions: { ski: ski(other.id, true) } },
    "SUBJECT_KEY_IDENTIFIER_CRITICAL",
  ),
  leafCase("a subjectKeyIdentifier", { extensions: { ski: ski(other.id) } }, "ok"),
  leafCase("an empty subjectKeyIdentifier", { extensions: { ski: ski(new Uint8Array()) } }, refused, {
    openssl: "accepts",
  }),
  leafCase("the identifier of another key", { extensions: { aki: aki(other.id) } }, "ok", { openssl: "refuses" }),
  leafCase(
    "an authorityKeyIdentifier with everything",
    {
      extensions: {
        aki: extension(
          "2.5.29.35",
          sequence(implicit(0, authority.key.id), explicit(1, directoryName("Root")), implicit(2, Uint8Array.of(5))),
        ),
      },
    },
    "ok",
    { openssl: "refuses" },
  ),
  authorityCase(
    "an authority without subjectKeyIdentifier",
    { extensions: { ski: null } },
    "MISSING_SUBJECT_KEY_IDENTIFIER",
  ),
  authorityCase(
    "an authority without authorityKeyIdentifier",
    { extensions: { aki: null } },
    "MISSING_AUTHORITY_KEY_IDENTIFIER",
  ),
  authorityCase("an authority without either, leniently", { extensions: { aki: null, ski: null } }, "ok", lenient),
  rootCase("a root without subjectKeyIdentifier", { extensions: { ski: null } }, "ok", { openssl: "refuses" }),
  rootCase("a root with an authorityKeyIdentifier", { extensions: { aki: aki(keyNamed("Odd Root").id) } }, "ok"),
  rootCase(
    "a public root with an authorityKeyIdentifier",
    { extensions: { aki: aki(keyNamed("Odd Root").id) } },
    "ok",
    web,
  ),
  rootCase(
    "a public root with the identifier of another key",
    { extensions: { aki: aki(other.id) } },
    "INVALID_EXTENSION",
    { ...web, openssl: "-" },
  ),
  rootCase(
    "a public root with an empty authorityKeyIdentifier",
    { extensions: { aki: extension("2.5.29.35", sequence()) } },
    "INVALID_EXTENSION",
    { ...web, openssl: "-" },
  ),
  rootCase(
    "a public root that names its issuer",
    {
      extensions: {
        aki: extension(
          "2.5.29.35",
          sequence(
            implicit(0, keyNamed("Odd Root").id),
            explicit(1, directoryName("Odd Root")),
            implicit(2, Uint8Array.of(5)),
          ),
        ),
      },
    },
    "INVALID_EXTENSION",
    { ...web, openssl: "-" },
  ),
  rootCase(
    "a root with a critical authorityKeyIdentifier",
    { extensions: { aki: aki(keyNamed("Odd Root").id, true) } },
    "AUTHORITY_KEY_IDENTIFIER_CRITICAL",
  ),
];

const critical: readonly Case[] = [
  leafCase(
    "a critical subjectAltName beside a subject",
    { extensions: { subjectAltName: subjectAltName([dnsName(server)], true) } },
    "ok",
  ),
  leafCase(
    "a critical subjectAltName of a public server",
    { extensions: { subjectAltName: subjectAltName([dnsName(server)], true) } },
    "INVALID_EXTENSION",
    { ...web, openssl: "accepts" },
  ),
  leafCase("a public server without subjectAltName", { extensions: { subjectAltName: null } }, "HOSTNAME_MISMATCH", {
    ...web,
    openssl: "accepts",
  }),
  leafCase(
    "nameConstraints in a leaf",
    { extensions: { nc: nameConstraints([dnsName("example")]) } },
    "INVALID_EXTENSION",
    { openssl: "accepts" },
  ),
  leafCase(
    "nameConstraints in a leaf, not critical",
    { extensions: { nc: nameConstraints([dnsName("example")], [], false) } },
    "INVALID_EXTENSION",
    { openssl: "accepts" },
  ),
  authorityCase(
    "policyConstraints that are not critical",
    { extensions: { pc: policyConstraints(5, undefined, false) } },
    "INVALID_POLICY_EXTENSION",
    { openssl: "accepts" },
  ),
  authorityCase(
    "inhibitAnyPolicy that is not critical",
    { extensions: { iap: inhibitAnyPolicy(5, false) } },
    "INVALID_POLICY_EXTENSION",
    { openssl: "accepts" },
  ),
  authorityCase(
    "policyConstraints that say nothing",
    { extensions: { pc: policyConstraints() } },
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ),
  leafCase(
    "an issuerAltName",
    { extensions: { ian: extension("2.5.29.18", sequence(implicit(6, ascii("http://ca.example")))) } },
    "ok",
  ),
];

export const usageCases: readonly Case[] = [...authorities, ...leaves, ...purposes, ...identifiers, ...critical];

function leafThatSigns(): Parameters<typeof chainCase>[1] {
  const leaf = makeServer(makeRoot("Root"), "evil.example", { key: keyNamed("evil") });
  return [makeServer(leaf, server), leaf, root];
}

// The options of trust, in whole handshakes: what is trusted, how much certificates must do right, what was revoked, which
// path was taken. (The rules themselves are tested in x509/.)
import { describe, expect, test, vi } from "vitest";
import { Connection } from "../../ts/engine/connection.ts";
import {
  type BaseOptions,
  SSLCertVerificationError,
  type TLSVersion,
  TrustStore,
  type WrapOptions,
} from "../../ts/ssl/index.ts";
import {
  anyUsage,
  basicConstraints,
  type CertificateSpec,
  clientAuth,
  dnsName,
  extKeyUsage,
  keyNamed,
  koblitzKey,
  type Made,
  makeAuthority,
  makeCertificate,
  makeCrl,
  makeRoot,
  makeServer,
  nameConstraints,
  today,
} from "../support/certificate-factory.ts";
import { type Attempt, attempt, forEachVersion, type Pair, pairOf } from "../support/conversation.ts";

const root = makeRoot("trust root");
const authority = makeAuthority(root, "trust authority");
const leaf = makeServer(authority, "localhost", { serial: 4711 });
const own = { trust: TrustStore.fromDer(root.der) };
const now = (): number => today;

test("a server is trusted through a store, and the path that was taken is told, trusted certificate included", () => {
  forEachVersion((version) => {
    const { pair, client } = meet([leaf, authority], own, version);
    expect(client).toBeUndefined();
    const path = [leaf.der, authority.der, root.der];
    expect(pair.client.tls.getVerifiedChain()).toEqual(path.map((der) => new Uint8Array(der)));
    expect(pair.client.tls.getUnverifiedChain()).toHaveLength(2);
    expect(pair.server.tls.getVerifiedChain()).toEqual([]);
  });
});

test("a store and ca are trusted together, and either alone", () => {
  const other = makeRoot("another root");
  expect(meet([leaf, authority], { ca: root.der, trust: TrustStore.fromDer(other.der) }).client).toBeUndefined();
  expect(meet([leaf, authority], { ca: other.der, ...own }).client).toBeUndefined();
  expectRefusal(meet([leaf, authority], { ca: other.der }), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", 48);
  expectRefusal(meet([leaf, authority], { trust: TrustStore.empty() }), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", 48);
});

test("certificates that are out of order, doubled or not needed do no harm, and one that is missing does", () => {
  const stranger = makeRoot("nobody asked for this one");
  const chain = [leaf, stranger, root, authority, authority];
  expect(meet(chain, own).client).toBeUndefined();
  expectRefusal(meet([leaf, root], own), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", 48);
});

test("of two authorities with one name the one that leads to a trusted root is found", () => {
  const distrusted = makeRoot("distrusted root");
  const crossSigned = makeAuthority(distrusted, "trust authority");
  const { pair, client } = meet([leaf, crossSigned, authority], own);
  expect(client).toBeUndefined();
  expect(pair.client.tls.getVerifiedChain()[1]).toEqual(new Uint8Array(authority.der));
});

test("partialChain decides whether a trusted intermediate certificate is enough", () => {
  const trust = TrustStore.fromDer(authority.der);
  expect(meet([leaf], { trust }).client).toBeUndefined();
  expectRefusal(meet([leaf], { trust, partialChain: false }), "UNABLE_TO_GET_ISSUER_CERT", 48);
});

test("L15 certProfile decides about a certificate without a purpose, and about one that does not identify its issuer", () => {
  const purposeless = makeServer(authority, "localhost", { extensions: { extKeyUsage: null } });
  const simple = makeServer(authority, "localhost", { extensions: { aki: null } });
  for (const [made, lenient, standard, web] of [
    [purposeless, true, true, false],
    [simple, true, false, false],
    [leaf, true, true, true],
  ] as const) {
    for (const [certProfile, good] of [
      ["lenient", lenient] as const,
      ["standard", standard] as const,
      ["web", web] as const,
    ]) {
      const { client } = meet([made, authority], { ...own, certProfile });
      expect(client === undefined, certProfile).toBe(good);
    }
  }
});

test("L15 critical name constraints are obeyed, which Mbed TLS cannot even parse", () => {
  forEachVersion((version) => {
    const within = (name: string): Made =>
      makeAuthority(root, "constrained", { extensions: { names: nameConstraints([dnsName(name)]) } });
    for (const [name, good] of [["localhost", true] as const, ["example.org", false] as const]) {
      const issuer = within(name);
      const met = meet([makeServer(issuer, "localhost"), issuer], own, version);
      if (good) expect(met.client).toBeUndefined();
      else expectRefusal(met, "PERMITTED_VIOLATION", 42);
    }
  });
});

describe("L15 what Mbed TLS lets pass in certificates is refused:", () => {
  const within = makeAuthority(root, "constrained", {
    extensions: { names: nameConstraints([dnsName("example.org")], [], false) },
  });
  const old = makeAuthority(root, "old", { version: 0, onlyExtensions: null });
  const short = makeAuthority(root, "short", { extensions: { basicConstraints: basicConstraints(true, 0) } });
  const below = makeAuthority(short, "below");
  const anonymous = makeAuthority(root, "anonymous", { extensions: { ski: null } });
  const served = (spec: CertificateSpec): Made[] => [makeServer(authority, "localhost", spec), authority];

  test.each<[string, readonly Made[], string]>([
    [
      "names beyond constraints that are not critical",
      [makeServer(within, "localhost"), within],
      "PERMITTED_VIOLATION",
    ],
    [
      "a common name in the place of a name",
      served({ subject: "CN=localhost", extensions: { subjectAltName: null } }),
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ],
    ["an authority of version 1", [makeServer(old, "localhost"), old], "INVALID_CA"],
    ["a serial number of zero", served({ serial: 0 }), "INVALID_EXTENSION"],
    ["a missing authority key identifier", served({ extensions: { aki: null } }), "MISSING_AUTHORITY_KEY_IDENTIFIER"],
    [
      "a missing subject key identifier",
      [makeServer(anonymous, "localhost"), anonymous],
      "MISSING_SUBJECT_KEY_IDENTIFIER",
    ],
    ["a path that is too long", [makeServer(below, "localhost"), below, short], "PATH_LENGTH_EXCEEDED"],
  ])("%s", (_, chain, nodeCode) => {
    expect(meet(chain, own).client).toMatchObject({ name: "SSLCertVerificationError", nodeCode });
  });

  test("on the web, a purpose of any kind or of none", () => {
    for (const purpose of [extKeyUsage([anyUsage]), null]) {
      const { client } = meet(served({ extensions: { extKeyUsage: purpose } }), { ...own, certProfile: "web" });
      expect(client).toMatchObject({ name: "SSLCertVerificationError", nodeCode: "INVALID_PURPOSE" });
    }
  });

  test("a wildcard for everything below a top-level domain", () => {
    const { client } = meet([makeServer(authority, "*.com"), authority], own, undefined, {
      serverHostname: "example.com",
    });
    expect(client).toMatchObject({ nodeCode: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });
});

test("L8 a certificate in the chain whose key nobody knows does no harm when it is not needed", () => {
  const odd = makeCertificate(root, { key: keyNamed("odd"), spki: koblitzKey, subject: "odd" });
  forEachVersion((version) => {
    expect(meet([leaf, odd, authority], own, version).client).toBeUndefined();
  });
});

test("an authority for clients only cannot issue for servers, and the client says unsupported_certificate", () => {
  const issuer = makeAuthority(root, "for clients", { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } });
  expectRefusal(meet([makeServer(issuer, "localhost"), issuer], own), "INVALID_PURPOSE", 43);
});

test("S26 a revoked certificate is refused, and one for which there is no list when lists are asked for", () => {
  forEachVersion((version) => {
    const [clean, revoking] = [makeCrl(authority), makeCrl(authority, { revoked: [4711] })];
    const chain = [leaf, authority];
    expect(meet(chain, { ...own, crls: clean }, version).client).toBeUndefined();
    expect(meet(chain, { ...own, crls: revoking, crlCheck: "off" }, version).client).toBeUndefined();
    expectRefusal(meet(chain, { ...own, crls: revoking }, version), "CERT_REVOKED", 44);
    expectRefusal(meet(chain, { ...own, crlCheck: "leaf" }, version), "UNABLE_TO_GET_CRL", 46);
    expectRefusal(meet(chain, { ...own, crls: clean, crlCheck: "chain" }, version), "UNABLE_TO_GET_CRL", 46);
    const both = [clean, makeCrl(root)];
    expect(meet(chain, { ...own, crls: both, crlCheck: "chain" }, version).client).toBeUndefined();
  });
});

test("a handshake that passes by the verdict is refused, should the engine ever let one", () => {
  const skipping = vi.spyOn(Connection.prototype, "handshake").mockReturnValue("done");
  try {
    const { tls } = pairOf().client;
    expect(() => tls.doHandshake()).toThrow(expect.objectContaining({ reason: "CERTIFICATE_VERIFY_FAILED" }));
    expect(tls.state).toBe("failed");
  } finally {
    skipping.mockRestore();
  }
});

interface Met extends Attempt {
  readonly pair: Pair;
}

/** A handshake of a client with these options and a server with this chain, on the day of the certificates. */
function meet(chain: readonly Made[], options: BaseOptions, version?: TLSVersion, wrap?: WrapOptions): Met {
  const key = new Uint8Array(chain[0]!.key.privateKey.export({ format: "der", type: "pkcs8" }));
  const identities = [{ cert: chain.map(({ der }) => der), key }];
  const pair = pairOf({
    version,
    client: { ca: [], now, ...options },
    server: { identities },
    ...(wrap === undefined ? {} : { wrap }),
  });
  return { pair, ...attempt(pair) };
}

function expectRefusal({ client, server }: Met, nodeCode: string, alert: number): void {
  expect(client).toBeInstanceOf(SSLCertVerificationError);
  expect(client).toMatchObject({ nodeCode });
  expect(server).toMatchObject({ name: "SSLAlertError", alert });
}

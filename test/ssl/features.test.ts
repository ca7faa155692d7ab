// What the library says about itself and about a context, held against what it then does.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { cipherSuiteId } from "../../ts/engine/codes.gen.ts";
import {
  alertDescription,
  type CertStoreStats,
  derCertToPem,
  engineVersion,
  type Feature,
  features,
  SSLAlertError,
  type SSLContext,
  TrustStore,
} from "../../ts/ssl/index.ts";
import {
  basicConstraints,
  keyNamed,
  keyUsage,
  makeCertificate,
  makeCrl,
  makeRoot,
  makeServer,
} from "../support/certificate-factory.ts";
import { certs } from "../support/certs.ts";
import type { Der } from "../support/der-writer.ts";
import {
  attempt,
  clientContext,
  connected,
  disposed,
  identityOf,
  pairOf,
  serverContext,
  versions,
} from "../support/conversation.ts";

test("features says which versions are spoken, and the others are refused", () => {
  for (const version of ["SSLv2", "SSLv3", "TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"] as const) {
    const only = version.replace("_", ".") as "TLSv1.2";
    const make = (): SSLContext => clientContext({ minVersion: only, maxVersion: only });
    if (features[version]) expect(make().maxVersion).toBe(only);
    else expect(make).toThrow(/minVersion/);
  }
});

test("features says which options and calls there are, and nothing else is taken", () => {
  const options: Partial<Record<Feature, object>> = {
    ALPN: { alpn: ["h2"] },
    PSK: { psk: { identity: "me", key: new Uint8Array(32) } },
    PSK_TLS13: { minVersion: "TLSv1.3", psk: { identity: "me", key: new Uint8Array(32) } },
    NPN: { npn: ["h2"] },
    PHA: { postHandshakeAuth: true },
    EARLY_DATA: { earlyData: true },
    OCSP: { ocsp: true },
    DTLS: { dtls: true },
    EDDSA: { signatureAlgorithms: ["ed25519"] },
    PQ_HYBRID: { groups: ["X25519MLKEM768"] },
    ECDH: { groups: ["x25519"] },
  };
  for (const [feature, given] of Object.entries(options)) {
    const make = (): SSLContext => clientContext(given);
    if (features[feature as Feature]) expect(make, feature).not.toThrow();
    else expect(make, feature).toThrow(/Cannot/);
  }
  expect(features.EDDSA).toBe(false);
  expect(() => serverContext({ identities: [identityOf("ed25519")] })).toThrow(/key/);
});

test("features says what a connection can do", () => {
  const pair = connected({ version: "TLSv1.3", client: { alpn: ["h2"] }, server: { alpn: ["h2"] } });
  expect([pair.client.tls.selectedAlpnProtocol() === "h2", pair.client.tls.group() === "x25519"]).toEqual([
    features.ALPN,
    features.ECDH,
  ]);
  pair.client.tls.updateKeys();
  expect(features.KEY_UPDATE).toBe(true);
  expect([pair.client.tls.exportKeyingMaterial(8, "label").length, features.EXPORTER]).toEqual([8, true]);
  const fallsBack = attempt(pairOf({ identity: "cnOnly" })).client === undefined;
  expect(features.NEVER_CHECK_COMMON_NAME).toBe(!fallsBack);
});

test("features cannot be changed", () => {
  expect(() => Object.assign(features, { EDDSA: true })).toThrow(TypeError);
});

test("engineVersion() names the library that does the work", () => {
  expect(engineVersion()).toMatch(/^Mbed TLS 3\.\d+\.\d+$/);
});

test("alertDescription has the number of every alert that a peer can send", () => {
  const { client } = attempt(pairOf({ client: { alpn: ["a"] }, server: { alpn: ["b"] } }));
  expect(client).toBeInstanceOf(SSLAlertError);
  expect((client as SSLAlertError).alert).toBe(alertDescription.no_application_protocol);
  expect((client as SSLAlertError).alertName).toBe("no_application_protocol");
});

test("a context tells its versions, suites, groups and signature schemes in order of preference", () => {
  for (const make of [clientContext, serverContext]) {
    const plain = make();
    expect([plain.minVersion, plain.maxVersion]).toEqual(versions);
    expect(plain.getCiphers()[0]).toEqual({
      name: "TLS_CHACHA20_POLY1305_SHA256",
      standardName: "TLS_CHACHA20_POLY1305_SHA256",
      id: cipherSuiteId.TLS_CHACHA20_POLY1305_SHA256,
      bits: 256,
      version: "TLSv1.3",
    });
    expect(plain.getGroups()).toEqual(["x25519", "secp256r1", "secp384r1", "secp521r1"]);
    expect(plain.getSigalgs()).toContain("rsa_pss_rsae_sha256");
    const narrow = disposed(
      plain.with({
        maxVersion: "TLSv1.2",
        cipherSuites: ["ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
        groups: ["secp384r1", "x25519"],
        signatureAlgorithms: ["rsa_pkcs1_sha512", "ecdsa_secp256r1_sha256"],
      }),
    );
    expect([narrow.minVersion, narrow.maxVersion]).toEqual(["TLSv1.2", "TLSv1.2"]);
    expect(narrow.getCiphers().map(({ name }) => name)).toEqual([
      "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-AES128-GCM-SHA256",
    ]);
    expect(narrow.getGroups()).toEqual(["secp384r1", "x25519"]);
    expect(narrow.getSigalgs()).toEqual(["rsa_pkcs1_sha512", "ecdsa_secp256r1_sha256"]);
  }
});

test("a context still answers after it was disposed of", () => {
  const context = serverContext({ ca: certs.root.cert });
  context.dispose();
  expect([context.minVersion, context.maxVersion]).toEqual(versions);
  expect([context.getCiphers().length, context.getGroups().length, context.getSigalgs().length]).toEqual([9, 4, 9]);
  expect([context.getCaCerts().length, context.certStoreStats().x509]).toEqual([1, 1]);
  expect(context.sessionStats()).toMatchObject({ accept: 0, acceptGood: 0 });
});

test("the lists of a context are copies", () => {
  const context = clientContext();
  for (const list of [context.getCiphers(), context.getGroups(), context.getSigalgs(), context.getCaCerts()]) {
    list.length = 0;
  }
  expect(context.getCiphers().length).toBeGreaterThan(0);
  expect([context.getGroups().length, context.getSigalgs().length, context.getCaCerts().length]).toEqual([4, 9, 1]);
});

test("S24 certStoreStats() counts certificates, authorities and revocation lists", () => {
  const crls = [makeCrl(root), makeCrl(root)];
  expect(clientContext({ ca: certs.root.cert, crls }).certStoreStats()).toEqual({ x509: 1, x509Ca: 1, crl: 2 });
  expect(clientContext({ ca: [certs.root.cert, certs.localhost.cert] }).certStoreStats()).toEqual({
    x509: 2,
    x509Ca: 1,
    crl: 0,
  });
  expect(serverContext().certStoreStats()).toEqual({ x509: 0, x509Ca: 0, crl: 0 });
});

test("S24 certStoreStats() takes for an authority what Python does", () => {
  const lone = { extensions: { basicConstraints: null, keyUsage: null, ski: null } };
  const kinds: Readonly<Record<string, Der>> = {
    "a root": root.der,
    "a leaf": makeServer(root, "a.example").der,
    "an authority that may not sign": makeRoot("CN=2", { extensions: { keyUsage: keyUsage(0) } }).der,
    "a key for signing certificates, and nothing else": makeRoot("CN=3", { extensions: { basicConstraints: null } })
      .der,
    "a key for signing certificates of no authority": makeRoot("CN=4", {
      extensions: { basicConstraints: basicConstraints(false) },
    }).der,
    "a root of version 3 that says nothing": makeRoot("CN=5", lone).der,
    "a root of version 1": makeRoot("CN=6", { version: 0, onlyExtensions: null }).der,
    "a leaf of version 1": makeCertificate(root, { version: 0, onlyExtensions: null, key: keyNamed("leaf") }).der,
  };
  for (const [name, der] of Object.entries(kinds)) {
    const stats = clientContext({ ca: [], trust: TrustStore.fromDer(der) }).certStoreStats();
    expect(stats, name).toEqual(pythonsStats(der));
  }
});

const root = makeRoot("CN=root of the features");

function pythonsStats(der: Der): CertStoreStats {
  const code = [
    "import json, ssl, sys",
    "context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
    "context.load_verify_locations(cadata=sys.stdin.read())",
    "json.dump(context.cert_store_stats(), sys.stdout)",
  ].join("\n");
  const answer = execFileSync("python3", ["-c", code], { input: derCertToPem(der), encoding: "utf8" });
  const { x509, x509_ca: x509Ca, crl } = JSON.parse(answer) as Record<"x509" | "x509_ca" | "crl", number>;
  return { x509, x509Ca, crl };
}

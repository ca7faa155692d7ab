// With which signature scheme each side proved that it has the key of its certificate. What real peers say about it is in
// test/interop.
import { expect, test } from "vitest";
import type { Identity, SignatureScheme, TLSVersion } from "../../ts/ssl/index.ts";
import {
  clientAuth,
  extKeyUsage,
  type KeyKind,
  keyNamed,
  keyUsage,
  makeRoot,
  makeServer,
  serverAuth,
  today,
} from "../support/certificate-factory.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  chunks,
  connected,
  forEachCase,
  forEachVersion,
  identityOf,
  inCase,
  type Pair,
  pairOf,
  versions,
} from "../support/conversation.ts";

const root = makeRoot("CN=root of the signature schemes");
const ca = [certs.root.cert, certs.rsaRoot.cert, root.der];
const now = (): number => today;

/** Which kind of key signs with which scheme. */
const schemes: readonly (readonly [version: TLSVersion, KeyKind, SignatureScheme])[] = [
  ...versions.flatMap((version) => [
    [version, "P-256", "ecdsa_secp256r1_sha256"] as const,
    [version, "P-384", "ecdsa_secp384r1_sha384"] as const,
    [version, "P-521", "ecdsa_secp521r1_sha512"] as const,
  ]),
  // In TLS 1.2 the scheme of ECDSA names a hash only (RFC 8446, section 4.2.3).
  ["TLSv1.2", "P-256", "ecdsa_secp384r1_sha384"],
  ["TLSv1.2", "P-521", "ecdsa_secp256r1_sha256"],
  ["TLSv1.2", "rsa2048", "rsa_pkcs1_sha256"],
  ["TLSv1.2", "rsa2048", "rsa_pkcs1_sha384"],
  ["TLSv1.2", "rsa2048", "rsa_pkcs1_sha512"],
  ["TLSv1.3", "rsa2048", "rsa_pss_rsae_sha256"],
  ["TLSv1.3", "rsa2048", "rsa_pss_rsae_sha384"],
  ["TLSv1.3", "rsa2048", "rsa_pss_rsae_sha512"],
];

test("serverSigalg() is the scheme that the client left the server to sign with, on both sides", () => {
  for (const [version, kind, scheme] of schemes) {
    inCase(`${version}, ${kind}, ${scheme}`, () => {
      const client = { ca, now, signatureAlgorithms: [scheme] };
      const pair = connected({ version, client, server: { now, identities: [made(kind)] } });
      expect(told(pair)).toEqual([null, scheme, null, scheme]);
    });
  }
});

test("clientSigalg() is the scheme that the server left the client to sign with, on both sides (TLS 1.3)", () => {
  for (const [version, kind, scheme] of schemes.filter(([only]) => only === "TLSv1.3")) {
    inCase(`${kind}, ${scheme}`, () => {
      const identities = [made(kind)];
      const server = { ca, now, identities, verifyMode: "required", signatureAlgorithms: [scheme] } as const;
      const pair = connected({ version, client: { ca, now, identities }, server });
      expect(told(pair)).toEqual([scheme, scheme, scheme, scheme]);
    });
  }
});

test("clientSigalg() has the hash of the cipher suite, on both sides (TLS 1.2)", () => {
  for (const hash of ["SHA256", "SHA384"] as const) {
    const cipherSuites = [hash === "SHA256" ? "ECDHE-ECDSA-AES128-GCM-SHA256" : "ECDHE-ECDSA-AES256-GCM-SHA384"];
    for (const [kind, scheme] of [
      ["P-256", hash === "SHA256" ? "ecdsa_secp256r1_sha256" : "ecdsa_secp384r1_sha384"],
      ["P-521", hash === "SHA256" ? "ecdsa_secp256r1_sha256" : "ecdsa_secp384r1_sha384"],
      ["rsa2048", hash === "SHA256" ? "rsa_pkcs1_sha256" : "rsa_pkcs1_sha384"],
    ] as const) {
      inCase(`${hash}, ${kind}`, () => {
        const client = { ca, now, cipherSuites, identities: [made(kind)] };
        const pair = connected({ version: "TLSv1.2", client, server: { ca, now, verifyMode: "required" } });
        expect([pair.client.tls.clientSigalg(), pair.server.tls.clientSigalg()]).toEqual([scheme, scheme]);
      });
    }
  }
});

test("each side's scheme is its own: the client's key may be of another kind than the server's", () => {
  for (const chunk of chunks) {
    forEachVersion((version) => {
      const server = { ca, verifyMode: "required" } as const;
      const client = { ca, identities: [identityOf("clientRsa")] };
      const pair = connected({ version, identity: "localhost", client, server }, chunk);
      const rsa = version === "TLSv1.2" ? /^rsa_pkcs1_sha/ : /^rsa_pss_rsae_sha/;
      const [clientSigalg, ...others] = told(pair);
      expect(clientSigalg).toMatch(rsa);
      expect(others).toEqual(["ecdsa_secp256r1_sha256", clientSigalg, "ecdsa_secp256r1_sha256"]);
    });
  }
});

test("clientSigalg() is null when the client was asked for a certificate and has none", () => {
  forEachVersion((version) => {
    const pair = connected({ version, server: { ca, verifyMode: "optional" } });
    expect(told(pair)).toEqual([null, "ecdsa_secp256r1_sha256", null, "ecdsa_secp256r1_sha256"]);
  });
});

test("serverSigalg() is the scheme that was used, not the first that might have been", () => {
  const signatureAlgorithms = ["ecdsa_secp521r1_sha512", "rsa_pss_rsae_sha512", "ecdsa_secp256r1_sha256"] as const;
  const pair = connected({ version: "TLSv1.3", client: { signatureAlgorithms } });
  expect(told(pair)).toEqual([null, "ecdsa_secp256r1_sha256", null, "ecdsa_secp256r1_sha256"]);
});

test("both are null when nobody signed: with RSA key transport the server decrypts instead", () => {
  const cipherSuites = ["TLS_RSA_WITH_AES_128_GCM_SHA256"];
  const server = { now, cipherSuites, identities: [made("rsa2048")] };
  const pair = connected({ version: "TLSv1.2", client: { ca, now, cipherSuites }, server });
  expect(told(pair)).toEqual([null, null, null, null]);
});

test("both are null before the end of the handshake and after one that failed", () => {
  forEachCase(
    (version, _, chunk) => {
      expect(told(pairOf({ version }))).toEqual([null, null, null, null]);
      const failed = pairOf({ version, identity: "unknownCa" });
      attempt(failed, chunk);
      expect([failed.client.tls.state, failed.server.tls.state]).toEqual(["failed", "failed"]);
      expect(told(failed)).toEqual([null, null, null, null]);
    },
    { roles: ["client"] },
  );
});

function told({ client, server }: Pair): (SignatureScheme | null)[] {
  return [client, server].flatMap(({ tls }) => [tls.clientSigalg(), tls.serverSigalg()]);
}

/** For localhost, good for either role and for every key exchange. */
function made(kind: KeyKind): Identity {
  const key = keyNamed("signer", kind);
  const extensions = { keyUsage: keyUsage(0, 2), extKeyUsage: extKeyUsage([serverAuth, clientAuth]) };
  const { der } = makeServer(root, "localhost", { key, extensions });
  return { cert: der, key: key.privateKey.export({ type: "pkcs8", format: "pem" }) };
}

// Several identities on one context, with OpenSSL on the other side: what it can take a signature of decides.
import { expect, test } from "vitest";
import { type KeyIdentity, SSLContext } from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { versions } from "../socket/tls.ts";
import { opensslClient, opensslServer } from "../support/peers.ts";
import { join, serve } from "./turns.ts";

const ca = [certs.root.cert, certs.rsaRoot.cert];

for (const version of versions) {
  const rsa = version === "TLSv1.2" ? "RSA" : "RSA-PSS";
  const schemes = [
    ["ecdsa_secp256r1_sha256", "ECDSA"],
    [version === "TLSv1.2" ? "rsa_pkcs1_sha256" : "rsa_pss_rsae_sha256", rsa],
    ["ecdsa_secp384r1_sha384", "ECDSA"],
  ] as const;

  test(`S25 a server with RSA, P-256 and P-384 serves OpenSSL's client what it can verify (${version})`, async () => {
    const identities = [identity("localhostRsa"), identity("localhost"), identity("localhostP384")];
    using context = SSLContext.server({ identities });
    using reversed = SSLContext.server({ identities: identities.toReversed() });
    for (const [scheme, kind] of version === "TLSv1.2" ? schemes.slice(0, 2) : schemes) {
      const serving = await serve([context, reversed], (tls) => tls.serverSigalg());
      for (const _ of [context, reversed]) {
        const trust = scheme.startsWith("rsa") ? "rsaRoot" : "root";
        await using peer = opensslClient(serving.port, {
          version,
          ca: certPath(trust, "cert"),
          extra: ["-sigalgs", scheme],
        });
        expect((await peer.waitFor(/Peer signature type: (\S+)/))[1]).toBe(kind);
        await peer.waitFor(/Verify return code: 0 \(ok\)/);
        peer.endInput();
        await peer.exited; // with its close_notify
      }
      expect(await serving.seen).toEqual([scheme, scheme]);
    }
  });

  test(`S25 a client with RSA and ECDSA presents what OpenSSL's server can verify (${version})`, async () => {
    const identities = [identity("clientRsa"), identity("client")];
    for (const [scheme] of schemes.slice(0, 2)) {
      const extra = ["-client_sigalgs", scheme, "-CAfile", certPath("root", "cert")];
      await using peer = await opensslServer({ version, verify: true, extra });
      for (const order of [identities, identities.toReversed()]) {
        // In TLS 1.2 the hash of the cipher suite is the one that is signed with.
        using context = SSLContext.client({ ca, identities: order, cipherSuites: [...suites] });
        const signed = await join(context, peer.port, {}, async (tls) => {
          await tls.sendAll(new TextEncoder().encode("hello\n"));
          return tls.clientSigalg();
        });
        expect(signed).toBe(scheme);
      }
      await peer.waitFor(/hello\n[^]*hello\n/);
    }
  });

  test(`S25 a client presents nothing to an OpenSSL server that can verify none of its signatures (${version})`, async () => {
    const extra = ["-client_sigalgs", schemes[1][0], "-verify", "5", "-verify_return_error"];
    await using peer = await opensslServer({ version, extra });
    using context = SSLContext.client({ ca, identities: [identity("client")] });
    await join(context, peer.port, {}, (tls) => tls.sendAll(new TextEncoder().encode("hello\n")));
    await peer.waitFor(/hello/);
    expect(peer.stdout).not.toContain("Client certificate");
  });
}

const suites = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"] as const;

function identity(name: CertName): KeyIdentity {
  return { cert: certs[name].chain, key: certs[name].key };
}

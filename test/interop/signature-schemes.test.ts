// The signature schemes of both sides as OpenSSL sees them.
import { expect, test } from "vitest";
import { SSLContext, type SSLSocket } from "../../ts/index.ts";
import { certPath, certs } from "../support/certs.ts";
import { dial, listen } from "../support/dial.ts";
import { opensslClient, opensslServer, type Peer } from "../support/peers.ts";

const ca = [certs.root.cert, certs.rsaRoot.cert];
/** OpenSSL's name for the kind of key, and the hash. */
const told: Readonly<Record<string, readonly [type: string, hash: string]>> = {
  ecdsa_secp256r1_sha256: ["ECDSA", "SHA256"],
  ecdsa_secp384r1_sha384: ["ECDSA", "SHA384"],
  rsa_pkcs1_sha256: ["RSA", "SHA256"],
  rsa_pkcs1_sha384: ["RSA", "SHA384"],
  rsa_pkcs1_sha512: ["RSA", "SHA512"],
  rsa_pss_rsae_sha256: ["RSA-PSS", "SHA256"],
  rsa_pss_rsae_sha384: ["RSA-PSS", "SHA384"],
  rsa_pss_rsae_sha512: ["RSA-PSS", "SHA512"],
};

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  const rsa = version === "TLSv1.2" ? "rsa_pkcs1" : "rsa_pss_rsae";

  test(`serverSigalg() is what OpenSSL was left to sign with, clientSigalg() what it says we signed with (${version})`, async () => {
    for (const scheme of [`${rsa}_sha256`, `${rsa}_sha384`, `${rsa}_sha512`] as const) {
      const [cert, key] = [certPath("localhostRsa", "cert"), certPath("localhostRsa", "key")];
      const extra = ["-CAfile", certPath("root", "cert")];
      await using peer = await opensslServer({ version, cert, key, extra, verify: true });
      using context = SSLContext.client({
        ca,
        identities: [{ cert: certs.client.chain, key: certs.client.key }],
        signatureAlgorithms: [scheme, "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"],
      });
      const tls = context.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
      await tls.sendAll(new TextEncoder().encode("hello\n")); // s_server introduces the connection when something comes
      expect(tls.serverSigalg()).toBe(scheme);
      expect(told[tls.clientSigalg()!]).toEqual(await peerSignature(peer));
      tls.close();
    }
  });

  test(`clientSigalg() is what OpenSSL's client signed with, serverSigalg() what it says we signed with (${version})`, async () => {
    for (const scheme of [`${rsa}_sha256`, `${rsa}_sha384`, `${rsa}_sha512`] as const) {
      // In TLS 1.2 Mbed TLS reads signatures with the hashes of its cipher suites only.
      if (scheme === "rsa_pkcs1_sha512") continue;
      using context = SSLContext.server({
        ca,
        identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }],
        verifyMode: "required",
      });
      const accepted = Promise.withResolvers<SSLSocket>();
      const listening = await listen((transport) => accepted.resolve(context.wrapSocket(transport)));
      const [cert, key] = [certPath("clientRsa", "cert"), certPath("clientRsa", "key")];
      const extra = ["-client_sigalgs", scheme, "-sigalgs", `${scheme}:ecdsa_secp256r1_sha256`];
      await using peer = opensslClient(listening.port, { version, cert, key, extra });
      const tls = await accepted.promise;
      await tls.sendAll(new TextEncoder().encode("hello\n"));
      expect(tls.clientSigalg()).toBe(scheme);
      expect(tls.serverSigalg()).toBe("ecdsa_secp256r1_sha256");
      expect(await peerSignature(peer)).toEqual(["ECDSA", "SHA256"]);
      tls.close();
      listening.stop();
    }
  });
}

async function peerSignature(peer: Peer): Promise<[type: string, hash: string]> {
  const [, hash] = await peer.waitFor(/Peer signing digest: (\S+)/);
  const [, type] = await peer.waitFor(/Peer signature type: (\S+)/);
  return [type!, hash!];
}

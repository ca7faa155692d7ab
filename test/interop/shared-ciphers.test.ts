// The cipher suites that a server shares with its client, as Python lists them.
import { expect, test } from "vitest";
import { MemoryBIO, select, SSLContext } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { dial } from "../support/dial.ts";
import { pythonServer } from "../support/peers.ts";

const suites = {
  "TLSv1.2": ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"],
  "TLSv1.3": ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384"],
} as const;

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`S31 sharedCiphers() of our server is shared_ciphers() of Python's for the same client (${version})`, async () => {
    const cipherSuites = suites[version];
    using clients = SSLContext.client({ ca: certs.root.cert, cipherSuites });
    await using peer = await pythonServer({ version, count: 1 });
    const tls = clients.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
    while (tls.tryHandshake().kind === "want") await select([tls], [], []);
    const { shared } = await peer.event("connected");
    tls.close();
    expect(shared!.toSorted()).toEqual(cipherSuites.toSorted());

    // The order is that of the server: Python has OpenSSL's, and ours is given the same.
    const order = ["ECDHE-RSA-AES128-SHA", ...shared!];
    const identities = [{ cert: certs.localhost.chain, key: certs.localhost.key }];
    using servers = SSLContext.server({ identities, cipherSuites: order });
    const [toServer, toClient] = [new MemoryBIO(), new MemoryBIO()];
    using server = servers.wrapBio(toServer, toClient);
    using client = clients.wrapBio(toClient, toServer, { serverHostname: "localhost" });
    while ([client, server].map((side) => side.tryHandshake().kind).includes("want"));
    expect(server.sharedCiphers()!.map(({ name }) => name)).toEqual(shared);
  });
}

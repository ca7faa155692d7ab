// `wanttls serve --starttls` with the clients of GnuTLS, which know the same protocols but for MySQL's.
import { expect, it } from "vitest";
import { wanttlsServe } from "../cli/command.ts";
import { certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";

for (const name of ["smtp", "imap", "pop3", "ftp", "xmpp", "ldap", "postgres"]) {
  it(`talks TLS with gnutls-cli --starttls-proto ${name}`, async () => {
    await using server = await wanttlsServe("--starttls", name);
    const to = ["--port", String(server.port), "--x509cafile", certPath("root", "cert"), "localhost"];
    await using client = new Peer("gnutls-cli", ["--starttls-proto", name, ...to]);
    await client.waitFor(/Handshake was completed/);
    client.write("there and back\n");
    await expect(client.waitFor(/^there and back$/m)).resolves.toBeTruthy();
  });
}

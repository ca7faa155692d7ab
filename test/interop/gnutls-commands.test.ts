// The commands of GnuTLS, in both roles; its library is among the others (libraries.test.ts).
import { expect } from "vitest";
import { SSLCertVerificationError, SSLError, type TLSVersion } from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { Peer } from "../support/peers.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { clientOf, connectTo, readUntil, refused, serverOf, serveWith } from "./ours.ts";
import { startOn } from "./programs.ts";

const version = versionOf("gnutls-cli");

function priority(tls: TLSVersion): string {
  return `NORMAL:-VERS-ALL:+VERS-${tls.replace("TLSv", "TLS")}`;
}

/** `gnutls-serv` that sends back each line, and asks for a certificate if `verify` says so. */
async function gnutlsServ(tls: TLSVersion, identity: CertName = "localhost", verify: boolean = false): Promise<Peer> {
  const own = ["--x509certfile", certPath(identity, "chain"), "--x509keyfile", certPath(identity, "key")];
  const client = verify
    ? ["--require-client-cert", "--verify-client-cert", "--x509cafile", certPath("root", "cert")]
    : ["--disable-client-cert"];
  const words = ["--echo", "--priority", priority(tls), ...own, ...client];
  const start = ([port]: readonly number[]): Peer => new Peer("gnutls-serv", ["--port", String(port), ...words]);
  const { program, ports } = await startOn(1, start);
  program.port = ports[0]!;
  return program;
}

function gnutlsCli(port: number, tls: TLSVersion, more: readonly string[] = []): Peer {
  const trust = [
    "--x509cafile",
    certPath("root", "cert"),
    "--sni-hostname",
    "localhost",
    "--verify-hostname",
    "localhost",
  ];
  return new Peer("gnutls-cli", ["--port", String(port), "--priority", priority(tls), ...trust, ...more, "127.0.0.1"]);
}

for (const tls of versions) {
  const server: Row = { program: "gnutls-serv", version, role: "server", tls };
  const client: Row = { program: "gnutls-cli", version, role: "client", tls };

  interop(server, "echoes what we say", async () => {
    await using peer = await gnutlsServ(tls);
    await using connection = await connectTo(peer.port, clientOf(tls));
    await connection.write(new TextEncoder().encode("hello\n"));
    expect(await readUntil(connection, "\n")).toBe("hello\n");
  });

  interop(server, "is not trusted with an unknown certificate", async () => {
    await using peer = await gnutlsServ(tls, "unknownCa");
    await expect(connectTo(peer.port, clientOf(tls))).rejects.toThrow(SSLCertVerificationError);
  });

  interop(server, "takes our certificate, and refuses an unknown one", async () => {
    await using peer = await gnutlsServ(tls, "localhost", true);
    await using connection = await connectTo(peer.port, clientOf(tls, { identities: [identityOf("client")] }));
    await connection.write(new TextEncoder().encode("hello\n"));
    expect(await readUntil(connection, "\n")).toBe("hello\n");
    const stranger = clientOf(tls, { identities: [identityOf("clientUnknown")] });
    await expect(refused(peer.port, stranger)).rejects.toThrow(SSLError);
  });

  interop(client, "has echoed what it says", async () => {
    await using ours = await serveWith(serverOf(tls), (connection) => connection.readable.pipeTo(connection.writable));
    await using peer = gnutlsCli(ours.port, tls);
    expect(await ours.next()).toBeNull();
    await peer.waitFor(/Simple Client Mode/);
    peer.write("hello from gnutls\n");
    await peer.waitFor(/^hello from gnutls$/m);
  });

  interop(client, "refuses our unknown certificate", async () => {
    await using ours = await serveWith(serverOf(tls, {}, "unknownCa"), async () => {});
    await using peer = gnutlsCli(ours.port, tls);
    await peer.waitFor(/certificate is NOT trusted/);
    expect(await peer.exited).toBe(1);
  });

  interop(client, "shows its certificate, and is refused with an unknown one", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveWith(context, (connection) => connection.readable.pipeTo(connection.writable));
    for (const [identity, outcome] of [
      ["client", "wanttls test client"],
      ["clientUnknown", expect.any(SSLCertVerificationError)],
    ] as const) {
      const own = ["--x509certfile", certPath(identity, "chain"), "--x509keyfile", certPath(identity, "key")];
      await using peer = gnutlsCli(ours.port, tls, own);
      expect(await ours.next()).toEqual(outcome);
      await peer.stop();
    }
  });
}

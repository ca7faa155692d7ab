// Mail with STARTTLS (RFC 3207): npm's smtp-server with nodemailer over a connection that we have upgraded, and nodemailer with a
// server of ours.
import { readFileSync } from "node:fs";
import { createTransport } from "nodemailer";
import { expect } from "vitest";
import {
  type NonBlockingTransport,
  SSLCertVerificationError,
  type SSLContext,
  startTls,
  type TLSConnection,
  type TLSVersion,
} from "../../ts/index.ts";
import { toDuplex } from "../../ts/node/duplex.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { dial } from "../support/dial.ts";
import { Peer, started } from "../support/peers.ts";
import { interop, type Row } from "./matrix.ts";
import { clientOf, hear, readUntil, say, serverOf, serveUpgraded } from "./ours.ts";

const size = 200_000;

for (const tls of versions) {
  const server: Row = { program: "smtp-server", version: packageVersion("smtp-server"), role: "server", tls };
  const client: Row = { program: "nodemailer", version: packageVersion("nodemailer"), role: "client", tls };

  interop(server, "takes a mail of nodemailer over our connection", async () => {
    await using peer = await startServer(tls, "localhost");
    const connection = await upgraded(peer.port, clientOf(tls, { identities: [identityOf("client")] }));
    const socket = toDuplex(connection);
    socket.unshift(Buffer.from("220 greeted before\r\n")); // nodemailer waits for the greeting, which came before TLS
    // What nodemailer uses of a net.Socket, the stream has.
    const transport = createTransport({ connection: socket as never, secured: true, ignoreTLS: true });
    await transport.sendMail({ from: "a@example.org", to: "b@example.org", text: "x".repeat(size) });
    const [, length] = await peer.waitFor(/secured mail of (\d+) bytes/);
    expect(Number(length)).toBeGreaterThan(size);
    transport.close();
    await connection.close();
  });

  interop(server, "hears nothing more from a client that does not trust it", async () => {
    await using peer = await startServer(tls, "unknownCa");
    await expect(upgraded(peer.port, clientOf(tls))).rejects.toThrow(SSLCertVerificationError);
  });

  interop(client, "mails to our server", async () => {
    const mails: string[] = [];
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveUpgraded(
      context,
      offer,
      async (connection) => void mails.push(await takeMail(connection)),
    );
    await using peer = startClient(tls, "client", ours.port);
    expect(await peer.exited).toBe(0);
    expect(await ours.next()).toBe("wanttls test client");
    expect(mails.join()).toContain("over STARTTLS");
  });

  // It looks at the certificate behind the handshake.
  interop(client, "says nothing to a server with an unknown certificate", async () => {
    let heard = "";
    await using ours = await serveUpgraded(serverOf(tls, {}, "unknownCa"), offer, async (connection) => {
      heard = await readUntil(connection, "\n");
    });
    await using peer = startClient(tls, "client", ours.port);
    expect(await peer.exited).not.toBe(0);
    expect(peer.stderr).toContain("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    await ours.next();
    expect(heard).toBe("");
  });

  interop(client, "is refused with an unknown certificate", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveUpgraded(context, offer, async () => {});
    await using peer = startClient(tls, "clientUnknown", ours.port);
    expect(await peer.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
  });
}

/** The client's side of STARTTLS. */
async function upgraded(port: number, context: SSLContext): Promise<TLSConnection> {
  const plain = await dial(port);
  await hear(plain, /^220 .*\r\n$/);
  await say(plain, "EHLO localhost\r\n");
  expect(await hear(plain, /^250 .*\r\n$/m)).toContain("STARTTLS");
  await say(plain, "STARTTLS\r\n");
  await hear(plain, /^220 .*\r\n$/);
  return startTls(plain, { context, serverHostname: "localhost" });
}

/** The server's side of it. */
async function offer(plain: NonBlockingTransport): Promise<void> {
  await say(plain, "220 ours\r\n");
  await hear(plain, /^EHLO .*\r\n$/);
  await say(plain, "250-ours\r\n250 STARTTLS\r\n");
  await hear(plain, /^STARTTLS\r\n$/);
  await say(plain, "220 go ahead\r\n");
}

/** Takes one mail and answers what it says. */
async function takeMail(tls: TLSConnection): Promise<string> {
  const answer = (line: string): Promise<void> => tls.write(new TextEncoder().encode(`${line}\r\n`));
  for (;;) {
    const command = await readUntil(tls, "\r\n");
    if (command.startsWith("DATA")) break;
    await answer("250 fine");
  }
  await answer("354 go on");
  const mail = await readUntil(tls, "\r\n.\r\n");
  await answer("250 taken");
  return mail;
}

function startServer(version: TLSVersion, identity: CertName): Promise<Peer> {
  return started(run("server", version, identity));
}

function startClient(version: TLSVersion, identity: CertName, port: number): Peer {
  return run("client", version, identity, String(port));
}

function run(role: string, version: TLSVersion, identity: CertName, ...rest: readonly string[]): Peer {
  const script = new URL("peers/smtp.node.ts", import.meta.url).pathname;
  const paths = [certPath(identity, "chain"), certPath(identity, "key"), certPath("root", "cert")];
  return new Peer("node_modules/.bin/node", [script, role, version, ...paths, ...rest]);
}

function packageVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

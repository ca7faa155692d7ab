// Python's asyncio, whose start_tls upgrades a connection in either role. Whom it refuses it cuts off without an alert.
import { expect } from "vitest";
import {
  type NonBlockingTransport,
  SSLCertVerificationError,
  SSLError,
  startTls,
  type TLSConnection,
  type TLSVersion,
} from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { dial } from "../support/dial.ts";
import { Peer, started } from "../support/peers.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { clientOf, hear, readUntil, say, serverOf, serveUpgraded } from "./ours.ts";

const program = { program: "Python (asyncio, start_tls)", version: versionOf("python3") };

for (const tls of versions) {
  const server: Row = { ...program, role: "server", tls };
  const client: Row = { ...program, role: "client", tls };

  interop(server, "echoes what we say, and refuses an unknown certificate", async () => {
    await using peer = await started(run("server", tls, "localhost"));
    await using connection = await upgraded(peer.port, tls, "client");
    await connection.write(new TextEncoder().encode("hello\n"));
    expect(await readUntil(connection, "\n")).toBe("hello\n");
    const stranger = async (): Promise<void> => {
      await using other = await upgraded(peer.port, tls, "clientUnknown");
      await other.read(new Uint8Array(1));
    };
    await expect(stranger()).rejects.toThrow(SSLError);
  });

  interop(server, "is not trusted with an unknown certificate", async () => {
    await using peer = await started(run("server", tls, "unknownCa"));
    await expect(upgraded(peer.port, tls, "client")).rejects.toThrow(SSLCertVerificationError);
  });

  interop(client, "has echoed what it says", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveUpgraded(context, agree, echoLine);
    await using peer = run("client", tls, "client", ours.port);
    expect(await peer.exited).toBe(0);
    expect(peer.stdout).toBe("over asyncio\n");
    expect(await ours.next()).toBe("wanttls test client");
  });

  interop(client, "refuses our unknown certificate", async () => {
    await using ours = await serveUpgraded(serverOf(tls, {}, "unknownCa"), agree, echoLine);
    await using peer = run("client", tls, "client", ours.port);
    expect(await peer.exited).not.toBe(0);
    expect(peer.stderr).toContain("CERTIFICATE_VERIFY_FAILED");
    expect(await ours.next()).toBeInstanceOf(SSLError);
  });

  interop(client, "is refused with an unknown certificate", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveUpgraded(context, agree, echoLine);
    await using peer = run("client", tls, "clientUnknown", ours.port);
    expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
    await peer.exited;
    expect(peer.stdout).toBe("");
  });
}

async function agree(plain: NonBlockingTransport): Promise<void> {
  await hear(plain, /^please\n$/);
  await say(plain, "go ahead\n");
}

async function upgraded(port: number, version: TLSVersion, identity: CertName): Promise<TLSConnection> {
  const plain = await dial(port);
  await say(plain, "please\n");
  await hear(plain, /^go ahead\n$/);
  const context = clientOf(version, { identities: [identityOf(identity)] });
  return startTls(plain, { context, serverHostname: "localhost" });
}

async function echoLine(tls: TLSConnection): Promise<void> {
  await tls.write(new TextEncoder().encode(await readUntil(tls, "\n")));
}

function run(role: string, version: TLSVersion, identity: CertName, port = 0): Peer {
  const script = new URL("peers/peer.asyncio.py", import.meta.url).pathname;
  const paths = [certPath(identity, "chain"), certPath(identity, "key"), certPath("root", "cert")];
  return new Peer("python3", [script, role, version, ...paths, String(port)]);
}

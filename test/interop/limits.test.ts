// Situations and limits of docs/scenarios.md that need OpenSSL as the peer.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ClientOptions, type ServerOptions, SSLContext, type SSLSocket } from "../../ts/index.ts";
import { certPath, certs } from "../support/certs.ts";
import { dial, listen } from "../support/dial.ts";
import { opensslClient, opensslServer, type Peer, type PeerOptions } from "../support/peers.ts";
import { line } from "./turns.ts";

describe("L7 early data of a session with somebody else is skipped", () => {
  for (const [what, groups] of [
    ["when the handshake goes on at once", ["x25519"]],
    ["when the client must say hello again", ["secp384r1"]],
  ] as const) {
    test(what, async () => {
      await using folder = await temporaryFolder();
      const session = join(folder.path, "session.pem");
      const data = join(folder.path, "early");
      await writeFile(data, "early data that nobody may read\n".repeat(500));
      await rememberSession(session);
      const early = ["-sess_in", session, "-early_data", data, "-groups", "X25519:P-384"];
      await using served = await serving({ groups }, { version: "TLSv1.3", extra: early });
      const { tls, peer } = served;
      await tls.sendAll(bytes("hello\n"));
      await peer.waitFor(/hello\n/);
      expect(peer.stdout).toMatch(/Early data was rejected/);
      peer.write("late data\n");
      expect(await line(tls)).toBe("late data\n");
    });
  }
});

test("L7 early data beyond the bound of a handshake ends it", async () => {
  await using folder = await temporaryFolder();
  const session = join(folder.path, "session.pem");
  const data = join(folder.path, "early");
  await writeFile(data, "early data that nobody may read\n".repeat(3000));
  await rememberSession(session);
  await using served = await serving({}, { version: "TLSv1.3", extra: ["-sess_in", session, "-early_data", data] });
  await expect(served.tls.sendAll(bytes("hello\n"))).rejects.toMatchObject({ reason: "EXCESSIVE_MESSAGE_SIZE" });
});

describe("L10 alerts of TLS 1.3 can be read by the peer", () => {
  test("a server that misses a certificate says so after its Finished", async () => {
    const options: Partial<ServerOptions> = { verifyMode: "required", ca: certs.root.cert };
    await using served = await serving(options, { version: "TLSv1.3", extra: ["-ign_eof"] });
    await expect(served.tls.sendAll(bytes("x"))).rejects.toMatchObject({ reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE" });
    await served.peer.waitFor(/alert certificate required/);
  });

  test("a server says what is wrong with a certificate after its Finished", async () => {
    const options: Partial<ServerOptions> = { verifyMode: "required", ca: certs.root.cert };
    const [cert, key] = [certPath("clientUnknown", "cert"), certPath("clientUnknown", "key")];
    await using served = await serving(options, { version: "TLSv1.3", cert, key, extra: ["-ign_eof"] });
    await expect(served.tls.sendAll(bytes("x"))).rejects.toMatchObject({ name: "SSLCertVerificationError" });
    await served.peer.waitFor(/alert unknown ca/);
  });

  test("a client says what is wrong with a certificate before its Finished", async () => {
    await using peer = await opensslServer({ version: "TLSv1.3" });
    await using connection = await connecting(peer, { ca: certs.unknownRoot.cert });
    await expect(connection.tls.sendAll(bytes("x"))).rejects.toMatchObject({ name: "SSLCertVerificationError" });
    await peer.waitFor(/alert unknown ca/);
  });
});

test("L17 OpenSSL exports the same keying material with suites of CBC and SHA-1, and with SHA-384", async () => {
  for (const cipher of ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384"] as const) {
    const extra = ["-keymatexport", "EXPORTER-wanttls", "-keymatexportlen", "40"];
    await using peer = await opensslServer({ version: "TLSv1.2", extra: [...extra, "-cipher", "ALL:@SECLEVEL=0"] });
    await using connection = await connecting(peer, { cipherSuites: [cipher] });
    const { tls } = connection;
    await tls.sendAll(bytes("hello\n")); // s_server introduces the connection when something comes
    const [, printed] = await peer.waitFor(/Keying material: ([0-9A-F]{80})/);
    const ours = tls.exportKeyingMaterial(40, "EXPORTER-wanttls");
    expect(Array.from(ours, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("")).toBe(printed);
  }
});

describe("S41 a renegotiation that OpenSSL wants is refused", () => {
  test("by a client, and the server ends it", async () => {
    await using peer = await opensslServer({ version: "TLSv1.2", extra: ["-msg"] });
    await using connection = await connecting(peer, {});
    await connection.tls.sendAll(bytes("hello\n"));
    await peer.waitFor(/hello\n/);
    peer.write("r\n");
    const reading = line(connection.tls).catch((error: unknown) => error);
    await peer.waitFor(/HelloRequest[^]*<<< [^\n]*Alert[^\n]*no_renegotiation/);
    expect(await reading).toMatchObject({ name: "SSLAlertError", alertName: "handshake_failure" }); // OpenSSL's answer
  });

  test("by a server, and the client ends it", async () => {
    await using served = await serving({}, { version: "TLSv1.2", commands: true, extra: ["-msg"] });
    const { tls, peer } = served;
    await tls.sendAll(bytes("hello\n"));
    await peer.waitFor(/hello\n/);
    peer.write("R\n");
    const reading = line(tls).catch((error: unknown) => error);
    await peer.waitFor(/<<< [^\n]*Alert[^\n]*no_renegotiation/);
    expect(await reading).toMatchObject({ name: "SSLAlertError", alertName: "handshake_failure" }); // OpenSSL's answer
  });
});

interface Talk extends AsyncDisposable {
  readonly tls: SSLSocket;
}

/** Our client, connected to a peer. */
async function connecting(peer: Peer, options: ClientOptions): Promise<Talk> {
  const context = SSLContext.client({ ca: certs.root.cert, ...options });
  const tls = context.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
  return {
    tls,
    [Symbol.asyncDispose]: async () => {
      tls.close();
      context.dispose();
      await Promise.resolve();
    },
  };
}

/** OpenSSL's client, connected to our server. */
async function serving(options: Partial<ServerOptions>, peerOptions: PeerOptions): Promise<Talk & { peer: Peer }> {
  const identities = [{ cert: certs.localhost.chain, key: certs.localhost.key }];
  const context = SSLContext.server({ identities, ...options });
  const accepted = Promise.withResolvers<SSLSocket>();
  const listening = await listen((transport) => accepted.resolve(context.wrapSocket(transport)));
  const peer = opensslClient(listening.port, peerOptions);
  const tls = await accepted.promise;
  return {
    tls,
    peer,
    [Symbol.asyncDispose]: async () => {
      tls.close();
      listening.stop();
      await peer.stop();
      context.dispose();
    },
  };
}

/** Has OpenSSL make a session with itself that allows early data. */
async function rememberSession(path: string): Promise<void> {
  await using server = await opensslServer({ version: "TLSv1.3", extra: ["-max_early_data", "200000"] });
  await using client = opensslClient(server.port, { version: "TLSv1.3", extra: ["-sess_out", path, "-ign_eof"] });
  client.write("hello\n"); // s_server goes on when something comes
  await server.waitFor(/hello\n/);
  server.write("the tickets were before\n");
  await client.waitFor(/the tickets were before\n/);
}

async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "wanttls-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

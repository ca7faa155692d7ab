// Channel bindings as Python, GnuTLS and OpenSSL have them for the same connection.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import {
  type ChannelBindingType,
  select,
  type ServerOptions,
  SSLContext,
  type SSLSession,
  type SSLSocket,
  type WrapSocketOptions,
} from "../../ts/index.ts";
import { certPath, type CertName, certs } from "../support/certs.ts";
import { dial, listen } from "../support/dial.ts";
import { opensslServer, Peer, pythonClient, pythonServer } from "../support/peers.ts";
import { join, serve, turn } from "./turns.ts";

const versions = ["TLSv1.2", "TLSv1.3"] as const;
const types: readonly ChannelBindingType[] = ["tls-unique", "tls-server-end-point", "tls-exporter"];

test("S37 tls-unique is Python's in TLS 1.2, on its server and on its client", async () => {
  await using server = await pythonServer({ version: "TLSv1.2", count: 1 });
  const client = await connectedTo(server);
  const bound = hex(client.getChannelBinding("tls-unique"));
  expect(bound).toMatch(/^[0-9a-f]{24}$/);
  expect((await server.event("connected")).unique).toBe(bound);
  client.close();

  const { tls, peer } = await accepted({}, (port) => pythonClient(port, { version: "TLSv1.2", bytes: 1 }));
  await using python = peer;
  expect((await python.event("connected")).unique).toBe(hex(tls.getChannelBinding()));
  tls.close();
});

test("S37 tls-unique of a resumed session is Python's, on its server and on its client", async () => {
  const version = "TLSv1.2";
  await using server = await pythonServer({ version });
  using clients = SSLContext.client({ ca: certs.root.cert, maxVersion: version });
  let session: SSLSession | null = null;
  for (const nth of [0, 1]) {
    const look = async (tls: SSLSocket): Promise<unknown> => {
      await turn(tls, nth);
      session = tls.session;
      return [tls.sessionReused, hex(tls.getChannelBinding())];
    };
    const offer: WrapSocketOptions = session === null ? {} : { session };
    const ours = await join(clients, server.port, offer, look);
    expect(ours).toEqual([nth === 1, (await server.event("connected", nth)).unique]);
  }

  using servers = SSLContext.server({ identities: [identity("localhost")] });
  const look = (tls: SSLSocket): unknown => [tls.sessionReused, hex(tls.getChannelBinding())];
  const { port, seen } = await serve([servers, servers], look);
  await using client = pythonClient(port, { version, bytes: 10, connections: 2 });
  const theirs = [await client.event("connected", 0), await client.event("connected", 1)];
  expect(await seen).toEqual(theirs.map(({ unique }, nth) => [nth === 1, unique]));
});

for (const version of versions) {
  test(`S37 every binding of ours is one of GnuTLS's client, and there is none where it has none (${version})`, async () => {
    for (const name of ["localhost", "localhostRsa", "localhostP384"] as const) {
      const { tls, peer } = await accepted({ identities: [identity(name)] }, (port) => gnutlsClient(port, version));
      await using gnutls = peer;
      const theirs = await gnutlsBindings(gnutls);
      for (const type of types) expect(hex(tls.getChannelBinding(type)), `${name}, ${type}`).toBe(theirs[type]);
      expect(theirs["tls-unique"] === null).toBe(version === "TLSv1.3");
      tls.close();
    }
  });
}

test("RFC 9266 there is no tls-exporter in TLS 1.2 without the extended master secret", async () => {
  const legacy = { requireExtendedMasterSecret: false };
  const { tls, peer } = await accepted(legacy, (port) => gnutlsClient(port, "TLSv1.2", ":%NO_SESSION_HASH"));
  await using gnutls = peer;
  const theirs = await gnutlsBindings(gnutls);
  expect([tls.getChannelBinding("tls-exporter"), theirs["tls-exporter"]]).toEqual([null, null]);
  expect(hex(tls.getChannelBinding("tls-unique"))).toBe(theirs["tls-unique"]);
  tls.close();
});

test("tls-exporter is what OpenSSL exports under its label in TLS 1.3", async () => {
  const extra = ["-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"];
  await using peer = await opensslServer({ version: "TLSv1.3", extra });
  const tls = await connectedTo(peer);
  await tls.sendAll(new TextEncoder().encode("hello\n")); // s_server introduces the connection when something comes
  const [, printed] = await peer.waitFor(/Keying material: ([0-9A-F]{64})/);
  expect(hex(tls.getChannelBinding("tls-exporter"))).toBe(printed!.toLowerCase());
  tls.close();
});

test("tls-server-end-point is the fingerprint that OpenSSL computes", async () => {
  for (const version of versions) {
    for (const [name, hash] of [
      ["localhost", "sha256"],
      ["localhostRsa", "sha256"],
    ] as const) {
      const [cert, key] = [certPath(name, "cert"), certPath(name, "key")];
      await using peer = await opensslServer({ version, cert, key });
      const tls = await connectedTo(peer);
      const printed = execFileSync("openssl", ["x509", "-in", cert, "-noout", "-fingerprint", `-${hash}`], {
        encoding: "utf8",
      });
      const fingerprint = printed
        .slice(printed.indexOf("=") + 1)
        .replaceAll(":", "")
        .trim()
        .toLowerCase();
      expect(hex(tls.getChannelBinding("tls-server-end-point"))).toBe(fingerprint);
      tls.close();
    }
  }
});

async function connectedTo(peer: Peer): Promise<SSLSocket> {
  const context = SSLContext.client({ ca: [certs.root.cert, certs.rsaRoot.cert] });
  const tls = context.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
  context.dispose();
  await shakeHands(tls);
  return tls;
}

async function accepted(
  options: Partial<ServerOptions>,
  connect: (port: number) => Peer,
): Promise<{ tls: SSLSocket; peer: Peer }> {
  const context = SSLContext.server({ identities: [identity("localhost")], ...options });
  const arrived = Promise.withResolvers<SSLSocket>();
  const listening = await listen((transport) => arrived.resolve(context.wrapSocket(transport)));
  const peer = connect(listening.port);
  const tls = await arrived.promise;
  listening.stop();
  context.dispose();
  await shakeHands(tls);
  return { tls, peer };
}

async function shakeHands(tls: SSLSocket): Promise<void> {
  for (;;) {
    const result = tls.tryHandshake();
    if (result.kind === "ok") return;
    await select([tls], [], []);
  }
}

function identity(name: CertName): { cert: string; key: string } {
  return { cert: certs[name].chain, key: certs[name].key };
}

function gnutlsClient(port: number, version: "TLSv1.2" | "TLSv1.3", extra = ""): Peer {
  const priority = `NORMAL:-VERS-ALL:+VERS-TLS${version.slice(4)}${extra}`;
  const name = ["--sni-hostname", "localhost", "--no-ca-verification"];
  return new Peer("gnutls-cli", ["--verbose", "--port", String(port), "--priority", priority, ...name, "127.0.0.1"]);
}

/** What it prints, which it does once the handshake is over; null for what it cannot give. */
async function gnutlsBindings(peer: Peer): Promise<Record<ChannelBindingType, string | null>> {
  await peer.waitFor(/Handshake was completed/);
  const printed = (type: string): string | null => new RegExp(`'${type}': ([0-9a-f]+)`).exec(peer.stdout)?.[1] ?? null;
  const [unique, endPoint, exporter] = types.map(printed);
  return { "tls-unique": unique!, "tls-server-end-point": endPoint!, "tls-exporter": exporter! };
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes && Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

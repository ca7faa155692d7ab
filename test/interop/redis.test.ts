// Redis over TLS: its server with our client, and its command line with a server of ours that terminates TLS in front of it.
import { afterAll, beforeAll, expect } from "vitest";
import { SSLAlertError, SSLCertVerificationError, type TLSConnection } from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { Peer } from "../support/peers.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { clientOf, connectTo, forward, readUntil, refused, serverOf, serveWith } from "./ours.ts";
import { Folder, startOn } from "./programs.ts";

const program = { program: "Redis", version: versionOf("redis-server") };
const folder = new Folder();
const servers: Peer[] = [];
let [good = 0, unknown = 0, plain = 0]: number[] = [];

beforeAll(async () => {
  const trusted = await startOn(2, ([port = 0, plainPort = 0]) => redisServer(port, "localhost", plainPort));
  servers.push(trusted.program);
  const other = await startOn(1, ([port = 0]) => redisServer(port, "unknownCa", 0));
  servers.push(other.program);
  [good = 0, plain = 0] = trusted.ports;
  [unknown = 0] = other.ports;
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  folder[Symbol.dispose]();
});

for (const tls of versions) {
  const server: Row = { ...program, role: "server", tls };
  const client: Row = { ...program, role: "client", tls };

  interop(server, "keeps what our client gives it", async () => {
    const value = "x".repeat(300_000);
    await using redis = await connectTo(good, clientOf(tls, { identities: [identityOf("client")] }));
    await command(redis, ["SET", `key ${tls}`, value]);
    expect(await readUntil(redis, "\r\n")).toBe("+OK\r\n");
    await command(redis, ["GET", `key ${tls}`]);
    expect(await readUntil(redis, `${value}\r\n`)).toBe(`$${value.length}\r\n${value}\r\n`);
  });

  interop(server, "hears nothing from a client that does not trust it", async () => {
    await expect(connectTo(unknown, clientOf(tls))).rejects.toThrow(SSLCertVerificationError);
  });

  interop(server, "refuses a client with an unknown certificate, and one without any", async () => {
    for (const identities of [[identityOf("clientUnknown")], []]) {
      await expect(refused(good, clientOf(tls, { identities }))).rejects.toThrow(SSLAlertError);
    }
  });

  interop(client, "reads and writes through our server", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveWith(context, (connection) => forward(connection, plain));
    for (const [words, answer] of [
      [["SET", "who", `redis-cli ${tls}`], "OK"],
      [["GET", "who"], `redis-cli ${tls}`],
    ] as const) {
      await using cli = commandLine(ours.port, "client", words);
      expect(await cli.exited).toBe(0);
      expect(cli.stdout.trim()).toBe(answer);
      expect(await ours.next()).toBe("wanttls test client");
    }
  });

  interop(client, "refuses our unknown certificate", async () => {
    await using ours = await serveWith(serverOf(tls, {}, "unknownCa"), (connection) => forward(connection, plain));
    await using cli = commandLine(ours.port, "client", ["PING"]);
    expect(await cli.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLAlertError);
  });

  interop(client, "is refused with an unknown certificate", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveWith(context, (connection) => forward(connection, plain));
    await using cli = commandLine(ours.port, "clientUnknown", ["PING"]);
    expect(await cli.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
  });
}

/** Without a port in plaintext if that is 0. */
function redisServer(port: number, identity: CertName, plainPort: number): Peer {
  return new Peer("redis-server", [
    ...["--bind", "127.0.0.1", "--port", String(plainPort), "--tls-port", String(port), "--dir", folder.path],
    ...["--save", "", "--appendonly", "no", "--tls-auth-clients", "yes"],
    ...["--tls-cert-file", certPath(identity, "chain"), "--tls-key-file", certPath(identity, "key")],
    ...["--tls-ca-cert-file", certPath("root", "cert"), "--tls-protocols", "TLSv1.2 TLSv1.3"],
  ]);
}

function commandLine(port: number, identity: CertName, words: readonly string[]): Peer {
  return new Peer("redis-cli", [
    ...["-h", "127.0.0.1", "-p", String(port), "--tls", "--sni", "localhost", "--cacert", certPath("root", "cert")],
    ...["--cert", certPath(identity, "chain"), "--key", certPath(identity, "key"), ...words],
  ]);
}

function command(redis: TLSConnection, words: readonly string[]): Promise<void> {
  const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return redis.write(new TextEncoder().encode(`*${words.length}\r\n${parts.join("")}`));
}

// PostgreSQL: its server with the npm client `pg` over a connection of ours, and psql with a server of ours in front of it. Both
// ask for TLS in plain first (PostgreSQL, "SSL Session Encryption").
import pg from "pg";
import { afterAll, beforeAll, expect } from "vitest";
import {
  type NonBlockingTransport,
  SSLAlertError,
  SSLCertVerificationError,
  type SSLContext,
  startTls,
  type TLSConnection,
} from "../../ts/index.ts";
import { toDuplex } from "../../ts/node/duplex.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { dial } from "../support/dial.ts";
import { Peer } from "../support/peers.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { clientOf, forward, hear, say, serverOf, serveUpgraded } from "./ours.ts";
import { byCertificate, byPassword, type Postgres, postgresProgram, startPostgres } from "./postgres.ts";

const program = { program: "PostgreSQL", version: versionOf(postgresProgram("postgres")) };
const sslRequest = "\x00\x00\x00\x08\x04\xd2\x16\x2f";
const query =
  "select version || ' ' || coalesce(client_dn, 'nobody') as seen from pg_stat_ssl where pid = pg_backend_pid()";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

for (const tls of versions) {
  const server: Row = { ...program, role: "server", tls };
  const client: Row = { ...program, role: "client", tls };

  interop(server, "answers the npm client pg over our connection, bound to it by SCRAM-SHA-256-PLUS", async () => {
    expect(await ask(clientOf(tls), byPassword)).toBe(`${tls} nobody`);
  });

  interop(server, "refuses a password that is bound to the certificate of somebody in the middle", async () => {
    const other = certs.otherHost.cert;
    await expect(ask(clientOf(tls), byPassword, other)).rejects.toThrow(/channel binding check failed/);
  });

  interop(server, "lets in who shows a certificate", async () => {
    const context = clientOf(tls, { identities: [identityOf("client")] });
    expect(await ask(context, byCertificate)).toBe(`${tls} /CN=wanttls test client`);
    await expect(ask(clientOf(tls), byCertificate)).rejects.toThrow(/requires a valid client certificate/);
  });

  interop(server, "refuses a client with an unknown certificate", async () => {
    const attempt = async (): Promise<void> => {
      await using connection = await secured(clientOf(tls, { identities: [identityOf("clientUnknown")] }));
      await connection.read(new Uint8Array(1));
    };
    await expect(attempt()).rejects.toThrow(SSLAlertError);
  });

  interop(server, "hears nothing from a client that does not trust it", async () => {
    const doubting = clientOf(tls, { ca: certs.unknownRoot.cert });
    await expect(ask(doubting, byPassword)).rejects.toThrow(SSLCertVerificationError);
  });

  interop(client, "asks through our server", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveUpgraded(context, agree, (connection) => forward(connection, postgres.port));
    await using psql = commandLine(ours.port, "client", "select 6 * 7");
    expect(await psql.exited).toBe(0);
    expect(psql.stdout.trim()).toBe("42");
    expect(await ours.next()).toBe("wanttls test client");
  });

  interop(client, "refuses our unknown certificate", async () => {
    const context = serverOf(tls, {}, "unknownCa");
    await using ours = await serveUpgraded(context, agree, (connection) => forward(connection, postgres.port));
    await using psql = commandLine(ours.port, "client", "select 1");
    expect(await psql.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLAlertError);
  });

  interop(client, "is refused with an unknown certificate", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveUpgraded(context, agree, (connection) => forward(connection, postgres.port));
    await using psql = commandLine(ours.port, "clientUnknown", "select 1");
    expect(await psql.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
  });
}

/** The server's side of asking for TLS. */
async function agree(plain: NonBlockingTransport): Promise<void> {
  await hear(plain, new RegExp(`${sslRequest}$`, "s"));
  await say(plain, "S");
}

/** The client's side of it. */
async function secured(context: SSLContext): Promise<TLSConnection> {
  const plain = await dial(postgres.port);
  await say(plain, sslRequest);
  await hear(plain, /S/);
  return startTls(plain, { context, serverHostname: "localhost" });
}

/** What the server knows of our connection. pg binds its password to `certificate`, unless told the one of the connection. */
async function ask(context: SSLContext, login: pg.ClientConfig, certificate?: string): Promise<string> {
  const connection = await secured(context);
  const der = certificate === undefined ? connection.info.peerCertificate!.raw : derOf(certificate);
  const stream = Object.assign(toDuplex(connection), {
    connect: () => void queueMicrotask(() => stream.emit("connect")),
    getPeerCertificate: () => ({ raw: Buffer.from(der) }),
  });
  const client = new pg.Client({ ...login, stream: () => stream, enableChannelBinding: true });
  try {
    await client.connect();
    const { rows } = await client.query<{ seen: string }>(query);
    return rows[0]!.seen;
  } finally {
    await client.end();
    await connection.close();
  }
}

function derOf(pem: string): Uint8Array {
  return Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ""), "base64");
}

function commandLine(port: number, identity: CertName, command: string): Peer {
  const settings = {
    host: "localhost",
    hostaddr: "127.0.0.1",
    port: String(port),
    user: "admin",
    dbname: "postgres",
    sslmode: "verify-full",
    sslrootcert: certPath("root", "cert"),
    sslcert: certPath(identity, "chain"),
    sslkey: postgres.keyFile(identity),
  };
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return new Peer(postgresProgram("psql"), ["-X", "-A", "-t", "-c", command, words.join(" ")]);
}

// `wanttls connect --starttls` with the servers that people run, started from nothing on loopback. Over TLS each is asked no more
// than shows that it is the protocol's own server that answers.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, it } from "vitest";
import { wanttlsConnect } from "../cli/command.ts";
import { certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";
import { Folder, startOn } from "./programs.ts";

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

const [cert, key] = [certPath("localhost", "chain"), certPath("localhost", "key")];

interface Server {
  readonly name: string;
  readonly protocol: string;
  start(port: number): Peer;
  /** What is said over TLS, and what comes back. */
  readonly says: string | Uint8Array;
  readonly hears: RegExp;
}

const dovecot = (protocol: "imap" | "pop3", says: string, hears: RegExp): Server => ({
  name: "dovecot",
  protocol,
  says,
  hears,
  start: (port) =>
    program("dovecot", [
      "-F",
      "-c",
      written(`dovecot-${protocol}.conf`, [
        `base_dir = ${folder.path}/dovecot-${protocol}`,
        `protocols = ${protocol}`,
        `listen = 127.0.0.1`,
        `log_path = /dev/stderr`,
        `ssl_cert = <${cert}`,
        `ssl_key = <${key}`,
        `service ${protocol}-login {\n inet_listener ${protocol} {\n port = ${port}\n }`,
        ` inet_listener ${protocol}s {\n port = 0\n }\n}`,
        `passdb {\n driver = static\n args = nopassword=y\n}`,
        `userdb {\n driver = static\n args = uid=65534 gid=65534 home=${folder.path}\n}`,
      ]),
    ]),
});

const servers: readonly Server[] = [
  dovecot("imap", "x LOGOUT\r\n", /^\* BYE .*\r\nx OK /m),
  dovecot("pop3", "QUIT\r\n", /^\+OK/m),
  {
    name: "vsftpd",
    protocol: "ftp",
    says: "QUIT\r\n",
    hears: /^221 /m,
    start: (port) =>
      program("vsftpd", [
        written("vsftpd.conf", [
          ...["listen=YES", "listen_address=127.0.0.1", `listen_port=${port}`, "background=NO", "ssl_enable=YES"],
          ...[`rsa_cert_file=${cert}`, `rsa_private_key_file=${key}`, "ssl_ciphers=HIGH"],
          `secure_chroot_dir=${made("empty")}`,
        ]),
      ]),
  },
  {
    name: "prosody",
    protocol: "xmpp",
    says: "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    hears: /<mechanism>/,
    start: (port) =>
      program("prosody", [
        "-F",
        "--config",
        written("prosody.cfg.lua", [
          `run_as_root = true; pidfile = "${folder.path}/prosody.pid"; data_path = "${made("prosody")}"`,
          `modules_enabled = { "tls", "saslauth" }; c2s_ports = { ${port} }; c2s_interfaces = { "127.0.0.1" }; s2s_ports = {}`,
          `ssl = { certificate = "${cert}"; key = "${key}" }; c2s_require_encryption = true`,
          `VirtualHost "localhost"`,
        ]),
      ]),
  },
  {
    name: "slapd",
    protocol: "ldap",
    says: Buffer.from("300c020102600702010304008000", "hex"), // a bind without a name
    hears: /^0.{4}a.\n.{6}$/s, // its response (RFC 4511, section 4.2.2)
    start: (port) =>
      program("slapd", [
        ...["-h", `ldap://127.0.0.1:${port}`, "-d", "256", "-f"],
        written("slapd.conf", [
          `TLSCACertificateFile ${certPath("root", "cert")}\nTLSCertificateFile ${cert}\nTLSCertificateKeyFile ${key}`,
          `pidfile ${folder.path}/slapd.pid\ndatabase frontend\ndatabase config`,
        ]),
      ]),
  },
  {
    name: "mariadbd",
    protocol: "mysql",
    says: mysqlLogin(),
    hears: /^.{4}\0{3}/s, // OK_Packet
    start: (port) =>
      program("mariadbd", [
        ...["--no-defaults", "--user=root", "--skip-grant-tables", "--skip-networking=0", "--bind-address=127.0.0.1"],
        ...[`--port=${port}`, `--datadir=${made("mariadb")}`, `--socket=${folder.path}/mariadb.sock`],
        ...[`--ssl-cert=${cert}`, `--ssl-key=${key}`, `--ssl-ca=${certPath("root", "cert")}`],
      ]),
  },
];

for (const { name, protocol, start, says, hears } of servers) {
  it(`talks ${protocol} with ${name}, over TLS once it has agreed`, async () => {
    const { program: server, ports } = await startOn(1, ([port = 0]) => start(port));
    await using _server = server;
    await using client = wanttlsConnect(ports[0]!, "--starttls", protocol);
    client.write(says);
    await expect(client.waitFor(hears)).resolves.toBeTruthy();
  });
}

/** Debian has servers where not everybody's PATH leads. */
function program(command: string, args: readonly string[]): Peer {
  return new Peer(command, args, { PATH: `${process.env["PATH"]}:/usr/sbin` });
}

function written(name: string, lines: readonly string[]): string {
  return folder.file(name, `${lines.join("\n")}\n`);
}

function made(name: string): string {
  const path = join(folder.path, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** HandshakeResponse41 of root without a password; it follows the greeting and the request, so its number is 2. */
function mysqlLogin(): Buffer {
  const payload = Buffer.concat([
    Buffer.from([5, 170, 0, 0, 0, 0, 0, 1, 45]),
    Buffer.alloc(23),
    Buffer.from("root\0\0"),
  ]);
  return Buffer.concat([Buffer.from([payload.length, 0, 0, 2]), payload]);
}

// PostgreSQL as it is started for a test: one cluster with a user for each way to log in. Owns its files and its user on the
// system (the server does not run as root); knows nothing of wanttls.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, globSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type CertName, certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";
import { Folder, startOn } from "./programs.ts";

/** Logs in by password (SCRAM). */
export const byPassword = { user: "reader", password: "pencil", database: "postgres" };
/** Logs in by its certificate, which has this name. */
export const byCertificate = { user: "wanttls test client", database: "postgres" };

/** The path of a program of the newest PostgreSQL here. */
export function postgresProgram(name: string): string {
  const found = globSync(`/usr/lib/postgresql/*/bin/${name}`).toSorted().at(-1);
  if (found === undefined) throw new Error(`Cannot find ${name} of PostgreSQL: scripts/setup-interop.sh installs it`);
  return found;
}

/** A running server; those who come without TLS are taken at their word. */
export class Postgres implements AsyncDisposable {
  readonly port: number;
  readonly #folder: Folder;
  readonly #server: Peer;

  constructor(port: number, folder: Folder, server: Peer) {
    this.port = port;
    this.#folder = folder;
    this.#server = server;
  }

  /** A copy of a key that only its owner can read: libpq takes no other. */
  keyFile(name: CertName): string {
    return privateCopy(this.#folder, certPath(name, "key"), "root");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    this.#folder[Symbol.dispose]();
  }
}

export async function startPostgres(): Promise<Postgres> {
  const folder = new Folder();
  try {
    own(folder.path);
    const data = join(folder.path, "data");
    run(postgresProgram("initdb"), ["-D", data, "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
    run(
      postgresProgram("postgres"),
      ["--single", "-D", data, "postgres"],
      `create role ${byPassword.user} login password '${byPassword.password}';
create role "${byCertificate.user}" login;
`,
    );
    const { program, ports } = await startOn(1, ([port = 0]) => {
      const [command = "", ...args] = asServer(postgresProgram("postgres"), ["-D", data, ...settings(folder, port)]);
      return new Peer(command, args);
    });
    return new Postgres(ports[0]!, folder, await ready(program));
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** It listens before it is ready, and turns everybody away until then. */
async function ready(server: Peer): Promise<Peer> {
  try {
    await server.waitFor(/ready to accept connections/);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function settings(folder: Folder, port: number): string[] {
  const rules = folder.file(
    "pg_hba.conf",
    `hostssl all ${byPassword.user} 127.0.0.1/32 scram-sha-256
hostssl all "${byCertificate.user}" 127.0.0.1/32 cert
hostnossl all all 127.0.0.1/32 trust
`,
  );
  own(rules);
  const values = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    hba_file: rules,
    fsync: "off",
    shared_buffers: "16MB",
    ssl: "on",
    ssl_cert_file: certPath("localhost", "chain"),
    ssl_key_file: privateCopy(folder, certPath("localhost", "key"), "server"),
    ssl_ca_file: certPath("root", "cert"),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

const isRoot = process.getuid?.() === 0;

/** The command as root has to say it: the server runs as the user that its package has made. */
function asServer(command: string, args: readonly string[]): string[] {
  if (!isRoot) return [command, ...args];
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...args];
}

function run(program: string, parameters: readonly string[], input = ""): void {
  const [command = "", ...args] = asServer(program, parameters);
  const { status, stderr, error } = spawnSync(command, args, { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot make a cluster with ${program}: ${stderr}`, { cause: error });
}

function own(path: string): void {
  if (isRoot) chownSync(path, idOf("-u"), idOf("-g"));
}

function idOf(kind: "-u" | "-g"): number {
  return Number(spawnSync("id", [kind, "postgres"], { encoding: "utf8" }).stdout);
}

function privateCopy(folder: Folder, path: string, owner: "server" | "root"): string {
  const copy = join(folder.path, `${owner}.key`);
  copyFileSync(path, copy);
  chmodSync(copy, 0o600);
  if (owner === "server") own(copy);
  return copy;
}

// Promise kept: TLS works between real processes. On each runtime a wanttls server and a wanttls client talk over loopback
// TCP, TLS 1.3 then 1.2, then each of them with openssl; chain and name are verified against an authority made on the
// spot, and a random file goes each way. One line per conversation; exit status 0 only if all of them held.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { Program, stopPrograms } from "./demo-program.ts";

const MEGABYTES = 8;
const BYTES = MEGABYTES * 1024 * 1024;
const versions = ["TLSv1.3", "TLSv1.2"] as const;
const openssl = `OpenSSL ${execFileSync("openssl", ["version"], { encoding: "utf8" }).split(" ")[1]}`;

interface Runtime {
  /** Such as "Node 24.1.0". */
  readonly name: string;
  readonly command: readonly string[];
}

/** What one side prints at its end. */
interface Summary {
  readonly engine: string;
  readonly version: string | null;
  readonly suite: string;
  readonly group: string | null;
  readonly verified: string | null;
  readonly received: number;
  readonly sha256: string;
  readonly handshakeMs: number;
  readonly transferMs: number;
  readonly wantRead: number;
  readonly wantWrite: number;
}

/** What is known after a conversation; null is openssl's side. */
interface Conversation {
  readonly client: Summary | null;
  readonly server: Summary | null;
  /** The files that arrived, by their SHA-256. */
  readonly atServer: string;
  readonly atClient: string;
}

const [tick, cross] =
  process.stdout.isTTY && !process.env["NO_COLOR"]
    ? ["\u001b[32m\u2714\u001b[0m", "\u001b[31m\u2718\u001b[0m"]
    : ["\u2714", "\u2718"];

/** The columns of the table, each as wide as its longest usual entry. */
const columns = [
  { title: "client", width: 14 },
  { title: "server", width: 14 },
  { title: "version", width: 7 },
  { title: "suite", width: 29 },
  { title: "group", width: 6 },
  { title: "verified", width: 9 },
  { title: "received", width: 13 },
  { title: "handshake", width: 9 },
  { title: "transfer", width: 8 },
  { title: "client R/W", width: 10 },
  { title: "server R/W", width: 10 },
];

const folder = mkdtempSync(join(tmpdir(), "wanttls-demo-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const files = { client: file("client.bin"), server: file("server.bin") };
const hashes = { client: sha256(files.client), server: sha256(files.server) };
makeCertificates();
const failures = await demonstrate(findRuntimes());
console.log(failures === 0 ? "\nAll of it held." : `\nConversations that failed: ${failures}`);
process.exitCode = failures === 0 ? 0 : 1;

async function demonstrate(runtimes: readonly Runtime[]): Promise<number> {
  console.log(`\n${MEGABYTES} MiB of random bytes each way over loopback TCP; wanttls is what is not OpenSSL.`);
  console.log("The last columns count how often a call had to wait for reading and for writing.\n");
  printRow(
    " ",
    columns.map(({ title }) => title),
  );
  let failed = 0;
  for (const runtime of runtimes) {
    for (const [client, server] of [
      [runtime, runtime],
      [runtime, null],
      [null, runtime],
    ] as const) {
      for (const version of versions) failed += (await show(client, server, version)) ? 0 : 1;
    }
  }
  return failed;
}

/** Runs one conversation and prints its line; whether all of it held. */
async function show(client: Runtime | null, server: Runtime | null, version: string): Promise<boolean> {
  const names = [client?.name ?? openssl, server?.name ?? openssl];
  try {
    const result = await converse(client, server, version);
    const wrong = complaintAbout(result, version);
    printRow(wrong === null ? tick : cross, [...names, ...describe(result)]);
    if (wrong !== null) console.log(`    ${wrong}`);
    return wrong === null;
  } catch (error) {
    printRow(cross, [...names, version]);
    console.log(`    ${(error as Error).message.trim().replaceAll("\n", "\n    ")}`);
    return false;
  } finally {
    stopPrograms();
  }
}

function complaintAbout({ client, server, atClient, atServer }: Conversation, version: string): string | null {
  if (atServer !== hashes.client) return "what the server received is not what the client sent";
  if (atClient !== hashes.server) return "what the client received is not what the server sent";
  if (client !== null && client.verified !== "localhost") return "the client did not verify the name of the server";
  const other = [client, server].find((side) => side !== null && side.version !== version);
  return other === undefined ? null : `${other?.version} was spoken instead of ${version}`;
}

async function converse(client: Runtime | null, server: Runtime | null, version: string): Promise<Conversation> {
  if (server === null) return withOpensslServer(client!, version);
  const serving = startPeer(server, "server", ["--cert", path("leaf.pem"), "--key", path("leaf.key")], version);
  const { port } = JSON.parse(await serving.firstLine) as { port: number };
  if (client === null) return withOpensslClient(serving, port, version);
  const connecting = startPeer(client, "client", ["--ca", path("ca.pem"), "--port", String(port)], version);
  const summaries = { client: summaryOf(await connecting.done), server: summaryOf(await serving.done) };
  return { ...summaries, atServer: summaries.server.sha256, atClient: summaries.client.sha256 };
}

async function withOpensslServer(client: Runtime, version: string): Promise<Conversation> {
  const port = await freePort();
  const own = ["-cert", path("leaf.pem"), "-key", path("leaf.key"), "-naccept", "2"];
  const args = ["s_server", "-quiet", "-accept", `127.0.0.1:${port}`, opensslVersion(version), ...own];
  const serving = new Program(["openssl", ...args]);
  await accepting(port);
  const connecting = startPeer(client, "client", ["--ca", path("ca.pem"), "--port", String(port)], version);
  // s_server reads nothing while it writes, and leaves the connection when its input ends.
  await Promise.race([serving.received(BYTES), connecting.done]);
  serving.input(files.server);
  const summary = summaryOf(await connecting.done);
  serving.endInput();
  return { client: summary, server: null, atServer: sha256(await serving.done), atClient: summary.sha256 };
}

async function withOpensslClient(serving: Program, port: number, version: string): Promise<Conversation> {
  const verify = ["-CAfile", path("ca.pem"), "-verify_return_error", "-verify_hostname", "localhost"];
  const target = ["-connect", `127.0.0.1:${port}`, "-servername", "localhost"];
  const args = ["s_client", "-quiet", "-verify_quiet", ...target, opensslVersion(version), ...verify];
  const connecting = new Program(["openssl", ...args]);
  connecting.input(files.client);
  const summary = summaryOf(await serving.done);
  connecting.endInput();
  return { client: null, server: summary, atServer: summary.sha256, atClient: sha256(await connecting.done) };
}

function startPeer(runtime: Runtime, role: "client" | "server", args: readonly string[], version: string): Program {
  const own = ["--file", path(`${role}.bin`), "--bytes", String(BYTES), "--version", version];
  return new Program([...runtime.command, role, ...args, ...own]);
}

function summaryOf(output: Buffer): Summary {
  return JSON.parse(output.toString().trim().split("\n").at(-1)!) as Summary;
}

function opensslVersion(version: string): string {
  return version === "TLSv1.2" ? "-tls1_2" : "-tls1_3";
}

function printRow(mark: string, cells: readonly string[]): void {
  const row = cells.map((cell, i) => cell.padEnd(columns[i]!.width)).join("  ");
  console.log(`  ${mark} ${row.trimEnd()}`);
}

/** A conversation as the cells behind the names. A server asks for no certificate: only a client verifies. */
function describe({ client, server }: Conversation): string[] {
  const side = (client ?? server)!;
  const waits = (one: Summary | null): string => (one === null ? "" : `${one.wantRead}/${one.wantWrite}`);
  return [
    side.version ?? "none",
    side.suite,
    side.group ?? "none",
    client?.verified ?? "localhost",
    `2 x ${MEGABYTES} MiB`,
    `${side.handshakeMs.toFixed(0)} ms`,
    `${side.transferMs.toFixed(0)} ms`,
    waits(client),
    waits(server),
  ];
}

/** A port that nobody uses; a quiet s_server does not tell which one it got. */
async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves once the port accepts connections: with the first one, which is closed at once and counts for s_server. */
async function accepting(port: number): Promise<void> {
  for (let left = 400; left > 0; left -= 1) {
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (accepted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("openssl s_server did not start to listen");
}

/** The pinned runtimes, and the machine's own Node when it is another one: that has to run what npm would publish. */
function findRuntimes(): Runtime[] {
  const peer = join("scripts", "demo-peer.ts");
  const bin = (name: string): string => join("node_modules", ".bin", name);
  const pinned = [
    { name: `Node ${versionOf(bin("node"))}`, command: [bin("node"), peer] },
    { name: `Deno ${versionOf(bin("deno"))}`, command: [bin("deno"), "run", "--allow-all", peer] },
    { name: `Bun ${versionOf(bin("bun"))}`, command: [bin("bun"), peer] },
  ];
  const own = versionOf("node");
  if (`Node ${own}` === pinned[0]!.name || Number.parseInt(own) < 20) return pinned;
  return [...pinned, { name: `Node ${own}`, command: ["node", withoutTypes(peer)] }];
}

function versionOf(program: string): string {
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? "of unknown version";
}

/** The same program for a Node that cannot read TypeScript; inside the project, where `wanttls` is the project itself. */
function withoutTypes(script: string): string {
  const made = join("build", basename(script).replace(/ts$/, "js"));
  execFileSync(join("node_modules", ".bin", "bun"), ["build", "--no-bundle", script, "--outfile", made]);
  return made;
}

/** An authority, and a certificate for localhost that it has signed. */
function makeCertificates(): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const make = (args: readonly string[]): void =>
    void execFileSync("openssl", ["req", "-x509", ...key, ...args], { stdio: "pipe" });
  make(["-subj", "/CN=wanttls demo authority", "-keyout", path("ca.key"), "-out", path("ca.pem")]);
  const issuer = ["-CA", path("ca.pem"), "-CAkey", path("ca.key")];
  const extensions = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
  make(["-subj", "/CN=localhost", ...issuer, ...extensions, "-keyout", path("leaf.key"), "-out", path("leaf.pem")]);
}

function file(name: string): Buffer {
  const bytes = randomBytes(BYTES);
  writeFileSync(path(name), bytes);
  return bytes;
}

function path(name: string): string {
  return join(folder, name);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

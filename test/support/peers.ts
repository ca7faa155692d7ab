// Real TLS peers on loopback as child processes: openssl s_server and s_client, CPython's ssl (peer.py) and node:tls
// (peer.node.ts). Owns their start, output and end; knows nothing of wanttls or of the test runner.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { certPath } from "./certs.ts";

export interface PeerOptions {
  readonly version?: "TLSv1.2" | "TLSv1.3"; // absent: both
  readonly cert?: string; // path; a server has localhost's when absent
  readonly key?: string;
  readonly ca?: string; // path; the EC root when absent
  /** A client verifies unless false; a server asks for a certificate only when true, and can do without when "optional". */
  readonly verify?: boolean | "optional";
  readonly alpn?: readonly string[];
  readonly name?: string; // client: server name and verified name, "localhost" when absent
  readonly psk?: { readonly identity: string; readonly key: string }; // key in hex; instead of certificates
  readonly commands?: boolean; // openssl client: obey its one-letter commands on its input
  readonly extra?: readonly string[]; // further arguments of the command
}

export interface ScriptOptions extends PeerOptions {
  /** Servers: echo all, send `bytes`, only read, or (Python's alone) close the transport after one echo or reset it. */
  readonly mode?: "echo" | "send" | "sink" | "truncate" | "reset";
  readonly bytes?: number;
  readonly count?: number; // server: connections to serve, endless when absent
  readonly connections?: number; // client: how often it connects, each time with the session of the time before; 1
  readonly tickets?: boolean; // false: sessions have ids only
}

export interface PeerIntroduction {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string | null;
  readonly peer: string | null; // common name of the other side's certificate
  readonly resumed: boolean | null; // null: it cannot know
  readonly shared?: readonly string[]; // Python's server: the cipher suites of the client that it has too
  readonly unique?: string | null; // Python: its channel binding tls-unique
}

export interface PeerSummary {
  readonly sent?: number;
  readonly received: number;
  readonly sha256: string; // of what was received
}

export interface PeerFailure {
  readonly type: string;
  readonly reason: string | null;
  readonly text: string;
}

interface PeerEvents {
  readonly ready: number;
  readonly connected: PeerIntroduction;
  readonly done: PeerSummary;
  readonly failed: PeerFailure;
}

/** Below what a test may take, so that it fails with what the peer has said. */
const PATIENCE = 60_000;

/** A running child process. `await using` or `stop()` ends it and waits until it is gone. */
export class Peer implements AsyncDisposable {
  port = 0; // of a server, known once it is started
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #command: string;
  readonly #exited: Promise<number | null>;
  #stdout = "";
  #stderr = "";
  #ended = false;
  readonly #listeners = new Set<() => void>();

  /** `variables` are set on top of our own environment. */
  constructor(command: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    this.#command = [command, ...args].join(" ");
    const env = { ...process.env, ...variables };
    this.#child = spawn(command, [...args], { stdio: ["pipe", "pipe", "pipe"], env });
    this.#child.stdout.setEncoding("utf8").on("data", (output: string) => {
      this.#stdout += output;
      this.#notify();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (output: string) => {
      this.#stderr += output;
      this.#notify();
    });
    this.#child.stdin.on("error", () => {}); // a peer that is gone already is seen by its exit status
    this.#exited = new Promise((resolve) => {
      const end = (code: number | null): void => {
        running.delete(this.#child);
        this.#ended = true;
        this.#notify();
        resolve(code);
      };
      this.#child.once("error", (error) => end(this.#startFailed(error)));
      this.#child.once("close", end);
    });
    running.add(this.#child);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the exit status once the process is gone and its output is complete; null after a signal. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  write(data: string | Uint8Array): void {
    this.#child.stdin.write(data);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  /** Waits until the output (stdout, then stderr) matches, and rejects when the process ends before that. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(String(pattern), () => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr));
  }

  /** Waits for the `nth` JSON line of that kind that a peer script prints. */
  async event<Name extends keyof PeerEvents>(name: Name, nth = 0): Promise<PeerEvents[Name]> {
    const found = await this.#until(`event ${name}`, () => this.#events(name)[nth] ?? null);
    return found[name];
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.stdin.end();
    this.#child.kill("SIGTERM");
    const impatience = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.#exited;
    clearTimeout(impatience);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #events<Name extends keyof PeerEvents>(name: Name): Pick<PeerEvents, Name>[] {
    const complete = this.#stdout.slice(0, this.#stdout.lastIndexOf("\n") + 1);
    return complete
      .split("\n")
      .filter((line) => line.startsWith(`{"${name}"`))
      .map((line) => JSON.parse(line) as Pick<PeerEvents, Name>);
  }

  #until<T>(what: string, look: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(limit);
        this.#listeners.delete(check);
      };
      const fail = (why: string): void => {
        settle();
        reject(new Error(`Cannot see ${what} of ${this.#command}: ${why}\n${this.#stdout}\n${this.#stderr}`));
      };
      const check = (): void => {
        const found = look();
        if (found !== null) {
          settle();
          resolve(found);
        } else if (this.#ended) fail("the process has ended");
      };
      const limit = setTimeout(() => fail("it took too long"), PATIENCE);
      this.#listeners.add(check);
      check();
    });
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #startFailed(error: Error): number {
    this.#stderr += error.message;
    return 127;
  }
}

/** `openssl s_server` on a free port of 127.0.0.1. What is written to the peer goes to its connection. */
export async function opensslServer(options: PeerOptions = {}): Promise<Peer> {
  const asked = options.verify === "optional" ? "-verify" : "-Verify";
  const verify = options.verify === true || options.verify === "optional" ? [asked, "5", "-verify_return_error"] : [];
  const peer = new Peer("openssl", [
    ...["s_server", "-accept", "127.0.0.1:0", ...opensslVersion(options), ...verify],
    ...(options.psk
      ? ["-nocert"]
      : ["-cert", options.cert ?? certPath("localhost", "cert"), "-key", options.key ?? certPath("localhost", "key")]),
    ...["-CAfile", options.ca ?? certPath("root", "cert")],
    ...opensslAlpn(options),
    ...opensslPsk(options),
    ...(options.extra ?? []),
  ]);
  try {
    peer.port = Number((await peer.waitFor(/ACCEPT \S*:(\d+)\s/))[1]);
  } catch (error) {
    await peer.stop();
    throw error;
  }
  return peer;
}

/** `openssl s_client` to a port of 127.0.0.1. What is written to the peer goes to its connection. */
export function opensslClient(port: number, options: PeerOptions = {}): Peer {
  const name = options.name ?? "localhost";
  const verify =
    options.verify === false || options.psk
      ? []
      : [
          "-verify",
          "5",
          "-verify_return_error",
          "-verify_hostname",
          name,
          "-CAfile",
          options.ca ?? certPath("root", "cert"),
        ];
  return new Peer("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name],
    ...(options.commands === true ? [] : ["-nocommands"]),
    ...opensslVersion(options),
    ...verify,
    ...(options.cert === undefined ? [] : ["-cert", options.cert]),
    ...(options.key === undefined ? [] : ["-key", options.key]),
    ...opensslAlpn(options),
    ...opensslPsk(options),
    ...(options.extra ?? []),
  ]);
}

/** CPython's `ssl` as a server on a free port of 127.0.0.1. */
export async function pythonServer(options: ScriptOptions = {}): Promise<Peer> {
  return started(new Peer("python3", [here("peer.py"), ...serverArguments(options)]));
}

/** CPython's `ssl` as a client: sends `bytes` of the pattern, expects them back (mode "echo"), closes properly. */
export function pythonClient(port: number, options: ScriptOptions = {}): Peer {
  return new Peer("python3", [here("peer.py"), ...clientArguments(port, options)]);
}

/** `node:tls` as a server, in a process of the pinned Node whatever runtime the test is on. */
export async function nodeServer(options: ScriptOptions = {}): Promise<Peer> {
  return started(new Peer(pinnedNode(), [here("peer.node.ts"), ...serverArguments(options)]));
}

/** `node:tls` as a client; like `pythonClient`. */
export function nodeClient(port: number, options: ScriptOptions = {}): Peer {
  return new Peer(pinnedNode(), [here("peer.node.ts"), ...clientArguments(port, options)]);
}

/** The bytes that peer scripts send: not periodic within a record, the same everywhere. */
export function pattern(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 167 + (i >>> 8) * 13) & 0xff);
}

/** How many peers are still running. */
export function peersRunning(): number {
  return running.size;
}

/** Ends all peers that are still running, and answers their commands. */
export function endPeers(): string[] {
  return [...running].map((child) => {
    child.kill("SIGKILL");
    return child.spawnargs.join(" ");
  });
}

const running = new Set<ChildProcessWithoutNullStreams>();
process.once("exit", endPeers);

/** Starts a server that says when it is ready, and learns its port. */
export async function started(peer: Peer): Promise<Peer> {
  peer.port = await peer.event("ready");
  return peer;
}

/** The arguments of a peer script that serves. */
export function serverArguments(options: ScriptOptions): string[] {
  if (options.psk) return ["server", ...scriptArguments(options)];
  const cert = options.cert ?? certPath("localhost", "chain");
  const key = options.key ?? certPath("localhost", "key");
  const verify = options.verify === "optional" ? ["--verify-optional"] : options.verify === true ? ["--verify"] : [];
  return ["server", "--cert", cert, "--key", key, ...verify, ...scriptArguments(options)];
}

/** The arguments of a peer script that connects to a port of 127.0.0.1. */
export function clientArguments(port: number, options: ScriptOptions): string[] {
  const verify = options.verify === false || options.psk ? [] : ["--verify"];
  const identity = options.cert === undefined ? [] : ["--cert", options.cert, "--key", options.key ?? options.cert];
  const target = ["client", "--port", String(port), "--name", options.name ?? "localhost"];
  return [...target, ...verify, ...identity, ...scriptArguments(options)];
}

function scriptArguments(options: ScriptOptions): string[] {
  return [
    ...["--mode", options.mode ?? "echo", "--bytes", String(options.bytes ?? 0), "--count", String(options.count ?? 0)],
    ...["--ca", options.ca ?? certPath("root", "cert")],
    ...(options.version === undefined ? [] : ["--version", options.version]),
    ...(options.connections === undefined ? [] : ["--connections", String(options.connections)]),
    ...(options.tickets === false ? ["--no-tickets"] : []),
    ...(options.psk === undefined ? [] : ["--psk-identity", options.psk.identity, "--psk-key", options.psk.key]),
    ...(options.alpn ?? []).flatMap((protocol) => ["--alpn", protocol]),
    ...(options.extra ?? []),
  ];
}

function opensslVersion(options: PeerOptions): string[] {
  if (options.version === undefined) return [];
  return [options.version === "TLSv1.2" ? "-tls1_2" : "-tls1_3"];
}

function opensslAlpn(options: PeerOptions): string[] {
  return options.alpn === undefined ? [] : ["-alpn", options.alpn.join(",")];
}

function opensslPsk({ psk }: PeerOptions): string[] {
  return psk === undefined ? [] : ["-psk_identity", psk.identity, "-psk", psk.key];
}

function pinnedNode(): string {
  return here("../../node_modules/.bin/node");
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

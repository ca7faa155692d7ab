// Other TLS stacks behind one interface: a server that echoes, and a client that connects some times, each time with the
// session of the time before. Owns how each of them is started and how it says that a session was resumed; knows nothing of wanttls.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  clientArguments,
  nodeClient,
  nodeServer,
  opensslClient,
  opensslServer,
  Peer,
  pythonClient,
  pythonServer,
  type ScriptOptions,
  serverArguments,
  started,
} from "../support/peers.ts";

/** Whether a stack takes its session to have been resumed; null when it does not say. */
export type Verdict = boolean | null;

export interface StackServer extends AsyncDisposable {
  readonly port: number;
  /** The server's word on its `nth` connection, which has had its echo. */
  resumed(nth: number): Promise<Verdict>;
}

export interface Stack {
  readonly name: string;
  /** Its clients ask for a page by HTTP instead of sending something to be echoed. */
  readonly asksForPage: boolean;
  server(options: ScriptOptions): Promise<StackServer>;
  /** Connects to a port of 127.0.0.1 as to `localhost`, twice by default; rejects when it fails. */
  client(port: number, options: ScriptOptions): Promise<readonly Verdict[]>;
}

/** How much a scripted client sends and wants to have back. */
const BYTES = 1000;

export const openssl: Stack = { name: "OpenSSL", asksForPage: false, server: serveByOpenssl, client: connectByOpenssl };
export const python: Stack = scripted("Python", pythonServer, pythonClient);
export const node: Stack = scripted("Node", nodeServer, nodeClient);
export const bun: Stack = script("Bun", [here("../../node_modules/.bin/bun"), here("../support/peer.node.ts")]);
export const gnutls: Stack = script("GnuTLS", ["python3", here("peers/peer.gnutls.py")]);
export const go: Stack = script("Go", [here("../../build/interop/peer-go")]);
export const java: Stack = script("Java", [
  "java",
  "-XX:TieredStopAtLevel=1",
  "-cp",
  here("../../build/interop"),
  "Peer",
]);
export const deno: Stack = {
  ...script("Deno", [
    here("../../node_modules/.bin/deno"),
    "run",
    "--allow-all",
    "--no-lock",
    here("peers/peer.deno.ts"),
  ]),
  asksForPage: true,
};

function script(name: string, [command = "", ...fixed]: readonly string[]): Stack {
  return scripted(
    name,
    (options) => started(new Peer(command, [...fixed, ...serverArguments(options)])),
    (port, options) => new Peer(command, [...fixed, ...clientArguments(port, options)]),
  );
}

function scripted(
  name: string,
  serve: (options: ScriptOptions) => Promise<Peer>,
  connect: (port: number, options: ScriptOptions) => Peer,
): Stack {
  return {
    name,
    asksForPage: false,
    async server(options) {
      const peer = await serve(options);
      return {
        port: peer.port,
        resumed: async (nth) => (await peer.event("connected", nth)).resumed,
        [Symbol.asyncDispose]: () => peer.stop(),
      };
    },
    async client(port, { connections = 2, ...options }) {
      await using peer = connect(port, { bytes: BYTES, connections, ...options });
      const verdicts: Verdict[] = [];
      while (verdicts.length < connections) verdicts.push((await peer.event("connected", verdicts.length)).resumed);
      if ((await peer.exited) !== 0) throw new Error(`${name} has failed: ${peer.stdout}${peer.stderr}`);
      return verdicts;
    },
  };
}

/** It echoes lines that come in order: `turn 0`, `turn 1` and so on. */
async function serveByOpenssl(options: ScriptOptions): Promise<StackServer> {
  const peer = await opensslServer({
    ...options,
    extra: [...(options.tickets === false ? ["-no_ticket"] : []), ...(options.extra ?? [])],
  });
  void (async () => {
    for (let turn = 0; ; turn++) {
      await peer.waitFor(new RegExp(`turn ${turn}\n`));
      peer.write(`turn ${turn}\n`);
    }
  })().catch(() => {}); // it has been stopped
  return {
    port: peer.port,
    async resumed(nth) {
      await peer.waitFor(new RegExp(`turn ${nth}\n`));
      return peer.stdout.split(/turn \d+\n/)[nth]!.includes("Reused session-id");
    },
    [Symbol.asyncDispose]: () => peer.stop(),
  };
}

async function connectByOpenssl(port: number, options: ScriptOptions): Promise<Verdict[]> {
  const folder = await mkdtemp(join(tmpdir(), "wanttls-"));
  const session = join(folder, "session.pem");
  const extra = [...(options.tickets === false ? ["-no_ticket"] : []), ...(options.extra ?? []), "-sess_out", session];
  const verdicts: Verdict[] = [];
  try {
    for (let nth = 0; nth < (options.connections ?? 2); nth++) {
      const offer = nth === 0 ? [] : ["-sess_in", session];
      verdicts.push(await turn(port, { ...options, extra: [...extra, ...offer] }, nth));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return verdicts;
}

async function turn(port: number, options: ScriptOptions, number: number): Promise<Verdict> {
  await using peer = opensslClient(port, options);
  const [, verdict] = await peer.waitFor(/^(New|Reused), TLSv1\.[23]/m);
  peer.write(`turn ${number}\n`);
  // It may come in the middle of a line, as what s_client says by itself is buffered.
  await peer.waitFor(new RegExp(`turn ${number}\n`));
  peer.endInput();
  if ((await peer.exited) !== 0) throw new Error(`OpenSSL has failed: ${peer.stderr}`);
  return verdict === "Reused";
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

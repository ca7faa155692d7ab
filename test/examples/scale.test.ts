// Runs the example of docs/scale.md: two workers behind one port.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { connect as connectOnBun } from "../../ts/bun/stream.ts";
import { connect as connectOnDeno } from "../../ts/deno/stream.ts";
import { SSLContext } from "../../ts/index.ts";
import { connect as connectOnNode } from "../../ts/node/stream.ts";
import { runtime } from "../socket/pairs.ts";
import { certPath, certs } from "../support/certs.ts";
import { documentAt } from "./snippets.ts";

const { standalone } = documentAt("docs/scale.md");
const connect = { node: connectOnNode, deno: connectOnDeno, bun: connectOnBun }[runtime];
const mostClients = 200;
const main = `
import { readFileSync } from "node:fs";
import process from "node:process";
const [port, cert, key] = process.argv.slice(2);
await startWorkers(2, Number(port), readFileSync(cert, "utf8"), readFileSync(key, "utf8"));
console.log("listening");
`;

let server: ChildProcess | undefined;
afterEach(async () => {
  if (server === undefined) return;
  server.kill("SIGKILL");
  await once(server, "close");
});

// Other systems let workers share a port too, but give all clients to one of them.
test.runIf(process.platform === "linux")("two workers listen on one port, and both get clients", async () => {
  standalone("worker.ts");
  const port = await freePort();
  const deno = ["run", "--allow-all", "--no-lock", "--unstable-net"];
  const files = [certPath("localhost", "chain"), certPath("localhost", "key")];
  const args = [...(runtime === "deno" ? deno : []), standalone("workers.ts", main), String(port), ...files];
  server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: server.stdout! }), "line")) as [string];
  expect(line).toBe("listening");

  using context = SSLContext.client({ ca: certs.root.cert });
  const answers = new Set<string>();
  for (let i = 0; i < mostClients && answers.size < 2; i++) answers.add(await greeting(context, port));
  expect([...answers].toSorted()).toEqual([
    expect.stringMatching(/^worker \d+$/),
    expect.stringMatching(/^worker \d+$/),
  ]);
});

async function greeting(context: SSLContext, port: number): Promise<string> {
  await using tls = await connect({ hostname: "127.0.0.1", port, serverHostname: "localhost", context });
  const into = new Uint8Array(100);
  const size = await tls.read(into);
  return new TextDecoder().decode(into.subarray(0, size!));
}

/** One that nobody has now, for a server that must know it before it begins. */
async function freePort(): Promise<number> {
  const holder = createServer();
  holder.listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, "close");
  return port;
}

// Runs the examples of docs/over-anything.md, with much data both ways at once.
import process from "node:process";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { type NonBlockingTransport, SSLContext, startTls, type TLSConnection } from "../../ts/index.ts";
import { concat, pattern, sha256 } from "../socket/moving.ts";
import { runtime, tcpPair } from "../socket/pairs.ts";
import { certPath, certs } from "../support/certs.ts";
import { documentAt } from "./snippets.ts";

const { snippet, standalone } = documentAt("docs/over-anything.md");
const { chain: cert, key } = certs.localhost;
const bytes = pattern(2_000_000);

const made: SSLContext[] = [];
afterAll(() => made.forEach((context) => context.dispose()));

function contexts(version: "TLSv1.2" | "TLSv1.3"): { client: SSLContext; server: SSLContext } {
  const only = { minVersion: version, maxVersion: version };
  const client = SSLContext.client({ ...only, ca: certs.root.cert });
  const server = SSLContext.server({ ...only, identities: [{ cert, key }] });
  made.push(client, server);
  return { client, server };
}

/** Sends `bytes` to an echo, which also has to send while it receives; the hash of what comes back. */
async function converse(tls: TLSConnection): Promise<string> {
  const writing = tls.write(bytes).then(() => tls.closeWrite());
  const parts: Uint8Array[] = [];
  for await (const part of tls.readable) parts.push(part);
  await writing;
  await tls.close();
  return sha256(concat(parts));
}

async function echo(tls: TLSConnection): Promise<void> {
  await tls.readable.pipeTo(tls.writable);
  await tls.close();
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("docs/over-anything.md, %s", (version) => {
  const { client, server } = contexts(version);

  test("inside another TLS connection", async () => {
    const { throughProxy } =
      await snippet<
        Record<"throughProxy", (outer: TLSConnection, context: SSLContext, host: string) => Promise<TLSConnection>>
      >("nested.ts");
    const [left, right] = await tcpPair();
    const [outer, proxy] = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const [inner, theirs] = await Promise.all([
      throughProxy(outer, client, "localhost"),
      startTls(proxy, { context: server }),
    ]);
    const [answer] = await Promise.all([converse(inner), echo(theirs)]);
    expect(answer).toBe(sha256(bytes));
    await Promise.all([outer.close(), proxy.close()]);
  });

  test("over a MessageChannel, to a worker", async () => {
    const { toWorker } =
      await snippet<Record<"toWorker", (port: MessagePort, context: SSLContext) => Promise<TLSConnection>>>(
        "port-client.ts",
      );
    const path = standalone(
      "port-server.ts",
      `import { parentPort } from "node:worker_threads";
      parentPort.once("message", ({ port, cert, key }) => echoOver(port, cert, key).then(() => parentPort.postMessage("over")));`,
    );
    const worker = new Worker(path);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port2, cert, key }, [port2 as never]);
    const over = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    expect(await converse(await toWorker(port1, client))).toBe(sha256(bytes));
    expect(await over).toBe("over");
    await worker.terminate();
  });

  test("over a WebSocket", async () => {
    const { toSocket } =
      await snippet<Record<"toSocket", (url: string, context: SSLContext) => Promise<TLSConnection>>>(
        "websocket-client.ts",
      );
    type Serve = (accept: (transport: NonBlockingTransport) => void) => Promise<{ port: number; stop(): unknown }>;
    const { serveSockets } = await snippet<Record<"serveSockets", Serve>>(`websocket-server.${runtime}.ts`);
    const { promise: accepted, resolve: accept } = Promise.withResolvers<NonBlockingTransport>();
    const { port, stop } = await serveSockets(accept);
    const serving = accepted.then((transport) => startTls(transport, { context: server })).then(echo);
    expect(await converse(await toSocket(`ws://127.0.0.1:${port}`, client))).toBe(sha256(bytes));
    await serving;
    await stop();
  });

  test("over stdin and stdout of a child process", async () => {
    const { toChild } = await snippet<
      Record<"toChild", (command: string, args: string[], context: SSLContext) => Promise<TLSConnection>>
    >(`parent.${runtime}.ts`);
    const program = standalone("child.ts");
    const before = runtime === "deno" ? ["run", "--allow-all", "--no-lock", program] : [program];
    const args = [...before, certPath("localhost", "chain"), certPath("localhost", "key")];
    expect(await converse(await toChild(process.execPath, args, client))).toBe(sha256(bytes));
  });
});

// The connection as a stream of Node, and Node's HTTP over it.
import { once } from "node:events";
import { execFile, execFileSync } from "node:child_process";
import http from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { SSLCertVerificationError, SSLContext, SSLEOFError, SSLSyscallError, startTls } from "../../ts/index.ts";
import { Agent } from "../../ts/node/agent.ts";
import { toDuplex } from "../../ts/node/duplex.ts";
import { listen } from "../../ts/node/stream.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { pattern } from "../support/conversation.ts";
import { certs } from "../support/certs.ts";

const { chain: cert, key } = certs.localhost;
const server = SSLContext.server({ identities: [{ cert, key }], numTickets: 0 });
const client = SSLContext.client({ ca: certs.root.cert });
afterAll(() => [server, client].forEach((context) => context.dispose()));

describe("toDuplex", () => {
  it("carries what is piped, and ends each direction on its own", async () => {
    const [left, right] = memoryTransportPair({ capacity: 5000 });
    const [ours, theirs] = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const [here, there] = [toDuplex(ours), toDuplex(theirs)];
    const echoing = pipeline(there, there);
    const bytes = pattern(200_000);
    here.end(bytes);
    const parts: Buffer[] = [];
    for await (const chunk of here) parts.push(chunk as Buffer);
    expect(new Uint8Array(Buffer.concat(parts))).toEqual(bytes);
    await echoing;
    expect((await ours.closed).reason).toBe("close-notify");
  });

  it("chunks that were corked share a record", async () => {
    const [left, right] = memoryTransportPair();
    const [ours, theirs] = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const stream = toDuplex(ours);
    stream.cork();
    for (let i = 0; i < 10; i++) stream.write(Uint8Array.of(i));
    stream.end();
    const into = new Uint8Array(20);
    expect(await theirs.read(into)).toBe(10); // a read answers one record at most
    expect([...into.subarray(0, 10)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await theirs.read(into)).toBe(null);
    await Promise.all([ours.close(), theirs.close()]);
  });

  it("B45 reports a transport that was cut as an error", async () => {
    const [left, right] = memoryTransportPair();
    const [ours, theirs] = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const stream = toDuplex(ours);
    const failed = new Promise((resolve) => stream.once("error", resolve));
    stream.resume();
    right.shutdownWrite();
    expect(await failed).toBeInstanceOf(SSLEOFError);
    expect(stream.destroyed).toBe(true);
    theirs.abort();
  });

  it("closes in good order when destroyed behind its own end, whatever the peer does", async () => {
    const [left, right] = memoryTransportPair();
    const [ours, theirs] = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const stream = toDuplex(ours);
    stream.write("last words");
    stream.destroySoon();
    const heard = await new Response(theirs.readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
    expect(heard).toBe("last words");
    if (!stream.closed) await once(stream, "close");
    await theirs.close();
  });

  it("says when nothing has moved for a while", async () => {
    const [left, right] = memoryTransportPair();
    const both = await Promise.all([
      startTls(left, { context: client, serverHostname: "localhost" }),
      startTls(right, { context: server }),
    ]);
    const stream = toDuplex(both[0]);
    await new Promise<void>((resolve) => stream.setTimeout(10, resolve));
    stream.destroy();
    for (const tls of both) tls.abort();
    expect(await both[0].closed).toEqual({ reason: "local" });
  });
});

describe("Node's HTTP", () => {
  it("https.request speaks to a server of Node over an agent's connections, and keeps them alive", async () => {
    const peer = https.createServer({ cert, key }, (request, response) => {
      request.pipe(response);
    });
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    const { port } = peer.address() as AddressInfo;
    const agent = new Agent({ context: client, keepAlive: true });
    for (let i = 0; i < 3; i++) {
      expect(await post({ agent, host: "127.0.0.1", port, servername: "localhost" }, `body ${i}`)).toBe(`body ${i}`);
    }
    const refused = post({ agent, host: "127.0.0.1", port, servername: "other.host" }, "never sent");
    await expect(refused).rejects.toThrow(SSLCertVerificationError);
    agent.destroy();
    await new Promise((resolve) => peer.close(resolve));
  });

  it("https.request reaches a local socket with its agent, and is told when there is none", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wanttls-agent-"));
    const socketPath = join(folder, "socket");
    const peer = https.createServer({ cert, key }, (_, response) => response.end("over a local socket"));
    await new Promise<void>((resolve) => peer.listen(socketPath, resolve));
    const agent = new Agent({ context: client });
    const asked = { agent, socketPath, servername: "localhost" };
    expect(await post(asked, "")).toBe("over a local socket");
    await expect(post({ ...asked, servername: "other.host" }, "never sent")).rejects.toThrow(SSLCertVerificationError);
    await new Promise((resolve) => peer.close(resolve));
    await expect(post({ ...asked, socketPath: join(folder, "nobody") }, "")).rejects.toThrow(SSLSyscallError);
    await rm(folder, { recursive: true });
  });

  it("a connection that an agent keeps does not keep the program", async () => {
    const peer = https.createServer({ cert, key, keepAliveTimeout: 0 }, (_, response) => response.end("an answer"));
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    const { port } = peer.address() as AddressInfo;
    const program = `const [https, { Agent }, { SSLContext }] = await Promise.all([
        import("node:https"), import("./ts/node/index.ts"), import("./ts/index.ts") ]);
      const agent = new Agent({ context: SSLContext.client({ ca: process.env.CA }), keepAlive: true });
      https.get({ agent, host: "127.0.0.1", port: ${port}, servername: "localhost" }, (response) => response.pipe(process.stdout));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
      env: { ...process.env, CA: certs.root.cert },
      timeout: 60_000,
    });
    expect(stdout).toBe("an answer");
    await new Promise((resolve) => peer.close(resolve));
  });

  it("is loaded with the first agent and not before, which then is one of Node's", () => {
    const program = `const loaded = () => process.moduleLoadList.some((name) => name.includes("_http_agent"));
      const { Agent } = await import("./ts/node/index.ts");
      const { SSLContext } = await import("./ts/index.ts");
      const before = loaded();
      const agent = new Agent({ context: SSLContext.client({ ca: [] }) });
      console.log(before, loaded(), agent instanceof Agent, agent instanceof (await import("node:https")).Agent);`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
    expect(printed).toBe("false true true true\n");
  });

  it("http.createServer serves https over a listener, to a client of Node", async () => {
    const answering = http.createServer((request, response) => response.end(`you asked for ${request.url}`));
    await using listener = await listen({ port: 0, context: server });
    const serving = (async () => {
      for await (const tls of listener) answering.emit("connection", toDuplex(tls));
    })();
    const options = { host: "127.0.0.1", port: listener.port, servername: "localhost", ca: certs.root.cert };
    const answer = await new Promise<string>((resolve, reject) => {
      https
        .get({ ...options, path: "/news", headers: { connection: "close" } }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.on("end", () => resolve(text));
        })
        .on("error", reject);
    });
    expect(answer).toBe("you asked for /news");
    await listener.close();
    await serving;
  });
});

function post(options: https.RequestOptions, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.request({ ...options, method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(body);
  });
}

// The server of the command, against openssl and against clients that behave badly.
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certPath } from "../support/certs.ts";
import { pfx } from "../support/identities.ts";
import { opensslClient, type Peer } from "../support/peers.ts";
import { run, text, wanttls, wanttlsConnect, wanttlsServe } from "./command.ts";

describe("wanttls serve", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanttls-serve-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`echoes what openssl s_client sends over ${version}`, async () => {
      await using server = await wanttlsServe();
      await using client = opensslClient(server.port, { version, extra: ["-quiet"] });
      client.write("there and back\n");
      await expect(client.waitFor(/there and back/)).resolves.toBeTruthy();
    });
  }

  it("makes itself a certificate when none is named, and tells it for clients to trust", async () => {
    await using server = wanttls("serve", "--port", "0");
    const [pem] = await server.waitFor(/-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----/);
    const [, port] = await server.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
    const path = join(folder, "own.pem");
    writeFileSync(path, pem);
    for (const host of ["localhost", "127.0.0.1"])
      expect(await run(wanttls("connect", `${host}:${port}`, "--ca", path), "hello")).toMatchObject({
        stdout: "hello",
      });
    const { status, stderr } = await run(wanttls("connect", `localhost:${port}`, "--ca", certPath("root", "cert")));
    expect([status, stderr]).toEqual([1, expect.stringContaining("Cannot trust the certificate")]);
  });

  it("takes a PKCS#12 file with its password, and says what is wrong with it by its name", async () => {
    const { pfx: file, password } = pfx("openssl");
    const path = join(folder, "identity.p12");
    writeFileSync(path, file);
    await using server = wanttls("serve", "--port", "0", "--pfx", path, "--password", password);
    const [, port] = await server.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
    expect(await run(wanttlsConnect(Number(port)), "hello")).toMatchObject({ status: 0, stdout: "hello" });
    const { status, stderr } = await run(wanttls("serve", "--port", "0", "--pfx", path, "--password", "wrong"));
    const sentence = `wanttls: Cannot use ${path}: the password is wrong, or the file was altered\n`;
    expect([status, stderr]).toEqual([2, sentence]);
  });

  it("serves many clients at the same time", async () => {
    await using server = await wanttlsServe();
    const clients = Array.from({ length: 4 }, () => wanttlsConnect(server.port));
    for (const client of clients) client.write("hello");
    await Promise.all(clients.map((client) => client.waitFor(/hello/)));
    const sent = text(100_000);
    const results = await Promise.all(clients.map((client) => run(client, sent)));
    for (const { status, stdout } of results) expect([status, stdout === `hello${sent}`]).toEqual([0, true]);
  });

  it("goes on after a client that speaks no TLS, and says what was wrong", async () => {
    await using server = await wanttlsServe();
    const socket = net.connect(server.port, "127.0.0.1", () => socket.end("GET / HTTP/1.0\r\n\r\n"));
    socket.on("error", () => {});
    await server.waitFor(/wanttls: connection 1: Cannot finish the handshake: /);
    socket.destroy();
    expect(await run(wanttlsConnect(server.port), "still here")).toMatchObject({ status: 0, stdout: "still here" });
  });

  it("drops a client that does not finish the handshake in time", async () => {
    await using server = await wanttlsServe("--timeout", "0.2");
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    const closed = new Promise((resolve) => socket.resume().once("close", resolve));
    const sentence = /connection 1: Cannot finish the handshake: the peer took more than 0\.2 seconds\n/;
    await expect(server.waitFor(sentence)).resolves.toBeTruthy();
    await closed;
  });

  it("ends with the failure of its connection with --once", async () => {
    const server = await wanttlsServe("--once");
    const client = wanttls("connect", `localhost:${server.port}`, "--ca", certPath("unknownRoot", "cert"));
    expect((await run(client)).status).toBe(1);
    expect(await server.exited).toBe(1);
    expect(server.stderr).toMatch(/\nwanttls: Cannot finish the handshake: the peer sent the alert unknown_ca\n$/);
  });

  it("joins its stdin and stdout with the first client with --pipe", async () => {
    await using server = await wanttlsServe("--pipe");
    await using client = wanttlsConnect(server.port);
    const [there, back] = [text(200_000), text(300_000)];
    const [served, connected] = await Promise.all([run(server, back), run(client, there)]);
    expect([served.status, served.stdout === there]).toEqual([0, true]);
    expect([connected.status, connected.stdout === back]).toEqual([0, true]);
  });

  it("fails with 1 when it cannot listen", async () => {
    await using server = await wanttlsServe();
    const args = ["--cert", certPath("localhost", "cert"), "--key", certPath("localhost", "key")];
    const second = await run(wanttls("serve", ...args, "--port", String(server.port)));
    expect(second.status).toBe(1);
    expect(second.stderr).toBe(`wanttls: Cannot listen on 127.0.0.1 port ${server.port}: the address is in use\n`);
  });
});

describe("wanttls serve --www", () => {
  const outside = mkdtempSync(join(tmpdir(), "wanttls-www-"));
  const root = join(outside, "root");
  const big = text(1_000_000);
  let server: Peer;

  beforeAll(async () => {
    mkdirSync(join(root, "sub"), { recursive: true });
    mkdirSync(join(outside, "root-beside"));
    writeFileSync(join(outside, "secret.txt"), "secret");
    writeFileSync(join(outside, "root-beside", "secret.txt"), "secret");
    writeFileSync(join(root, "index.html"), "<p>home");
    writeFileSync(join(root, "sub", "a b.txt"), "spaced");
    writeFileSync(join(root, "big.bin"), big);
    symlinkSync(join(outside, "secret.txt"), join(root, "link.txt"));
    server = await wanttlsServe("--www", root);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(outside, { recursive: true });
  });

  it("answers GET with the file and closes properly", async () => {
    expect(await request("GET / HTTP/1.1")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n<p>home",
    );
    expect(await request("GET /sub/a%20b.txt?query HTTP/1.1")).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nspaced$/);
    const [, body] = (await request("GET /big.bin HTTP/1.0")).split("\r\n\r\n");
    expect(body === big).toBe(true);
  });

  it("understands lines that a terminal ends", async () => {
    const { status, stdout } = await run(wanttlsConnect(server.port), "GET / HTTP/1.1\n\n");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*<p>home$/);
  });

  it("answers HEAD without the file", async () => {
    expect(await request("HEAD /big.bin HTTP/1.1")).toMatch(
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 1000000\r\n[^]*\r\n\r\n$/,
    );
  });

  const refused: readonly (readonly [request: string, status: number])[] = [
    ["GET /nothing HTTP/1.1", 404],
    ["GET /sub HTTP/1.1", 404],
    ["GET /../secret.txt HTTP/1.1", 404],
    ["GET /%2e%2e/secret.txt HTTP/1.1", 404],
    ["GET /..%2fsecret.txt HTTP/1.1", 404],
    ["GET /..%2froot-beside%2fsecret.txt HTTP/1.1", 404],
    ["GET //../secret.txt HTTP/1.1", 404],
    ["GET /link.txt HTTP/1.1", 404],
    ["GET /%00 HTTP/1.1", 404],
    ["GET /%zz HTTP/1.1", 404],
    ["POST / HTTP/1.1", 405],
    ["GET / SPDY/3", 400],
    ["nonsense", 400],
  ];
  it("refuses what is not a file below the folder, and other requests", async () => {
    const answers = await Promise.all(refused.map(([line]) => request(line)));
    for (const [i, [line, status]] of refused.entries()) {
      expect(answers[i], line).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answers[i], line).not.toContain("secret");
    }
  });

  /** The answer to one request, over openssl's client so that the server's bytes are judged by another. */
  async function request(line: string): Promise<string> {
    await using client = opensslClient(server.port, { extra: ["-quiet"] });
    client.write(`${line}\r\nHost: localhost\r\n\r\n`);
    expect(await client.exited).toBe(0);
    return client.stdout;
  }
});

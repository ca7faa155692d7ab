// The command as a user runs it, against itself, against openssl and against what is no TLS server at all.
import net from "node:net";
import { afterEach, describe, expect, it, test } from "vitest";
import { certPath } from "../support/certs.ts";
import { opensslServer, pythonServer } from "../support/peers.ts";
import { run, text, wanttls, wanttlsConnect, wanttlsServe } from "./command.ts";

const versions = [
  ["TLSv1.2", "--tls1.2"],
  ["TLSv1.3", "--tls1.3"],
] as const;

describe("wanttls connect", () => {
  for (const [version, option] of versions) {
    it(`sends stdin and prints what comes back over ${version}, and both commands end with 0`, async () => {
      await using server = await wanttlsServe("--once", option);
      const sent = text(500_000);
      const { status, stdout, stderr } = await run(wanttlsConnect(server.port), sent);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout === sent).toBe(true);
      expect(await server.exited).toBe(0);
    });

    it(`talks with openssl s_server over ${version}`, async () => {
      await using server = await opensslServer({ version });
      await using client = wanttlsConnect(server.port, option);
      client.write("to the server\n");
      await server.waitFor(/to the server/);
      server.write("to the client\n");
      await client.waitFor(/to the client/);
      client.endInput();
      expect(await client.exited).toBe(0);
    });
  }

  it("tells about the connection with --info and --json, on stderr", async () => {
    await using server = await wanttlsServe("--alpn", "echo,other");
    const info = await run(wanttlsConnect(server.port, "--info", "--tls1.2", "--alpn", "other"), "x");
    expect(info).toMatchObject({ status: 0, stdout: "x" });
    expect(info.stderr.split("\n")).toEqual([
      "version   TLSv1.2",
      expect.stringMatching(/^suite     ECDHE-ECDSA-/),
      expect.stringMatching(/^group     x25519$/),
      "protocol  other",
      "verified  localhost",
      "subject   CN=localhost",
      expect.stringMatching(/^names     DNS:localhost, IP Address:127\.0\.0\.1, /),
      "issuer    CN=wanttls test root",
      expect.stringMatching(/^valid     from .* 2020 GMT to .* 2120 GMT$/),
      "",
    ]);
    const json = await run(wanttlsConnect(server.port, "--json", "--tls1.3", "--alpn", "echo"));
    expect(JSON.parse(json.stderr)).toMatchObject({
      version: "TLSv1.3",
      cipher: expect.stringMatching(/^TLS_/) as string,
      group: "x25519",
      alpn: "echo",
      serverHostname: "localhost",
      verified: "localhost",
      peer: { subject: "CN=localhost", notBefore: "2020-01-01T00:00:00.000Z", notAfter: "2120-01-01T00:00:00.000Z" },
    });
  });

  it("shows its own certificate to a server that asks for it, and hears when that is refused", async () => {
    await using server = await wanttlsServe("--ca", certPath("root", "cert"), "--json");
    const identity = ["--cert", certPath("client", "chain"), "--key", certPath("client", "key")];
    expect(await run(wanttlsConnect(server.port, ...identity), "x")).toEqual({ status: 0, stdout: "x", stderr: "" });
    expect(server.stderr).toContain('"verified":"chain","peer":{"subject":"CN=wanttls test client"');
    const refused = await run(wanttlsConnect(server.port), "x");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^wanttls: Cannot read: the peer sent the alert certificate_required\n$/);
  });

  it("goes on with --insecure whoever the server is", async () => {
    await using server = await wanttlsServe();
    const { status, stdout } = await run(wanttls("connect", `localhost:${server.port}`, "--insecure"), "x");
    expect([status, stdout]).toEqual([0, "x"]);
  });

  it("verifies the name of --servername instead of HOST", async () => {
    await using server = await wanttlsServe();
    const args = ["connect", `127.0.0.1:${server.port}`, "--ca", certPath("root", "cert"), "--servername", "localhost"];
    expect((await run(wanttls(...args), "x")).stdout).toBe("x");
  });

  it("ends when the server has left, though stdin has not", async () => {
    await using server = await wanttlsServe("--www", ".");
    await using client = wanttlsConnect(server.port);
    client.write("GET /package.json HTTP/1.1\r\n\r\n");
    expect(await client.exited).toBe(0);
    expect(client.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"name": "wanttls"/);
  });

  it("still sends all of stdin to a server that has nothing to say", async () => {
    await using server = await wanttlsServe("--pipe");
    server.endInput();
    const sent = text(300_000);
    expect((await run(wanttlsConnect(server.port), sent)).status).toBe(0);
    expect(await server.exited).toBe(0);
    expect(server.stdout === sent).toBe(true);
  });
});

describe("wanttls connect fails with one sentence and 1", () => {
  const listeners: net.Server[] = [];
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.close();
  });

  it("when nothing listens", async () => {
    const port = await listen(() => {});
    await new Promise((resolve) => listeners.pop()?.close(resolve));
    await expectFailure(wanttlsConnect(port), `Cannot connect to localhost port ${port}: the connection was refused`);
  });

  it("when the host is not known", async () => {
    const client = wanttls("connect", "nobody.invalid:443", "--insecure");
    await expectFailure(client, "Cannot connect to nobody.invalid port 443: the host is not known");
  });

  it("when the certificate is not signed by a trusted one", async () => {
    await using server = await wanttlsServe();
    const client = wanttls("connect", `localhost:${server.port}`, "--ca", certPath("unknownRoot", "cert"));
    await expectFailure(client, /Cannot trust the certificate of the peer: it is not signed by a trusted certificate/);
    await server.waitFor(/wanttls: connection 1: Cannot finish the handshake: the peer sent the alert unknown_ca\n/);
  });

  it("when there can be no such name, before it has connected to anybody", async () => {
    let connections = 0;
    const port = await listen(() => void connections++); // who does not end what is open
    const { status, stderr } = await run(wanttlsConnect(port, "--servername", "a b"));
    expect(stderr).toBe('wanttls: Cannot use --servername "a b": it is neither a DNS name nor an IP address\n');
    expect([status, connections]).toEqual([2, 0]);
  });

  it("when the certificate is for another name", async () => {
    await using server = await wanttlsServe();
    const client = wanttlsConnect(server.port, "--servername", "example.org");
    await expectFailure(
      client,
      /Cannot trust the certificate of the peer: it is for localhost, .*, not for example\.org/,
    );
  });

  it("when the versions do not meet", async () => {
    await using server = await wanttlsServe("--tls1.2");
    await expectFailure(wanttlsConnect(server.port, "--tls1.3"), /Cannot finish the handshake: .*/);
  });

  it("when the server speaks HTTP instead of TLS", async () => {
    const port = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expectFailure(wanttlsConnect(port), /Cannot finish the handshake: .*HTTP.*/);
  });

  it("when the server leaves during the handshake", async () => {
    const port = await listen((socket) => socket.destroy());
    await expectFailure(wanttlsConnect(port), /Cannot .*/);
  });

  it("when the server says nothing for too long", async () => {
    const port = await listen(() => {});
    const client = wanttlsConnect(port, "--timeout", "0.3");
    await expectFailure(client, "Cannot finish the handshake: the peer took more than 0.3 seconds");
  });

  it("when the connection is cut without close_notify, after printing what came", async () => {
    await using server = await pythonServer({ mode: "truncate" });
    const client = wanttlsConnect(server.port);
    client.write("x");
    await expectFailure(client, /Cannot read: the transport ended without a close_notify/);
  });

  /** The port of a plain TCP server. */
  async function listen(serve: (socket: net.Socket) => void): Promise<number> {
    const listener = net.createServer((socket) => {
      socket.on("error", () => {});
      serve(socket);
    });
    listeners.push(listener);
    await new Promise<void>((resolve) => listener.listen(0, "localhost", resolve));
    return (listener.address() as net.AddressInfo).port;
  }
});

test("wanttls fails with 2 and names the file that cannot be used", async () => {
  const [certificate, key] = [certPath("localhost", "cert"), certPath("localhost", "key")];
  const cases: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
    [["connect", "a:1", "--ca", "/nowhere.pem"], /^wanttls: Cannot read \/nowhere\.pem: there is no such file\n$/],
    [["connect", "a:1", "--ca", key], /^wanttls: Cannot use \S*localhost\.key\.pem: .*\n$/],
    [
      ["serve", "--port", "0", "--cert", certificate, "--key", certPath("root", "key")],
      /^wanttls: Cannot use \S*root\.key\.pem: it does not fit the certificate\n$/,
    ],
    [["serve", "--port", "0", "--key", key], /^wanttls: Cannot serve: --cert and --key need each other\n$/],
  ];
  const results = await Promise.all(cases.map(([args]) => run(wanttls(...args))));
  for (const [i, { status, stdout, stderr }] of results.entries()) {
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(cases[i]![1]);
  }
});

test("wanttls tells its options and its versions on stdout", async () => {
  const [help, version] = await Promise.all([run(wanttls("--help")), run(wanttls("--version"))]);
  expect(help).toMatchObject({ status: 0, stderr: "" });
  expect(help.stdout).toMatch(/^Usage:\n {2}wanttls connect HOST:PORT/);
  expect(version).toMatchObject({ status: 0, stderr: "" });
  expect(version.stdout).toMatch(/^wanttls \d+\.\d+\.\d+\nMbed TLS 3\.\d+\.\d+\n(Node|Deno|Bun) \d+\.\d+\.\d+\n$/);
});

async function expectFailure(command: ReturnType<typeof wanttls>, sentence: string | RegExp): Promise<void> {
  const status = await command.exited;
  const pattern =
    typeof sentence === "string" ? `wanttls: ${sentence}\n` : new RegExp(`^wanttls: ${sentence.source}\n$`);
  if (typeof pattern === "string") expect(command.stderr).toBe(pattern);
  else expect(command.stderr).toMatch(pattern);
  expect(status).toBe(1);
}

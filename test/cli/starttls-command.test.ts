// `--starttls` of the command, against the clients and servers of others: openssl, Python's standard library, and servers that
// Python plays step by step.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startTlsNames } from "../../ts/cli/starttls/names.ts";
import { certPath } from "../support/certs.ts";
import { opensslClient, Peer, started } from "../support/peers.ts";
import { run, wanttls, wanttlsConnect, wanttlsServe } from "./command.ts";

const script = fileURLToPath(new URL("starttls_peer.py", import.meta.url));

/** A server that says what the script has for this protocol, and then `mode`. */
async function scripted(protocol: string, mode: "plain" | "inject" | "inject-late" | "strip"): Promise<Peer> {
  const identity = [certPath("localhost", "chain"), certPath("localhost", "key")];
  return started(new Peer("python3", [script, "serve", protocol, mode, ...identity]));
}

describe("wanttls connect --starttls", () => {
  for (const name of startTlsNames) {
    it(`talks TLS with a server of ${name} once it has agreed`, async () => {
      await using server = await scripted(name, "plain");
      const { status, stdout, stderr } = await run(wanttlsConnect(server.port, "--starttls", name), "there and back");
      expect([status, stdout, stderr]).toEqual([0, "there and back", ""]);
      expect(await server.exited).toBe(0);
    });
  }

  for (const name of ["smtp", "postgres", "mysql"]) {
    it(`ends with 1 when plaintext lies behind what the server of ${name} says before TLS`, async () => {
      await using server = await scripted(name, "inject");
      const { status, stdout, stderr } = await run(wanttlsConnect(server.port, "--starttls", name), "secret");
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(
        /^wanttls: Cannot start TLS over \w+ with localhost: "\* injected" came where TLS must begin, somebody may have injected it\n$/,
      );
    });
  }

  it("ends with 1 when the server does not offer TLS, and sends nothing in plaintext", async () => {
    await using server = await scripted("imap", "strip");
    const { status, stdout, stderr } = await run(wanttlsConnect(server.port, "--starttls", "imap"), "secret");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      'wanttls: Cannot start TLS over IMAP with localhost: it does not offer TLS, only "* CAPABILITY IMAP4rev2 AUTH=PLAIN"\n',
    );
    expect(await server.exited).toBe(0);
  });

  it("ends with 1 when plaintext comes in place of the server's first record", async () => {
    await using server = await scripted("imap", "inject-late");
    const { status, stderr } = await run(wanttlsConnect(server.port, "--starttls", "imap"), "secret");
    expect(status).toBe(1);
    expect(stderr).toBe(
      "wanttls: Cannot start TLS over IMAP with localhost: plaintext came where TLS must begin, somebody may have injected it\n",
    );
  });

  it("gives an XMPP server the name of --servername, and verifies it", async () => {
    await using server = await scripted("xmpp", "plain");
    const trust = ["--ca", certPath("root", "cert"), "--starttls", "xmpp", "--servername", "localhost", "--json"];
    const { status, stdout, stderr } = await run(wanttls("connect", `127.0.0.1:${server.port}`, ...trust), "x");
    expect([status, stdout]).toEqual([0, "x"]);
    expect(JSON.parse(stderr)).toMatchObject({ verified: "localhost" });
  });

  it("lets trace draw what begins in plaintext", async () => {
    await using server = await scripted("smtp", "plain");
    const trust = ["--ca", certPath("root", "cert"), "--starttls", "smtp"];
    const { status, stdout, stderr } = await run(wanttls("trace", `localhost:${server.port}`, ...trust));
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/<svg [^]*ClientHello[^]*<\/svg>/);
  });

  it("does not wait longer than --timeout says", async () => {
    await using server = await scripted("xmpp", "plain");
    const { status, stderr } = await run(wanttlsConnect(server.port, "--starttls", "smtp", "--timeout", "0.3"));
    expect(status).toBe(1);
    expect(stderr).toBe("wanttls: Cannot start TLS over SMTP with localhost: it took more than 0.3 seconds\n");
  });
});

describe("wanttls serve --starttls", () => {
  for (const name of startTlsNames) {
    it(`talks TLS with openssl s_client -starttls ${name}`, async () => {
      await using server = await wanttlsServe("--starttls", name);
      await using client = opensslClient(server.port, { extra: ["-quiet", "-starttls", name] });
      client.write("there and back\n");
      await expect(client.waitFor(/there and back/)).resolves.toBeTruthy();
    });
  }

  for (const [name, library] of [
    ["smtp", "smtplib"],
    ["imap", "imaplib"],
    ["pop3", "poplib"],
    ["ftp", "ftplib"],
  ] as const) {
    it(`talks TLS with Python's ${library}`, async () => {
      await using server = await wanttlsServe("--starttls", name, "--once");
      const client = new Peer("python3", [script, "connect", name, String(server.port), certPath("root", "cert")]);
      const { status, stdout, stderr } = await run(client);
      expect([status, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toEqual({ received: "hello\n", version: "TLSv1.3" });
      expect(await server.exited).toBe(0);
    });
  }

  it("goes on after a client that pipelines plaintext behind its request, and after one that wants no TLS", async () => {
    await using server = await wanttlsServe("--starttls", "postgres");
    const send = (text: string): string =>
      `import socket; s = socket.create_connection(("127.0.0.1", ${server.port})); s.sendall(${text}); print(s.recv(9))`;
    const pipelined = await run(new Peer("python3", ["-c", send('b"\\0\\0\\0\\x08\\x04\\xd2\\x16\\x2fQ evil"')]));
    expect(pipelined.stdout).toBe("b''\n");
    await server.waitFor(
      /connection 1: Cannot start TLS over PostgreSQL with the client: "Q evil" came where TLS must/,
    );
    await run(new Peer("python3", ["-c", send('b"\\0\\0\\0\\x09\\0\\x03\\0\\0"')]));
    await server.waitFor(/connection 2: Cannot start TLS over PostgreSQL with the client: it sent /);
    const { status, stdout } = await run(wanttlsConnect(server.port, "--starttls", "postgres"), "still here");
    expect([status, stdout]).toEqual([0, "still here"]);
  });
});

// What `--trace` prints and what `wanttls trace` draws: complete, well-formed, harmless, also when the handshake fails.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { htmlOf } from "../../ts/cli/trace/html.ts";
import type { Story } from "../../ts/cli/trace/rows.ts";
import { svgOf } from "../../ts/cli/trace/svg.ts";
import { derCertToPem, type TraceEvent } from "../../ts/ssl/index.ts";
import { keyUsage, makeRoot } from "../support/certificate-factory.ts";
import { certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";
import { run, wanttls, wanttlsConnect, wanttlsServe } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "wanttls-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const versions = [
  ["TLSv1.2", "--tls1.2"],
  ["TLSv1.3", "--tls1.3"],
] as const;
const root = ["--ca", certPath("root", "cert")];
const own = ["--cert", certPath("client", "chain"), "--key", certPath("client", "key")];

/** All the text of a document, as a real parser of XML reads it; throws when it is not well-formed. */
async function textOf(document: string): Promise<string> {
  const script =
    "import sys, xml.etree.ElementTree as e; print(' | '.join(e.fromstring(sys.stdin.buffer.read()).itertext()))";
  const parser = new Peer("python3", ["-c", script], { PYTHONIOENCODING: "utf-8" });
  const { status, stdout, stderr } = await run(parser, document);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

function expectSelfContained(document: string): void {
  expect(document).not.toMatch(/<script|\bon\w+=|url\(|@import|<link|<image|<img/i);
  expect(document.match(/\b(?:href|src)="[^#][^"]*"/g)).toBe(null);
}

/** The names of the messages, in the order in which they are in the text. */
function named(text: string, titles: readonly string[]): string[] {
  return [...text.matchAll(new RegExp(`\\b(${titles.join("|")})\\b`, "g"))].map(([title]) => title);
}

describe("--trace", () => {
  for (const [version, option] of versions) {
    it(`prints what goes over the wire on stderr, on both sides, ${version}`, async () => {
      await using server = await wanttlsServe("--once", option, "--trace", ...root);
      const { status, stdout, stderr } = await run(wanttlsConnect(server.port, "--trace", "--info", ...own), "hello");
      expect([status, stdout]).toEqual([0, "hello"]);
      expect(await server.exited).toBe(0);
      expect(stderr).toMatch(
        /^ +[\d.]+ ms -> handshake, \d+ bytes, in the clear\n {16}ClientHello, \d+ bytes\n {18}\w/,
      );
      expect(stderr).toMatch(/^ +[\d.]+ ms <- handshake, \d+ bytes, in the clear\n {16}ServerHello, /m);
      expect(stderr).toMatch(new RegExp(`ms == handshake over: ${version}, TLS_\\w+\\nversion   ${version}$`, "m"));
      expect(stderr).toMatch(/^ {18}certificate 1 +CN=localhost$/m);
      expect(server.stderr).toMatch(/^ {18}certificate 1 +CN=wanttls test client$/m);
      const titles = [
        "ClientHello",
        "ServerHello",
        "Certificate",
        "CertificateVerify",
        "Finished",
        "alert close_notify",
      ];
      expect(named(stderr, titles)).toEqual(named(server.stderr, titles));
      for (const line of [...stderr.split("\n"), ...server.stderr.split("\n")])
        expect(line.length).toBeLessThanOrEqual(100);
    });
  }

  it("says which connection a line of a server is about", async () => {
    await using server = await wanttlsServe("--trace");
    await run(wanttlsConnect(server.port));
    await run(wanttlsConnect(server.port));
    await server.waitFor(/^\[2\] .*alert, /m);
    expect(server.stderr).toMatch(/^\[1\] +[\d.]+ ms <- handshake, /m);
    expect(server.stderr).toMatch(/^\[2\] {17}ClientHello, /m);
  });

  it("prints no character of a peer that a terminal would obey, nor does --info", async () => {
    await using server = await evilServer();
    const { stderr } = await run(wanttls("connect", `localhost:${server.port}`, "--insecure", "--trace", "--info"));
    expect(stderr.match(/subject .*<script>.*\\u\{1b\}\[31m\\u\{9b\}32m/g)?.length).toBe(1);
    expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
    await using another = await evilServer();
    const json = await run(wanttls("connect", `localhost:${another.port}`, "--insecure", "--json"));
    expect(JSON.parse(json.stderr)).toMatchObject({ peer: { subject: `CN=${evil}` } });
    expect(json.stderr).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

/** For the factory of certificates it must not have a comma. */
const evil = `"><script>alert('1')</script>&amp;]]>\u001b[31m\u009b32m`;

/** Its certificate has a name that is a danger to whoever shows it. */
async function evilServer(): Promise<Peer> {
  const { der, key } = makeRoot("evil", { subject: `CN=${evil}`, extensions: { keyUsage: keyUsage(0) } });
  const [cert, keyFile] = [join(folder, "evil.pem"), join(folder, "evil.key")];
  writeFileSync(cert, derCertToPem(der));
  writeFileSync(keyFile, key.privateKey.export({ type: "pkcs8", format: "pem" }));
  const server = wanttls("serve", "--cert", cert, "--key", keyFile, "--port", "0", "--once");
  server.port = Number((await server.waitFor(/listening on 127\.0\.0\.1:(\d+)/))[1]);
  return server;
}

describe("wanttls trace", () => {
  for (const [version, option] of versions) {
    it(`draws the handshake of ${version}, with a certificate of the client`, async () => {
      await using server = await wanttlsServe("--once", option, ...root);
      const command = wanttls("trace", `localhost:${server.port}`, ...root, ...own);
      const { status, stdout, stderr } = await run(command);
      expect([status, stderr]).toEqual([0, ""]);
      expect(await server.exited).toBe(0);
      expectSelfContained(stdout);
      const text = await textOf(stdout);
      expect(text).toMatch(`TLS handshake with localhost:${server.port}`);
      expect(text).toMatch(new RegExp(`handshake over: ${version}, TLS_`));
      for (const part of [
        "ClientHello",
        "CertificateRequest",
        "CN=localhost",
        "CN=wanttls test client",
        "NewSessionTicket",
      ])
        expect(text).toContain(part);
      expect(stdout.match(/>alert close_notify<\/tspan>/g)?.length).toBe(2);
    });
  }

  it("writes a page with all the details, which the arrows lead to", async () => {
    await using server = await wanttlsServe("--once");
    const file = join(folder, "page.html");
    const { status, stdout, stderr } = await run(wanttls("trace", `localhost:${server.port}`, ...root, "-o", file));
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
    const page = readFileSync(file, "utf8");
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en"/);
    expectSelfContained(page);
    expect(await textOf(page)).toMatch(/signature_algorithms \| ecdsa_secp256r1_sha256, /);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(8);
    expect([...page.matchAll(/<table id="([^"]+)"/g)].map(([, id]) => id)).toEqual(targets);
  });

  it("draws a handshake that fails, says why, and ends with 1", async () => {
    await using server = await wanttlsServe("--once");
    const command = wanttls("trace", `localhost:${server.port}`, "--ca", certPath("unknownRoot", "cert"));
    const { status, stdout, stderr } = await run(command);
    const sentence = "Cannot trust the certificate of the peer: it is not signed by a trusted certificate";
    expect([status, stderr]).toEqual([1, `wanttls: ${sentence}\n`]);
    const text = await textOf(stdout);
    expect(text).toMatch(/fatal alert unknown_ca/);
    expect(text).toContain(sentence);
    expect(stdout).toMatch(/<g class="alarm alarming">/);
  });

  it("draws what a server of TLS 1.3 says after the handshake to a client without a certificate", async () => {
    await using server = await wanttlsServe("--once", "--tls1.3", ...root);
    const { status, stdout, stderr } = await run(wanttls("trace", `localhost:${server.port}`, ...root, "--html"));
    expect([status, stderr]).toEqual([1, "wanttls: Cannot read: the peer sent the alert certificate_required\n"]);
    expect(await textOf(stdout)).toMatch(/fatal alert certificate_required/);
  });

  it("draws nothing without a connection, and says which file it cannot write", async () => {
    const { status, stdout } = await run(wanttls("trace", "localhost:1"));
    expect([status, stdout]).toEqual([1, ""]);
    await using server = await wanttlsServe("--once");
    const file = join(folder, "missing", "x.svg");
    const failed = await run(wanttls("trace", `localhost:${server.port}`, ...root, "-o", file));
    expect(failed).toMatchObject({ status: 2, stdout: "" });
    expect(failed.stderr).toMatch(`wanttls: Cannot write ${file}: `);
  });

  it("takes names of the peer for text", async () => {
    for (const form of ["--svg", "--html"]) {
      await using server = await evilServer();
      const { status, stdout } = await run(wanttls("trace", `localhost:${server.port}`, "--insecure", form));
      expect(status).toBe(0);
      expect(stdout).not.toMatch(/<script/);
      const text = await textOf(stdout);
      expect(text).toContain(`CN=${evil.replace("\u001b", "\\u{1b}").replace("\u009b", "\\u{9b}")}`);
    }
  });

  it("is well-formed whatever it is told", async () => {
    const body = new Uint8Array(10).fill(255);
    const carried = { direction: "received", protection: "none", time: 123_456.7 } as const;
    const events: TraceEvent[] = [
      ...Array.from({ length: 30 }, (_, type): TraceEvent => ({ kind: "message", ...carried, type, body })),
      { kind: "record", ...carried, type: 23, version: 771, length: 5, plaintext: null },
      { kind: "alert", ...carried, level: 7, description: 255 },
      { kind: "secret", time: 0, label: "EARLY_EXPORTER_SECRET" },
    ];
    const story: Story = {
      server: `${evil}\u0000\uD800\uFFFF`,
      events,
      failure: `${"long ".repeat(80)}${"x".repeat(500)}${evil}`,
    };
    for (const document of [svgOf(story), htmlOf(story)]) {
      expectSelfContained(document);
      expect(await textOf(document)).toMatch(/a record that cannot be decrypted/);
    }
  });

  it("needs two rows at most for data that goes back and forth once", () => {
    const data = (direction: "sent" | "received"): TraceEvent => ({
      kind: "record",
      direction,
      protection: "application",
      time: 1,
      type: 23,
      version: 771,
      length: 117,
      plaintext: 100,
    });
    const events = [data("sent"), data("sent"), data("received"), data("received"), data("received")];
    const picture = svgOf({ server: "a:1", events, failure: null });
    expect(picture.match(/\d+ bytes/g)).toEqual(["200 bytes", "300 bytes"]);
  });
});

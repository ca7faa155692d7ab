// The variables that the command obeys.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import { certPath } from "../support/certs.ts";
import { run, wanttlsServe, wanttlsWith } from "./command.ts";

const folder = mkdtempSync(`${tmpdir()}/wanttls-environment-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** Takes the machine's own settings away. */
const none = { SSL_CERT_FILE: "", SSL_CERT_DIR: "", NODE_EXTRA_CA_CERTS: "", DENO_CERT: "", SSLKEYLOGFILE: "" };

test("without --ca the command trusts what SSL_CERT_FILE names, and nothing else", async () => {
  await using server = await wanttlsServe();
  const target = ["connect", `localhost:${server.port}`];
  const trusted = { ...none, SSL_CERT_FILE: certPath("root", "cert") };
  expect(await run(wanttlsWith(trusted, ...target), "x")).toMatchObject({ status: 0, stdout: "x" });
  for (const SSL_CERT_FILE of [certPath("unknownRoot", "cert"), ""]) {
    const { status, stderr } = await run(wanttlsWith({ ...none, SSL_CERT_FILE }, ...target), "x");
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot trust the certificate of the peer");
  }
  const missing = await run(wanttlsWith({ ...none, SSL_CERT_FILE: `${folder}/none.pem` }, ...target), "x");
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain(`${folder}/none.pem that SSL_CERT_FILE names cannot be read: there is no such file`);
});

test("S38 SSLKEYLOGFILE names the file for the keys, of either command", async () => {
  const path = `${folder}/keys.txt`;
  const logging = { ...none, SSLKEYLOGFILE: path };
  await using server = await wanttlsServe("--once");
  const connect = wanttlsWith(logging, "connect", `localhost:${server.port}`, "--ca", certPath("root", "cert"));
  expect(await run(connect, "x")).toMatchObject({ status: 0, stdout: "x" });
  expect(readFileSync(path, "utf8").match(/^SERVER_TRAFFIC_SECRET_0 /gm)).toHaveLength(1);

  const identity = ["--cert", certPath("localhost", "chain"), "--key", certPath("localhost", "key")];
  const bad = await run(wanttlsWith({ ...none, SSLKEYLOGFILE: folder }, "serve", ...identity, "--port", "0"));
  expect(bad.status).toBe(2);
  expect(bad.stderr).toContain(`wanttls: Cannot log keys to ${folder}: it is a directory\n`); // Deno has its say before
});

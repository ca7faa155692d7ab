// Runs what docs/trust.md shows.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { type SSLContext, spkiPin } from "../../ts/index.ts";
import { certPath, certs } from "../support/certs.ts";
import { attempt, disposed, serverContext, wrapped } from "../support/conversation.ts";
import { documentAt } from "./snippets.ts";

const { text, snippet } = documentAt("docs/trust.md");

test("docs/trust.md: the command computes the pin that spkiPin gives", () => {
  const command = /^openssl x509 -in .*$/m.exec(text)![0].replace("server.pem", certPath("localhost", "cert"));
  const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  expect(`sha256/${stdout.trim()}`).toBe(spkiPin(certs.localhost.cert));
});

test("docs/trust.md: a device is trusted on first use, and another one in its place is not", async () => {
  const { devices } = await snippet<{ devices(known: Map<string, string>): SSLContext }>("first-use.ts");
  const known = new Map<string, string>();
  const context = disposed(devices(known));
  const meet = (identity: "selfSigned" | "localhost"): unknown => {
    const client = wrapped(context, { serverHostname: "device.local" });
    return attempt({ client, server: wrapped(serverContext({}, identity)) }).client;
  };
  expect(meet("selfSigned")).toBeUndefined();
  expect([...known]).toEqual([["device.local", spkiPin(certs.selfSigned.cert)]]);
  expect(meet("selfSigned")).toBeUndefined();
  expect(meet("localhost")).toMatchObject({ nodeCode: "HOST_KEY_CHANGED" });
});

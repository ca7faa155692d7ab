// TrustStore.system and TrustStore.mozilla on the runtime that runs the tests, with real files and its real environment.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SSLConfigError, TrustStore as CoreTrustStore } from "../../ts/index.ts";
import { runtime } from "../socket/pairs.ts";
import { certPath, certs } from "../support/certs.ts";
import { handshake, pairOf } from "../support/conversation.ts";
import { thisRuntime } from "../support/this-runtime.ts";

const { getDefaultVerifyPaths, TrustStore } = await thisRuntime();
const extraVariable = runtime === "deno" ? "DENO_CERT" : "NODE_EXTRA_CA_CERTS";
const variables = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "DENO_CERT"];
const before = variables.map((name) => [name, process.env[name]] as const);

beforeEach(() => {
  for (const name of variables) delete process.env[name];
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe("TrustStore.system", () => {
  test("makes a store that contexts take, and that is a store of both classes", () => {
    process.env["SSL_CERT_FILE"] = certPath("root", "cert");
    const trust = TrustStore.system();
    expect(trust).toBeInstanceOf(TrustStore);
    expect(trust).toBeInstanceOf(CoreTrustStore);
    expect(trust.with(trust)).toBeInstanceOf(TrustStore);
    handshake(pairOf({ client: { ca: [], trust } }));
  });

  test("reads directories and the runtime's own variable", () => {
    const folder = mkdtempSync(`${tmpdir()}/wanttls-trust-`);
    try {
      writeFileSync(`${folder}/00000000.0`, certs.root.cert);
      writeFileSync(`${folder}/00000000.1`, certs.rsaRoot.cert);
      process.env["SSL_CERT_DIR"] = folder;
      expect(TrustStore.system().size).toBe(2);
      process.env[extraVariable] = certPath("unknownRoot", "cert");
      expect(TrustStore.system().size).toBe(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("answers the same store while what it reads is the same, and another one when that has changed", () => {
    const folder = mkdtempSync(`${tmpdir()}/wanttls-trust-`);
    try {
      const path = `${folder}/ca.pem`;
      process.env["SSL_CERT_FILE"] = path;
      writeFileSync(path, certs.root.cert);
      const first = TrustStore.system();
      expect(TrustStore.system()).toBe(first);
      expect(class extends TrustStore {}.system()).not.toBe(first);
      writeFileSync(path, certs.unknownRoot.cert);
      const second = TrustStore.system();
      expect(second.der()).not.toEqual(first.der());
      writeFileSync(path, "");
      expect(() => TrustStore.system()).toThrow(SSLConfigError);
      writeFileSync(path, certs.unknownRoot.cert);
      expect(TrustStore.system().der()).toEqual(second.der());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ["is missing", "/nowhere/ca.pem", "there is no such file"],
    ["is a directory", "/", "it is a directory"],
    ["holds a key", certPath("root", "key"), "has no CERTIFICATE block"],
  ])("refuses a file that %s with the same words on every runtime", (_, path, why) => {
    process.env["SSL_CERT_FILE"] = path;
    expect(() => TrustStore.system()).toThrow(SSLConfigError);
    expect(() => TrustStore.system()).toThrow(why);
  });

  test("finds what this machine trusts, all of it usable, or says where it looked", () => {
    const { cafile, capath } = getDefaultVerifyPaths();
    if (cafile === null && capath === null) expect(() => TrustStore.system()).toThrow("tried /etc/ssl");
    else expect(TrustStore.system()).toMatchObject({ size: expect.any(Number) as number, skipped: [] });
  });
});

test("TrustStore.mozilla holds the public roots, whatever the environment says, all usable", () => {
  process.env["SSL_CERT_FILE"] = "/nowhere/ca.pem";
  const store = TrustStore.mozilla();
  expect(store.size).toBeGreaterThan(50);
  expect(store.skipped).toEqual([]);
  const names = store.certificates().flatMap(({ subject }) => subject.flat().map(([, value]) => value));
  expect(names).toContain("ISRG Root X1");
});

test("getDefaultVerifyPaths tells the paths that the environment names, if they are there", () => {
  process.env["SSL_CERT_FILE"] = certPath("root", "cert");
  process.env["SSL_CERT_DIR"] = "/nowhere";
  expect(getDefaultVerifyPaths()).toMatchObject({ cafile: certPath("root", "cert"), capath: null });
});

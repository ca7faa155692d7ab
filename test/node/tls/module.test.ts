// The module as programs get hold of it: by import and by require, with settings that can be assigned to.
import { createRequire } from "node:module";
import nodeTls from "node:tls";
import { describe, expect, it } from "vitest";
import tls, * as all from "../../../ts/node/tls/index.ts";
import { parseCiphers } from "../../../ts/node/tls/ciphers.ts";
import { cert, key, listening, replacement, connected } from "./pairs.ts";

describe("the module", () => {
  it("has everything that node:tls has", () => {
    const missing = Object.keys(nodeTls).filter((name) => !(name in tls));
    expect(missing).toEqual([]);
  });

  it("has the same things by name, by default import and by require", () => {
    const named = Object.entries(all).filter(([name]) => name !== "default" && name !== "module.exports");
    expect(Object.fromEntries(named)).toEqual({ ...tls });
    expect((all as Record<string, unknown>)["module.exports"]).toBe(tls);
  });

  it("is left alone by those who require node:tls", () => {
    expect(createRequire(import.meta.url)("node:tls")).toBe(nodeTls);
  });

  it("obeys its settings when they are changed", async () => {
    const before = tls.DEFAULT_MAX_VERSION;
    const port = await listening(replacement.createServer({ cert, key }));
    tls.DEFAULT_MAX_VERSION = "TLSv1.2";
    try {
      expect((await connected(replacement, { port })).getProtocol()).toBe("TLSv1.2");
    } finally {
      tls.DEFAULT_MAX_VERSION = before;
    }
  });

  it("makes servers and sockets without new", () => {
    const make = tls.Server as unknown as (options: object) => unknown;
    const server = make({ cert, key });
    expect([server instanceof tls.Server, server instanceof all.Server]).toEqual([true, true]);
  });

  it("makes contexts with what a program puts in the place of createSecureContext", async () => {
    const { createSecureContext } = tls;
    const port = await listening(replacement.createServer({ cert, key }));
    const seen: object[] = [];
    tls.createSecureContext = (options) => {
      seen.push(options!);
      return createSecureContext(options);
    };
    try {
      await connected(replacement, { port });
    } finally {
      tls.createSecureContext = createSecureContext;
    }
    expect(seen).toHaveLength(1);
  });
});

describe("a list of cipher suites", () => {
  it.each([
    ["AES256-SHA", ["TLS_RSA_WITH_AES_256_CBC_SHA"]],
    ["TLS_AES_128_GCM_SHA256", ["TLS_AES_128_GCM_SHA256"]],
    ["TLS_AES_128_GCM_SHA256:AES256-SHA", ["TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA"]],
    ["ECDHE+CHACHA20:!PSK:!ECDSA", ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"]],
    ["kRSA+AESGCM:-AES128", ["TLS_RSA_WITH_AES_256_GCM_SHA384"]],
    ["AES256-SHA:AES128-SHA:+AES256", ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"]],
    ["!AES256:AES256-SHA:AES128-SHA:@SECLEVEL=0", ["TLS_RSA_WITH_AES_128_CBC_SHA"]],
    ["nobody-knows:AES256-SHA", ["TLS_RSA_WITH_AES_256_CBC_SHA"]],
  ])("%s selects what OpenSSL selects", (list, selected) => {
    expect(parseCiphers(list)).toEqual(selected);
  });

  it.each(["", "nobody-knows", "AES256-SHA:!ALL"])("%j selects nothing", (list) => {
    expect(() => parseCiphers(list)).toThrow(expect.objectContaining({ code: "ERR_SSL_NO_CIPHER_MATCH" }));
  });
});

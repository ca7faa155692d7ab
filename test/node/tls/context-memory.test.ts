// What `connect` makes of certificates is made once for all connections that are given the same, and only for those.
import { once } from "node:events";
import type { ConnectionOptions } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TrustStore } from "../../../ts/index.ts";
import { certs } from "../../support/certs.ts";
import { ca, cert, connecting, failureOf, key, listening, replacement } from "./pairs.ts";

const stranger = certs.unknownCa.cert;
const reading = vi.spyOn(TrustStore, "fromDer");

/** How often certificates were read while connections were made with these options, each after the other. */
async function reads(...each: readonly ConnectionOptions[]): Promise<number> {
  const port = await listening(replacement.createServer({ cert, key }));
  const before = reading.mock.calls.length;
  for (const options of each) {
    const socket = connecting(replacement, { port, ...options });
    await once(socket, "secureConnect");
    socket.destroy();
  }
  return reading.mock.calls.length - before;
}

const { DEFAULT_MIN_VERSION } = replacement;
afterEach(() => void Object.assign(replacement, { DEFAULT_MIN_VERSION }));

describe("connect", () => {
  it("reads trusted certificates once for all connections that are given the same", async () => {
    const own = `${ca}\n`; // as no other test has it
    expect(await reads({ ca: own }, { ca: `${ca}\n` }, { ca: own, servername: "localhost" })).toBe(1);
    expect(await reads({ ca: [Buffer.from(own)] }, { ca: [Buffer.from(own)] })).toBe(1);
  });

  it("reads them again where anything else is said about the context", async () => {
    const own = `${ca}\n\n`;
    expect(await reads({ ca: own }, { ca: own, maxVersion: "TLSv1.2" }, { ca: own, ecdhCurve: "P-256" })).toBe(3);
    replacement.DEFAULT_MIN_VERSION = "TLSv1.3";
    expect(await reads({ ca: own })).toBe(1);
  });

  it("sees that a buffer has changed", async () => {
    const port = await listening(replacement.createServer({ cert, key }));
    const size = Math.max(ca.length, stranger.length);
    const bytes = Buffer.from(ca.padEnd(size, "\n"));
    const trusting = connecting(replacement, { port, ca: bytes });
    await once(trusting, "secureConnect");
    bytes.write(stranger.padEnd(size, "\n"));
    expect((await failureOf(connecting(replacement, { port, ca: bytes }))).code).toMatch(/UNABLE_TO/);
    bytes.write(ca.padEnd(size, "\n"));
    await once(connecting(replacement, { port, ca: bytes }), "secureConnect");
  });

  it("sees that a list has changed", async () => {
    const port = await listening(replacement.createServer({ cert, key }));
    const list = [ca];
    await once(connecting(replacement, { port, ca: list }), "secureConnect");
    list[0] = stranger;
    expect((await failureOf(connecting(replacement, { port, ca: list }))).code).toMatch(/UNABLE_TO/);
  });

  it("keeps nothing of those that come with a key", async () => {
    const own = `${ca}\n\n\n`;
    expect(await reads({ ca: own, cert, key }, { ca: own, cert, key })).toBe(2);
  });

  it("remembers a bounded number", async () => {
    const own = `${ca}\n\n\n\n`;
    const others = Array.from({ length: 16 }, (_, i) => ({ ca: own + "\n".repeat(i + 1) }));
    expect(await reads({ ca: own }, ...others, { ca: own })).toBe(18);
  });

  it("asks the program's own createSecureContext for each connection", async () => {
    const usual = replacement.createSecureContext;
    const asked = vi.fn<typeof usual>((options) => usual(options));
    Object.assign(replacement, { createSecureContext: asked });
    try {
      const port = await listening(replacement.createServer({ cert, key }));
      asked.mockClear();
      for (let i = 0; i < 2; i++) await once(connecting(replacement, { port }), "secureConnect");
      expect(asked).toHaveBeenCalledTimes(2);
    } finally {
      Object.assign(replacement, { createSecureContext: usual });
    }
  });
});

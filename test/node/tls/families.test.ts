// Connections of one SecureContext share what was read for the first of them, and nothing else.
import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { sharedRealm } from "../../../ts/engine/realms.ts";
import { certs } from "../../support/certs.ts";
import { ca, cert, connected, key, listening, replacement, versions } from "./pairs.ts";

/** How often keys are read, or signatures over certificates calculated, while `act` runs. */
async function calls(name: "wt_settings_identity_key" | "wt_verify_signature", act: () => Promise<unknown>) {
  const spy = vi.spyOn(sharedRealm().exports, name);
  try {
    await act();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}

async function visit(options: object): Promise<string | false | null> {
  const socket = await connected(replacement, options);
  const { alpnProtocol } = socket;
  socket.end();
  await once(socket.resume(), "close");
  return alpnProtocol;
}

describe.each(versions)("%s", (maxVersion) => {
  it("reads the key of a server once for connections at the same time", async () => {
    const server = replacement.createServer({ cert, key, maxVersion, ALPNProtocols: ["a", "b"] });
    const port = await listening(server);
    const secureContext = replacement.createSecureContext({ ca });
    const first = await connected(replacement, { port, secureContext });
    const offers = [["a"], ["b"], ["b", "a"]];
    const reading = calls("wt_settings_identity_key", async () => {
      for (const [i, ALPNProtocols] of offers.entries())
        expect(await visit({ port, secureContext, ALPNProtocols })).toBe(["a", "b", "a"][i]);
    });
    expect(await reading).toBe(0);
    first.destroy();
  });

  it("calculates the links of a chain once for a client's context", async () => {
    const { chain, key: own } = certs.viaIntermediate;
    const port = await listening(replacement.createServer({ cert: chain, key: own, maxVersion }));
    const secureContext = replacement.createSecureContext({ ca });
    expect(await calls("wt_verify_signature", () => visit({ port, secureContext }))).toBe(2);
    expect(await calls("wt_verify_signature", () => visit({ port, secureContext }))).toBe(0);
  });

  it("asks the callbacks of each connection for itself", async () => {
    const port = await listening(replacement.createServer({ cert, key, maxVersion }));
    const secureContext = replacement.createSecureContext({ ca });
    const asked: number[] = [];
    const ask = (i: number): Promise<unknown> =>
      visit({ port, secureContext, checkServerIdentity: () => void asked.push(i) });
    await Promise.all([ask(1), ask(2), ask(3)]);
    expect(asked.toSorted()).toEqual([1, 2, 3]);
    const refusing = { port, secureContext, checkServerIdentity: () => new Error("no") };
    await expect(visit(refusing)).rejects.toThrow("no");
    await ask(4);
    expect(asked).toHaveLength(4);
  });

  it("goes over to another key with setSecureContext while connections of the old one live", async () => {
    const server = replacement.createServer({ cert, key, maxVersion });
    const port = await listening(server);
    const old = await connected(replacement, { port });
    server.setSecureContext({ cert: certs.wildcard.chain, key: certs.wildcard.key });
    const checkServerIdentity = (): undefined => undefined;
    const fresh = await connected(replacement, { port, checkServerIdentity });
    const names = [old, fresh].map((socket) => socket.getPeerX509Certificate()!.subjectAltName);
    expect(names[0]).toContain("localhost");
    expect(names[1]).toContain("wild.example");
    for (const socket of [old, fresh]) socket.destroy();
  });
});

// The helpers that start real peers, tried peer against peer: a broken helper must not look like a broken wanttls.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Peer, ScriptOptions } from "./peers.ts";
import { certPath } from "./certs.ts";
import { nodeClient, nodeServer, opensslClient, opensslServer, pattern, pythonClient, pythonServer } from "./peers.ts";

const servers = { python: pythonServer, node: nodeServer };
const clients = { python: pythonClient, node: nodeClient };
const bytes = 200_000;
const sha256 = createHash("sha256").update(pattern(bytes)).digest("hex");

for (const [serverName, server] of Object.entries(servers)) {
  for (const [clientName, client] of Object.entries(clients)) {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      test(`a ${clientName} client gets an echo from a ${serverName} server over ${version}`, async () => {
        await using listener = await server({ version, alpn: ["echo"], count: 1 });
        await using peer = client(listener.port, { alpn: ["echo"], bytes });
        expect(await peer.event("connected")).toMatchObject({ version, alpn: "echo", peer: "localhost" });
        expect(await peer.event("done")).toEqual({ sent: bytes, received: bytes, sha256 });
        expect(await listener.event("done")).toEqual({ received: bytes, sha256 });
        expect(await peer.exited).toBe(0);
        expect(await listener.exited).toBe(0);
      });
    }
  }

  test(`a ${serverName} server can require a client certificate`, async () => {
    await using listener = await server({ verify: true });
    const identity: ScriptOptions = { cert: certPath("client", "cert"), key: certPath("client", "key") };
    await using known = pythonClient(listener.port, { ...identity, bytes: 10 });
    expect((await known.event("done")).received).toBe(10);
    expect((await listener.event("connected")).peer).toBe("wanttls test client");
    await using nameless = pythonClient(listener.port, { bytes: 10 });
    expect(await nameless.exited).toBe(1);
  });
}

test("a python server can cut the connection without close_notify", async () => {
  await using listener = await pythonServer({ mode: "truncate" });
  await using peer = pythonClient(listener.port, { bytes: 100_000 });
  expect((await peer.event("failed")).type).toMatch(/^(SSLEOFError|ConnectionResetError|BrokenPipeError)$/);
});

test("a python server can reset the connection", async () => {
  await using listener = await pythonServer({ mode: "reset" });
  await using peer = nodeClient(listener.port, { bytes: 10 });
  expect((await peer.event("failed")).type).toBe("ECONNRESET");
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`openssl s_client talks to openssl s_server over ${version}`, async () => {
    await using listener = await opensslServer({ version, alpn: ["talk"] });
    await using peer = opensslClient(listener.port, { alpn: ["talk"] });
    await peer.waitFor(/Verify return code: 0/);
    await expect(peer.waitFor(/ALPN protocol: talk/)).resolves.toBeTruthy();
    await expect(peer.waitFor(new RegExp(`New, ${version}`))).resolves.toBeTruthy();
    await talk(peer, listener);
  });
}

test("a peer that cannot start says why", async () => {
  await expect(opensslServer({ cert: "/nonexistent.pem" })).rejects.toThrow("/nonexistent.pem");
});

test("a client that does not trust the server ends with an error", async () => {
  await using listener = await opensslServer();
  await using peer = opensslClient(listener.port, { ca: certPath("unknownRoot", "cert") });
  expect(await peer.exited).toBe(1);
});

async function talk(client: Peer, server: Peer): Promise<void> {
  client.write("from the client\n");
  await server.waitFor(/from the client/);
  server.write("from the server\n");
  await client.waitFor(/from the server/);
}

// A trap in the memory that all connections share: those on which nothing happens hear of it too.
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { expect, it } from "vitest";
import { sharedRealm } from "../../../ts/engine/realms.ts";
import { SSLEngineError } from "../../../ts/index.ts";
import type { ConnectionPointer } from "../../../ts/wasm/exports.gen.ts";
import { cert, connected, failureOf, key, listening, replacement } from "./pairs.ts";

it("a TLSSocket that waits for data fails when the module has trapped, and the next one works", async () => {
  const server = replacement.createServer({ cert, key });
  const port = await listening(server);
  const accepted = once(server, "secureConnection");
  const client = await connected(replacement, { port });
  const [served] = (await accepted) as [TLSSocket];
  const failures = [client, served].map((socket) => failureOf(socket.resume()));
  expect(() => sharedRealm().exports.wt_handshake(0x7fffff00 as ConnectionPointer)).toThrow(SSLEngineError);
  for (const failure of await Promise.all(failures))
    expect(failure).toMatchObject({ cause: expect.any(SSLEngineError) as unknown });
  expect((await connected(replacement, { port })).authorized).toBe(true);
});

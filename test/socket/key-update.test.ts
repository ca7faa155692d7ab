import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { select } from "../../ts/socket/select.ts";
import { pattern, sha256 } from "./moving.ts";
import { recvAll, Workshop } from "./tls.ts";

const workshop = new Workshop();

describe("Key updates over an SSLSocket", () => {
  it("B41 a peer that asks for answers without reading makes recv want to write, and nothing grows without bound", async () => {
    const capacity = 100;
    const limits = { highWaterMark: { outgoing: 100 } };
    const { client, server } = await workshop.connected(memoryTransportPair({ capacity }), { server: limits });
    // The client's own backlog holds the requests; the server's answers find nobody who reads them.
    for (let asked = 0; asked < 16; asked += 1) client.updateKeys({ request: true });
    const into = new Uint8Array(100);
    let result = server.tryRecv(into);
    while (result.kind === "want" && result.want === "read") {
      await select([server], [], [], 1);
      result = server.tryRecv(into);
    }
    expect(result).toEqual({ kind: "want", want: "write" });
    const backlog = (server as unknown as { outgoing: { pending: number } }).outgoing.pending;
    expect(backlog).toBeLessThan(200);
    expect(await select([], [server], [], 0)).toEqual([[], [], []]);

    const bytes = pattern(100_000);
    const [received] = await Promise.all([recvAll(server, bytes.length), recvAll(client, 5), send()]);
    expect(sha256(received)).toBe(sha256(bytes));

    async function send(): Promise<void> {
      await client.sendAll(bytes);
      await server.sendAll(pattern(5));
    }
  });

  it("updateKeys goes to the transport at once, and the conversation goes on in both directions", async () => {
    const { client, server } = await workshop.connected(memoryTransportPair());
    for (const [us, them] of [
      [client, server],
      [server, client],
    ] as const) {
      us.updateKeys({ request: true });
      expect(them.transport.readable).toBe(true);
      us.send(pattern(10));
      expect(await recvAll(them, 10)).toEqual(pattern(10));
      them.send(pattern(20));
      expect(await recvAll(us, 20)).toEqual(pattern(20));
    }
  });
});

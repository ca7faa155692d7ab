import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { SSLConfigError } from "../../ts/ssl/index.ts";
import { pattern, sha256 } from "./moving.ts";
import { patiently, recvAll, shakeHands, versions, Workshop } from "./tls.ts";

const workshop = new Workshop();

describe.each(versions)("SSLSocket, %s", (version) => {
  for (const capacity of [1, 5, 100, 64 * 1024]) {
    it(`holds a whole conversation over a transport of ${capacity} bytes`, async () => {
      const { client, server } = await workshop.connected(memoryTransportPair({ capacity }), { version });
      const length = capacity < 100 ? 3_000 : 40_000;
      const [there, back] = [pattern(length, 2), pattern(length, 3)];
      const [, , atServer, atClient] = await Promise.all([
        client.sendAll(there),
        server.sendAll(back),
        recvAll(server, there.length),
        recvAll(client, back.length),
      ]);
      expect(sha256(atServer)).toBe(sha256(there));
      expect(sha256(atClient)).toBe(sha256(back));
      const [left, right] = await Promise.all([client, server].map((end) => patiently(end, () => end.unwrap())));
      expect(left).toBe(client.transport);
      expect(right).toBe(server.transport);
    });
  }

  it("tells version, cipher and state, before and after the handshake", async () => {
    const { client, server } = workshop.wrapPair(memoryTransportPair(), { version });
    expect([client.state, client.version(), client.cipher()]).toEqual(["init", null, null]);
    await shakeHands({ client, server });
    for (const end of [client, server]) {
      expect([end.state, end.version(), end.closeReason]).toEqual(["open", version, null]);
      expect(end.cipher()?.version).toBe(version);
    }
  });
});

describe("wrapSocket", () => {
  it("refuses what is no transport, and limits that are no positive integers", () => {
    const [left] = memoryTransportPair();
    const context = workshop.clientContext("TLSv1.3");
    expect(() => context.wrapSocket({} as never)).toThrow(TypeError);
    const options = { serverHostname: "localhost" };
    expect(() => context.wrapSocket(left, { ...options, highWaterMark: { outgoing: 0 } })).toThrow(SSLConfigError);
    expect(() => context.wrapSocket(left, { ...options, shutdownTimeout: NaN })).toThrow(SSLConfigError);
    expect(() => context.wrapSocket(left)).toThrow(SSLConfigError);
  });
});

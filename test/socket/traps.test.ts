// The traps of non-blocking TLS, one test each: what a program meets that treats a TLS socket like a plain one.
import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { select } from "../../ts/socket/select.ts";
import { SSLEOFError, SSLWantReadError, SSLWantWriteError } from "../../ts/ssl/index.ts";
import { concat, pattern } from "./moving.ts";
import { caught, patiently, recvAll, versions, Wire, Workshop } from "./tls.ts";

const workshop = new Workshop();

describe.each(versions)("The traps of non-blocking TLS, %s", (version) => {
  it("trap: the socket is readable but holds no whole record", async () => {
    const wire = new Wire(workshop, { version }).connect();
    const { client, server } = wire.pair;
    client.send(pattern(100));
    const ciphertext = wire.take("client");
    wire.give("server", ciphertext.subarray(0, 50));

    expect(await select([server], [], [], 0)).toEqual([[server], [], []]);
    expect(() => server.recv()).toThrow(SSLWantReadError);
    expect(await select([server], [], [], 0)).toEqual([[], [], []]);

    wire.give("server", ciphertext.subarray(50));
    expect(await select([server], [], [], 0)).toEqual([[server], [], []]);
    expect(server.recv()).toEqual(pattern(100));
  });

  it("trap: plaintext waits while select on the raw socket is silent", async () => {
    const wire = new Wire(workshop, { version }).connect();
    const { client, server } = wire.pair;
    client.send(pattern(100));
    wire.carry();
    server.recv(1);

    expect(await select([server.transport], [], [], 0)).toEqual([[], [], []]);
    expect(await select([server], [], [], 0)).toEqual([[server], [], []]);
    expect(server.recv()).toEqual(pattern(100).subarray(1));
  });

  it("trap: a read that needs a write", async () => {
    const [left, right] = workshop.keep(memoryTransportPair({ capacity: 100 }));
    const client = workshop.wrap(workshop.clientContext(version), left);
    expect(() => client.recv()).toThrow(SSLWantWriteError);
    expect(await select([client], [client], [], 0)).toEqual([[], [], []]);
    while (client.wantWrite) {
      right.takeRemaining();
      await select([], [], [], 0);
    }
    expect(await select([], [client], [], 0)).toEqual([[], [client], []]);
    expect(() => client.recv()).toThrow(SSLWantReadError);
  });

  it("trap: a write that needs a read", async () => {
    const { client, server } = workshop.wrapPair(memoryTransportPair(), { version });
    expect(() => client.send(pattern(5))).toThrow(SSLWantReadError);
    const receiving = recvAll(server, 5);
    expect(await select([client], [], [], 0)).toEqual([[client], [], []]);
    expect(await patiently(client, () => client.send(pattern(5)))).toBe(5);
    expect(await receiving).toEqual(pattern(5));
  });

  it("trap: the handshake is retried by select, in whichever direction it wants", async () => {
    const { client, server } = workshop.wrapPair(memoryTransportPair({ capacity: 50 }), { version });
    const wanted = new Set<string>();
    const shake = async (end: typeof client): Promise<void> => {
      for (;;) {
        try {
          return end.doHandshake();
        } catch (error) {
          wanted.add((error as Error).constructor.name);
          if (error instanceof SSLWantReadError) await select([end], []);
          else if (error instanceof SSLWantWriteError) await select([], [end]);
          else throw error;
        }
      }
    };
    await Promise.all([shake(client), shake(server)]);
    expect(wanted).toEqual(new Set(["SSLWantReadError", "SSLWantWriteError"]));
    expect(client.version()).toBe(version);
  });

  it("trap: send is retried with other data", async () => {
    const options = { version, client: { highWaterMark: { outgoing: 16384 } } };
    const { client, server } = await workshop.connected(memoryTransportPair({ capacity: 1000 }), options);
    const first = pattern(100_000, 2);
    let taken = 0;
    for (let result; (result = client.trySend(first.subarray(taken))).kind === "ok";) taken += result.n;
    expect(() => client.send(first.subarray(taken))).toThrow(SSLWantWriteError);
    const receiving = recvAll(server, taken + 50);
    expect(await patiently(client, () => client.send(pattern(50, 3)))).toBe(50);
    expect(await receiving).toEqual(concat([first.subarray(0, taken), pattern(50, 3)]));
  });

  it("trap: the transport ends without close_notify, and that is no end of the data", () => {
    const wire = new Wire(workshop, { version }).connect();
    const { client, server } = wire.pair;
    client.send(pattern(100));
    wire.carry();
    wire.endAt("server").shutdownWrite();
    expect(server.recv()).toEqual(pattern(100));
    expect(caught(() => server.recv())).toBeInstanceOf(SSLEOFError);
    expect(server.closeReason).toBe("truncated");
  });
});

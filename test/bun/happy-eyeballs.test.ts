import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { connectToOne, inTurns } from "../../ts/bun/happy-eyeballs.ts";
import { connectBun, listenBun } from "../../ts/bun/transport.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";

const never = (): Promise<NonBlockingTransport> => new Promise(() => {});
const refused = (address: string): Promise<NonBlockingTransport> => Promise.reject(new Error(`${address} refused`));

describe("connectToOne", () => {
  it("goes to the next address at once when one refuses, over real sockets", async () => {
    const listener = listenBun({ hostname: "127.0.0.1", port: 0 }, () => {});
    const tried: string[] = [];
    const open = (hostname: string): Promise<NonBlockingTransport> => {
      tried.push(hostname);
      return connectBun({ hostname, port: listener.port });
    };
    const transport = await connectToOne(["::1", "127.0.0.2", "127.0.0.1", "127.0.0.3"], open, 2 ** 31 - 1);
    expect(tried).toEqual(["::1", "127.0.0.2", "127.0.0.1"]);
    transport.abort();
    listener.stop(true);
  });

  it("goes on although many addresses before do not answer", async () => {
    const [answer] = memoryTransportPair();
    const silent = Array.from({ length: 8 }, (_, i) => `100::${i}`);
    const open = (address: string): Promise<NonBlockingTransport> =>
      address === "127.0.0.1" ? Promise.resolve(answer) : never();
    expect(await connectToOne([...silent, "127.0.0.1"], open, 1)).toBe(answer);
  });

  it("does not begin a second attempt before its time", async () => {
    const tried: string[] = [];
    const { promise, resolve } = Promise.withResolvers<NonBlockingTransport>();
    const open = (address: string): Promise<NonBlockingTransport> => {
      tried.push(address);
      return promise;
    };
    const connecting = connectToOne(["first", "second"], open, 2 ** 31 - 1);
    const [answer] = memoryTransportPair();
    resolve(answer);
    expect(await connecting).toBe(answer);
    expect(tried).toEqual(["first"]);
  });

  it("cuts a connection that comes when another one was first", async () => {
    const [late, answer] = memoryTransportPair();
    const { promise, resolve } = Promise.withResolvers<NonBlockingTransport>();
    const open = (address: string): Promise<NonBlockingTransport> =>
      address === "slow" ? promise : Promise.resolve(answer);
    expect(await connectToOne(["slow", "fast"], open, 1)).toBe(answer);
    resolve(late);
    await promise;
    expect(late.closed).toBe(true);
    expect(answer.closed).toBe(false);
  });

  it("tries no more when the signal says so", async () => {
    const controller = new AbortController();
    const tried: string[] = [];
    const open = (address: string): Promise<NonBlockingTransport> => {
      tried.push(address);
      return new Promise(() => {});
    };
    const connecting = connectToOne(["first", "second"], open, 5, controller.signal);
    controller.abort(new Error("enough"));
    await expect(connecting).rejects.toThrow("enough");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tried).toEqual(["first"]);
  });

  it("tries none when the signal has said so before", async () => {
    const tried: string[] = [];
    const open = (address: string): Promise<NonBlockingTransport> => {
      tried.push(address);
      return refused(address);
    };
    const connecting = connectToOne(["first", "second"], open, 5, AbortSignal.abort(new Error("enough")));
    await expect(connecting).rejects.toThrow("enough");
    expect(tried).toEqual([]);
  });

  it("rejects with what the first address has come to when all have failed", async () => {
    const { promise, reject } = Promise.withResolvers<NonBlockingTransport>();
    const open = (address: string): Promise<NonBlockingTransport> => (address === "first" ? promise : refused(address));
    const connecting = connectToOne(["first", "second", "third"], open, 1);
    setTimeout(() => reject(new Error("first refused")), 10);
    await expect(connecting).rejects.toThrow("first refused");
  });
});

describe("inTurns", () => {
  it.each([
    [["2001:db8::1", "2001:db8::2", "192.0.2.1"], "2001:db8::1 192.0.2.1 2001:db8::2"],
    [["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"], "192.0.2.1 2001:db8::1 192.0.2.2 2001:db8::2"],
    [["192.0.2.1"], "192.0.2.1"],
    [[], ""],
  ])("of %j", (addresses, turns) => expect(inTurns(addresses).join(" ")).toBe(turns));
});

const addresses = Object.values(networkInterfaces()).flatMap((all) => all!.map(({ address }) => address));

it.runIf(addresses.includes("::1"))("reaches localhost on whichever family listens", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const listener = listenBun({ hostname, port: 0 }, () => {});
    const transport = await connectBun({ hostname: "localhost", port: listener.port });
    expect(transport.closed).toBe(false);
    transport.abort();
    listener.stop(true);
  }
});

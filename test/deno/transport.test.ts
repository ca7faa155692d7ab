import net from "node:net";
import { describe, expect, it } from "vitest";
import { fromDenoConn, type DenoConn } from "../../ts/deno/index.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { SSLSyscallError } from "../../ts/ssl/index.ts";
import { pattern, readable, receive, writable } from "../socket/moving.ts";
import { denoConns, runtime, tcpPair } from "../socket/pairs.ts";
import { describeTransport } from "../socket/transport-contract.ts";

describeTransport(
  "fromDenoConn over loopback TCP",
  { makePair: tcpPair, bound: 12_000_000, resets: false, tellsClosed: true },
  runtime === "deno",
);

describe.runIf(runtime === "deno")("fromDenoConn", () => {
  it("B90 has at most one read and one write outstanding", async () => {
    const [left, right] = await denoConns();
    const outstanding = { read: 0, write: 0, most: 0 };
    const counted = <T>(what: "read" | "write", work: Promise<T>): Promise<T> => {
      outstanding[what] += 1;
      outstanding.most = Math.max(outstanding.most, outstanding.read, outstanding.write);
      return work.finally(() => (outstanding[what] -= 1));
    };
    const conn: DenoConn = {
      read: (into) => counted("read", left.read(into)),
      write: (bytes) => counted("write", left.write(bytes)),
      closeWrite: () => left.closeWrite(),
      close: () => left.close(),
    };
    const [counting, other] = [fromDenoConn(conn), fromDenoConn(right)];
    for (let round = 0; round < 20; round += 1) {
      await writable(counting);
      counting.send(pattern(1000));
      await writable(other);
      other.send(pattern(1000));
      await receive(counting, 1000);
    }
    expect(await receive(other, 20_000)).toHaveLength(20_000);
    expect(outstanding.most).toBe(1);
    for (const transport of [counting, other]) transport.close();
  });

  it("takes head first", async () => {
    const [left, right] = await denoConns();
    const transport = fromDenoConn(left, { head: pattern(3) });
    expect(transport.readable).toBe(true);
    await right.write(pattern(4, 2));
    right.close();
    expect(await receive(transport)).toEqual(new Uint8Array([...pattern(3), ...pattern(4, 2)]));
    transport.close();
  });

  it("fails with ECONNRESET, every time, when the peer resets", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const peer = net.connect(listener.addr.port, "127.0.0.1");
    const transport = fromDenoConn(await listener.accept());
    peer.write("last words");
    await readable(transport);
    peer.resetAndDestroy();
    expect(await receive(transport, 10)).toHaveLength(10);
    for (let again = 0; again < 3; again += 1) {
      await expect(receive(transport)).rejects.toMatchObject({ code: "ECONNRESET", syscall: "read" });
    }
    transport.close();
  });

  it("fails when somebody else closes the connection", async () => {
    const [left, right] = await denoConns();
    const transport = fromDenoConn(left);
    left.close();
    await readable(transport);
    expect(() => transport.recvInto(new Uint8Array(1))).toThrow(/^Cannot receive from the connection: /);
    expect(() => transport.recvInto(new Uint8Array(1))).toThrow(SSLSyscallError);
    right.close();
  });
});

describe("fromDenoConn, on any runtime", () => {
  it("stops reading above the high-water mark and goes on when half of it is taken", async () => {
    let reads = 0;
    const conn: DenoConn = {
      read: (into) => Promise.resolve(((reads += 1), into.fill(1, 0, 100), 100)),
      write: (bytes) => Promise.resolve(bytes.length),
      closeWrite: () => Promise.resolve(),
      close: () => {},
    };
    const transport = fromDenoConn(conn, { highWaterMark: 1000 });
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(reads).toBe(11);
    transport.recvInto(new Uint8Array(500));
    await nextTurn();
    expect(reads).toBe(11);
    transport.recvInto(new Uint8Array(100));
    await nextTurn();
    expect(reads).toBe(17);
  });

  it("waits with a small buffer when little came twice in a row, and with a large one when much did", async () => {
    const counts = [100, 4095, 4096, 4096, 65_536, 4000, 5000, 4000, 4000, 0];
    const rooms: number[] = [];
    const conn: DenoConn = {
      read: (into) => {
        rooms.push(into.length);
        const count = counts[rooms.length - 1]!;
        return count === 0 ? new Promise(() => {}) : Promise.resolve(count);
      },
      write: (bytes) => Promise.resolve(bytes.length),
      closeWrite: () => Promise.resolve(),
      close: () => {},
    };
    const transport = fromDenoConn(conn);
    await nextTurn();
    expect(rooms).toEqual([4096, 4096, 4096, 4096, 65_536, 65_536, 65_536, 65_536, 65_536, 4096]);
    expect(await receive(transport, 94_923)).toHaveLength(94_923);
    transport.abort();
  });

  it("leaves what the peer has sent receivable when sending fails", async () => {
    const broken = Object.assign(new Error("Broken pipe (os error 32)"), { name: "BrokenPipe" });
    const parts = [pattern(5), null];
    const conn: DenoConn = {
      read: (into) => Promise.resolve(((part) => (part ? (into.set(part), part.length) : null))(parts.shift() ?? null)),
      write: () => Promise.reject(broken),
      closeWrite: () => Promise.resolve(),
      close: () => {},
    };
    const transport = fromDenoConn(conn);
    transport.send(pattern(1));
    await writable(transport);
    expect(() => transport.send(pattern(1))).toThrow(expect.objectContaining({ code: "EPIPE", cause: broken }));
    expect(await receive(transport)).toEqual(pattern(5));
  });
});

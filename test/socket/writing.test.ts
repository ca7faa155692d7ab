import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { Carrier } from "../../ts/socket/carrier.ts";
import { select } from "../../ts/socket/select.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { SSLEOFError, type SSLError, SSLStateError, SSLSyscallError, SSLWantWriteError } from "../../ts/ssl/index.ts";
import { concat, pattern, sha256 } from "./moving.ts";
import { caught, patiently, recvAll, versions, Wire, Workshop } from "./tls.ts";

const workshop = new Workshop();
const record = 16384;

describe.each(versions)("Writing to an SSLSocket, %s", (version) => {
  /** A connected pair whose client may queue `outgoing` bytes, over transports that hold `capacity`. */
  async function connect(outgoing: number, capacity: number): Promise<{ client: SSLSocket; server: SSLSocket }> {
    const options = { version, client: { highWaterMark: { outgoing } } };
    return workshop.connected(memoryTransportPair({ capacity }), options);
  }

  /** Sends until it wants to write; answers what was taken. */
  function fill(socket: SSLSocket, bytes: Uint8Array<ArrayBuffer>): number {
    for (let sent = 0; ;) {
      const result = socket.trySend(bytes.subarray(sent));
      if (result.kind !== "ok") return sent;
      sent += result.n;
    }
  }

  it("B55 send of nothing answers 0 and makes no record", () => {
    const wire = new Wire(workshop, { version }).connect();
    expect(wire.pair.client.send(new Uint8Array(0))).toBe(0);
    expect(wire.carry()).toBe(false);
  });

  it("B57 send takes whole records up to the high-water mark, at least one, and answers the count", async () => {
    const { client } = await connect(5 * record, 1);
    const backlog = (): number => (client as unknown as { outgoing: { pending: number } }).outgoing.pending;
    expect(client.send(pattern(10))).toBe(10);
    expect(client.send(pattern(20 * record))).toBe(4 * record);
    expect(backlog()).toBeLessThan(5 * record);
    expect(client.send(pattern(20 * record))).toBe(record);
    expect(backlog()).toBeGreaterThanOrEqual(5 * record);
    expect(() => client.send(pattern(1))).toThrow(SSLWantWriteError);
  });

  it("B57 a high-water mark smaller than a record still takes one record at a time", async () => {
    const { client, server } = await connect(1, 100);
    expect(client.send(pattern(3 * record))).toBe(record);
    expect(() => client.send(pattern(1))).toThrow(SSLWantWriteError);
    expect(await recvAll(server, record)).toEqual(pattern(3 * record).subarray(0, record));
    expect(client.send(pattern(1))).toBe(1);
  });

  const retries = {
    "the same data": (rest: Uint8Array<ArrayBuffer>) => rest,
    "a shorter piece of it": (rest: Uint8Array<ArrayBuffer>) => rest.subarray(0, 100),
    "other data": (rest: Uint8Array<ArrayBuffer>) => pattern(rest.length, 99),
  };
  for (const [what, next] of Object.entries(retries)) {
    it(`B58 B59 WantWrite has consumed nothing: the retry with ${what} sends exactly that`, async () => {
      const { client, server } = await connect(2 * record, 1000);
      const bytes = pattern(10 * record);
      const sent = fill(client, bytes);
      for (let again = 0; again < 3; again += 1) {
        expect(() => client.send(bytes.subarray(sent))).toThrow(SSLWantWriteError);
        expect(client.want).toBe("write");
      }
      const retry = next(bytes.subarray(sent));
      const expected = concat([bytes.subarray(0, sent), retry]);
      const receiving = recvAll(server);
      for (let at = 0; at < retry.length;) at += await patiently(client, () => client.send(retry.subarray(at)));
      client.shutdownWrite();
      expect(sha256(await receiving)).toBe(sha256(expected));
    });
  }

  it("B58 a peer that stops reading stops send after a bounded count, and nothing is lost or doubled", async () => {
    const [outgoing, capacity] = [8 * record, 4 * record];
    const { client, server } = await connect(outgoing, capacity);
    const bytes = pattern(3_000_000);
    const sent = fill(client, bytes);
    expect(sent).toBeLessThanOrEqual(outgoing + capacity + record);
    expect(await select([], [client], [], 5)).toEqual([[], [], []]);
    const [, received] = await Promise.all([client.sendAll(bytes.subarray(sent)), recvAll(server, bytes.length)]);
    expect(sha256(received)).toBe(sha256(bytes));
  });

  it("B61 sendAll sends everything, waiting as often as it must, and copies what it keeps", async () => {
    const { client, server } = await connect(record, 1000);
    const bytes = pattern(20 * record);
    const expected = sha256(bytes);
    const sending = client.sendAll(bytes);
    bytes.fill(0);
    const received = await recvAll(server, bytes.length);
    await sending;
    expect(client.wantWrite).toBe(false);
    expect(sha256(received)).toBe(expected);
  });

  it("B61 sendAll does the handshake first, also when recv finishes it meanwhile", async () => {
    const { client, server } = workshop.wrapPair(memoryTransportPair(), { version });
    const sending = client.sendAll(pattern(1000));
    const receiving = recvAll(client, 7);
    expect(await recvAll(server, 1000)).toEqual(pattern(1000));
    server.send(pattern(7));
    expect(await receiving).toEqual(pattern(7));
    await sending;
  });

  it("B61 sendAll of nothing resolves, flushing what was queued before", async () => {
    const { client, server } = await connect(10 * record, 1000);
    client.send(pattern(5000));
    const [received] = await Promise.all([recvAll(server, 5000), client.sendAll(new Uint8Array(0))]);
    expect(client.wantWrite).toBe(false);
    expect(received).toEqual(pattern(5000));
  });

  it("B61 an aborted sendAll rejects with AbortError and the bytes that were taken", async () => {
    const { client, server } = await connect(record, 1000);
    const controller = new AbortController();
    const sending = client.sendAll(pattern(10 * record), { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    const failure = (await sending.catch((error: unknown) => error)) as SSLError & { bytesSent: number };
    expect(failure).toMatchObject({ name: "AbortError", cause: reason });
    const received = await recvAll(server, failure.bytesSent);
    expect(received).toEqual(pattern(10 * record).subarray(0, failure.bytesSent));
    await client.sendAll(pattern(3));
    expect(await recvAll(server, 3)).toEqual(pattern(3));
  });

  it("B61 a sendAll that fails rejects with bytesSent on the error", async () => {
    const { client, server } = await connect(record, 1000);
    const sending = client.sendAll(pattern(10 * record));
    await recvAll(server, record);
    server.abort();
    const failure = await sending.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SSLSyscallError);
    expect((failure as SSLSyscallError).bytesSent).toBeGreaterThanOrEqual(record);
    await expect(client.sendAll(pattern(1))).rejects.toMatchObject({ bytesSent: 0 });
  });

  it("B61 rejects when the socket is closed meanwhile", async () => {
    const { client } = await connect(record, 1000);
    const sending = client.sendAll(pattern(10 * record));
    client.close();
    await expect(sending).rejects.toThrow(SSLStateError);
  });

  it("B54 refuses to send while a sendAll is not finished", async () => {
    const { client, server } = await connect(record, 1000);
    const sending = client.sendAll(pattern(10 * record));
    expect(() => client.send(pattern(1))).toThrow(SSLStateError);
    await expect(client.sendAll(pattern(1))).rejects.toThrow(SSLStateError);
    expect(await recvAll(server, 10 * record)).toEqual(pattern(10 * record));
    await sending;
    expect(client.send(pattern(1))).toBe(1);
  });

  it("B62 what is queued leaves by itself, by flush and by every other call", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const { client } = await workshop.connected([left, right], { version });
    client.send(pattern(3500));
    expect(() => client.flush()).toThrow(SSLWantWriteError);
    for (const call of [() => client.flush(), () => client.tryRecv(new Uint8Array(1)), () => client.doHandshake()]) {
      expect([client.wantWrite, left.writable]).toEqual([true, false]);
      right.takeRemaining();
      expect(left.writable).toBe(true);
      try {
        call();
      } catch (error) {
        expect(error).toBeInstanceOf(SSLWantWriteError);
      }
    }
    right.takeRemaining();
    await select([], [client], [], 5);
    expect(client.wantWrite).toBe(false);
    client.flush();
  });

  it("B62 small records that wait for the transport leave together, in one send and in their order", async () => {
    const [left, right] = memoryTransportPair({ capacity: 100_000 });
    const { client, server } = await workshop.connected([left, right], { version });
    const given: number[] = [];
    let blocked = true;
    const give = (left as NonBlockingTransport & Carrier).give.bind(left);
    Object.defineProperty(left, "writable", { get: () => !blocked });
    const counted = (bytes: Uint8Array): number => {
      given.push(bytes.length);
      return give(bytes);
    };
    Object.assign(left, { give: counted });
    const parts = Array.from({ length: 30 }, (_, i) => pattern(100, i));
    for (const part of parts) client.send(part);
    expect([given.length, client.wantWrite]).toEqual([0, true]);
    blocked = false;
    client.flush();
    expect(given.length).toBe(1);
    expect(await recvAll(server, 3000)).toEqual(concat(parts));
  });

  it("B3 B62 a flush of what a failed connection still has to say waits for the transport, and is not told to go on before", async () => {
    const { client, server } = await connect(5 * record, 1);
    client.send(pattern(100));
    server.transport.shutdownWrite();
    await expect(patiently(client, () => client.recv())).rejects.toThrow(SSLEOFError);
    expect(client.tryFlush()).toEqual({ kind: "want", want: "write" });
    expect([client.failed, client.writable]).toEqual([true, false]);
    const waiting = patiently(client, () => client.flush());
    expect(await recvAll(server, 100)).toEqual(pattern(100));
    await waiting;
    expect(client.writable).toBe(true);
  });

  it("B62 select does not call a socket writable that flush finds full, and wakes when it is empty", async () => {
    const { client, server } = await connect(10 * record, 1000);
    client.send(pattern(5000));
    expect(client.writable).toBe(true);
    expect(() => client.flush()).toThrow(SSLWantWriteError);
    expect(await select([], [client], [], 0)).toEqual([[], [], []]);
    const receiving = recvAll(server, 5000);
    expect(await select([], [client])).toEqual([[], [client], []]);
    client.flush();
    await receiving;
  });

  it("B64 send after our own close_notify raises PROTOCOL_IS_SHUTDOWN", async () => {
    const { client } = await connect(record, 1000);
    client.shutdownWrite();
    expect(caught(() => client.send(pattern(1)))).toMatchObject({ reason: "PROTOCOL_IS_SHUTDOWN" });
  });

  it("B65 send after the transport failed raises SSLSyscallError each time, and what came before is received", async () => {
    const [left, right] = memoryTransportPair();
    const { client, server } = await workshop.connected([left, right], { version });
    server.send(pattern(5));
    server.flush();
    right.close();
    for (let again = 0; again < 2; again += 1) {
      const failure = caught(() => {
        client.send(pattern(1));
        client.send(pattern(1));
      });
      expect(failure).toMatchObject({ constructor: SSLSyscallError, code: "EPIPE" });
    }
    expect(client.recv()).toEqual(pattern(5));
    expect(() => client.recv()).toThrow(SSLEOFError);
  });

  it("B65 send after the transport's end was seen raises SSLEOFError", () => {
    const wire = new Wire(workshop, { version }).connect();
    wire.endAt("client").shutdownWrite();
    expect(() => wire.pair.client.recv()).toThrow(SSLEOFError);
    expect(() => wire.pair.client.send(pattern(1))).toThrow(SSLEOFError);
  });

  it("B67 the caller may overwrite its buffer as soon as send has returned", async () => {
    const { client, server } = await connect(10 * record, 100);
    const bytes = pattern(3000);
    expect(client.send(bytes)).toBe(3000);
    bytes.fill(0);
    expect(await recvAll(server, 3000)).toEqual(pattern(3000));
  });

  it("B10 send takes any view and the buffer itself, and refuses what is no bytes", async () => {
    const { client, server } = await connect(10 * record, 10_000);
    const bytes = pattern(64);
    for (const view of [bytes, bytes.buffer, new DataView(bytes.buffer, 8, 16), new Uint32Array(bytes.buffer, 4, 3)]) {
      client.send(view);
      const length = view.byteLength;
      const offset = "byteOffset" in view ? view.byteOffset : 0;
      expect(await recvAll(server, length)).toEqual(bytes.subarray(offset, offset + length));
    }
    for (const wrong of ["text", null, 5, [1, 2], new SharedArrayBuffer(4)]) {
      expect(() => client.send(wrong as never)).toThrow(TypeError);
      await expect(client.sendAll(wrong as never)).rejects.toThrow(TypeError);
    }
    expect(client.send(pattern(1))).toBe(1);
  });
});

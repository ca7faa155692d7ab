import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import {
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLSyscallError,
  SSLWantReadError,
  SSLWantWriteError,
} from "../../ts/ssl/index.ts";
import { pattern, receive, sha256 } from "./moving.ts";
import { asRole, caught, otherRole, patiently, recvAll, roles, versions, Wire, Workshop } from "./tls.ts";

const workshop = new Workshop();
const cases = versions.flatMap((version) => roles.map((role) => ({ version, role })));

describe.each(cases)("Shutting down as $role, $version", ({ version, role }) => {
  function connect(): { wire: Wire; us: SSLSocket; them: SSLSocket } {
    const wire = new Wire(workshop, { version }).connect();
    return { wire, ...asRole(wire.pair, role) };
  }

  it("B70 unwrap before the end of the handshake raises SHUTDOWN_WHILE_IN_INIT and harms nothing", () => {
    const wire = new Wire(workshop, { version });
    const { us } = asRole(wire.pair, role);
    expect(caught(() => us.unwrap())).toMatchObject({ reason: "SHUTDOWN_WHILE_IN_INIT" });
    expect(caught(() => us.shutdownWrite())).toMatchObject({ reason: "SHUTDOWN_WHILE_IN_INIT" });
    wire.connect();
    expect(us.state).toBe("open");
  });

  it("B71 unwrap sends one close_notify, wants to read until the peer's, then answers the transport", () => {
    const { wire, us, them } = connect();
    expect(() => us.unwrap()).toThrow(SSLWantReadError);
    const goodbye = wire.take(role);
    expect(goodbye.length).toBeGreaterThan(0);
    for (let again = 0; again < 3; again += 1) expect(() => us.unwrap()).toThrow(SSLWantReadError);
    expect(wire.take(role)).toHaveLength(0);
    expect([us.state, us.want]).toEqual(["write-closed", "read"]);

    wire.give(otherRole(role), goodbye);
    expect(them.unwrap()).toBe(them.transport);
    wire.carry();
    expect(us.unwrap()).toBe(us.transport);
    for (const end of [us, them]) {
      expect([end.state, end.closeReason, end.closeNotifySent]).toEqual(["unwrapped", "close-notify", true]);
      expect(end.transport.closed).toBe(false);
    }
  });

  it("B72 unwrap queues close_notify behind what waits, and wants to write until all has left", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const { us, them } = asRole(await workshop.connected([left, right], { version }), role);
    us.send(pattern(5000));
    expect(() => us.unwrap()).toThrow(SSLWantWriteError);
    expect(us.closeNotifySent).toBe(false);
    const unwrapping = patiently(us, () => us.unwrap());
    expect(await recvAll(them)).toEqual(pattern(5000));
    await patiently(them, () => them.unwrap());
    expect(await unwrapping).toBe(us.transport);
    expect([us.state, us.closeNotifySent]).toEqual(["unwrapped", true]);
  });

  it("B72 two peers that unwrap at once over full transports do not wait for each other for ever", async () => {
    const { client, server } = await workshop.connected(memoryTransportPair({ capacity: 5 }), { version });
    await Promise.all([client, server].map((end) => patiently(end, () => end.unwrap())));
    expect([client.state, server.state]).toEqual(["unwrapped", "unwrapped"]);
  });

  it("B73 unwrap over unread data raises SSLStateError, and the data stays readable", () => {
    const { wire, us, them } = connect();
    them.send(pattern(50));
    them.send(pattern(60));
    wire.carry();
    for (let again = 0; again < 2; again += 1) expect(() => us.unwrap()).toThrow(SSLStateError);
    expect(us.recv()).toEqual(pattern(50));
    expect(() => us.unwrap()).toThrow(SSLStateError);
    expect(us.recv()).toEqual(pattern(60));
    expect(() => us.unwrap()).toThrow(SSLWantReadError);
    wire.carry();
    them.unwrap();
    wire.carry();
    expect(us.unwrap()).toBe(us.transport);
  });

  it("B73 unwrap with discard drops unread data", () => {
    const { wire, us, them } = connect();
    them.send(pattern(50_000));
    them.shutdownWrite();
    wire.carry();
    us.recv(1);
    expect(us.unwrap({ discard: true })).toBe(us.transport);
  });

  it("B74 unwrap after the end without close_notify raises SSLEOFError", () => {
    const { wire, us } = connect();
    wire.endAt(role).shutdownWrite();
    for (let again = 0; again < 2; again += 1) expect(() => us.unwrap()).toThrow(SSLEOFError);
    expect([us.state, us.closeReason]).toEqual(["failed", "truncated"]);
  });

  for (const chunk of [1, 5, 100, Infinity]) {
    it(`B75 plaintext behind the peer's close_notify is left to the transport, ${chunk} bytes at a time`, () => {
      const { wire, us, them } = connect();
      them.send(pattern(100));
      them.shutdownWrite();
      const ciphertext = wire.take(otherRole(role));
      const stream = new Uint8Array([...ciphertext, ...new TextEncoder().encode("220 plain again\r\n")]);
      const received: number[] = [];
      for (let at = 0; at < stream.length; at += chunk) {
        wire.give(role, stream.subarray(at, at + chunk));
        const into = new Uint8Array(100);
        const result = us.tryRecv(into);
        if (result.kind === "ok") received.push(...into.subarray(0, result.n));
        if (chunk === Infinity) break;
      }
      expect(received).toEqual([...pattern(100)]);
      const transport = us.unwrap();
      expect(new TextDecoder().decode(transport.takeRemaining())).toBe("220 plain again\r\n");
      wire.take(role);
      transport.send(pattern(3));
      expect(wire.take(role)).toEqual(pattern(3));
      expect(() => us.recv()).toThrow(SSLStateError);
      expect(() => us.send(pattern(1))).toThrow(SSLStateError);
    });
  }

  it("B76 unwrap after unwrap raises: no SSL wrapper around", () => {
    const { wire, us, them } = connect();
    them.shutdownWrite();
    wire.carry();
    us.unwrap();
    expect(caught(() => us.unwrap())).toMatchObject({ constructor: SSLStateError });
    expect(caught(() => us.unwrap()).message).toContain("no SSL wrapper around");
  });

  it("B77 shutdownWrite keeps reading until the peer's close_notify, data in flight included", () => {
    const { wire, us, them } = connect();
    them.send(pattern(20));
    us.shutdownWrite();
    us.shutdownWrite();
    wire.carry();
    expect(us.recv()).toEqual(pattern(20));
    expect(them.recv()).toHaveLength(0);
    them.send(pattern(30));
    them.shutdownWrite();
    wire.carry();
    expect(us.recv()).toEqual(pattern(30));
    expect(us.recv()).toHaveLength(0);
    expect([us.state, them.state]).toEqual(["closed", "closed"]);
  });

  it("B78 receiving close_notify sends nothing by itself", () => {
    const { wire, us, them } = connect();
    them.shutdownWrite();
    wire.carry();
    expect(us.recv()).toHaveLength(0);
    expect(wire.take(role)).toHaveLength(0);
    expect(us.closeNotifySent).toBe(false);
  });

  it("B79 close delivers what was sent, then close_notify, then the end of the transport", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const { us, them } = asRole(await workshop.connected([left, right], { version }), role);
    const bytes = pattern(100_000);
    us.send(bytes);
    us.close();
    expect([us.closed, us.state, us.closeReason]).toEqual([true, "closed", "local"]);
    expect(sha256(await recvAll(them))).toBe(sha256(bytes));
    expect(them.closeReason).toBe("close-notify");
    expect(await receive(them.transport)).toHaveLength(0);
    expect(us.transport.closed).toBe(true);
  });

  it("B79 close delivers although the peer is busy sending and reads only afterwards", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const { us, them } = asRole(await workshop.connected([left, right], { version }), role);
    us.send(pattern(5000));
    us.close();
    await them.sendAll(pattern(100_000)).catch((error: unknown) => expect(error).toBeInstanceOf(SSLError));
    expect(await recvAll(them)).toEqual(pattern(5000));
  });

  it("B79 close aborts the transport when the peer has not taken everything in time", async () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const impatient = { shutdownTimeout: 5 };
    const { us, them } = asRole(
      await workshop.connected([left, right], { version, client: impatient, server: impatient }),
      role,
    );
    us.send(pattern(5000));
    us.close();
    expect(us.transport.closed).toBe(false);
    while (!us.transport.closed) await nextTurn();
    await expect(recvAll(them)).rejects.toThrow(SSLSyscallError);
  });

  it("B79 abort says nothing and resets the transport", () => {
    const { wire, us } = connect();
    us.abort();
    expect([us.closed, us.closeReason, us.closeNotifySent]).toEqual([true, "local", false]);
    expect(caught(() => wire.endAt(role).recvInto(new Uint8Array(1)))).toMatchObject({ code: "ECONNRESET" });
  });

  it("B79 close after unwrap leaves the transport alone", () => {
    const { wire, us, them } = connect();
    them.shutdownWrite();
    wire.carry();
    const transport = us.unwrap();
    us.close();
    expect([us.closed, transport.closed, us.closeReason]).toEqual([true, false, "close-notify"]);
  });

  it("B79 leaving the block of a using declaration closes", () => {
    const { us } = connect();
    {
      using socket = us;
      expect(socket.closed).toBe(false);
    }
    expect(us.closed).toBe(true);
  });

  it("B80 that the peer is gone before our answer to its close_notify is no failure", () => {
    const { wire, us, them } = connect();
    them.shutdownWrite();
    wire.carry();
    expect(us.recv()).toHaveLength(0);
    wire.endAt(role).close();
    expect(us.unwrap()).toBe(us.transport);
    expect([us.state, us.closeReason, us.closeNotifySent]).toEqual(["unwrapped", "close-notify", false]);
  });

  it("B81 the reason stays the first one: what the peer did, not that we closed afterwards", () => {
    const { wire, us } = connect();
    wire.endAt(role).abort();
    expect(() => us.recv()).toThrow(SSLSyscallError);
    us.close();
    expect(us.closeReason).toBe("reset");
  });
});

import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { select } from "../../ts/socket/select.ts";
import {
  SSLAlertError,
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLSyscallError,
  SSLWantReadError,
} from "../../ts/ssl/index.ts";
import { concat, pattern } from "./moving.ts";
import { asRole, caught, otherRole, type Role, roles, type TlsOptions, versions, Wire, Workshop } from "./tls.ts";

const workshop = new Workshop();
const cases = versions.flatMap((version) => roles.map((role) => ({ version, role })));

describe.each(cases)("Reading as $role, $version", ({ version, role }) => {
  function connect(options: TlsOptions = {}): ReturnType<typeof parts> {
    return parts(new Wire(workshop, { version, ...options }).connect(), role);
  }

  it("B32 recv(0) answers nothing at once, with and without data waiting", () => {
    const { us, them, wire } = connect();
    expect(us.recv(0)).toHaveLength(0);
    them.send(pattern(5));
    wire.carry();
    expect(us.recv(0)).toHaveLength(0);
    expect(us.recvInto(new Uint8Array(0))).toBe(0);
    expect(us.recv()).toEqual(pattern(5));
  });

  it("B33 recv never spans records, and a larger n is a short read", () => {
    const { us, them, wire } = connect();
    them.send(pattern(10, 2));
    them.send(pattern(10, 3));
    wire.carry();
    expect(us.recv(4)).toEqual(pattern(10, 2).subarray(0, 4));
    expect(us.recv(1_000_000)).toEqual(pattern(10, 2).subarray(4));
    expect(us.recv(1_000_000)).toEqual(pattern(10, 3));
  });

  it("B33 recv of a negative or broken count throws RangeError and takes nothing", () => {
    const { us, them, wire } = connect();
    them.send(pattern(5));
    wire.carry();
    for (const n of [-1, 1.5, NaN]) expect(() => us.recv(n)).toThrow(RangeError);
    expect(() => us.recv("5" as never)).toThrow(TypeError);
    expect(us.recv()).toEqual(pattern(5));
  });

  it("B34 recvInto fills at most n bytes; 0 and too large an n mean the whole buffer; negative throws", () => {
    const { us, them, wire } = connect();
    them.send(pattern(30));
    wire.carry();
    const into = new Uint8Array(10);
    expect(us.recvInto(into, 3)).toBe(3);
    expect(us.recvInto(into, 0)).toBe(10);
    expect(us.recvInto(into, 1000)).toBe(10);
    expect(() => us.recvInto(into, -1)).toThrow(RangeError);
    expect(us.recvInto(into.subarray(5))).toBe(5);
    expect(into.subarray(5)).toEqual(pattern(30).subarray(23, 28));
    expect(() => us.recvInto([] as never)).toThrow(TypeError);
  });

  it("B35 a partial record is WantRead, kept inside, and goes on with the rest", () => {
    const { us, them, wire } = connect();
    them.send(pattern(100));
    const ciphertext = wire.take(otherRole(role));
    for (let at = 0; at < ciphertext.length - 1; at += 7) {
      wire.give(role, ciphertext.subarray(at, Math.min(at + 7, ciphertext.length - 1)));
      expect(() => us.recv()).toThrow(SSLWantReadError);
      expect(us.pending()).toBe(0);
      expect(us.transport.readable).toBe(false);
    }
    wire.give(role, ciphertext.subarray(-1));
    expect(us.recv()).toEqual(pattern(100));
  });

  it("B36 pending() is 0 until a recv decrypts a record, then what is left of it", () => {
    const { us, them, wire } = connect();
    them.send(pattern(16000));
    wire.carry();
    expect(us.pending()).toBe(0);
    expect(us.recv(10)).toHaveLength(10);
    expect(us.pending()).toBe(15990);
    expect(us.hasBuffered()).toBe(true);
  });

  it("B37 select answers at once when plaintext waits although the transport is silent", async () => {
    const { us, them, wire } = connect();
    them.send(pattern(10));
    wire.carry();
    us.recv(1);
    expect(us.transport.readable).toBe(false);
    expect(await select([us], [], [], 0)).toEqual([[us], [], []]);
    expect(us.recv()).toHaveLength(9);
    expect(await select([us], [], [], 0)).toEqual([[], [], []]);
  });

  for (const chunk of [1, 5, 100, Infinity]) {
    it(`B38 each WantRead has emptied the transport, ${chunk} bytes at a time`, () => {
      const { us, them, wire } = connect();
      them.send(pattern(300));
      const ciphertext = wire.take(otherRole(role));
      const received: Uint8Array[] = [];
      for (let at = 0; at < ciphertext.length; at += chunk) {
        wire.give(role, ciphertext.subarray(at, at + chunk));
        const into = new Uint8Array(300);
        const result = us.tryRecv(into);
        expect(us.transport.readable).toBe(false);
        if (result.kind === "ok") received.push(into.slice(0, result.n));
        else expect([result.kind, us.want]).toEqual(["want", "read"]);
        if (chunk === Infinity) break;
      }
      expect(concat(received)).toEqual(pattern(300));
      expect(us.tryRecv(new Uint8Array(1))).toEqual({ kind: "want", want: "read" });
    });
  }

  it("B43 close_notify is the end, every time, and we still send", () => {
    const { us, them, wire } = connect();
    them.send(pattern(5));
    them.shutdownWrite();
    wire.carry();
    expect(us.recv()).toEqual(pattern(5));
    for (let again = 0; again < 3; again += 1) expect(us.recv()).toHaveLength(0);
    expect([us.state, us.closeReason, us.readable]).toEqual(["read-closed", "close-notify", true]);
    expect(us.send(pattern(7))).toBe(7);
    wire.carry();
    expect(them.recv()).toEqual(pattern(7));
  });

  it("B44 B75 nothing behind the peer's close_notify is returned, nor leaves the transport", () => {
    const { us, them, wire } = connect();
    them.shutdownWrite();
    wire.carry();
    wire.give(role, pattern(50));
    for (let again = 0; again < 3; again += 1) expect(us.recv()).toHaveLength(0);
    expect(us.transport.takeRemaining()).toEqual(pattern(50));
  });

  it("B46 the end without close_notify raises SSLEOFError by default, each time", async () => {
    const { us, them, wire } = connect();
    them.send(pattern(5));
    wire.carry();
    wire.endAt(role).shutdownWrite();
    expect(us.recv()).toEqual(pattern(5));
    for (let again = 0; again < 3; again += 1) {
      expect(caught(() => us.recv())).toMatchObject({ constructor: SSLEOFError, partialRecord: false });
    }
    expect([us.state, us.failed, us.closeReason]).toEqual(["failed", true, "truncated"]);
    expect(await select([us], [], [us], 0)).toEqual([[us], [], [us]]);
  });

  it("B46 the end without close_notify is an end with suppressRaggedEofs, each time, and tells closeReason", () => {
    const suppressing = { suppressRaggedEofs: true };
    const { us, them, wire } = connect({ client: suppressing, server: suppressing });
    them.send(pattern(5));
    wire.carry();
    wire.endAt(role).shutdownWrite();
    expect(us.recv()).toEqual(pattern(5));
    for (let again = 0; again < 3; again += 1) expect(us.recv()).toHaveLength(0);
    expect(us.closeReason).toBe("truncated");
    expect(() => us.send(pattern(1))).toThrow(SSLEOFError);
  });

  it("B47 the end inside a record says so by partialRecord, at every offset", () => {
    for (const cut of [1, 4, 5, 6, 20]) {
      const { us, them, wire } = connect();
      them.send(pattern(5));
      wire.give(role, wire.take(otherRole(role)).subarray(0, cut));
      wire.endAt(role).shutdownWrite();
      for (let again = 0; again < 2; again += 1) {
        expect(caught(() => us.recv())).toMatchObject({ constructor: SSLEOFError, partialRecord: true });
      }
    }
  });

  it("B48 a reset is SSLSyscallError behind the data before it, never an end, never suppressed", () => {
    const suppressing = { suppressRaggedEofs: true };
    const { us, them, wire } = connect({ client: suppressing, server: suppressing });
    them.send(pattern(5));
    wire.carry();
    wire.endAt(role).abort();
    expect(us.recv()).toEqual(pattern(5));
    for (let again = 0; again < 3; again += 1) {
      expect(caught(() => us.recv())).toMatchObject({ constructor: SSLSyscallError, code: "ECONNRESET" });
    }
    expect(us.closeReason).toBe("reset");
  });

  it("B49 a flipped bit raises SSLError, sends the alert, and fails the connection for good", () => {
    const { us, them, wire } = connect();
    them.send(pattern(100));
    const ciphertext = wire.take(otherRole(role));
    ciphertext[50] = (ciphertext[50] as number) ^ 1;
    wire.give(role, ciphertext);
    const first = caught(() => us.recv());
    expect(first).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
    for (const call of [() => us.recv(), () => us.send(pattern(1)), () => us.unwrap(), () => us.doHandshake()]) {
      const later = caught(call);
      expect(later).toMatchObject({ constructor: first.constructor, cause: first });
      expect(later).not.toBe(first);
    }
    wire.carry();
    expect(caught(() => them.recv())).toMatchObject({ constructor: SSLAlertError, alert: 20, sent: false });
  });

  it("B50 a fatal alert raises SSLAlertError, each time", () => {
    const { us, them, wire } = connect();
    us.send(pattern(5));
    const ciphertext = wire.take(role);
    ciphertext[ciphertext.length - 1] = (ciphertext.at(-1) as number) ^ 1;
    wire.give(otherRole(role), ciphertext);
    expect(() => them.recv()).toThrow(SSLError);
    wire.carry();
    for (let again = 0; again < 3; again += 1) {
      expect(caught(() => us.recv())).toMatchObject({ constructor: SSLAlertError, alertName: "bad_record_mac" });
    }
    expect(us.closeReason).toBe("alert");
  });

  it("B51 recv after our own close_notify returns the peer's data, or WantRead", () => {
    const { us, them, wire } = connect();
    us.shutdownWrite();
    expect(() => us.recv()).toThrow(SSLWantReadError);
    them.send(pattern(5));
    wire.carry();
    expect(us.recv()).toEqual(pattern(5));
    expect(() => us.unwrap()).toThrow(SSLWantReadError);
    them.send(pattern(6));
    wire.carry();
    expect(us.recv()).toEqual(pattern(6));
  });

  it("B52 recv is empty when both sides are closed, and SSLStateError after unwrap and after close", () => {
    const { us, them, wire } = connect();
    us.shutdownWrite();
    them.shutdownWrite();
    wire.carry();
    for (let again = 0; again < 3; again += 1) expect(us.recv()).toHaveLength(0);
    expect(us.state).toBe("closed");
    us.unwrap();
    expect(us.state).toBe("unwrapped");
    expect(() => us.recv()).toThrow(SSLStateError);
    us.close();
    expect(us.state).toBe("closed");
    expect(() => us.recv()).toThrow(SSLStateError);
  });

  it("B95 close frees the engine: use after it throws SSLStateError, and again close is nothing", () => {
    const { us } = connect();
    us.close();
    us.close();
    const calls = [
      () => us.recv(),
      () => us.recvInto(new Uint8Array(1)),
      () => us.send(pattern(1)),
      () => us.flush(),
      () => us.doHandshake(),
      () => us.unwrap(),
      () => us.shutdownWrite(),
    ];
    for (const call of calls) expect(call).toThrow(SSLStateError);
    expect([us.closed, us.readable, us.writable]).toEqual([true, true, true]);
  });
});

describe.each(versions)("Reading against a full transport, %s", (version) => {
  it("B63 recv works while a send is blocked, and send while nothing is there to recv", () => {
    const [left, right] = memoryTransportPair({ capacity: 1000 });
    const { client, server } = workshop.wrapPair([left, right], { version });
    while (client.state !== "open" || server.state !== "open" || client.wantWrite || server.wantWrite) {
      for (const end of [client, server]) end.tryRecv(new Uint8Array(1));
    }
    client.send(pattern(5000));
    expect(client.wantWrite).toBe(true);
    server.send(pattern(10));
    expect(client.recv()).toEqual(pattern(10));
    expect(() => client.recv()).toThrow(SSLWantReadError);
    expect(client.send(pattern(10))).toBe(10);
  });
});

function parts(wire: Wire, role: Role): { wire: Wire; us: Wire["pair"]["client"]; them: Wire["pair"]["client"] } {
  return { wire, ...asRole(wire.pair, role) };
}

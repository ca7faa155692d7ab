import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { select } from "../../ts/socket/select.ts";
import {
  SSLCertVerificationError,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
  SSLTimeoutError,
  SSLWantReadError,
  SSLWantWriteError,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import { pattern, receive } from "./moving.ts";
import { asRole, caught, otherRole, patiently, roles, versions, Wire, Workshop } from "./tls.ts";

const workshop = new Workshop();

describe.each(versions)("The handshake of an SSLSocket, %s", (version) => {
  it("B13 the first doHandshake sends the ClientHello and wants to read; a server without input sends nothing", () => {
    const wire = new Wire(workshop, { version });
    const { client, server } = wire.pair;
    expect(() => server.doHandshake()).toThrow(SSLWantReadError);
    expect(() => client.doHandshake()).toThrow(SSLWantReadError);
    expect([client.want, server.want]).toEqual(["read", "read"]);
    expect(wire.take("server")).toHaveLength(0);
    expect(wire.take("client")[0]).toBe(22);
  });

  it("B14 doHandshake after success does nothing", () => {
    const wire = new Wire(workshop, { version }).connect();
    for (const end of [wire.pair.client, wire.pair.server]) {
      for (let again = 0; again < 2; again += 1) expect(end.doHandshake()).toBeUndefined();
    }
    expect(wire.carry()).toBe(false);
  });

  for (const call of ["recv", "send"] as const) {
    it(`B15 B60 B68 ${call} before the handshake drives it, consuming nothing`, async () => {
      const { client, server } = workshop.wrapPair(memoryTransportPair(), { version });
      const attempt = (): unknown => (call === "recv" ? client.recv() : client.send(pattern(5)));
      expect(attempt).toThrow(SSLWantReadError);
      expect(client.state).toBe("handshaking");
      const serving = patiently(server, () => server.recv()).catch(() => null);
      if (call === "send") expect(await patiently(client, attempt)).toBe(5);
      else {
        const receiving = patiently(client, attempt);
        await patiently(server, () => server.doHandshake());
        server.send(pattern(5));
        expect(await receiving).toEqual(pattern(5));
        client.send(pattern(5));
      }
      expect(await serving).toEqual(pattern(5));
    });
  }

  it("B17 doHandshake wants to write while its flight does not leave, even when it could also not read", async () => {
    const [left, right] = workshop.keep(memoryTransportPair({ capacity: 10 }));
    const client = workshop.wrap(workshop.clientContext(version), left);
    expect(() => client.doHandshake()).toThrow(SSLWantWriteError);
    expect([client.want, client.wantWrite]).toEqual(["write", true]);
    expect(await select([], [client], [], 0)).toEqual([[], [], []]);
    const flight: Uint8Array[] = [];
    while (client.wantWrite) {
      flight.push(await receive(right, 10));
      await select([], [], [], 0);
    }
    expect(await select([], [client], [], 0)).toEqual([[], [client], []]);
    expect(() => client.doHandshake()).toThrow(SSLWantReadError);
  });

  it("B18 success comes although the last flight has not left; it leaves by itself", async () => {
    const [left, right] = memoryTransportPair({ capacity: 10 });
    const { client, server } = workshop.wrapPair([left, right], { version });
    const last = version === "TLSv1.3" ? client : server;
    const first = version === "TLSv1.3" ? server : client;
    const serving = patiently(first, () => first.doHandshake());
    await patiently(last, () => last.doHandshake());
    expect([last.state, last.wantWrite, last.want]).toEqual(["open", true, null]);
    await serving;
    expect(last.wantWrite).toBe(false);
  });

  for (const role of roles) {
    it(`B19 the end at every offset of the first flight to the ${role} is SSLEOFError, never suppressed`, () => {
      const suppressing = { suppressRaggedEofs: true };
      const probe = new Wire(workshop, { version });
      probe.pair.client.tryHandshake();
      if (role === "client") {
        probe.carry();
        probe.pair.server.tryHandshake();
      }
      const length = probe.take(otherRole(role)).length;
      for (let cut = 0; cut < length; cut += 13) {
        const wire = new Wire(workshop, { version, client: suppressing, server: suppressing });
        wire.pair.client.tryHandshake();
        if (role === "client") {
          wire.carry();
          wire.pair.server.tryHandshake();
        }
        const { us } = asRole(wire.pair, role);
        wire.give(role, wire.take(otherRole(role)).subarray(0, cut));
        wire.endAt(role).shutdownWrite();
        expect(() => us.doHandshake()).toThrow(SSLEOFError);
        expect(() => us.recv()).toThrow(SSLEOFError);
        expect([us.state, us.closeReason]).toEqual(["failed", "truncated"]);
        us.close();
      }
    });
  }

  it("B48 a reset during the handshake is SSLSyscallError, each time", () => {
    const wire = new Wire(workshop, { version });
    const { client } = wire.pair;
    expect(() => client.doHandshake()).toThrow(SSLWantReadError);
    wire.endAt("client").abort();
    for (let again = 0; again < 2; again += 1) {
      expect(caught(() => client.doHandshake())).toMatchObject({ constructor: SSLSyscallError, code: "ECONNRESET" });
    }
  });

  it("B65 a peer that takes nothing fails the handshake instead of letting it wait for ever", () => {
    const [left, right] = workshop.keep(memoryTransportPair());
    right.close();
    const client = workshop.wrap(workshop.clientContext(version), left);
    expect(() => client.doHandshake()).toThrow(SSLError);
    expect(client.state).toBe("failed");
  });

  it("B3 B22 the alert for a certificate that cannot be trusted has left when the error is raised", () => {
    const wire = new Wire(workshop, { version, trust: certs.unknownRoot.cert });
    const { client, server } = wire.pair;
    const errors = new Map<unknown, unknown>();
    do {
      for (const end of [client, server]) {
        try {
          end.tryHandshake();
        } catch (error) {
          if (!errors.has(end)) errors.set(end, error);
        }
      }
    } while (wire.carry());
    expect(errors.get(client)).toBeInstanceOf(SSLCertVerificationError);
    expect([client.state, client.closeReason]).toEqual(["failed", "alert"]);
    expect(errors.get(server)).toMatchObject({ alertName: "unknown_ca", sent: false });
    expect([server.state, server.closeReason]).toEqual(["failed", "alert"]);
  });

  it("B31 S13 abort with SSLTimeoutError cuts the transport and is the reason", async () => {
    const [left, right] = workshop.keep(memoryTransportPair());
    const server = workshop.wrap(workshop.serverContext(version), left);
    const [silent] = await select([server], [], [], 5);
    expect(silent).toEqual([]);
    server.abort(new SSLTimeoutError("Cannot finish the handshake in time"));
    expect([server.state, server.closeReason, left.closed]).toEqual(["closed", "timeout", true]);
    expect(() => right.recvInto(new Uint8Array(1))).toThrow(SSLSyscallError);
  });
});

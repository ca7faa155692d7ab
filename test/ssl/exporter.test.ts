// Keying material, channel bindings and the key log: secrets that leave the connection on purpose.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SSLConfigError, SSLStateError } from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import { connected, forEachVersion, identityOf, inCase, pairOf, versions } from "../support/conversation.ts";

const text = new TextEncoder();

test("S36 keying material is equal on both sides and differs by label, context and connection", () => {
  forEachVersion((version) => {
    const { client, server } = connected({ version });
    const other = connected({ version }).client;
    const calls: [number, string, Uint8Array?][] = [
      [32, "EXPORTER-one"],
      [32, "EXPORTER-two"],
      [32, "EXPORTER-one", text.encode("context")],
      [8160, "EXPORTER-three"],
      [1, "x".repeat(249), new Uint8Array(32768)],
    ];
    const seen = new Set<string>();
    for (const call of calls) {
      const ours = client.tls.exportKeyingMaterial(...call);
      expect(ours).toHaveLength(call[0]);
      expect(server.tls.exportKeyingMaterial(...call)).toEqual(ours);
      if (call[0] > 1) expect(other.tls.exportKeyingMaterial(...call)).not.toEqual(ours);
      seen.add(ours.slice(0, 32).join());
    }
    expect(seen.size).toBe(calls.length);
  });
});

test("S36 no context differs from an empty one in TLS 1.2 and does not in TLS 1.3", () => {
  for (const version of versions) {
    const { tls } = connected({ version }).client;
    const [without, empty] = [tls.exportKeyingMaterial(16, "l"), tls.exportKeyingMaterial(16, "l", new Uint8Array(0))];
    expect(String(without) === String(empty)).toBe(version === "TLSv1.3");
  }
});

test("S36 keying material and channel bindings need a finished handshake and arguments in range", () => {
  const { tls } = pairOf().client;
  expect(() => tls.exportKeyingMaterial(32, "label")).toThrow(SSLStateError);
  expect(() => tls.getChannelBinding()).toThrow(SSLStateError);
  const { tls: open } = connected().client;
  for (const length of [0, -1, 8161, 1.5]) expect(() => open.exportKeyingMaterial(length, "l")).toThrow(RangeError);
  for (const label of ["", "x".repeat(250)]) expect(() => open.exportKeyingMaterial(8, label)).toThrow(/label/);
  expect(() => open.getChannelBinding("tls-other" as "tls-unique")).toThrow(SSLConfigError);
});

test("S37 tls-unique is equal on both sides in TLS 1.2 and null in TLS 1.3", () => {
  const { client, server } = connected({ version: "TLSv1.2" });
  expect(client.tls.getChannelBinding("tls-unique")).toHaveLength(12);
  expect(server.tls.getChannelBinding("tls-unique")).toEqual(client.tls.getChannelBinding("tls-unique"));
  expect(connected({ version: "TLSv1.2" }).client.tls.getChannelBinding()).not.toEqual(client.tls.getChannelBinding());
  expect(connected({ version: "TLSv1.3" }).client.tls.getChannelBinding("tls-unique")).toBeNull();
});

test("tls-exporter is the exporter of RFC 9266, equal on both sides", () => {
  forEachVersion((version) => {
    const { client, server } = connected({ version });
    const expected = client.tls.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", new Uint8Array(0));
    expect(client.tls.getChannelBinding("tls-exporter")).toEqual(expected);
    expect(server.tls.getChannelBinding("tls-exporter")).toEqual(expected);
  });
});

test("tls-server-end-point is the hash of the server's certificate on both sides", () => {
  for (const name of ["localhost", "localhostRsa"] as const) {
    forEachVersion((version) => {
      const ca = name === "localhost" ? certs.root.cert : certs.rsaRoot.cert;
      const { client, server } = connected({ version, client: { ca }, server: { identities: [identityOf(name)] } });
      const der = client.tls.getPeerCert({ binary: true })!;
      const expected = new Uint8Array(createHash("sha256").update(der).digest());
      expect(client.tls.getChannelBinding("tls-server-end-point")).toEqual(expected);
      expect(server.tls.getChannelBinding("tls-server-end-point")).toEqual(expected);
    });
  }
});

test("S38 the key log has the NSS lines of each version, the same on both sides, and nothing unless it is asked for", () => {
  for (const version of versions) {
    inCase(version, () => {
      const logs: [string[], string[]] = [[], []];
      connected({
        version,
        client: { onKeyLog: (line) => logs[0].push(line) },
        server: { onKeyLog: (line) => logs[1].push(line) },
      });
      expect(logs[0].toSorted()).toEqual(logs[1].toSorted());
      const labels = logs[0].map((line) => /^([A-Z_0-9]+) [0-9a-f]{64} [0-9a-f]{64,96}$/.exec(line)?.[1]).toSorted();
      const of13 = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_TRAFFIC_SECRET_0",
      ];
      expect(labels).toEqual(version === "TLSv1.2" ? ["CLIENT_RANDOM"] : of13);
    });
  }
});

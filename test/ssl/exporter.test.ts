// Keying material, channel bindings and the key log: secrets that leave the connection on purpose.
import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { SSLConfigError, type SSLContext, type SSLSession, SSLEOFError, SSLStateError } from "../../ts/ssl/index.ts";
import { type Algorithm, keyNamed, makeRoot, makeServer } from "../support/certificate-factory.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  clientContext,
  connected,
  deliver,
  handshake,
  type Pair,
  type Role,
  serverContext,
  wrapped,
  forEachVersion,
  identityOf,
  inCase,
  pairOf,
  versions,
} from "../support/conversation.ts";

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

test("S36 keying material and channel bindings stay the same after the conversation has failed, and after it has ended", () => {
  forEachVersion((version) => {
    for (const end of ["cut", "goodbye"]) {
      const { client, server } = connected({ version });
      const ask = (): (Uint8Array | null)[] => [
        client.tls.exportKeyingMaterial(32, "EXPORTER-one"),
        client.tls.getChannelBinding("tls-exporter"),
        client.tls.getChannelBinding("tls-server-end-point"),
      ];
      const before = ask();
      if (end === "goodbye") {
        server.tls.shutdownWrite();
        client.tls.shutdownWrite();
        deliver(server, client);
        expect(client.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
      } else {
        client.incoming.writeEof();
        expect(() => client.tls.read()).toThrow(SSLEOFError);
      }
      expect(ask()).toEqual(before);
    }
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

test("tls-server-end-point is the server's certificate under the hash of its signature, SHA-256 for weaker ones", () => {
  const issuers = { rsa: makeRoot("CN=rsa", { key: keyNamed("rsa", "rsa2048") }), ec: makeRoot("CN=ec") };
  const cases: readonly (readonly [issuer: keyof typeof issuers, Algorithm, hash: string])[] = [
    ["ec", "ecdsa-sha1", "sha256"],
    ["ec", "ecdsa-sha224", "sha224"],
    ["ec", "ecdsa-sha256", "sha256"],
    ["ec", "ecdsa-sha384", "sha384"],
    ["ec", "ecdsa-sha512", "sha512"],
    ["rsa", "rsa-md5", "sha256"],
    ["rsa", "rsa-sha1", "sha256"],
    ["rsa", "rsa-sha256", "sha256"],
    ["rsa", "rsa-sha384", "sha384"],
    ["rsa", "rsa-sha512", "sha512"],
    ["rsa", "pss-sha256", "sha256"],
    ["rsa", "pss-sha384", "sha384"],
    ["rsa", "pss-sha512", "sha512"],
  ];
  for (const [issuer, algorithm, hash] of cases) {
    inCase(algorithm, () => {
      const key = keyNamed("server");
      const { der } = makeServer(issuers[issuer], "localhost", { key, algorithm });
      const identities = [{ cert: der, key: key.privateKey.export({ type: "pkcs8", format: "pem" }) }];
      const { client, server } = connected({ client: { verifyMode: "none" }, server: { identities } });
      const expected = new Uint8Array(createHash(hash).update(der).digest());
      expect(client.tls.getChannelBinding("tls-server-end-point")).toEqual(expected);
      expect(server.tls.getChannelBinding("tls-server-end-point")).toEqual(expected);
    });
  }
});

test("tls-server-end-point is of the server's certificate, whatever the client presents", () => {
  forEachVersion((version) => {
    const server = { verifyMode: "required", ca: certs.root.cert } as const;
    const pair = connected({ version, client: { identities: [identityOf("client")] }, server });
    const der = pair.client.tls.getPeerCert({ binary: true })!;
    const expected = new Uint8Array(createHash("sha256").update(der).digest());
    for (const { tls } of [pair.client, pair.server])
      expect(tls.getChannelBinding("tls-server-end-point")).toEqual(expected);
  });
});

test("S37 the bindings of a resumed session are equal on both sides, and its own", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const contexts = { client: clientContext(only), server: serverContext({ ...only, numTickets: 1 }) };
    const first = connectedWith(contexts);
    const second = connectedWith(contexts, first.client.tls.session);
    expect([first.server.tls.sessionReused, second.server.tls.sessionReused]).toEqual([false, true]);
    for (const type of ["tls-unique", "tls-exporter", "tls-server-end-point"] as const) {
      const binding = second.client.tls.getChannelBinding(type);
      expect(second.server.tls.getChannelBinding(type), type).toEqual(binding);
      expect(binding === null, type).toBe(type === "tls-unique" && version === "TLSv1.3");
      const before = first.client.tls.getChannelBinding(type);
      if (type === "tls-server-end-point") expect(before).toEqual(binding);
      else if (binding !== null) expect(before).not.toEqual(binding);
    }
  });
});

test("there is no tls-server-end-point where a server does not know any more which certificate it presented", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const identities = [identityOf("localhost"), identityOf("localhostRsa")];
    const contexts = { client: clientContext(only), server: serverContext({ ...only, identities, numTickets: 1 }) };
    const first = connectedWith(contexts);
    expect(first.server.tls.getChannelBinding("tls-server-end-point")).not.toBeNull();
    const second = connectedWith(contexts, first.client.tls.session);
    expect(second.server.tls.sessionReused).toBe(true);
    expect(second.server.tls.getChannelBinding("tls-server-end-point")).toBeNull();
  });
});

test("there is no tls-server-end-point with a pre-shared key, as there is no certificate", () => {
  forEachVersion((version) => {
    const psk = { identity: "me", key: new Uint8Array(32).fill(7) };
    const { client, server } = connected({ version, client: { psk }, server: { psk, identities: [] } });
    for (const { tls } of [client, server]) {
      expect([tls.getPeerCert(), tls.serverSigalg(), tls.clientSigalg()]).toEqual([null, null, null]);
      expect(tls.getChannelBinding("tls-server-end-point")).toBeNull();
      expect(tls.getChannelBinding("tls-exporter")).toHaveLength(32);
    }
    expect(client.tls.getChannelBinding()).toEqual(server.tls.getChannelBinding());
  });
});

test("S36 keying material of TLS 1.2 is RFC 5705's function of the master secret and the randoms", () => {
  for (const suite of ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]) {
    inCase(suite, () => {
      const lines: string[] = [];
      const client = { cipherSuites: [suite], onKeyLog: (line: string) => void lines.push(line) };
      const pair = pairOf({ version: "TLSv1.2", client });
      let serverRandom = Buffer.alloc(0);
      attempt(pair, Infinity, (from, bytes) => {
        if (from === "server" && serverRandom.length === 0) serverRandom = Buffer.from(bytes.slice(11, 43));
        return bytes;
      });
      const [, random, master] = lines[0]!.split(" ").map((part) => Buffer.from(part, "hex"));
      const hash = suite.endsWith("384") ? "sha384" : "sha256";
      const seed = (...context: Uint8Array[]): Buffer => Buffer.concat([random!, serverRandom, ...context]);
      const { tls } = pair.client;
      expect(tls.exportKeyingMaterial(100, "EXPORTER-a")).toEqual(prf(hash, master!, "EXPORTER-a", seed(), 100));
      const context = text.encode("context");
      const length = Uint8Array.of(0, context.length);
      const expected = prf(hash, master!, "EXPORTER-a", seed(length, context), 100);
      expect(tls.exportKeyingMaterial(100, "EXPORTER-a", context)).toEqual(expected);
      const binding = prf(hash, master!, "EXPORTER-Channel-Binding", seed(Uint8Array.of(0, 0)), 32); // RFC 9266, section 2
      expect(tls.getChannelBinding("tls-exporter")).toEqual(binding);
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

/** RFC 5246, section 5. */
function prf(hash: string, secret: Buffer, label: string, seed: Buffer, size: number): Uint8Array {
  const hmac = (data: Buffer): Buffer => createHmac(hash, secret).update(data).digest();
  const start = Buffer.concat([Buffer.from(label), seed]);
  let output = Buffer.alloc(0);
  for (let a = hmac(start); output.length < size; a = hmac(a))
    output = Buffer.concat([output, hmac(Buffer.concat([a, start]))]);
  return new Uint8Array(output.subarray(0, size));
}

/** Connects, and reads what comes after the handshake: a session. */
function connectedWith(
  { client, server }: Readonly<Record<Role, SSLContext>>,
  session: SSLSession | null = null,
): Pair {
  const wrap = { serverHostname: "localhost", ...(session === null ? {} : { session }) };
  const pair = handshake({ client: wrapped(client, wrap), server: wrapped(server) });
  deliver(pair.server, pair.client);
  pair.client.tls.tryRead(new Uint8Array(1));
  return pair;
}

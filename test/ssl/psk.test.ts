// Pre-shared keys instead of certificates: known and unknown identities, wrong keys, keys that are looked up.
import { describe, expect, test } from "vitest";
import { type ClientOptions, type ServerOptions, SSLContext, SSLError, type TLSVersion } from "../../ts/ssl/index.ts";
import {
  attempt,
  connected,
  deliver,
  disposed,
  drained,
  forEachCase,
  forEachVersion,
  handshake,
  identityOf,
  inCase,
  joined,
  type Pair,
  recordOf,
  recordsOf,
  recordType,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";
import { extension, extensionIn, sixteen, withExtensions } from "../support/hello.ts";
import { messageType } from "../support/rewriter.ts";

const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const identity = "device 17";

function pskPair(version: TLSVersion, client: ClientOptions = {}, server: Partial<ServerOptions> = {}): Pair {
  const only = { minVersion: version, maxVersion: version };
  const own = disposed(SSLContext.client({ ...only, psk: { identity, key }, ...client }));
  const other = disposed(SSLContext.server({ ...only, psk: { identity, key }, numTickets: 0, ...server }));
  return { client: wrapped(own, { serverHostname: "localhost" }), server: wrapped(other) };
}

test("S42 client and server know each other by a pre-shared key, without any certificate", () => {
  forEachCase(
    (version, _, chunk) => {
      const pair = handshake(pskPair(version), chunk);
      for (const { tls } of [pair.client, pair.server]) {
        expect(tls.getPeerCert()).toBe(null);
        expect(tls.getVerifiedChain()).toEqual([]);
        expect(tls.version()).toBe(version);
      }
      expect(pair.client.tls.group()).toBe("x25519");
      pair.client.tls.write(Uint8Array.of(1));
      deliver(pair.client, pair.server);
      expect(pair.server.tls.read()).toEqual(Uint8Array.of(1));
    },
    { roles: ["client"] },
  );
});

test("S42 the identity may come in any number of records, as every message of a handshake", () => {
  for (const size of [1, 3, 4, 5, 6, 10, 14, 15, 16]) {
    inCase(`of ${size} bytes`, () => {
      const asked: string[] = [];
      const psk = (name: Uint8Array): Uint8Array => {
        asked.push(new TextDecoder().decode(name));
        return key;
      };
      const pair = pskPair("TLSv1.2", {}, { psk });
      const outcome = attempt(pair, Infinity, (from, bytes) =>
        from === "client" ? inSmallRecords(bytes, size) : bytes,
      );
      expect([outcome, asked]).toEqual([{ client: undefined, server: undefined }, [identity]]);
    });
  }
});

/** With a ClientKeyExchange, which begins a flight, in records of so many bytes. */
function inSmallRecords(bytes: Uint8Array, size: number): Uint8Array {
  const records = recordsOf(bytes).flatMap((record, nth) => {
    if (nth > 0 || record[0] !== recordType.handshake || record[5] !== messageType.clientKeyExchange) return [record];
    const message = record.subarray(5);
    const count = Math.ceil(message.length / size);
    return Array.from({ length: count }, (_, i) =>
      recordOf(recordType.handshake, message.slice(i * size, (i + 1) * size)),
    );
  });
  return joined(records);
}

test("S42 the key is looked up by the identity, at once or later, and once", async () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const later of [false, true]) {
      const asked: string[] = [];
      const psk = (name: Uint8Array): Uint8Array | Promise<Uint8Array> => {
        asked.push(new TextDecoder().decode(name));
        return later ? Promise.resolve(key) : key;
      };
      const pair = pskPair(version, {}, { psk });
      attempt(pair);
      if (later) {
        expect(pair.server.tls.want).toBe("callback");
        await new Promise((resolve) => setTimeout(resolve, 0));
        attempt(pair);
      }
      expect([pair.client.tls.state, pair.server.tls.state]).toEqual(["open", "open"]);
      expect(asked).toEqual([identity]);
    }
  }
});

test("S42 an unknown identity and a wrong key end the handshake on both sides with an alert", () => {
  forEachVersion((version) => {
    const unknown = attempt(pskPair(version, {}, { psk: () => null }));
    expect(unknown.server).toBeInstanceOf(SSLError);
    expect(unknown.client).toMatchObject({ sent: false });
    const wrong = attempt(pskPair(version, { psk: { identity, key: key.with(0, 99) } }));
    expect(wrong.server).toBeInstanceOf(SSLError);
    expect(wrong.client).toMatchObject({ sent: false });
  });
});

test("S42 a lookup that throws ends its own connection, with internal_error", () => {
  forEachVersion((version) => {
    const cause = new Error("the database is away");
    const psk = (): never => {
      throw cause;
    };
    const { client, server } = attempt(pskPair(version, {}, { psk }));
    expect(server).toMatchObject({ reason: "CALLBACK_FAILED", cause });
    expect(client).toMatchObject({ alertName: "internal_error" });
  });
});

test("S42 of many identities in a ClientHello eight are looked up, and no more", () => {
  const asked: string[] = [];
  const psk = (name: Uint8Array): null => {
    asked.push(new TextDecoder().decode(name));
    return null;
  };
  const { client, server } = pskPair("TLSv1.3", {}, { psk });
  thrownBy(() => client.tls.doHandshake());
  const names = Array.from({ length: 100 }, (_, i) => [0, 1, 65 + (i % 26), 0, 0, 0, 0]).flat();
  const binders = Array.from({ length: 100 }, () => [32, ...new Uint8Array(32)]).flat();
  const body = Uint8Array.of(...sixteen(names.length), ...names, ...sixteen(binders.length), ...binders);
  server.incoming.write(
    withExtensions(drained(client), (list) =>
      list.map((one) => (one.type === extension.preSharedKey ? { type: one.type, body } : one)),
    ),
  );
  expect(thrownBy(() => server.tls.doHandshake())).toBeInstanceOf(SSLError);
  expect(asked).toEqual(["A", "B", "C", "D", "E", "F", "G", "H"]);
});

test("S42 a client without the key falls back on the server's certificate, and the other way round", () => {
  forEachVersion((version) => {
    const both = connected({ version, server: { psk: { identity, key } } });
    expect(both.client.tls.getPeerCert()).not.toBe(null);
    const client = { psk: { identity, key } };
    expect(connected({ version, client }).client.tls.getPeerCert()).not.toBe(null);
    const untrusted = attempt(pskPair(version, {}, { psk: () => null, identities: [identityOf("localhost")] }));
    expect(untrusted.client).toBeInstanceOf(SSLError);
  });
});

test("options about pre-shared keys are checked", () => {
  const server = (psk: unknown): unknown => thrownBy(() => SSLContext.server({ psk: psk as never }));
  const client = (psk: unknown): unknown => thrownBy(() => SSLContext.client({ psk: psk as never }));
  for (const make of [server, client]) {
    expect(make({ identity: "", key })).toBeInstanceOf(SSLError);
    expect(make({ identity, key: new Uint8Array(0) })).toBeInstanceOf(SSLError);
    expect(make({ identity, key: new Uint8Array(257) })).toBeInstanceOf(SSLError);
    expect(make({ identity, key, more: 1 })).toBeInstanceOf(SSLError);
    expect(make({ identity, key: "secret" })).toBeInstanceOf(TypeError);
  }
  expect(client(() => key)).toBeInstanceOf(TypeError);
});

describe("L13 a pre-shared key without a key exchange of its own", () => {
  test("is never offered", () => {
    const { client } = pskPair("TLSv1.3");
    client.tls.tryHandshake();
    expect(extensionIn(drained(client), extension.pskModes)).toEqual(Uint8Array.of(1, 1)); // psk_dhe_ke only
  });

  test("is not accepted when a client has no other way", () => {
    const pair = pskPair("TLSv1.3");
    let answer = new Uint8Array(0);
    const { server } = attempt(pair, Infinity, (from, bytes) => {
      if (from === "server" && answer.length === 0) answer = new Uint8Array(bytes);
      return from === "client" && bytes[5] === 1
        ? withExtensions(bytes, (list) =>
            list.map(({ type, body }) => ({ type, body: type === extension.pskModes ? Uint8Array.of(1, 0) : body })),
          )
        : bytes;
    });
    expect(server).toMatchObject({ name: "SSLError", reason: "HANDSHAKE_FAILURE" });
    expect(extensionIn(answer, extension.preSharedKey)).toBe(null);
  });
});

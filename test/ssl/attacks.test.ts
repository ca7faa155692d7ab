// Attacks on TLS that have names, as far as what our side says and takes shows that they find nothing here. Those that need
// more than a hello are tested where they belong; SECURITY.md has the list.
import { expect, test } from "vitest";
import {
  attempt,
  attemptPatiently,
  connected,
  cut,
  deliver,
  drained,
  type End,
  flipped,
  forEachSide,
  forEachVersion,
  inCase,
  joined,
  type Pair,
  pairOf,
  type PairOptions,
  plainAlert,
  recordOf,
  recordsOf,
  recordType,
  roles,
  versions,
  wrapped,
  serverContext,
  clientContext,
  thrownBy,
  unlessWant,
} from "../support/conversation.ts";
import { extension, extensionIn, extensionsIn, withExtensions } from "../support/hello.ts";

const earlyData = 42;
const clientHello = 1;
const serverHello = 2;
const serverKeyExchange = 12;
const clientKeyExchange = 16;

/** The handshake messages in the clear with this type, whoever sent them. */
function messagesOf(options: PairOptions, type: number): Uint8Array[] {
  return messagesBetween(pairOf(options)).filter((record) => record[5] === type);
}

/** The handshake messages in the clear, as records. */
function messagesBetween(pair: Pair): Uint8Array[] {
  const found: Uint8Array[] = [];
  let encrypted = false;
  attempt(pair, Infinity, (_, bytes) => {
    for (const record of recordsOf(bytes)) {
      encrypted ||= record[0] === recordType.changeCipherSpec;
      if (!encrypted && record[0] === recordType.handshake) found.push(record);
    }
    return bytes;
  });
  return found;
}

const text = (bytes: Uint8Array): string => String(bytes);

/** The public key of a key exchange that the message brings, null when it brings none. */
function exchangedIn(message: Uint8Array): Uint8Array | null {
  switch (message[5]) {
    case clientHello:
    case serverHello:
      return extensionIn(message, extension.keyShare);
    case serverKeyExchange: // the header, the kind of curve, its number, the point with its length in front
      return message.subarray(12, 13 + message[12]!);
    case clientKeyExchange:
      return message.subarray(9);
    default:
      return null;
  }
}

test("Raccoon: no key of a key exchange is ever used again, by either side, whatever the group", () => {
  const seen: string[] = [];
  const groups = ["x25519", "secp256r1", "secp384r1", "secp521r1"] as const;
  for (const group of groups) {
    forEachVersion((version) => {
      const only = { minVersion: version, maxVersion: version, groups: [group] };
      // One pair of contexts: what is kept anywhere would be kept here.
      const contexts = { client: clientContext(only), server: serverContext(only) };
      for (let i = 0; i < 3; i++) {
        const client = wrapped(contexts.client, { serverHostname: "localhost" });
        const exchanged = messagesBetween({ client, server: wrapped(contexts.server) }).map(exchangedIn);
        seen.push(...exchanged.filter((key) => key !== null).map(text));
      }
    });
  }
  expect(seen).toHaveLength(groups.length * versions.length * 3 * 2);
  expect(new Set(seen).size).toBe(seen.length);
});

test("no two hellos have the same random, in one realm and across realms", () => {
  const seen: string[] = [];
  for (const isolation of ["shared", "context", "connection"] as const) {
    for (let i = 0; i < 50; i++) {
      inCase(`${isolation}, ${i}`, () => {
        const { client } = pairOf({ client: { isolation } });
        thrownBy(() => client.tls.doHandshake());
        seen.push(text(drained(client).subarray(11, 43)));
      });
    }
  }
  expect(new Set(seen).size).toBe(150);
});

test("what is random in a hello is what the runtime has given in that handshake, and nothing that was kept", () => {
  forEachVersion((version) => {
    const given: string[] = [];
    const source = crypto.getRandomValues.bind(crypto);
    const value = (into: Uint8Array<ArrayBuffer>): Uint8Array => {
      given.push(text(source(into)));
      return into;
    };
    Object.defineProperty(crypto, "getRandomValues", { value, configurable: true });
    try {
      for (let again = 0; again < 3; again++) {
        given.length = 0;
        for (const type of [clientHello, serverHello]) {
          const [hello] = messagesOf({ version }, type);
          const start = version === "TLSv1.2" ? 15 : 11; // in TLS 1.2 the time comes first
          // The last eight bytes may be asked for by themselves: there a server's mark would stand (RFC 8446, section 4.1.3).
          for (const part of [hello!.subarray(start, 35), hello!.subarray(35, 43)])
            expect(given.filter((bytes) => bytes.includes(text(part)))).toHaveLength(1);
        }
      }
    } finally {
      Reflect.deleteProperty(crypto, "getRandomValues");
    }
  });
});

test("CRIME, Bleichenbacher, Lucky 13: a client offers no compression, no RSA key exchange, no CBC and no finite field", () => {
  const { client } = pairOf();
  thrownBy(() => client.tls.doHandshake());
  const hello = drained(client);
  const at = 5 + 4 + 2 + 32 + 1 + hello[5 + 4 + 2 + 32]!;
  const size = hello[at]! * 256 + hello[at + 1]!;
  const suites = Array.from({ length: size / 2 }, (_, i) => hello[at + 2 + 2 * i]! * 256 + hello[at + 3 + 2 * i]!);
  // TLS 1.3's three; ECDHE with GCM and ChaCha20-Poly1305 (RFC 5289, RFC 7905); the signal for secure renegotiation.
  const good = new Set([0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff]);
  expect(suites.filter((suite) => !good.has(suite))).toEqual([]);
  expect([...hello.subarray(at + 2 + size, at + 4 + size)]).toEqual([1, 0]);
});

test("Lucky 13: where CBC was asked for by name, whatever is wrong with a record looks the same to the peer", () => {
  const suites = { cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"] } as const;
  const recordWith = (client: End): Uint8Array => {
    client.tls.write(new Uint8Array(40));
    return drained(client);
  };
  let length = 99;
  for (let at = 5; at < length; at += 3) {
    inCase(`byte ${at}`, () => {
      const { client, server } = connected({ version: "TLSv1.2", client: suites, server: suites });
      const record = recordWith(client);
      length = record.length;
      server.incoming.write(flipped(record, at));
      expect(thrownBy(() => server.tls.read())).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
      deliver(server, client);
      expect(thrownBy(() => client.tls.read())).toMatchObject({ alertName: "bad_record_mac" });
    });
  }
  expect(length).toBeGreaterThan(99);
});

test("0-RTT: a client never asks for early data, not with a session either, and a server never takes any", () => {
  const contexts = { client: clientContext(), server: serverContext({ numTickets: 1 }) };
  const pairWith = (): ReturnType<typeof pairOf> => ({
    client: wrapped(contexts.client, { serverHostname: "localhost" }),
    server: wrapped(contexts.server),
  });
  const first = pairWith();
  expect(attempt(first)).toEqual({ client: undefined, server: undefined });
  deliver(first.server, first.client);
  first.client.tls.tryRead(new Uint8Array(1));
  const { session } = first.client.tls;
  const second = pairWith();
  second.client.tls.session = session;
  thrownBy(() => second.client.tls.doHandshake());
  const hello = second.client.outgoing.peek();
  expect(extensionIn(hello, extension.preSharedKey)).not.toBeNull();
  expect(extensionIn(hello, earlyData)).toBeNull();
  expect(attempt(second)).toEqual({ client: undefined, server: undefined });
  expect(second.server.tls.sessionReused).toBe(true);
});

test("0-RTT: early data that comes all the same is never read, and ends the handshake when it is too much", () => {
  // A session that this server does not know (RFC 8446, section 4.2.10): it passes over what it cannot decrypt.
  const identity = [0, 4, 1, 2, 3, 4, 0, 0, 0, 0];
  const binder = [32, ...new Uint8Array(32)];
  const offer = {
    type: extension.preSharedKey,
    body: Uint8Array.of(0, identity.length, ...identity, 0, binder.length, ...binder),
  };
  for (const [records, reason] of [
    [3, undefined],
    [4, "EXCESSIVE_MESSAGE_SIZE"],
  ] as const) {
    const { client, server } = pairOf({ version: "TLSv1.3" });
    thrownBy(() => client.tls.doHandshake());
    const hello = withExtensions(drained(client), (list) => [
      ...list,
      { type: earlyData, body: new Uint8Array(0) },
      offer,
    ]);
    server.incoming.write(hello);
    for (let i = 0; i < records; i++)
      server.incoming.write(recordOf(recordType.applicationData, new Uint8Array(16384 + 256)));
    const error = thrownBy(() => server.tls.doHandshake());
    expect(error).toMatchObject(reason === undefined ? { name: "SSLWantReadError" } : { name: "SSLError", reason });
    expect(server.tls.version()).toBeNull();
  }
});

test("ALPACA: a client that is led to a server of another protocol, or of another name, gets nothing from it", async () => {
  for (const version of versions) {
    const foreign = pairOf({ version, client: { alpn: ["ftp"] }, server: { alpn: ["http/1.1"] } });
    const outcome = attempt(foreign);
    expect(outcome.server).toMatchObject({ reason: "NO_APPLICATION_PROTOCOL" });
    expect(outcome.client).toMatchObject({ alertName: "no_application_protocol" });
    expect([foreign.client.tls.state, foreign.server.tls.state]).toEqual(["failed", "failed"]);
    const unrecognizedName = 112;
    const sniCallback = (_: unknown, name: string | null): number | undefined =>
      name === "mail.test" ? undefined : unrecognizedName;
    const elsewhere = await attemptPatiently(pairOf({ version, server: { sniCallback } }));
    expect(elsewhere.client).toMatchObject({ alertName: "unrecognized_name" });
    expect(elsewhere.server).toBeInstanceOf(Error);
  }
});

test("S33 a server takes no hello past its hooks: nothing may come before it, and not more of it than is looked at", () => {
  const before = [recordOf(recordType.changeCipherSpec, [1]), plainAlert("warning", 90)];
  const padding = { type: 21, body: new Uint8Array(12_000) };
  forEachVersion((version) => {
    let asked = 0;
    const pair = (): ReturnType<typeof pairOf> => pairOf({ version, server: { selectContext: () => void asked++ } });
    const heard = (change: (hello: Uint8Array) => Uint8Array): unknown => {
      const { client, server } = pair();
      thrownBy(() => client.tls.doHandshake());
      let error: unknown;
      for (const piece of cut(change(drained(client)), 4000)) {
        server.incoming.write(piece);
        error ??= thrownBy(() => unlessWant(() => server.tls.doHandshake()));
      }
      expect(recordsOf(drained(server)).map(([type]) => type)).toEqual([recordType.alert]);
      return error;
    };
    for (const record of before)
      expect(heard((hello) => joined([record, hello]))).toMatchObject({ reason: "UNEXPECTED_MESSAGE" });
    const inBytes = (hello: Uint8Array): Uint8Array => {
      const long = withExtensions(hello, (list) => [...list, padding]).subarray(5);
      return joined(cut(long, 1).map((byte) => recordOf(recordType.handshake, byte)));
    };
    expect(heard(inBytes)).toMatchObject({ reason: "UNEXPECTED_MESSAGE" });
    expect(asked).toBe(0);
    expect(attempt(pair())).toEqual({ client: undefined, server: undefined });
    expect(asked).toBe(1);
  });
});

test("ALPACA: a server that chose a protocol that was not offered is refused", () => {
  const pair = pairOf({ version: "TLSv1.2", client: { alpn: ["http/1.1"] }, server: { alpn: ["http/1.1"] } });
  const outcome = attempt(pair, Infinity, (from, bytes) => {
    if (from === "client" || bytes[5] !== 2) return bytes;
    return withExtensions(bytes, (list) =>
      list.map((one) =>
        one.type === extension.alpn ? { type: one.type, body: Uint8Array.of(0, 4, 3, 102, 116, 112) } : one,
      ),
    );
  });
  expect(outcome.client).toMatchObject({ name: "SSLError" });
  expect(outcome.server).toMatchObject({ name: "SSLAlertError" });
});

test("triple handshake: both sides of TLS 1.2 offer, and take, the extended master secret", () => {
  const hellos = [clientHello, serverHello].map((type) => messagesOf({ version: "TLSv1.2" }, type)[0]!);
  for (const hello of hellos) expect(extensionIn(hello, extension.extendedMasterSecret)).toEqual(new Uint8Array(0));
  for (const role of roles) {
    let stripped = false;
    const outcome = attempt(pairOf({ version: "TLSv1.2" }), Infinity, (from, bytes) => {
      if (from === role || bytes[5] !== (from === "client" ? 1 : 2)) return bytes;
      stripped = true;
      return withExtensions(bytes, (list) => list.filter(({ type }) => type !== extension.extendedMasterSecret));
    });
    expect(stripped).toBe(true);
    expect(outcome[role], role).toMatchObject({ reason: "MISSING_EXTENDED_MASTER_SECRET" });
  }
});

test("renegotiation: both sides say that they know how to secure it, and neither does it", () => {
  const renegotiationInfo = 0xff01;
  const [hello] = messagesOf({ version: "TLSv1.2" }, serverHello);
  expect(extensionsIn(hello!).find(({ type }) => type === renegotiationInfo)?.body).toEqual(Uint8Array.of(0));
  forEachSide((version, role) => {
    const { client, server } = connected({ version });
    // A hello in the clear on an encrypted connection is no beginning of anything.
    const own = role === "client" ? client : server;
    own.incoming.write(recordOf(recordType.handshake, [0, 0, 0, 0]));
    expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
    expect(own.tls.state).toBe("failed");
  });
});

test("whatever was added to a client's hello on its way, the two sides do not come to an agreement", () => {
  forEachVersion((version) => {
    const greased = { type: 0xfafa, body: new Uint8Array(0) };
    const outcome = attempt(pairOf({ version }), Infinity, (from, bytes) =>
      from === "client" && bytes[5] === 1 ? withExtensions(bytes, (list) => [greased, ...list]) : bytes,
    );
    expect([outcome.client, outcome.server]).not.toContain(undefined);
  });
});

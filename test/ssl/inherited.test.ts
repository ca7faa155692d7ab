// What Mbed TLS leaves open, and what became of it: the limits of docs/scenarios.md. Those that need another
// implementation as the peer are tested in test/interop.
import { constants, createECDH, randomBytes, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { SSLConfigError } from "../../ts/ssl/index.ts";
import { keyNamed, makeRoot, makeServer, today } from "../support/certificate-factory.ts";
import { type CertName, certs } from "../support/certs.ts";
import {
  attempt,
  type Attempt,
  cut,
  deliver,
  flipped,
  inCase,
  joined,
  pairOf,
  type PairOptions,
  recordOf,
  recordsOf,
  recordType,
  type Role,
  thrownBy,
  unlessWant,
  versions,
} from "../support/conversation.ts";
import { bits, sequence } from "../support/der-writer.ts";
import { forged } from "../support/forger.ts";
import { extension, extensionIn, sixteen, withExtensions } from "../support/hello.ts";
import { hearFlight, type Message, messageType, type Play, proof } from "../support/rewriter.ts";

const { handshake, changeCipherSpec } = recordType;
const alerts = {
  unexpected_message: 10,
  handshake_failure: 40,
  illegal_parameter: 47,
  decode_error: 50,
  decrypt_error: 51,
  missing_extension: 109,
  unsupported_extension: 110,
} as const;
const greased = 0xfafa;

test("the flight of a server that was opened and sealed again is as good as before", () => {
  const { client, error } = hearFlight({});
  expect([error, client.tls.state]).toEqual([undefined, "open"]);
});

describe("L2 handshake messages cut into records anywhere, within their header too", () => {
  test("are put together before there are keys", () => {
    for (const version of versions) {
      for (const most of [1, 2, 3, 7]) {
        inCase(`${version}, ${most}`, () => {
          const pair = pairOf({ version });
          let encrypted = false;
          attempt(pair, Infinity, (_, bytes) =>
            joined(
              recordsOf(bytes).flatMap((record) => {
                encrypted ||= record[0] === changeCipherSpec;
                if (encrypted) return [record];
                return cut(record.subarray(5), most).map((piece) => recordOf(handshake, piece));
              }),
            ),
          );
          expect([pair.client.tls.state, pair.server.tls.state]).toEqual(["open", "open"]);
        });
      }
    }
  });

  test("are put together when they are encrypted", () => {
    for (const most of [1, 2, 3, 5]) {
      const { client, error } = hearFlight({ most });
      expect([error, client.tls.state]).toEqual([undefined, "open"]);
    }
  });
});

test("L2 a KeyUpdate and a ticket are put together from records of one byte", () => {
  const keyUpdate = Uint8Array.of(24, 0, 0, 1, 0);
  for (const message of [newSessionTicket([]), keyUpdate]) {
    const { own, record } = forged("TLSv1.3", "client");
    for (const byte of message) own.incoming.write(record(handshake, [byte]));
    if (message !== keyUpdate) own.incoming.write(record(recordType.applicationData, [7])); // under the same keys
    expect(unlessWant(() => own.tls.read())).toEqual(message === keyUpdate ? undefined : Uint8Array.of(7));
    expect(own.tls.state).toBe("open");
  }
});

test("L14 a ticket with bytes behind its extensions is refused, and the server is told", () => {
  const { own, peer, record } = forged("TLSv1.3", "client");
  own.incoming.write(record(handshake, newSessionTicket([0])));
  expect(thrownBy(() => own.tls.read())).toMatchObject({ reason: "DECODE_ERROR" });
  deliver(own, peer);
  expect(thrownBy(() => peer.tls.read())).toMatchObject({ name: "SSLAlertError", alert: alerts.decode_error });
});

test("L3 a client that names a later version in the old field is served, in TLS 1.2 and 1.3", () => {
  for (const version of versions) {
    for (const server of [{ maxVersion: version }, { minVersion: version }]) {
      for (const named of [4, 5, 127, 255]) {
        inCase(`${version}, ${named}`, () => {
          const pair = pairOf({ client: { minVersion: version, maxVersion: version }, server });
          let answer = new Uint8Array(0);
          // What the client said is not what the server heard, so the handshake comes to no end; the answer counts.
          attempt(pair, Infinity, (from, bytes) => {
            if (from === "server" && answer.length === 0) answer = new Uint8Array(bytes);
            return from === "client" && bytes[5] === 1 ? bytes.with(10, named) : bytes;
          });
          expect(answer[5]).toBe(2); // ServerHello
          expect(extensionIn(answer, extension.supportedVersions)?.[1]).toBe(version === "TLSv1.3" ? 4 : undefined);
        });
      }
    }
  }
});

test("L4 the cookie of a HelloRetryRequest is in the next ClientHello", () => {
  const cookie = Uint8Array.of(0, 5, 1, 2, 3, 4, 5);
  let hello = new Uint8Array(0);
  attempt(pairOf(retry), Infinity, (from, bytes) => {
    if (from === "server" && bytes[5] === 2)
      return withExtensions(bytes, (list) => [...list, { type: extension.cookie, body: cookie }]);
    const said = recordsOf(bytes).find((record) => record[0] === handshake && record[5] === 1);
    if (from === "client" && said !== undefined) hello = new Uint8Array(said);
    return bytes;
  });
  expect(extensionIn(hello, extension.cookie)).toEqual(cookie);
});

test("L5 shares for unknown groups that look like finite fields lead to another ClientHello", () => {
  for (const group of [0x0100, 0x0105, 0x01ab, 0x01ff]) {
    const pair = pairOf({ version: "TLSv1.3", client: { groups: ["x25519", "secp256r1"] } });
    let answer = new Uint8Array(0);
    attempt(pair, Infinity, (from, bytes) => {
      if (from === "server" && answer.length === 0) answer = new Uint8Array(bytes);
      return from === "client" && bytes[5] === 1
        ? withExtensions(bytes, (list) => shareFor(group)(offering(group)(list)))
        : bytes;
    });
    // The random of a HelloRetryRequest (RFC 8446, section 4.1.3), and x25519.
    expect([...answer.subarray(11, 15)]).toEqual([0xcf, 0x21, 0xad, 0x74]);
    expect(extensionIn(answer, extension.keyShare)).toEqual(Uint8Array.of(0, 29));
  }
});

test("L6 a ClientHello of more than 16 KiB is refused by its length, with an alert", () => {
  for (const version of versions) {
    const outcome = attempt(pairOf({ version }), Infinity, (from, bytes) => {
      if (from !== "client" || bytes[5] !== 1) return bytes;
      const padding = { type: 21, body: new Uint8Array(30000) };
      const long = withExtensions(bytes, (list) => [...list, padding]).subarray(5);
      return joined(cut(long, 16384).map((piece) => recordOf(handshake, piece)));
    });
    expect(outcome.server).toMatchObject({ reason: "MESSAGE_TOO_LONG" });
    expect(outcome.client).toMatchObject({ name: "SSLAlertError", alert: alerts.illegal_parameter });
  }
});

test("L21 no group of a finite field is ever offered, and none can be named", () => {
  const { tls, outgoing } = pairOf().client;
  thrownBy(() => tls.doHandshake());
  const body = extensionIn(outgoing.read(), extension.supportedGroups)!.subarray(2);
  const kinds = body.filter((_, i) => i % 2 === 0);
  expect(kinds.length).toBeGreaterThan(2);
  expect(kinds).not.toContain(1);
  expect(() => pairOf({ client: { groups: ["ffdhe2048" as "x25519"] } })).toThrow(SSLConfigError);
});

interface Sloppy {
  readonly name: string;
  /** The same two numbers in other bytes; null when this signature does not lend itself to it. */
  readonly rewrite: (signature: Uint8Array) => Uint8Array | null;
}

const sloppy: readonly Sloppy[] = [
  {
    name: "the length of the sequence in the long form",
    rewrite: (signature) => Uint8Array.of(0x30, 0x81, ...signature.subarray(1)),
  },
  {
    name: "the length of an integer in the long form",
    rewrite: (signature) => Uint8Array.of(0x30, signature[1]! + 1, 0x02, 0x81, ...signature.subarray(3)),
  },
  {
    name: "an integer with a zero that is not needed",
    rewrite: ([tag, length, integer, size, ...rest]) =>
      rest[0] === 0 ? null : Uint8Array.of(tag!, length! + 1, integer!, size! + 1, 0, ...rest),
  },
  { name: "a byte behind the two integers", rewrite: (signature) => Uint8Array.of(...signature, 0) },
];

const alpnH2 = { type: extension.alpn, body: Uint8Array.of(0, 3, 2, 104, 50) };

interface Refusal {
  readonly name: string;
  readonly pair?: PairOptions;
  readonly from: Role;
  /** A hello; `count` tells how many that side has sent before. */
  readonly alter: (hello: Uint8Array, count: number) => Uint8Array;
  readonly reason: string;
  readonly alert: keyof typeof alerts;
}

type Extensions = Parameters<Parameters<typeof withExtensions>[1]>[0];

const client12: PairOptions = { version: "TLSv1.2" };
const both13: PairOptions = { version: "TLSv1.3" };
const retry: PairOptions = {
  version: "TLSv1.3",
  client: { groups: ["x25519", "secp384r1", "secp256r1"] },
  server: { groups: ["secp384r1", "secp256r1"] },
};
const twice = (type: number) => (hello: Uint8Array) =>
  withExtensions(hello, (list) => [...list, ...list.filter((one) => one.type === type)]);
const also =
  (type: number, body: Uint8Array = new Uint8Array(0)) =>
  (hello: Uint8Array) =>
    withExtensions(hello, (list) => [...list, { type, body }]);

const refusals: readonly Refusal[] = [
  {
    name: "an extension that comes twice in a ServerHello of TLS 1.2",
    pair: client12,
    from: "server",
    alter: twice(extension.extendedMasterSecret),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "renegotiation_info that comes twice",
    pair: client12,
    from: "server",
    alter: twice(0xff01),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "an unknown extension in a ServerHello of TLS 1.2",
    pair: client12,
    from: "server",
    alter: also(greased),
    reason: "UNSUPPORTED_EXTENSION",
    alert: "unsupported_extension",
  },
  {
    name: "an application protocol that nobody asked for, in TLS 1.2",
    pair: client12,
    from: "server",
    alter: also(extension.alpn, Uint8Array.of(0, 3, 2, 104, 50)),
    reason: "UNSUPPORTED_EXTENSION",
    alert: "unsupported_extension",
  },
  {
    name: "an answer to a server name with something in it",
    pair: client12,
    from: "server",
    alter: also(extension.serverName, Uint8Array.of(0)),
    reason: "UNSUPPORTED_EXTENSION",
    alert: "unsupported_extension",
  },
  {
    name: "an answer to a server name that was not sent",
    pair: { ...client12, client: { checkHostname: false }, wrap: {} },
    from: "server",
    alter: also(extension.serverName),
    reason: "UNSUPPORTED_EXTENSION",
    alert: "unsupported_extension",
  },
  {
    name: "an extension that comes twice in a ServerHello of TLS 1.3",
    pair: both13,
    from: "server",
    alter: twice(extension.keyShare),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "an extension that comes twice in a HelloRetryRequest",
    pair: retry,
    from: "server",
    alter: twice(extension.keyShare),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "an unknown extension in a ServerHello of TLS 1.3",
    pair: both13,
    from: "server",
    alter: also(greased),
    reason: "UNSUPPORTED_EXTENSION",
    alert: "unsupported_extension",
  },
  {
    name: "a second ClientHello with a share for another group than the server asked for",
    pair: retry,
    from: "client",
    alter: (hello, count) => (count === 0 ? hello : withExtensions(hello, shareFor(23, pointOn("prime256v1")))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a second ClientHello with two shares",
    pair: retry,
    from: "client",
    alter: (hello, count) => (count === 0 ? hello : withExtensions(hello, shareFor(24, pointOn("secp384r1"), 2))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a second ClientHello without any share",
    pair: retry,
    from: "client",
    alter: (hello, count) => (count === 0 ? hello : withExtensions(hello, shareFor(24, new Uint8Array(0), 0))),
    reason: "HANDSHAKE_FAILURE",
    alert: "handshake_failure",
  },
  {
    name: "a share that is a compressed point",
    pair: groups("secp256r1"),
    from: "client",
    alter: (hello) => withExtensions(hello, shareFor(23, pointOn("prime256v1", "compressed"))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a share that is no point of the curve",
    pair: groups("secp256r1"),
    from: "client",
    alter: (hello) => withExtensions(hello, shareFor(23, flipped(pointOn("prime256v1"), 40))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a share that is too short",
    pair: both13,
    from: "client",
    alter: (hello) => withExtensions(hello, shareFor(29, randomBytes(31))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a share of x25519 that is zero",
    pair: both13,
    from: "client",
    alter: (hello) => withExtensions(hello, shareFor(29, new Uint8Array(32))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a ClientHello of TLS 1.3 without groups",
    pair: both13,
    from: "client",
    alter: (hello) => without(hello, extension.supportedGroups),
    reason: "ILLEGAL_PARAMETER",
    alert: "missing_extension",
  },
  {
    name: "a ClientHello of TLS 1.3 without shares",
    pair: both13,
    from: "client",
    alter: (hello) => without(hello, extension.keyShare),
    reason: "ILLEGAL_PARAMETER",
    alert: "missing_extension",
  },
  {
    name: "a ClientHello of TLS 1.3 without signature algorithms",
    pair: both13,
    from: "client",
    alter: (hello) => without(hello, extension.signatureAlgorithms),
    reason: "ILLEGAL_PARAMETER",
    alert: "missing_extension",
  },
  {
    name: "a share of the server for another group",
    pair: both13,
    from: "server",
    alter: (hello) => withExtensions(hello, serverShare(23, pointOn("prime256v1"))),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a share of the server that is too short",
    pair: both13,
    from: "server",
    alter: (hello) => withExtensions(hello, serverShare(29, randomBytes(31))),
    reason: "HANDSHAKE_FAILURE",
    alert: "handshake_failure",
  },
  {
    name: "a HelloRetryRequest for the group that was there",
    pair: retry,
    from: "server",
    alter: (hello) =>
      withExtensions(hello, (list) =>
        list.map((one) => (one.type === extension.keyShare ? { type: one.type, body: Uint8Array.of(0, 29) } : one)),
      ),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a HelloRetryRequest for a group that was not offered",
    pair: retry,
    from: "server",
    alter: (hello) =>
      withExtensions(hello, (list) =>
        list.map((one) => (one.type === extension.keyShare ? { type: one.type, body: Uint8Array.of(1, 0xab) } : one)),
      ),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  ...[extension.serverName, extension.keyShare, greased].map((type): Refusal => ({
    name: `an extension that comes twice in a ClientHello: ${type}`,
    from: "client",
    alter: (hello) => twice(type)(also(greased)(hello)),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  })),
  {
    name: "a ClientHello that insists on compression",
    from: "client",
    alter: (hello) => compressing(hello),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a ClientHello with bytes behind the extensions",
    from: "client",
    alter: (hello) => recordOf(handshake, [1, 0, ...sixteen(hello.length - 8), ...hello.subarray(9), 0]),
    reason: "DECODE_ERROR",
    alert: "decode_error",
  },
  ...[
    ["two names", [0, 8, 0, 0, 1, 97, 0, 0, 1, 98]],
    ["an empty name", [0, 3, 0, 0, 0]],
    ["bytes behind the names", [0, 4, 0, 0, 1, 97, 0]],
    ["nothing", []],
  ].map(([what, body]): Refusal => ({
    name: `a server name that is ${String(what)}`,
    from: "client",
    alter: (hello) => withExtensions(hello, replacing(extension.serverName, Uint8Array.from(body as number[]))),
    reason: "DECODE_ERROR",
    alert: "decode_error",
  })),
  {
    name: "a list of application protocols with an empty one",
    from: "client",
    alter: also(extension.alpn, Uint8Array.of(0, 1, 0)),
    reason: "DECODE_ERROR",
    alert: "decode_error",
  },
  {
    name: "two shares for one group",
    from: "client",
    alter: (hello) => withExtensions(hello, shareFor(29, randomBytes(32), 2)),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
  {
    name: "a share for a group that is not in the list",
    from: "client",
    alter: (hello) => withExtensions(hello, shareFor(30)),
    reason: "ILLEGAL_PARAMETER",
    alert: "illegal_parameter",
  },
];

describe("L9 L14 with the right alert is refused", () => {
  test.each(refusals)("$name", ({ pair: options = {}, from, alter, reason, alert: name }) => {
    let count = 0;
    const outcome = attempt(pairOf(options), Infinity, (side, bytes) => {
      const at = recordsOf(bytes).findIndex(
        (record) => record[0] === handshake && (record[5] === 1 || record[5] === 2),
      );
      if (side !== from || at === -1) return bytes;
      const records = recordsOf(bytes);
      records[at] = alter(records[at]!, count++);
      return joined(records);
    });
    expectRefusal(outcome, from, reason, alerts[name]);
  });
});

describe("L14 in the flight of a server of TLS 1.3", () => {
  const cases: readonly [what: string, play: Play, reason: string, alert: keyof typeof alerts][] = [
    [
      "an extension that comes twice",
      { pair: { client: { alpn: ["h2"] } }, rewrite: extended([alpnH2, alpnH2]) },
      "ILLEGAL_PARAMETER",
      "illegal_parameter",
    ],
    [
      "an extension that nobody asked for",
      { rewrite: extended([alpnH2]) },
      "UNSUPPORTED_EXTENSION",
      "unsupported_extension",
    ],
    [
      "an unknown extension",
      { rewrite: extended([{ type: greased, body: new Uint8Array(0) }]) },
      "UNSUPPORTED_EXTENSION",
      "unsupported_extension",
    ],
    [
      "an extension that belongs elsewhere",
      { rewrite: extended([{ type: extension.signatureAlgorithms, body: new Uint8Array(0) }]) },
      "ILLEGAL_PARAMETER",
      "illegal_parameter",
    ],
    [
      "a message too few",
      { rewrite: (list) => list.filter(({ type }) => type !== messageType.certificateVerify) },
      "UNEXPECTED_MESSAGE",
      "unexpected_message",
    ],
    [
      "a message too many",
      { rewrite: (list) => list.flatMap((one) => (one.type === messageType.encryptedExtensions ? [one, one] : [one])) },
      "UNEXPECTED_MESSAGE",
      "unexpected_message",
    ],
    [
      "messages in another order",
      { rewrite: (list) => list.toSorted((a, b) => b.type - a.type) },
      "UNEXPECTED_MESSAGE",
      "unexpected_message",
    ],
    [
      "bytes behind the extensions",
      { rewrite: longer(messageType.encryptedExtensions) },
      "DECODE_ERROR",
      "decode_error",
    ],
    ["bytes behind the certificates", { rewrite: longer(messageType.certificate) }, "DECODE_ERROR", "decode_error"],
  ];
  test.each(cases)("%s", (_, play, reason, name) => {
    const { client, error, server } = hearFlight(play);
    expect(error).toMatchObject({ reason });
    expect(client.tls.state).toBe("failed");
    expect(server).toMatchObject({ name: "SSLAlertError", alert: alerts[name] });
  });
});

describe("L14 a CertificateVerify of TLS 1.3", () => {
  const rsa: PairOptions = { client: { ca: certs.rsaRoot.cert }, identity: "localhostRsa" };
  const p384: PairOptions = { identity: "localhostP384" };
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const signed =
    (hash: string, name: CertName, more = {}) =>
    (content: Uint8Array): Buffer =>
      sign(hash, content, { key: certs[name].key, ...more });

  test("of a scheme that fits the key is accepted", () => {
    for (const [pair, scheme, make] of [
      [rsa, 0x0804, signed("sha256", "localhostRsa", pss)],
      [p384, 0x0503, signed("sha384", "localhostP384")],
    ] as const) {
      expect(hearFlight({ pair, prove: (content) => proof(scheme, make(content)) }).error).toBeUndefined();
    }
  });

  test.each<[string, PairOptions, (content: Uint8Array) => Uint8Array, string]>([
    [
      "PKCS#1 v1.5, for certificates only",
      rsa,
      (content) => proof(0x0401, signed("sha256", "localhostRsa")(content)),
      "ILLEGAL_PARAMETER",
    ],
    [
      "a curve that is not the key's",
      p384,
      (content) => proof(0x0403, signed("sha256", "localhostP384")(content)),
      "ILLEGAL_PARAMETER",
    ],
    [
      "a scheme for another kind of key",
      rsa,
      (content) => proof(0x0403, signed("sha256", "localhostRsa", pss)(content)),
      "ILLEGAL_PARAMETER",
    ],
    [
      "a scheme that was not offered",
      rsa,
      (content) => proof(0x0203, signed("sha1", "localhostRsa", pss)(content)),
      "HANDSHAKE_FAILURE",
    ],
    [
      "the key of somebody else",
      {},
      (content) => proof(0x0403, signed("sha256", "client")(content)),
      "HANDSHAKE_FAILURE",
    ],
    [
      "bytes behind the signature",
      {},
      (content) => joined([proof(0x0403, signed("sha256", "localhost")(content)), Uint8Array.of(0)]),
      "DECODE_ERROR",
    ],
  ])("is refused: %s", (_, pair, prove, reason) => {
    const { error, server } = hearFlight({ pair, prove });
    expect(error).toMatchObject({ reason });
    expect(server).toMatchObject({ name: "SSLAlertError" });
  });
});

describe("L16 an ECDSA signature that is not DER", () => {
  const signedBy = (content: Uint8Array): Uint8Array => new Uint8Array(sign("sha256", content, certs.localhost.key));

  test.each(sloppy)("is refused in TLS 1.3: $name", ({ rewrite }) => {
    expect(hearFlight({ prove: (content) => proof(0x0403, signedBy(content)) }).error).toBeUndefined();
    // Another handshake when the signature does not suit: Deno signs the same bytes alike every time.
    for (let rewritten = false; !rewritten;) {
      const { error, server } = hearFlight({
        prove: (content) => {
          const other = rewrite(signedBy(content));
          rewritten = other !== null;
          return proof(0x0403, other ?? signedBy(content));
        },
      });
      if (!rewritten) continue;
      expect(error).toMatchObject({ reason: "HANDSHAKE_FAILURE" });
      expect(server).toMatchObject({ name: "SSLAlertError", alert: alerts.decrypt_error });
    }
  });

  test.each(sloppy)("is refused in TLS 1.2: $name", ({ rewrite }) => {
    for (let rewritten = false; !rewritten;) {
      const outcome = attempt(pairOf({ version: "TLSv1.2" }), Infinity, (from, bytes) =>
        joined(
          recordsOf(bytes).map((record) => {
            const serverKeyExchange = 12;
            if (from === "client" || record[0] !== handshake || record[5] !== serverKeyExchange) return record;
            // Behind the header: the curve, the point with its length, the scheme, the signature with its length.
            const at = 9 + 3 + 1 + record[9 + 3]! + 2;
            const signature = rewrite(record.slice(at + 2));
            if (signature === null) return record;
            rewritten = true;
            const body = [...record.subarray(9, at), ...sixteen(signature.length), ...signature];
            return recordOf(handshake, [serverKeyExchange, 0, ...sixteen(body.length), ...body]);
          }),
        ),
      );
      if (!rewritten) continue;
      expect(outcome.client).toMatchObject({ reason: "BAD_SIGNATURE" });
      expect(outcome.server).toMatchObject({ name: "SSLAlertError", alert: alerts.decrypt_error });
    }
  });

  test.each(sloppy)("is refused in a certificate: $name", ({ rewrite }) => {
    const root = makeRoot("CN=root with a sloppy hand");
    const attemptWith = (cert: Uint8Array): Attempt => {
      const key = keyNamed("server").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      return attempt(pairOf({ client: { ca: root.der, now: () => today }, server: { identities: [{ cert, key }] } }));
    };
    for (;;) {
      const { der } = makeServer(root, "localhost");
      const [tbs, algorithm, signature] = childrenOf(der);
      const other = rewrite(signature!.slice(3));
      if (other === null) continue;
      expect(attemptWith(der).client).toBeUndefined();
      const refused = attemptWith(sequence(tbs!, algorithm!, bits(other)));
      expect(refused.client).toMatchObject({ nodeCode: "CERT_SIGNATURE_FAILURE" });
      return;
    }
  });
});

test("L9 whichever message of a handshake is another one, the peer is told", () => {
  for (const version of versions) {
    for (const from of ["client", "server"] as const) {
      let altered = true;
      for (let which = 0; altered; which++) {
        altered = false;
        inCase(`${version}, message ${which} of the ${from}`, () => {
          let count = 0;
          let encrypted = false;
          const outcome = attempt(pairOf({ version }), Infinity, (side, bytes) =>
            joined(
              recordsOf(bytes).map((record) => {
                encrypted ||= record[0] === changeCipherSpec;
                if (side !== from || encrypted || record[0] !== handshake || count++ !== which) return record;
                altered = true;
                const nobodysType = 99;
                return record.with(5, nobodysType);
              }),
            ),
          );
          if (!altered) return;
          expectRefusal(outcome, from, "UNEXPECTED_MESSAGE", alerts.unexpected_message);
        });
      }
    }
  }
});

function expectRefusal(outcome: Attempt, from: Role, reason: string, number: number): void {
  expect(outcome[from === "client" ? "server" : "client"]).toMatchObject({ reason });
  expect(outcome[from]).toMatchObject({ name: "SSLAlertError", alert: number });
}

/** The messages with these extensions added to those of the server. */
function extended(more: Extensions) {
  const list = more.flatMap(({ type, body }) => [...sixteen(type), ...sixteen(body.length), ...body]);
  return (messages: readonly Message[]): Message[] =>
    messages.map(({ type, body }) => {
      if (type !== messageType.encryptedExtensions) return { type, body };
      const old = body.subarray(2);
      return { type, body: Uint8Array.of(...sixteen(old.length + list.length), ...old, ...list) };
    });
}

/** The messages, the one of this type with a byte more at its end. */
function longer(which: number) {
  return (messages: readonly Message[]): Message[] =>
    messages.map(({ type, body }) => ({ type, body: type === which ? Uint8Array.of(...body, 0) : body }));
}

/** The elements in a DER sequence. */
function childrenOf(der: Uint8Array): Uint8Array[] {
  const size = (at: number): [header: number, content: number] => {
    const first = der[at + 1]!;
    if (first < 128) return [2, first];
    const bytes = der.subarray(at + 2, at + 2 + first - 128);
    return [2 + bytes.length, bytes.reduce((sum, byte) => sum * 256 + byte, 0)];
  };
  const children: Uint8Array[] = [];
  for (let at = size(0)[0]; at < der.length;) {
    const [header, content] = size(at);
    children.push(der.slice(at, at + header + content));
    at += header + content;
  }
  return children;
}

function groups(...names: ("secp256r1" | "x25519")[]): PairOptions {
  return { version: "TLSv1.3", client: { groups: names }, server: { groups: names } };
}

/** The list of groups with one more at its beginning. */
function offering(group: number) {
  return (list: Extensions): Extensions =>
    list.map(({ type, body }) => {
      if (type !== extension.supportedGroups) return { type, body };
      return { type, body: Uint8Array.of(...sixteen(body.length), ...sixteen(group), ...body.subarray(2)) };
    });
}

/** A NewSessionTicket (RFC 8446, section 4.6.1) with these bytes at its end. */
function newSessionTicket(more: readonly number[]): Uint8Array {
  const body = [0, 0, 14, 16, 1, 2, 3, 4, 1, 9, 0, 4, 5, 6, 7, 8, 0, 0, ...more];
  return Uint8Array.of(messageType.newSessionTicket, 0, ...sixteen(body.length), ...body);
}

/** A client's shares: as many of this group as `count` says, and no other. */
function shareFor(group: number, share: Uint8Array = randomBytes(32), count = 1) {
  const entry = [...sixteen(group), ...sixteen(share.length), ...share];
  const entries = Array.from({ length: count }, () => entry).flat();
  return replacing(extension.keyShare, Uint8Array.of(...sixteen(entries.length), ...entries));
}

function serverShare(group: number, share: Uint8Array) {
  return replacing(extension.keyShare, Uint8Array.of(...sixteen(group), ...sixteen(share.length), ...share));
}

function replacing(type: number, body: Uint8Array) {
  return (list: Extensions): Extensions => list.map((one) => (one.type === type ? { type, body } : one));
}

/** Its list of compression methods has one method, which is not the one that is none. */
function compressing(hello: Uint8Array): Uint8Array {
  const suites = 5 + 4 + 2 + 32 + 1 + hello[5 + 4 + 2 + 32]!;
  return hello.with(suites + 2 + hello[suites]! * 256 + hello[suites + 1]! + 1, 1);
}

function without(hello: Uint8Array, type: number): Uint8Array {
  return withExtensions(hello, (list) => list.filter((one) => one.type !== type));
}

function pointOn(curve: string, form: "compressed" | "uncompressed" = "uncompressed"): Uint8Array {
  const pair = createECDH(curve);
  pair.generateKeys();
  return new Uint8Array(pair.getPublicKey(null, form));
}

// Sessions: made, kept, offered, resumed; and each way in which a session must not be resumed, but a full handshake be
// made. The three holes that other implementations have are here too: a session resumed for another host, a resumed peer
// whose identity is lost, and a ticket taken by a context that trusts others.
import { expect, test } from "vitest";
import {
  type ClientOptions,
  parseClientHello,
  type ServerOptions,
  SSLCertVerificationError,
  type SSLContext,
  SSLError,
  SSLSession,
  SSLStateError,
  TicketKeys,
  type TLSVersion,
  type VerifyInfo,
} from "../../ts/ssl/index.ts";
import { newRealm, sharedRealm } from "../../ts/engine/realms.ts";
import { seal, unseal } from "../../ts/engine/sealing.ts";
import { certificateList } from "../../ts/ssl/pem.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  type Chunk,
  chunks,
  clientContext,
  deliver,
  disposed,
  drained,
  expectHandshake,
  flipped,
  forEachCase,
  forEachVersion,
  handshake,
  identityOf,
  inCase,
  type Pair,
  recordsOf,
  recordType,
  serverContext,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";
import { forged } from "../support/forger.ts";
import { extension, extensionsIn, withExtensions } from "../support/hello.ts";
import { messageType } from "../support/rewriter.ts";

/** RFC 5077, section 3.2. */
const sessionTicket = 35;

interface Both {
  readonly client: SSLContext;
  readonly server: SSLContext;
}

function contexts(version: TLSVersion, client: ClientOptions = {}, server: Partial<ServerOptions> = {}): Both {
  const only = { minVersion: version, maxVersion: version };
  return {
    client: clientContext({ ...only, ...client }),
    server: serverContext({ ...only, numTickets: 2, ...server }),
  };
}

function mutual(version: TLSVersion, client: ClientOptions = {}, server: Partial<ServerOptions> = {}): Both {
  return contexts(
    version,
    { identities: [identityOf("client")], ...client },
    { ca: certs.root.cert, verifyMode: "required", ...server },
  );
}

function pairWith({ client, server }: Both, session: SSLSession | null, serverHostname = "localhost"): Pair {
  return {
    client: wrapped(client, { serverHostname, ...(session === null ? {} : { session }) }),
    server: wrapped(server),
  };
}

/** Connects, and reads what comes after the handshake. */
function connect(both: Both, session: SSLSession | null = null, chunk: Chunk = Infinity): Pair {
  const pair = handshake(pairWith(both, session), chunk);
  pair.client.tls.tryRead(new Uint8Array(1));
  return pair;
}

function sessionOf(both: Both): SSLSession {
  const { session } = connect(both).client.tls;
  expect(session).toBeInstanceOf(SSLSession);
  return session!;
}

function reused({ client, server }: Pair): unknown {
  return [client.tls.sessionReused, server.tls.sessionReused];
}

/** What the ClientHello offers to resume. */
function offered(both: Both, session: SSLSession, serverHostname = "localhost"): unknown {
  const { client } = pairWith(both, session, serverHostname);
  client.tls.tryHandshake();
  const hello = parseClientHello(drained(client))!;
  return hello.pskIdentities.length + (hello.sessionTicket?.length ?? 0) > 0;
}

test("B84 B85 a session is resumed, and both sides agree that it was", () => {
  forEachCase(
    (version, _, chunk) => {
      const both = contexts(version);
      const first = connect(both, null, chunk);
      expect(reused(first)).toEqual([false, false]);
      const second = connect(both, first.client.tls.session, chunk);
      expect(reused(second)).toEqual([true, true]);
      for (const [from, to] of [
        [second.client, second.server],
        [second.server, second.client],
      ] as const) {
        from.tls.write(Uint8Array.of(1, 2, 3));
        deliver(from, to);
        expect(to.tls.read()).toEqual(Uint8Array.of(1, 2, 3));
      }
    },
    { roles: ["client"], chunks },
  );
});

test("B84 a session is resumed by a client that has to say hello twice, as the server wants another group", () => {
  forEachCase(
    (version, _, chunk) => {
      const both = contexts(version, { groups: ["secp256r1", "x25519"] }, { groups: ["x25519"] });
      expect(reused(connect(both, sessionOf(both), chunk))).toEqual([true, true]);
    },
    { versions: ["TLSv1.3"], roles: ["client"], chunks },
  );
});

test("B84 the session of a connection is the latest that can be resumed, null before there is one", () => {
  forEachVersion((version) => {
    const pair = pairWith(contexts(version), null);
    expect(pair.client.tls.session).toBe(null);
    expect([pair.client.tls.sessionReused, pair.server.tls.sessionReused]).toEqual([null, null]);
    handshake(pair);
    if (version === "TLSv1.3") expect(pair.client.tls.session).toBe(null);
    pair.client.tls.tryRead(new Uint8Array(1));
    const { session } = pair.client.tls;
    expect(session).toMatchObject({ hostname: "localhost", hasTicket: true, ticketLifetimeHint: 7200, timeout: 7200 });
    expect(session!.time).toBeGreaterThan(1_700_000_000);
    expect(session!.peerChain).toEqual(pair.client.tls.getUnverifiedChain());
    expect(pair.server.tls.session).toBe(null);
  });
});

test("B40 onSession gets each ticket once, within the read that consumed it and before its data", () => {
  for (const numTickets of [0, 1, 2, 5]) {
    const events: unknown[] = [];
    const both = contexts("TLSv1.3", { onSession: () => events.push("session") }, { numTickets });
    const pair = handshake(pairWith(both, null));
    pair.server.tls.write(Uint8Array.of(7));
    deliver(pair.server, pair.client);
    events.push(pair.client.tls.read());
    expect(events).toEqual([...Array<string>(numTickets).fill("session"), Uint8Array.of(7)]);
  }
  const events: unknown[] = [];
  const both = contexts("TLSv1.2", { onSession: (session) => events.push(session.hasTicket) }, { numTickets: 1 });
  handshake(pairWith(both, null));
  expect(events).toEqual([true]);
});

test("B39 several tickets in one record, as BoringSSL and rustls send them, are all taken", () => {
  const sessions: SSLSession[] = [];
  const { own, record } = forged("TLSv1.3", "client", { client: { onSession: (session) => sessions.push(session) } });
  const tickets = [1, 2, 3].flatMap((nth) => newSessionTicket(nth));
  own.incoming.write(record(recordType.handshake, tickets));
  own.incoming.write(record(recordType.applicationData, [7]));
  expect(own.tls.read()).toEqual(Uint8Array.of(7));
  expect(sessions.map((session) => session.ticketLifetimeHint)).toEqual([1, 2, 3]);
});

test("L11 a server that sends nothing but tickets is stopped, however many fit into a record, and is told so", () => {
  const sessions: SSLSession[] = [];
  const { own, peer, record } = forged("TLSv1.3", "client", {
    client: { onSession: (session) => sessions.push(session) },
  });
  const full = Array.from({ length: 600 }, (_, nth) => newSessionTicket(1 + (nth % 100))).flat();
  for (let i = 0; i < 32; i++) own.incoming.write(record(recordType.handshake, full));
  own.incoming.write(record(recordType.applicationData, [7]));
  expect(own.tls.read()).toEqual(Uint8Array.of(7));
  expect(sessions).toHaveLength(32 * 600);
  for (let i = 0; i < 33; i++) own.incoming.write(record(recordType.handshake, newSessionTicket(1)));
  expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError", reason: "TOO_MANY_EMPTY_FRAGMENTS" });
  deliver(own, peer);
  expect(thrownBy(() => peer.tls.read())).toMatchObject({ name: "SSLAlertError", alertName: "unexpected_message" });
});

test("B82 a session can be set on a client before the handshake, and only one of the same context", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const session = sessionOf(both);
    const pair = pairWith(both, null);
    pair.client.tls.session = session;
    expect(reused(handshake(pair))).toEqual([true, true]);
    expect(() => (pair.client.tls.session = session)).toThrow(SSLStateError);
    expect(() => (pair.server.tls.session = session)).toThrow(SSLStateError);
    expect(() => pairWith(both, {} as SSLSession)).toThrow(TypeError);
    expect(() => pairWith({ ...both, client: disposed(both.client.with({})) }, session)).toThrow(SSLStateError);
    expect(() => void Reflect.construct(SSLSession, [Symbol("other"), {}])).toThrow(TypeError);
  });
});

test("B82 of several sessions that are set the last one is offered", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const [first, last] = [sessionOf(both).serialize(), sessionOf(both).serialize()];
    const shown = (...stored: readonly Uint8Array[]): unknown => {
      const { client } = pairWith(both, null);
      for (const bytes of stored) client.tls.session = SSLSession.deserialize(bytes, both.client);
      client.tls.tryHandshake();
      const hello = parseClientHello(drained(client))!;
      return version === "TLSv1.3" ? hello.pskIdentities : hello.sessionTicket;
    };
    expect(shown(first)).not.toEqual(shown(last));
    expect(shown(first, last)).toEqual(shown(last));
  });
});

test("B83 S34 a session is not offered to another host, which is then verified for itself", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const session = sessionOf(both);
    expect(offered(both, session)).toBe(true);
    const again = contexts(version);
    const other = sessionOf(again);
    expect(offered(again, other, "other.host")).toBe(false);
    const pair = pairWith(both, sessionOf(both), "other.host");
    const { client } = attempt(pair);
    expect(client).toBeInstanceOf(SSLCertVerificationError);
    expect(client).toMatchObject({ verifyCode: 62, hostname: "other.host" });
    expect(pair.client.tls.sessionReused).toBe(null);
  });
});

test("B85 who the peer is, its chain and its path are known after a resumption too", () => {
  forEachVersion((version) => {
    const both = mutual(version);
    const first = connect(both);
    const second = connect(both, first.client.tls.session);
    expect(reused(second)).toEqual([true, true]);
    for (const role of ["client", "server"] as const) {
      const [before, after] = [first[role].tls, second[role].tls];
      expect(after.getUnverifiedChain()).toEqual(before.getUnverifiedChain());
      expect(after.getVerifiedChain()).toEqual(before.getVerifiedChain());
      expect(after.getPeerCert()?.subject).toEqual(before.getPeerCert()?.subject);
      expect(after.getVerifiedChain().length).toBeGreaterThan(0);
    }
    const third = connect(both, second.client.tls.session ?? first.client.tls.session);
    expect(reused(third)).toEqual([true, true]);
    expect(third.server.tls.getPeerCert({ binary: true })).toEqual(first.server.tls.getPeerCert({ binary: true }));
    expect(third.server.tls.clientHello?.serverName).toBe("localhost");
  });
});

test("B85 the certificates of a session are judged again: once they have expired there is a full handshake", () => {
  forEachVersion((version) => {
    let time = Date.now();
    const now = (): number => time;
    const both = mutual(version, { now }, { now });
    const end = notAfterOf(certs.client.cert);
    time = end - 3_600_000;
    const late = sessionOf(both);
    time = end + 1000;
    expect(offered(both, late)).toBe(false);
    const pair = pairWith(both, late);
    const { client, server } = attempt(pair);
    expect([client, server].some((error) => error instanceof SSLCertVerificationError)).toBe(true);
    expect(pair.server.tls.sessionReused).toBe(null);
  });
});

test("B86 a ticket is not taken by a context that trusts others, also with the same keys", () => {
  forEachVersion((version) => {
    const ticketKeys = new TicketKeys();
    const lenient = mutual(version, {}, { ticketKeys });
    const strict = { ...lenient, server: mutual(version, {}, { ticketKeys, ca: certs.unknownRoot.cert }).server };
    const same = { ...lenient, server: mutual(version, {}, { ticketKeys }).server };
    expect(reused(connect(same, sessionOf(lenient)))).toEqual([true, true]);
    const refused = pairWith(strict, sessionOf(lenient));
    expect(attempt(refused).server).toBeInstanceOf(SSLCertVerificationError);
  });
});

test("B86 a ticket is not taken by a context that presents, agrees on or verifies anything else, also with the same keys", () => {
  const others: readonly Partial<ServerOptions>[] = [
    { identities: [identityOf("localhostRsa")] },
    { alpn: ["h2"] },
    { ca: certs.unknownRoot.cert },
    { verifyMode: "optional", ca: certs.root.cert },
    { certProfile: "lenient" },
    { partialChain: false },
    { crlCheck: "leaf" },
  ];
  forEachVersion((version) => {
    const ticketKeys = new TicketKeys();
    const client = contexts(version, { ca: [certs.root.cert, certs.rsaRoot.cert] }).client;
    const usual = { client, server: contexts(version, {}, { ticketKeys }).server };
    const same = { client, server: contexts(version, {}, { ticketKeys }).server };
    expect(reused(connect(same, sessionOf(usual)))).toEqual([true, true]);
    for (const [i, options] of others.entries()) {
      const other = { client, server: contexts(version, {}, { ticketKeys, ...options }).server };
      inCase(`the ${i + 1}th`, () => expect(reused(connect(other, sessionOf(usual)))).toEqual([false, false]));
    }
  });
});

test("B86 a ticket that was made without a client's certificate does not stand for one", () => {
  forEachVersion((version) => {
    const ticketKeys = new TicketKeys();
    const client = contexts(version).client;
    const open = { client, server: contexts(version, {}, { ticketKeys }).server };
    const closed = { client, server: mutual(version, {}, { ticketKeys }).server };
    const pair = pairWith(closed, sessionOf(open));
    expect(attempt(pair).server).toMatchObject({ reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE" });
  });
});

test("B86 S34 a ticket of unknown keys, an expired one and one for another name mean a full handshake", () => {
  forEachVersion((version) => {
    let time = Date.now();
    const now = (): number => time;
    const ticketKeys = new TicketKeys();
    const both = contexts(version, {}, { ticketKeys, now, sessionTimeout: 100 });
    const full = (session: SSLSession): void => expect(reused(connect(both, session))).toEqual([false, false]);
    const kept = sessionOf(both);
    ticketKeys.rotate();
    ticketKeys.rotate();
    expect(reused(connect(both, kept))).toEqual([true, true]);
    const forgotten = sessionOf(both);
    for (let i = 0; i < 3; i++) ticketKeys.rotate();
    full(forgotten);
    const old = sessionOf(both);
    time += 100_000;
    full(old);
    const early = sessionOf(both);
    time -= 200_000;
    full(early);
    const elsewhere = { ...both, server: contexts(version).server };
    expect(reused(connect(elsewhere, sessionOf(both)))).toEqual([false, false]);
  });
});

test("B86 a session is for the names that the client sent: another server name in the hello is a full handshake", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const client = wrapped(both.client, { serverHostname: "localhost", session: sessionOf(both) });
    const server = wrapped(both.server);
    client.tls.tryHandshake();
    const hello = drained(client);
    const name = extensionsIn(hello).find(({ type }) => type === extension.serverName)!;
    server.incoming.write(hello.with(name.at + 4 + 5, 0x4c)); // "Localhost"
    thrownBy(() => server.tls.doHandshake());
    expect(server.tls.clientHello?.serverName).toBe("Localhost");
    expect(server.tls.sessionReused).toBe(null);
    const answered = drained(server);
    expect(answered.length).toBeGreaterThan(500); // a whole flight with the certificate
  });
});

test("a ticket whose only way to be used is not permitted leaves nothing in the server's memory", () => {
  const both = contexts("TLSv1.3", { alpn: ["h2"] }, { alpn: ["h2"] });
  const client = wrapped(both.client, { serverHostname: "localhost", session: sessionOf(both) });
  client.tls.tryHandshake();
  const withoutDiffieHellman = withExtensions(drained(client), (list) =>
    list.map(({ type, body }) => ({ type, body: type === extension.pskModes ? Uint8Array.of(1, 0) : body })),
  );
  const hear = (): void => {
    const server = wrapped(both.server);
    server.incoming.write(withoutDiffieHellman);
    expect(server.tls.tryHandshake().kind).toBe("want");
    expect(drained(server).length).toBeGreaterThan(500); // a whole flight with the certificate
    server.tls.dispose();
  };
  hear();
  const blocks = sharedRealm().liveBlocks();
  for (let i = 0; i < 3; i++) hear();
  expect(sharedRealm().liveBlocks()).toBe(blocks);
});

test("L12 a session with the extended master secret is not resumed by a client that does without it: that ends the handshake", () => {
  const both = contexts("TLSv1.2");
  const client = wrapped(both.client, { serverHostname: "localhost", session: sessionOf(both) });
  const server = wrapped(both.server);
  client.tls.tryHandshake();
  const hello = drained(client);
  const found = extensionsIn(hello).find(({ type }) => type === extension.extendedMasterSecret)!;
  server.incoming.write(hello.with(found.at + 1, 99));
  expect(thrownBy(() => server.tls.doHandshake())).toMatchObject({ reason: "INCONSISTENT_EXTMS" });
  expect(drained(server)).toEqual(Uint8Array.of(21, 3, 3, 0, 2, 2, 40));
});

test("L12 a session without the extended master secret is not resumed by a client that offers it: there is a full handshake", () => {
  const ticketKeys = new TicketKeys();
  const both = contexts("TLSv1.2", {}, { ticketKeys, requireExtendedMasterSecret: false });
  const [key] = ticketKeys.keys;
  const session = sessionOf(both);
  for (const had of [true, false]) {
    const { client, server } = pairWith(both, session);
    client.tls.tryHandshake();
    const reseal = (ticket: Uint8Array): Uint8Array => {
      const plain = unseal(sharedRealm(), key!, ticket)!;
      return seal(sharedRealm(), key!, new Uint8Array(12), plain.with(2, Number(had)));
    };
    server.incoming.write(
      withExtensions(drained(client), (list) =>
        list.map(({ type, body }) => ({ type, body: type === sessionTicket ? reseal(body) : body })),
      ),
    );
    server.tls.tryHandshake();
    const messages = recordsOf(drained(server)).map((record) => record[5]);
    expect(messages.includes(messageType.certificate)).toBe(!had);
  }
});

test("L12 a server that resumes a session without its extended master secret is refused by the client", () => {
  const both = contexts("TLSv1.2", { requireExtendedMasterSecret: false });
  const session = sessionOf(both);
  const { client, server } = attempt(pairWith(both, session), Infinity, (from, bytes) =>
    from === "server" && bytes[5] === messageType.serverHello
      ? withExtensions(bytes, (list) => list.filter(({ type }) => type !== extension.extendedMasterSecret))
      : bytes,
  );
  expect(client).toMatchObject({ name: "SSLError", reason: "INCONSISTENT_EXTMS" });
  expect(server).toMatchObject({ name: "SSLAlertError", alertName: "handshake_failure" });
});

test("B88 a ticket of TLS 1.3 is shown once; a session of TLS 1.2 serves until it expires", () => {
  const modern = contexts("TLSv1.3");
  const once = sessionOf(modern);
  expect(offered(modern, once)).toBe(true);
  expect(offered(modern, once)).toBe(false);
  const old = contexts("TLSv1.2");
  const often = sessionOf(old);
  for (let i = 0; i < 3; i++) expect(reused(connect(old, often))).toEqual([true, true]);
});

test("a session that is over is not offered", () => {
  forEachVersion((version) => {
    let time = Date.now();
    const both = contexts(version, { now: () => time }, { sessionTimeout: 50 });
    const session = sessionOf(both);
    expect(session.timeout).toBe(50);
    time += 50_000;
    expect(offered(both, session)).toBe(false);
  });
});

test("B87 S35 a session that was stored is resumed by a context with the same key, in another process too", () => {
  forEachVersion((version) => {
    const sessionKey = crypto.getRandomValues(new Uint8Array(32));
    const both = contexts(version, { sessionKey });
    const stored = sessionOf(both).serialize();
    const later = { ...both, client: contexts(version, { sessionKey }).client };
    const session = SSLSession.deserialize(stored, later.client);
    expect(session).toMatchObject({ hostname: "localhost", hasTicket: true });
    expect(offered(later, SSLSession.deserialize(stored, later.client), "other.host")).toBe(false);
    expect(reused(connect(later, session))).toEqual([true, true]);
  });
});

test("B87 S35 stored bytes that were changed, cut or made under another key are refused before anything reads them", () => {
  const sessionKey = new Uint8Array(32).fill(5);
  const both = contexts("TLSv1.3", { sessionKey });
  const stored = sessionOf(both).serialize();
  const read = (bytes: Uint8Array, context = both.client): unknown =>
    thrownBy(() => SSLSession.deserialize(bytes, context));
  const refused = { constructor: SSLError, reason: "BAD_SESSION" };
  for (let at = 0; at < stored.length; at += 3) expect(read(flipped(stored, at))).toMatchObject(refused);
  for (let size = 0; size < stored.length; size += 11) expect(read(stored.subarray(0, size))).toMatchObject(refused);
  expect(read(stored, contexts("TLSv1.3").client)).toMatchObject(refused);
  expect(thrownBy(() => SSLSession.deserialize(stored, both.server))).toBeInstanceOf(SSLError);
  expect(thrownBy(() => SSLSession.deserialize("text" as never, both.client))).toBeInstanceOf(TypeError);
  expect(thrownBy(() => SSLSession.deserialize(stored, {} as never))).toBeInstanceOf(TypeError);
});

test("a stored session is not offered by a context that trusts or presents others", () => {
  const sessionKey = new Uint8Array(32).fill(6);
  const both = contexts("TLSv1.2", { sessionKey });
  const stored = sessionOf(both).serialize();
  for (const options of [
    { ca: [certs.root.cert, certs.unknownRoot.cert] },
    { identities: [identityOf("client")] },
    { alpn: ["h2"] },
    { verifyMode: "none" },
  ] as const) {
    inCase(JSON.stringify(Object.keys(options)), () => {
      const other = { ...both, client: contexts("TLSv1.2", { sessionKey, ...options }).client };
      expect(offered(other, SSLSession.deserialize(stored, other.client))).toBe(false);
    });
  }
});

test("what is sealed is opened with its key only, and with every byte as it was", () => {
  const realm = newRealm();
  const key = Uint8Array.from({ length: 48 }, (_, i) => i);
  const plain = Uint8Array.from({ length: 100 }, (_, i) => 255 - i);
  const sealed = seal(realm, key, new Uint8Array(12).fill(9), plain);
  expect(unseal(realm, key, sealed)).toEqual(plain);
  for (let at = 0; at < sealed.length; at++) {
    expect(unseal(realm, key, flipped(sealed, at))).toBe(null);
  }
  for (let size = 0; size < sealed.length; size++) expect(unseal(realm, key, sealed.subarray(0, size))).toBe(null);
  expect(unseal(realm, key.with(20, 99), sealed)).toBe(null);
  expect(unseal(realm, key.with(0, 99), sealed)).toBe(null);
});

test("a client of TLS 1.2 without tickets resumes by the id of its session, from a cache that may be asynchronous", async () => {
  for (const asynchronous of [false, true]) {
    const kept = new Map<string, Uint8Array>();
    const found = (id: Uint8Array): Uint8Array | null => kept.get(String(id)) ?? null;
    const sessionCache = {
      get: (id: Uint8Array) => (asynchronous ? Promise.resolve(found(id)) : found(id)),
      set: (id: Uint8Array, session: Uint8Array) => kept.set(String(id), session),
    };
    const both = mutual("TLSv1.2", {}, { numTickets: 0, sessionCache });
    const first = await patiently(pairWith(both, null));
    const session = first.client.tls.session!;
    expect(session).toMatchObject({ hasTicket: false, ticketLifetimeHint: 0, timeout: 7200 });
    expect(session.id).toHaveLength(32);
    expect(kept.size).toBe(1);
    const second = await patiently(pairWith(both, session));
    expect(reused(second)).toEqual([true, true]);
    expect(second.server.tls.getPeerCert({ binary: true })).toEqual(first.server.tls.getPeerCert({ binary: true }));
    for (const [id, bytes] of kept) kept.set(id, flipped(bytes, 40));
    expect(reused(await patiently(pairWith(both, session)))).toEqual([false, false]);
    kept.clear();
    expect(reused(await patiently(pairWith(both, session)))).toEqual([false, false]);
  }
});

test("a client with a session of TLS 1.3 still reaches a server that has only TLS 1.2 now", () => {
  const client = clientContext();
  const session = sessionOf({ client, server: serverContext({ numTickets: 1 }) });
  const old = { client, server: serverContext({ maxVersion: "TLSv1.2", numTickets: 1 }) };
  const pair = connect(old, session);
  expect([pair.client.tls.version(), ...(reused(pair) as unknown[])]).toEqual(["TLSv1.2", false, false]);
  expect(pair.server.tls.clientHello?.sessionTicket).toHaveLength(0);
  expect(reused(connect(old, pair.client.tls.session))).toEqual([true, true]);
});

test("a full handshake after an offered session brings a session of its own", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const elsewhere = { ...both, server: contexts(version).server };
    const pair = connect(elsewhere, sessionOf(both));
    expect(reused(pair)).toEqual([false, false]);
    expect(reused(connect(elsewhere, pair.client.tls.session))).toEqual([true, true]);
    const silent = { ...both, server: contexts(version, {}, { numTickets: 0 }).server };
    const other = connect(silent, sessionOf(both));
    expect(other.client.tls.session?.hasTicket ?? false).toBe(false);
  });
});

test("the verify hook is asked about a resumed peer too, on both sides, with its chain", () => {
  forEachVersion((version) => {
    const seen: VerifyInfo[] = [];
    const verify = (info: VerifyInfo): void => void seen.push(info);
    const both = mutual(version, { verify }, { verify });
    const session = sessionOf(both);
    seen.length = 0;
    expect(reused(connect(both, session))).toEqual([true, true]);
    expect(seen.map(({ side, resumed }) => [side, resumed]).toSorted()).toEqual([
      ["client", true],
      ["server", true],
    ]);
    for (const { chain, verified } of seen) {
      expect(chain.length).toBeGreaterThan(0);
      expect(verified).not.toBe(null);
    }
  });
});

test("the verify hook can refuse a resumed peer", () => {
  forEachVersion((version) => {
    for (const side of ["client", "server"] as const) {
      let allowed = true;
      const verify = (info: VerifyInfo): void => {
        if (info.side === side && !allowed) throw new Error("not today");
      };
      const both = mutual(version, { verify }, { verify });
      const session = sessionOf(both);
      allowed = false;
      const pair = pairWith(both, session);
      const errors = attempt(pair);
      expect(errors[side]).toBeInstanceOf(SSLCertVerificationError);
      expect(errors[side]).toMatchObject({ verifyCode: 50 });
    }
  });
});

test("tls-unique is the same on both sides after a resumption", () => {
  const both = contexts("TLSv1.2");
  const pair = connect(both, sessionOf(both));
  expect(reused(pair)).toEqual([true, true]);
  const binding = pair.client.tls.getChannelBinding("tls-unique");
  expect(binding).toHaveLength(12);
  expect(pair.server.tls.getChannelBinding("tls-unique")).toEqual(binding);
  expect(pair.client.tls.getChannelBinding("tls-server-end-point")).toEqual(
    pair.server.tls.getChannelBinding("tls-server-end-point"),
  );
});

test("a client whose certificates do not fit into a ticket gets none, and loses nothing else", () => {
  forEachVersion((version) => {
    const both = mutual(version, { identities: [{ cert: longestChain(), key: certs.client.key }] });
    const pair = connect(both);
    expect(pair.server.tls.getUnverifiedChain().length).toBeGreaterThan(30);
    expect(pair.client.tls.session).toBe(null);
    expect(reused(connect(both))).toEqual([false, false]);
  });
});

/** The client's, and so many others that a message of 16 KiB is full of them. A ticket has the session besides. */
function longestChain(): string[] {
  const { client, intermediate, rsaRoot } = certs;
  const chains = Array.from({ length: 600 }, (_, i) => [
    client.chain,
    ...Array<string>(30 + (i % 20)).fill(intermediate.cert),
    ...Array<string>(Math.floor(i / 20)).fill(rsaRoot.cert),
  ]);
  const fitting = chains.filter((chain) => sizeInMessage(chain) <= 16384);
  return fitting.reduce((longest, chain) => (sizeInMessage(chain) > sizeInMessage(longest) ? chain : longest));
}

/** Of a Certificate in TLS 1.3, which is the longer one (RFC 8446, section 4.4.2). */
function sizeInMessage(chain: readonly string[]): number {
  return certificateList("chain", chain).reduce((sum, { length }) => sum + 3 + length + 2, 4 + 1 + 3);
}

test("sessions are resumed between connections that have each a memory of their own", () => {
  forEachVersion((version) => {
    const both = mutual(version, { isolation: "connection" }, { isolation: "connection" });
    const first = connect(both);
    const second = connect(both, first.client.tls.session);
    expect(reused(second)).toEqual([true, true]);
    for (const { tls } of [first.client, first.server, second.client, second.server]) tls.dispose();
  });
});

test("options about sessions are checked", () => {
  const { identities } = { identities: [identityOf("localhost")] };
  const wrongs: [Partial<ServerOptions>, RegExp][] = [
    [{ numTickets: 17 }, /numTickets/],
    [{ numTickets: -1 }, /numTickets/],
    [{ sessionTimeout: 0 }, /sessionTimeout/],
    [{ sessionTimeout: 604_801 }, /sessionTimeout/],
    [{ ticketKeys: {} as never }, /ticketKeys/],
    [{ sessionCache: {} as never }, /sessionCache/],
  ];
  for (const [options, message] of wrongs) expect(() => serverContext({ identities, ...options })).toThrow(message);
  expect(() => clientContext({ sessionKey: new Uint8Array(31) })).toThrow(/sessionKey/);
  expect(() => clientContext({ onSession: 1 as never })).toThrow(/onSession/);
  expect(() => new TicketKeys([new Uint8Array(47)])).toThrow(/48 bytes/);
  expect(() => new TicketKeys({} as never)).toThrow(TypeError);
  expect(new TicketKeys(new TicketKeys().keys).keys[0]).toHaveLength(48);
});

test("sessions leave nothing in the wasm memory when their connections are gone", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const session = sessionOf(both);
    const pair = pairWith(both, session);
    expectHandshake(pair);
    for (const { tls } of [pair.client, pair.server]) tls.dispose();
  });
});

/** A message of RFC 8446, section 4.6.1, whose ticket is good for so many seconds. */
function newSessionTicket(lifetime: number): number[] {
  const [ageAdd, nonce, ticket, extensions] = [
    [0, 0, 0, 0],
    [1, lifetime],
    [0, 2, 9, lifetime],
    [0, 0],
  ];
  const body = [0, 0, 0, lifetime, ...ageAdd, ...nonce, ...ticket, ...extensions];
  return [4, 0, 0, body.length, ...body];
}

/** Both sides until the end of the handshake, where the application may take its time. */
async function patiently(pair: Pair): Promise<Pair> {
  for (let i = 0; i < 20; i++) {
    for (const [own, peer] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      const result = own.tls.tryHandshake();
      if (result.kind === "want" && result.want === "callback") await Promise.resolve();
      deliver(own, peer);
    }
  }
  expect([pair.client.tls.state, pair.server.tls.state]).toEqual(["open", "open"]);
  return pair;
}

function notAfterOf(pem: string): number {
  const context = clientContext({ ca: pem });
  return Date.parse(context.getCaCerts()[0]!.notAfter);
}

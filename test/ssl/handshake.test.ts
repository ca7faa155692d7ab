// The handshake between two SSLObjects: how it is driven, how it ends, and what it leaves on the wire.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  SSLAlertError,
  SSLConfigError,
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLWantReadError,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import { serverNameIn } from "../support/hello.ts";
import {
  ascii,
  attempt,
  connected,
  cut,
  deliver,
  drained,
  type End,
  forEachCase,
  forEachSide,
  forEachVersion,
  handshake,
  identityOf,
  inCase,
  joined,
  type Pair,
  pairOf,
  recordOf,
  recordsOf,
  recordType,
  serverContext,
  sides,
  thrownBy,
  unlessWant,
  wrapped,
} from "../support/conversation.ts";

test("B13 the first doHandshake() of a client produces the ClientHello and raises WantRead", () => {
  forEachVersion((version) => {
    const { client } = pairOf({ version });
    expect(client.outgoing.pending).toBe(0);
    expect(() => client.tls.doHandshake()).toThrow(SSLWantReadError);
    const hello = drained(client);
    expect(hello[0]).toBe(recordType.handshake);
    expect(hello[5]).toBe(1);
    expect(recordsOf(hello)).toHaveLength(1);
    expect(() => client.tls.doHandshake()).toThrow(SSLWantReadError);
    expect(client.outgoing.pending).toBe(0);
  });
});

test("B13 doHandshake() of a server without input raises WantRead and produces nothing", () => {
  forEachVersion((version) => {
    const { server } = pairOf({ version });
    for (let i = 0; i < 3; i++) expect(() => server.tls.doHandshake()).toThrow(SSLWantReadError);
    expect(server.outgoing.pending).toBe(0);
  });
});

test("B14 doHandshake() after success does nothing and returns undefined", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    expect(own.tls.doHandshake()).toBe(undefined);
    expect(own.tls.tryHandshake()).toEqual({ kind: "ok", n: 0 });
    expect(own.outgoing.pending).toBe(0);
  });
});

test("B15 read() and write() before the handshake drive it", () => {
  forEachCase(
    (version, role) => {
      const pair = pairOf({ version });
      const [own, peer] = sides(pair, role);
      const early = (): number => own.tls.write(ascii("early"));
      expect(() => own.tls.read(10)).toThrow(SSLWantReadError);
      expect(early).toThrow(SSLWantReadError);
      expect(own.outgoing.pending > 0).toBe(role === "client");
      for (let round = 0; round < 8; round++) {
        deliver(own, peer);
        thrownBy(() => peer.tls.read(10));
        deliver(peer, own);
        if (unlessWant(early) !== undefined) break;
      }
      deliver(own, peer);
      expect(peer.tls.read()).toEqual(ascii("early"));
    },
    { chunks: [Infinity] },
  );
});

test("S3 B16 the handshake succeeds however the wire cuts it", () => {
  forEachCase(
    (version, _, chunk) => {
      const { client, server } = connected({ version }, chunk);
      expect([client.tls.version(), server.tls.version()]).toEqual([version, version]);
    },
    { roles: ["client"] },
  );
});

test("B16 the handshake succeeds over random pieces, with client certificates too", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      fc.boolean(),
      (chunk, withCertificates) => {
        for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
          const pair = pairOf(withCertificates ? { version, ...mutual } : { version });
          handshake(pair, chunk);
          for (const { tls } of [pair.client, pair.server]) tls.dispose();
        }
      },
    ),
    { numRuns: 8 },
  );
});

test("B16 WantRead is never raised while there is unread ciphertext of a whole record", () => {
  forEachCase((version, role, chunk) => {
    const pair = pairOf({ version });
    const [own, peer] = sides(pair, role);
    for (let round = 0; round < 8; round++) {
      for (const piece of cut(drained(peer), chunk)) {
        own.incoming.write(piece);
        if (unlessWant(() => own.tls.tryHandshake())?.kind === "want") expect(own.tls.hasBuffered()).toBe(false);
        expect(own.incoming.pending).toBe(0);
      }
      unlessWant(() => own.tls.doHandshake());
      deliver(own, peer);
      unlessWant(() => peer.tls.doHandshake());
    }
    expect([own.tls.state, peer.tls.state]).toEqual(["open", "open"]);
  });
});

test("B16 several records that came at once are all used in one call", () => {
  const { client, server } = pairOf({ version: "TLSv1.3" });
  thrownBy(() => client.tls.doHandshake());
  deliver(client, server);
  thrownBy(() => server.tls.doHandshake());
  expect(recordsOf(server.outgoing.peek()).length).toBeGreaterThan(2);
  deliver(server, client);
  client.tls.doHandshake();
  expect(client.incoming.pending).toBe(0);
});

test("B17 a handshake never wants to write: the outgoing queue takes everything", () => {
  forEachSide((version, role) => {
    const pair = pairOf({ version });
    const [own, peer] = sides(pair, role);
    for (let round = 0; round < 8; round++) {
      for (const end of [own, peer]) {
        const result = end.tls.tryHandshake();
        if (result.kind === "want") expect(result.want).toBe("read");
      }
      deliver(own, peer);
      deliver(peer, own);
    }
    expect(own.tls.state).toBe("open");
  });
});

test("B19 the end of the transport in the handshake is an SSLEOFError, wherever it is cut", () => {
  forEachSide((version, role) => {
    for (const i of flightsTo(role, version).keys()) {
      for (const cutAt of [0, 1, 5, 30, -1]) {
        inCase(`flight ${i} cut at ${cutAt}`, () => {
          const error = endsAfter(pairOf({ version }), role, i, cutAt);
          expect(error).toBeInstanceOf(SSLEOFError);
          expect(error).toMatchObject({ reason: "UNEXPECTED_EOF_WHILE_READING" });
        });
      }
    }
  });
});

test("B47 partialRecord says whether the handshake was cut inside a record", () => {
  for (const [cutAt, partial] of [
    [0, false],
    [1, true],
    [5, true],
    [60, true],
  ] as const) {
    expect(endsAfter(pairOf(), "server", 0, cutAt)).toMatchObject({ partialRecord: partial });
  }
});

test("B20 S17 what is no TLS ends the handshake with a reason that names it", () => {
  const cases = [
    ["server", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP_REQUEST"],
    ["server", "POST /a HTTP/1.1\r\n\r\n", "HTTP_REQUEST"],
    ["server", "CONNECT example.org:443 HTTP/1.1\r\n\r\n", "HTTPS_PROXY_REQUEST"],
    ["server", "EHLO client.example\r\n", "WRONG_VERSION_NUMBER"],
    ["server", "\0\0\0\0\0\0\0\0\0\0", "WRONG_VERSION_NUMBER"],
    ["server", "\x16\x02\0\0\0\0\0\0", "WRONG_VERSION_NUMBER"],
    ["client", "HTTP/1.1 400 Bad Request\r\n\r\n", "WRONG_VERSION_NUMBER"],
    ["client", "220 mail.example.org ESMTP ready\r\n", "WRONG_VERSION_NUMBER"],
    ["client", "* OK IMAP4rev1 ready\r\n", "WRONG_VERSION_NUMBER"],
    ["client", "+OK POP3 ready\r\n", "WRONG_VERSION_NUMBER"],
  ] as const;
  for (const chunk of [1, 5, 100]) {
    for (const [role, text, reason] of cases) {
      const [own] = sides(pairOf(), role);
      thrownBy(() => own.tls.doHandshake());
      const error = feedAndHandshake(own, ascii(text), chunk);
      expect(error).toBeInstanceOf(SSLError);
      expect(error).toMatchObject({ reason });
      expect(own.tls.state).toBe("failed");
    }
  }
});

test("B20 the message hints at HTTP, mail greetings and HTTP servers", () => {
  const hints = [
    ["server", "GET / HTTP/1.1\r\n", /HTTP request/],
    ["client", "HTTP/1.1 400 Bad Request\r\n", /HTTP response/],
    ["client", "220 mail.example.org ESMTP\r\n", /STARTTLS/],
  ] as const;
  for (const [role, text, hint] of hints) {
    const [own] = sides(pairOf(), role);
    expect((feedAndHandshake(own, ascii(text), Infinity) as Error).message).toMatch(hint);
  }
});

test("S17 junk ends its own connection only: the context serves the next one", () => {
  const server = serverContext();
  for (const junk of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "\x16\x03\x01\0\x05\x01\0\0\x01\0"]) {
    const refused = wrapped(server);
    expect(
      feedAndHandshake(
        refused,
        Uint8Array.from(junk, (c) => c.charCodeAt(0)),
        1,
      ),
    ).toBeInstanceOf(SSLError);
    const next = { client: pairOf().client, server: wrapped(server) };
    expect(handshake(next).server.tls.state).toBe("open");
  }
});

test("S17 random bytes instead of a handshake raise SSLError or want more, on both sides", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), fc.boolean(), (junk, server, framed) => {
      const pair = pairOf();
      const own = server ? pair.server : pair.client;
      const bytes = framed ? recordOf(recordType.handshake, junk) : junk;
      const error = feedAndHandshake(own, bytes, Infinity);
      expect(error === undefined || error instanceof SSLError).toBe(true);
      for (const { tls } of [pair.client, pair.server]) tls.dispose();
    }),
    { numRuns: 60 },
  );
});

test("S17 one altered byte anywhere in the handshake never lets both sides finish", () => {
  fc.assert(
    fc.property(fc.nat(1500), fc.integer({ min: 1, max: 255 }), fc.boolean(), (place, change, toServer) => {
      for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        const pair = pairOf({ version });
        let left = place;
        let altered = false;
        const { client, server } = attempt(pair, Infinity, (from, bytes) => {
          if ((from === "client") !== toServer) return bytes;
          const records = recordsOf(bytes);
          for (const record of records) {
            // The third byte of a record is a version that nobody looks at (RFC 8446, section 5.1).
            if (left >= 0 && left < record.length && left !== 2) {
              record[left] = record[left]! ^ change;
              altered = true;
            }
            left -= record.length;
          }
          return joined(records);
        });
        for (const error of [client, server]) expect(error === undefined || error instanceof SSLError).toBe(true);
        expect(pair.client.tls.state === "open" && pair.server.tls.state === "open").toBe(!altered);
        for (const { tls } of [pair.client, pair.server]) tls.dispose();
      }
    }),
    { numRuns: 25 },
  );
});

test("B21 before the end of the handshake nothing is known of the connection", () => {
  forEachSide((version, role) => {
    const pair = pairOf({ version, client: { alpn: ["h2"] }, server: { alpn: ["h2"] } });
    const [own] = sides(pair, role);
    for (let step = 0; step < 2; step++) {
      expect([own.tls.version(), own.tls.cipher(), own.tls.group(), own.tls.selectedAlpnProtocol()]).toEqual([
        null,
        null,
        null,
        null,
      ]);
      expect(own.tls.pending()).toBe(0);
      expect(own.tls.hasBuffered()).toBe(false);
      expect(() => own.tls.getPeerCert()).toThrow(SSLStateError);
      expect(() => own.tls.getPeerCert()).toThrow("handshake not done yet");
      expect(() => own.tls.getUnverifiedChain()).toThrow(SSLStateError);
      thrownBy(() => own.tls.doHandshake());
    }
    attempt(pair);
    expect([own.tls.version(), own.tls.selectedAlpnProtocol()]).toEqual([version, "h2"]);
  });
});

test("B21 a context and the name are known from the start", () => {
  const { client, server } = pairOf();
  expect([client.tls.serverSide, client.tls.serverHostname]).toEqual([false, "localhost"]);
  expect([server.tls.serverSide, server.tls.serverHostname]).toEqual([true, null]);
  expect(client.tls.context.checkHostname).toBe(true);
});

test("B24 in TLS 1.3 a client learns that its certificate is missing from its first read", () => {
  const pair = pairOf({ version: "TLSv1.3", server: mutual.server });
  const { client, server } = attempt(pair);
  expect(client).toBe(undefined);
  expect(server).toMatchObject({ reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE" });
  const error = thrownBy(() => pair.client.tls.read()) as SSLAlertError;
  expect(error).toBeInstanceOf(SSLAlertError);
  expect(error).toMatchObject({ alert: 116, alertName: "certificate_required", sent: false });
});

test("S18 what a client sends before its certificate is refused never reaches the application", () => {
  const pair = pairOf({ version: "TLSv1.3", server: mutual.server });
  thrownBy(() => pair.client.tls.doHandshake());
  deliver(pair.client, pair.server);
  thrownBy(() => pair.server.tls.doHandshake());
  deliver(pair.server, pair.client);
  pair.client.tls.doHandshake();
  pair.client.tls.write(ascii("secret before the refusal"));
  deliver(pair.client, pair.server);
  for (let i = 0; i < 3; i++) {
    expect(() => pair.server.tls.read()).toThrow(SSLError);
    expect(pair.server.tls.pending()).toBe(0);
  }
});

test("S18 application data in the clear, before the handshake is over, is never given out", () => {
  forEachSide((version, role) => {
    const pair = pairOf({ version });
    const [own, peer] = sides(pair, role);
    thrownBy(() => own.tls.doHandshake());
    thrownBy(() => peer.tls.doHandshake());
    own.incoming.write(recordOf(recordType.applicationData, ascii("plain text")));
    deliver(peer, own);
    expect(() => own.tls.read()).toThrow(SSLError);
    expect(() => own.tls.read()).toThrow(SSLError);
  });
});

test("B26 the server name is checked when a connection is made", () => {
  const { client, server } = pairOf();
  const wrap = (serverHostname: string, end: End = client): unknown =>
    thrownBy(() => end.tls.context.wrapBio(end.incoming, end.outgoing, { serverHostname }));
  for (const bad of ["", ".example.org", "exa\0mple.org", "exa mple.org", "a..b", "a/b", "user@host", "host:443"]) {
    expect(wrap(bad)).toBeInstanceOf(SSLConfigError);
  }
  expect(wrap("localhost", server)).toBeInstanceOf(SSLConfigError);
  expect(thrownBy(() => client.tls.context.wrapBio(client.incoming, client.outgoing))).toBeInstanceOf(SSLConfigError);
  expect(wrap(undefined as unknown as string)).toBeInstanceOf(SSLConfigError);
  for (const wrong of [null, 5, {}]) expect(wrap(wrong as string)).toBeInstanceOf(TypeError);
});

test("B26 a client that does not check names needs none", () => {
  const pair = pairOf({ client: { checkHostname: false }, wrap: {} });
  handshake(pair);
  expect(pair.client.tls.serverHostname).toBe(null);
});

test("B27 a DNS name is sent in the ClientHello, an IP address is not", () => {
  const names = [
    ["localhost", "localhost"],
    ["LocalHost.", "localhost"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["127.0.0.1", null],
    ["::1", null],
    ["[::1]", null],
    ["::ffff:127.0.0.1", null],
    ["fe80::1%eth0", null],
  ] as const;
  forEachVersion((version) => {
    for (const [name, sent] of names) {
      const { client } = pairOf({ version, wrap: { serverHostname: name } });
      thrownBy(() => client.tls.doHandshake());
      const hello = drained(client);
      expect(serverNameIn(hello)).toBe(sent);
      if (sent === null) expect(String.fromCharCode(...hello)).not.toContain(name.replace(/[[\]]/g, ""));
    }
  });
});

test("B27 verifyName is verified and never sent", () => {
  const pair = pairOf({ wrap: { serverHostname: "front.example", verifyName: "localhost" } });
  thrownBy(() => pair.client.tls.doHandshake());
  expect(serverNameIn(pair.client.outgoing.peek())).toBe("front.example");
  handshake(pair);
  expect(pair.client.tls.version()).toBe("TLSv1.3");
});

test("B27 an IP address is compared with the iPAddress entries", () => {
  for (const identity of ["localhost", "ipOnly"] as const) {
    for (const serverHostname of ["127.0.0.1", "::1", "[::1]", "0:0:0:0:0:0:0:1"]) {
      handshake(pairOf({ identity, wrap: { serverHostname } }));
    }
  }
  const { client, server } = attempt(pairOf({ wrap: { serverHostname: "127.0.0.2" } }));
  expect(client).toMatchObject({ verifyCode: 64 });
  expect(server).toMatchObject({ alert: 42 });
});

test("B29 an ALPN mismatch is fatal by default, with no_application_protocol", () => {
  forEachCase(
    (version, _, chunk) => {
      const { client, server } = attempt(
        pairOf({ version, client: { alpn: ["h2"] }, server: { alpn: ["http/1.1"] } }),
        chunk,
      );
      expect(server).toMatchObject({ reason: "NO_APPLICATION_PROTOCOL" });
      expect(client).toBeInstanceOf(SSLAlertError);
      expect(client).toMatchObject({ alert: 120, alertName: "no_application_protocol" });
    },
    { roles: ["client"] },
  );
});

test('B29 with alpnMismatch "ignore" a mismatch leaves both sides without a protocol', () => {
  forEachCase(
    (version, _, chunk) => {
      const server = { alpn: ["http/1.1"], alpnMismatch: "ignore" } as const;
      for (const offered of [["h2"], ["h2", "spdy/1"], []]) {
        const pair = connected({ version, server, client: { alpn: offered } }, chunk);
        expect([pair.client.tls.selectedAlpnProtocol(), pair.server.tls.selectedAlpnProtocol()]).toEqual([null, null]);
      }
      const pair = connected({ version, server, client: { alpn: ["h2", "http/1.1"] } }, chunk);
      expect(pair.client.tls.selectedAlpnProtocol()).toBe("http/1.1");
      expect(pair.server.tls.selectedAlpnProtocol()).toBe("http/1.1");
    },
    { roles: ["client"] },
  );
});

test("B29 the server that ignores a mismatch still refuses garbage and sees the end of the transport", () => {
  const server = { alpn: ["h2"], alpnMismatch: "ignore" } as const;
  const junk = pairOf({ server }).server;
  expect(feedAndHandshake(junk, ascii("GET / HTTP/1.1\r\n\r\n"), 1)).toMatchObject({ reason: "HTTP_REQUEST" });
  const ended = pairOf({ server });
  thrownBy(() => ended.client.tls.doHandshake());
  ended.server.incoming.write(drained(ended.client).subarray(0, 50));
  expect(() => ended.server.tls.doHandshake()).toThrow(SSLWantReadError);
  ended.server.incoming.writeEof();
  expect(thrownBy(() => ended.server.tls.doHandshake())).toMatchObject({ name: "SSLEOFError", partialRecord: true });
});

test("a ClientHello in many small records is understood, also by a server that reads it first", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const server of [{}, { alpn: ["h2"], alpnMismatch: "ignore" }] as const) {
      const pair = pairOf({ version, server });
      thrownBy(() => pair.client.tls.doHandshake());
      const [hello] = recordsOf(drained(pair.client));
      for (const part of cut(hello!.subarray(5), 40)) {
        pair.server.incoming.write(recordOf(recordType.handshake, part, 1));
        thrownBy(() => pair.server.tls.doHandshake());
      }
      handshake(pair);
      expect(pair.server.tls.version()).toBe(version);
    }
  }
});

test("the message that finishes the handshake and data behind it may come together", () => {
  forEachVersion((version) => {
    const pair = pairOf({ version });
    const { client, server } = pair;
    thrownBy(() => client.tls.doHandshake());
    deliver(client, server);
    thrownBy(() => server.tls.doHandshake());
    deliver(server, client);
    unlessWant(() => client.tls.doHandshake());
    if (version === "TLSv1.2") {
      deliver(client, server);
      server.tls.doHandshake();
      server.tls.write(ascii("at once"));
      deliver(server, client);
      client.tls.doHandshake();
      expect(client.incoming.pending).toBeGreaterThan(0);
      expect(client.tls.read()).toEqual(ascii("at once"));
    } else {
      client.tls.write(ascii("at once"));
      deliver(client, server);
      server.tls.doHandshake();
      expect(server.incoming.pending).toBeGreaterThan(0);
      expect(server.tls.read()).toEqual(ascii("at once"));
    }
  });
});

/** A client with a certificate and a server that requires one. */
const mutual = {
  client: { identities: [identityOf("client")] },
  server: { verifyMode: "required", ca: certs.root.cert },
} as const;

/** What crosses the wire towards one role in an undisturbed handshake, flight by flight. */
function flightsTo(role: "client" | "server", version: "TLSv1.2" | "TLSv1.3"): Uint8Array[] {
  const pair = pairOf({ version });
  const [own, peer] = sides(pair, role);
  const flights: Uint8Array[] = [];
  for (let round = 0; round < 8; round++) {
    unlessWant(() => own.tls.doHandshake());
    deliver(own, peer);
    unlessWant(() => peer.tls.doHandshake());
    const flight = drained(peer);
    if (flight.length > 0) flights.push(flight);
    own.incoming.write(flight);
  }
  for (const end of [own, peer]) end.tls.dispose();
  return flights;
}

/** Lets the transport of `role` end after some bytes of a flight (less than 0: so many before its end), and answers what its handshake threw. */
function endsAfter(pair: Pair, role: "client" | "server", flight: number, cutAt: number): unknown {
  const [own, peer] = sides(pair, role);
  for (let flights = 0; flights <= flight;) {
    unlessWant(() => own.tls.doHandshake());
    deliver(own, peer);
    unlessWant(() => peer.tls.doHandshake());
    const bytes = drained(peer);
    own.incoming.write(flights === flight ? bytes.subarray(0, cutAt) : bytes);
    if (bytes.length > 0) flights++;
  }
  own.incoming.writeEof();
  return thrownBy(() => own.tls.doHandshake());
}

function feedAndHandshake(own: End, bytes: Uint8Array, chunk: number): unknown {
  for (const piece of cut(bytes, chunk)) {
    own.incoming.write(piece);
    try {
      unlessWant(() => own.tls.doHandshake());
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

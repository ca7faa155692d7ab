// What `onTrace` is told: everything that was said, the same on both sides, and no secret.
import { describe, expect, it, test } from "vitest";
import {
  type ClientOptions,
  explainTrace,
  type ServerOptions,
  SSLContext,
  type SSLError,
  SSLStateError,
  type TraceEvent,
  type TraceMessage,
  type TraceRecord,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  ascii,
  attempt,
  attemptPatiently,
  available,
  clientContext,
  deliver,
  drained,
  forEachCase,
  forEachSide,
  forEachVersion,
  handshake,
  identityOf,
  type Pair,
  pairOf,
  recordOf,
  recordsOf,
  recordType,
  type Role,
  serverContext,
  sides,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

interface Traces {
  readonly client: TraceEvent[];
  readonly server: TraceEvent[];
}

interface Told {
  readonly pair: Pair;
  readonly traces: Traces;
}

/** Both sides before the handshake, and what each is told. */
function traced(
  version: TLSVersion | undefined,
  options: { client?: ClientOptions; server?: Partial<ServerOptions> } = {},
): Told {
  const traces: Traces = { client: [], server: [] };
  const client = { ...options.client, onTrace: (event: TraceEvent) => void traces.client.push(event) };
  const server = { ...options.server, onTrace: (event: TraceEvent) => void traces.server.push(event) };
  return { pair: pairOf({ version, client, server }), traces };
}

function messagesOf(events: readonly TraceEvent[]): TraceMessage[] {
  return events.filter((event) => event.kind === "message");
}

/** What one side said, as itself or as the other saw it. */
function said(by: Role, { client, server }: Traces, seenBy: Role): unknown[] {
  const events = seenBy === "client" ? client : server;
  const direction = by === seenBy ? "sent" : "received";
  const carried = events.filter((event) => "direction" in event && event.direction === direction);
  return carried.map((event) => ({ ...event, time: 0, direction: "" }));
}

function expectSame(traces: Traces): void {
  for (const by of ["client", "server"] as const) {
    expect(said(by, traces, "client")).toEqual(said(by, traces, "server"));
  }
}

function titles(events: readonly TraceEvent[]): string[] {
  return events
    .filter(({ kind }) => kind !== "record")
    .map((event) => {
      const arrow = "direction" in event ? (event.direction === "sent" ? "> " : "< ") : "";
      return `${arrow}${explainTrace(event).title}`;
    });
}

const mutual = { verifyMode: "required", ca: certs.root.cert } as const;
const own = { identities: [identityOf("client")] };

describe("a trace", () => {
  it("has each message of a TLS 1.3 handshake, in the clear, and the names of the secrets", () => {
    const { pair, traces } = traced("TLSv1.3", { client: own, server: { ...mutual, numTickets: 1 } });
    handshake(pair);
    thrownBy(() => pair.client.tls.read());
    expect(titles(traces.client)).toEqual([
      "> ClientHello",
      "< ServerHello",
      "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
      "SERVER_HANDSHAKE_TRAFFIC_SECRET",
      "< ChangeCipherSpec",
      "< EncryptedExtensions",
      "< CertificateRequest",
      "< Certificate",
      "< CertificateVerify",
      "< Finished",
      "CLIENT_TRAFFIC_SECRET_0",
      "SERVER_TRAFFIC_SECRET_0",
      "> ChangeCipherSpec",
      "> Certificate",
      "> CertificateVerify",
      "> Finished",
      "handshake over",
      "< NewSessionTicket",
    ]);
    expect(messagesOf(traces.client).map(({ protection }) => protection)).toEqual([
      "none",
      "none",
      ...Array<string>(8).fill("handshake"),
      "application",
    ]);
  });

  it("has each message of a TLS 1.2 handshake", () => {
    const { pair, traces } = traced("TLSv1.2", { client: own, server: { ...mutual, numTickets: 1 } });
    handshake(pair);
    expect(titles(traces.server)).toEqual([
      "< ClientHello",
      "> ServerHello",
      "> Certificate",
      "> ServerKeyExchange",
      "> CertificateRequest",
      "> ServerHelloDone",
      "< Certificate",
      "< ClientKeyExchange",
      "CLIENT_RANDOM",
      "< CertificateVerify",
      "< ChangeCipherSpec",
      "< Finished",
      "> NewSessionTicket",
      "> ChangeCipherSpec",
      "> Finished",
      "handshake over",
    ]);
  });

  it("is the same on both sides, byte for byte, however the wire cuts it", () => {
    forEachCase(
      (version, _, chunk) => {
        const { pair, traces } = traced(version, { client: own, server: { ...mutual, numTickets: 2 } });
        handshake(pair, chunk);
        for (const [from, to] of [sides(pair, "client"), sides(pair, "server")] as const) {
          from.tls.write(ascii("hello"));
          if (version === "TLSv1.3") from.tls.updateKeys({ request: true });
          from.tls.shutdownWrite();
          deliver(from, to);
          expect(to.tls.read()).toEqual(ascii("hello"));
          expect(to.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
        }
        deliver(pair.client, pair.server);
        expectSame(traces);
      },
      { roles: ["client"] },
    );
  });

  it("has the records as they are on the wire", () => {
    forEachVersion((version) => {
      const { pair, traces } = traced(version, { client: own, server: mutual });
      const wire: Record<Role, Uint8Array[]> = { client: [], server: [] };
      attempt(pair, Infinity, (from, bytes) => {
        wire[from].push(...recordsOf(bytes));
        return bytes;
      });
      for (const role of ["client", "server"] as const) {
        const sent = traces[role].filter((event) => event.kind === "record" && event.direction === "sent");
        const seen = wire[role].map((record) => ({
          length: record.length - 5,
          version: record[1]! * 256 + record[2]!,
        }));
        expect(
          sent.map((record) => ({ length: (record as TraceRecord).length, version: (record as TraceRecord).version })),
        ).toEqual(seen);
      }
    });
  });

  it("counts application data and has none of it", () => {
    forEachSide((version, role) => {
      const { pair, traces } = traced(version);
      handshake(pair);
      const [from, to] = sides(pair, role);
      const before = traces[role].length;
      from.tls.write(new Uint8Array(20_000).fill(7));
      deliver(from, to);
      available(to);
      const events = traces[role].slice(before);
      expect(events.map((event) => event.kind === "record" && [event.type, event.plaintext])).toEqual([
        [recordType.applicationData, 16384],
        [recordType.applicationData, 3616],
      ]);
      expectSame(traces);
    });
  });

  it("shows the question for another key share, and both answers", () => {
    const { pair, traces } = traced("TLSv1.3", {
      client: { groups: ["x25519", "secp384r1"] },
      server: { groups: ["secp384r1"] },
    });
    handshake(pair);
    const hellos = messagesOf(traces.server).filter(({ type }) => type <= 2);
    expect(hellos.map((event) => explainTrace(event).title)).toEqual([
      "ClientHello",
      "HelloRetryRequest",
      "ClientHello",
      "ServerHello",
    ]);
    const shares = hellos.map((event) => new Map(explainTrace(event).details).get("key_share"));
    expect(shares).toEqual(["x25519 (32 bytes)", "secp384r1", "secp384r1 (97 bytes)", "secp384r1 (97 bytes)"]);
    expectSame(traces);
  });

  it("shows that a session is resumed", () => {
    forEachVersion((version) => {
      const traces: Traces = { client: [], server: [] };
      const only = { minVersion: version, maxVersion: version };
      const client = clientContext({ ...only, onTrace: (event) => void traces.client.push(event) });
      const server = serverContext({ ...only, numTickets: 1, onTrace: (event) => void traces.server.push(event) });
      const first = handshake({ client: wrapped(client, { serverHostname: "localhost" }), server: wrapped(server) });
      thrownBy(() => first.client.tls.read());
      const session = first.client.tls.session!;
      traces.client.length = traces.server.length = 0;
      const pair = { client: wrapped(client, { serverHostname: "localhost", session }), server: wrapped(server) };
      handshake(pair);
      thrownBy(() => pair.client.tls.read());
      expect(titles(traces.client)).toContain("handshake over, resumed");
      expect(titles(traces.client)).not.toContain("< Certificate");
      const offered = new Map(explainTrace(messagesOf(traces.client)[0]!).details);
      expect(offered.get(version === "TLSv1.3" ? "pre_shared_key" : "session_ticket")).toMatch(/\d+ bytes/);
      expectSame(traces);
    });
  });

  it("ends with the alert of a handshake that fails, on both sides", () => {
    forEachVersion((version) => {
      const { pair, traces } = traced(version, { client: { ca: certs.unknownRoot.cert } });
      const outcome = attempt(pair);
      expect([outcome.client, outcome.server].map((error) => error instanceof Error)).toEqual([true, true]);
      expect([titles(traces.client).at(-1), titles(traces.server).at(-1)]).toEqual([
        "> fatal alert unknown_ca",
        "< fatal alert unknown_ca",
      ]);
    });
  });

  it("has the ClientHello of a client that is refused for it", () => {
    const refuse = (): never => {
      throw new Error("no service today");
    };
    const { pair, traces } = traced(undefined, { server: { selectContext: refuse } });
    attempt(pair);
    expect(titles(traces.server)).toEqual(["< ClientHello", "> fatal alert access_denied"]);
    expectSame(traces);
  });

  it("has the records of a ClientHello that cannot be read", () => {
    const { pair, traces } = traced(undefined);
    pair.server.incoming.write(recordOf(recordType.handshake, [1, 0, 0, 2, 3, 3]));
    expect(thrownBy(() => pair.server.tls.doHandshake())).toMatchObject({ reason: "DECODE_ERROR" });
    expect(titles(traces.server)).toEqual(["< ClientHello", "> fatal alert decode_error"]);
    expect(explainTrace(messagesOf(traces.server)[0]!).details).toEqual([["malformed", "2 bytes"]]);
  });

  it("has an alert that OpenSSL sends in the clear where encrypted ones are due", () => {
    const { pair, traces } = traced("TLSv1.3");
    thrownBy(() => pair.client.tls.doHandshake());
    deliver(pair.client, pair.server);
    thrownBy(() => pair.server.tls.doHandshake());
    pair.server.incoming.write(Uint8Array.of(21, 3, 3, 0, 2, 2, 48));
    expect(thrownBy(() => pair.server.tls.doHandshake())).toMatchObject({ alertName: "unknown_ca" });
    expect(traces.server).toContainEqual(
      expect.objectContaining({ kind: "alert", direction: "received", protection: "none", level: 2, description: 48 }),
    );
  });

  it("says of a record that it could not be decrypted", () => {
    forEachSide((version, role) => {
      const { pair, traces } = traced(version);
      handshake(pair);
      const [from, to] = sides(pair, role);
      from.tls.write(ascii("hello"));
      const record = drained(from);
      record[record.length - 1]! ^= 1;
      to.incoming.write(record);
      expect(thrownBy(() => to.tls.read())).toBeInstanceOf(Error);
      const [broken, alert] = traces[to.role].slice(-3).filter(({ kind }) => kind !== "alert") as TraceRecord[];
      expect([broken!.plaintext, broken!.length, alert!.type]).toEqual([null, record.length - 5, recordType.alert]);
      expect(explainTrace(broken!).title).toMatch(/could not be decrypted$/);
    });
  });

  it("has no secret in it", () => {
    forEachVersion((version) => {
      const lines: string[] = [];
      const onKeyLog = (line: string): void => void lines.push(line);
      const { pair, traces } = traced(version, { client: { ...own, onKeyLog }, server: { ...mutual, numTickets: 1 } });
      handshake(pair);
      thrownBy(() => pair.client.tls.read());
      const bodies = [...traces.client, ...traces.server].map((event) =>
        event.kind === "message" ? Buffer.from(event.body).toString("hex") : JSON.stringify(event),
      );
      const secrets = lines.map((line) => line.split(" ")[2]!);
      expect(secrets.length).toBe(version === "TLSv1.3" ? 4 : 1);
      expect(bodies.filter((body) => secrets.some((secret) => body.includes(secret)))).toEqual([]);
      const labels = traces.client.flatMap((event) => (event.kind === "secret" ? [event.label] : []));
      expect(labels).toEqual(lines.map((line) => line.split(" ")[0]));
    });
  });

  it("has the time since the connection began, by the context's clock", () => {
    let time = 1_800_000_000_000;
    const { pair, traces } = traced("TLSv1.3", {
      client: { now: () => (time += 0.25) },
      server: { now: () => 1_800_000_000_000 },
    });
    handshake(pair);
    const times = traces.client.map((event) => event.time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(0);
    expect(new Set(traces.server.map((event) => event.time))).toEqual(new Set([0]));
  });

  it("goes on under the context that the server chooses, from the ClientHello on", () => {
    const events: TraceEvent[] = [];
    const onTrace = (event: TraceEvent): void => void events.push(event);
    for (const [wrapping, chosen] of [
      [{ onTrace }, { onTrace }],
      [{}, { onTrace, isolation: "context" }],
    ] as const) {
      events.length = 0;
      const context = serverContext(chosen);
      const server = serverContext({ ...wrapping, selectContext: () => context });
      handshake({ client: wrapped(clientContext(), { serverHostname: "localhost" }), server: wrapped(server) });
      expect(titles(events).slice(0, 2)).toEqual(["< ClientHello", "> ServerHello"]);
      expect(titles(events).at(-1)).toBe("handshake over");
    }
    events.length = 0;
    const silent = serverContext();
    const server = serverContext({ onTrace, selectContext: () => silent });
    handshake({ client: wrapped(clientContext(), { serverHostname: "localhost" }), server: wrapped(server) });
    expect(titles(events)).toEqual([]);
  });

  it("goes on while a hook takes its time", async () => {
    const { pair, traces } = traced("TLSv1.3", { client: { verify: () => Promise.resolve() } });
    await attemptPatiently(pair);
    expect(titles(traces.client).at(-1)).toBe("handshake over");
    expectSame(traces);
  });
});

describe("onTrace", () => {
  it("gets the connection, which can be looked at and not called", () => {
    const errors: unknown[] = [];
    const context = clientContext({
      onTrace: (_, connection) => {
        expect(connection.serverSide).toBe(false);
        errors.push(thrownBy(() => connection.write(ascii("x"))));
      },
    });
    const pair = { client: wrapped(context, { serverHostname: "localhost" }), server: wrapped(serverContext()) };
    handshake(pair);
    expect(errors.length).toBeGreaterThan(5);
    expect(errors.every((error) => error instanceof SSLStateError)).toBe(true);
  });

  it("S19 ends only that connection when it throws, and the peer is told internal_error", () => {
    forEachSide((version, role) => {
      const cause = new Error("the screen is full");
      let calls = 0;
      const onTrace = (): void => {
        if (++calls === 3) throw cause;
      };
      const pair = pairOf({ version, [role]: { onTrace } });
      const outcome = attempt(pair);
      expect(outcome[role]).toMatchObject({ reason: "CALLBACK_FAILED", cause });
      const [, peer] = sides(pair, role);
      const told = (outcome[peer.role] ?? thrownBy(() => peer.tls.read())) as SSLError;
      expect(told.message).toMatch(/internal_error/);
    });
  });

  it("may dispose of the connection", () => {
    forEachSide((version, role) => {
      const onTrace = (_: TraceEvent, connection: { dispose(): void }): void => connection.dispose();
      const pair = pairOf({ version, [role]: { onTrace } });
      attempt(pair);
      expect(thrownBy(() => sides(pair, role)[0].tls.doHandshake())).toBeInstanceOf(SSLStateError);
    });
  });

  it("changes nothing of what is said", () => {
    forEachVersion((version) => {
      const records = (onTrace?: () => void): number[] => {
        const types: number[] = [];
        attempt(pairOf({ version, client: { onTrace } }), Infinity, (_, bytes) => {
          types.push(...recordsOf(bytes).map((record) => record[0]!));
          return bytes;
        });
        return types;
      };
      expect(records(() => {})).toEqual(records());
    });
  });
});

test("a context without onTrace notes nothing", () => {
  using context = SSLContext.client({ ca: certs.root.cert });
  const pair = { client: wrapped(context, { serverHostname: "localhost" }), server: wrapped(serverContext()) };
  handshake(pair);
  const { connection } = pair.client.tls as unknown as { connection: { takeTrace(): TraceEvent[] } };
  expect(connection.takeTrace()).toEqual([]);
});

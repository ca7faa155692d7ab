// Decisions that the application takes within the handshake: which context, which protocol, whether to trust; at once or
// later, well or badly. (Pre-shared keys and sessions have tests of their own.)
import { describe, expect, test } from "vitest";
import {
  pemCertToDer,
  type ServerOptions,
  SSLContext,
  SSLError,
  SSLObject,
  SSLWantCallbackError,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  type Attempt,
  clientContext,
  connected,
  deliver,
  disposed,
  drained,
  expectHandshake,
  forEachVersion,
  identityOf,
  type Pair,
  pairOf,
  type PairOptions,
  recordsOf,
  type Role,
  serverContext,
  thrownBy,
  versions,
  wrapped,
} from "../support/conversation.ts";

const alerts = {
  handshake_failure: 40,
  access_denied: 49,
  internal_error: 80,
  unrecognized_name: 112,
  no_application_protocol: 120,
} as const;
const other = (): SSLContext => serverContext({ alpn: ["other"] }, "localhostRsa");
const anyCa = { ca: [certs.root.cert, certs.rsaRoot.cert] };

describe("S33 B28 sniCallback", () => {
  test("gets the connection, the name that the client wants or null, and the context, once", () => {
    forEachVersion((version) => {
      for (const [wrap, wanted] of [
        [{ serverHostname: "localhost" }, "localhost"],
        [{ serverHostname: "127.0.0.1" }, null],
      ] as const) {
        const calls: unknown[][] = [];
        const server = { sniCallback: (...given: unknown[]): void => void calls.push(given) };
        const pair = connected({ version, wrap, server });
        expect(calls).toEqual([[pair.server.tls, wanted, pair.server.tls.context]]);
        expect(calls[0]![0]).toBeInstanceOf(SSLObject);
      }
    });
  });

  test("may put another context in the place of the connection's, with its certificate and protocols", () => {
    forEachVersion((version) => {
      const replacement = other();
      const sniCallback = (tls: SSLObject): void => void (tls.context = replacement);
      const pair = connected({ version, client: { ...anyCa, alpn: ["other"] }, server: { sniCallback } });
      expect(pair.server.tls.context).toBe(replacement);
      expect(pair.client.tls.selectedAlpnProtocol()).toBe("other");
      expect(pair.client.tls.getPeerCert({ binary: true })).toEqual(pemCertToDer(certs.localhostRsa.cert));
    });
  });

  test("may answer an alert, also later", async () => {
    for (const version of versions) {
      for (const sniCallback of [(): number => 112, (): Promise<number> => Promise.resolve(112)]) {
        const { client, server } = await met(pairOf({ version, server: { sniCallback } }));
        expect(client).toMatchObject({ name: "SSLAlertError", alert: alerts.unrecognized_name });
        expect(server).toMatchObject({ name: "SSLAlertError", alert: alerts.unrecognized_name, sent: true });
      }
    }
  });

  test("that throws ends the handshake with handshake_failure, and what it threw is the cause", async () => {
    const thrown = new RangeError("no such host");
    for (const version of versions) {
      for (const sniCallback of throwing(thrown)) {
        const { client, server } = await met(pairOf({ version, server: { sniCallback } }));
        expect(client).toMatchObject({ name: "SSLAlertError", alert: alerts.handshake_failure });
        expect(server).toMatchObject({ reason: "CALLBACK_FAILED", cause: thrown });
      }
    }
  });

  test("that answers nonsense ends it with internal_error", async () => {
    for (const answer of ["112", {}, 0.5, -1, 256, Number.NaN]) {
      const sniCallback = (): number => answer as number;
      const { client, server } = await met(pairOf({ server: { sniCallback } }));
      expect(client).toMatchObject({ name: "SSLAlertError", alert: alerts.internal_error });
      expect(server).toMatchObject({ reason: "CALLBACK_FAILED" });
    }
  });
});

describe("S33 selectContext", () => {
  test("chooses by the ClientHello, or leaves it at the context that was wrapped with", async () => {
    for (const version of versions) {
      const replacement = other();
      for (const [chosen, protocol] of [
        [replacement, "other"],
        [Promise.resolve(replacement), "other"],
        [undefined, "own"],
        [Promise.resolve(undefined), "own"],
      ] as const) {
        const names: (string | null)[] = [];
        const selectContext: ServerOptions["selectContext"] = (hello) => {
          names.push(hello.serverName);
          return chosen;
        };
        const client = { ...anyCa, alpn: ["other", "own"] };
        const pair = pairOf({ version, client, server: { selectContext, alpn: ["own"] } });
        expect(await met(pair)).toEqual({ client: undefined, server: undefined });
        expect(names).toEqual(["localhost"]);
        expect(pair.client.tls.selectedAlpnProtocol()).toBe(protocol);
      }
    }
  });

  test("that throws or answers nonsense ends the handshake", async () => {
    const thrown = new Error("not today");
    for (const selectContext of throwing(thrown)) {
      const { client, server } = await met(pairOf({ server: { selectContext } }));
      expect(client).toMatchObject({ alert: alerts.access_denied });
      expect(server).toMatchObject({ reason: "CALLBACK_FAILED", cause: thrown });
    }
    for (const answer of ["context", {}, null, clientContext()]) {
      const { client, server } = await met(pairOf({ server: { selectContext: () => answer as SSLContext } }));
      expect(client).toMatchObject({ alert: alerts.internal_error });
      expect(server).toMatchObject({ reason: "CALLBACK_FAILED" });
    }
  });
});

describe("S32 selectAlpn", () => {
  test("chooses among what the client offers, or none", async () => {
    for (const version of versions) {
      for (const chosen of ["b", null]) {
        for (const selectAlpn of [(): string | null => chosen, () => Promise.resolve(chosen)]) {
          const pair = pairOf({ version, client: { alpn: ["a", "b"] }, server: { selectAlpn } });
          expect(await met(pair)).toEqual({ client: undefined, server: undefined });
          for (const { tls } of [pair.client, pair.server]) expect(tls.selectedAlpnProtocol()).toBe(chosen);
        }
      }
    }
  });

  test("is not asked when the client offers nothing", () => {
    const asked: unknown[] = [];
    const selectAlpn = (offered: readonly string[]): null => {
      asked.push(offered);
      return null;
    };
    expectHandshake(pairOf({ server: { selectAlpn } }));
    expect(asked).toEqual([]);
  });

  test("that throws or chooses something else ends the handshake", async () => {
    const thrown = new Error("none of these");
    for (const selectAlpn of throwing(thrown)) {
      const { client, server } = await met(pairOf({ client: { alpn: ["a"] }, server: { selectAlpn } }));
      expect(client).toMatchObject({ alert: alerts.no_application_protocol });
      expect(server).toMatchObject({ reason: "CALLBACK_FAILED", cause: thrown });
    }
    for (const answer of ["b", "", 5, undefined]) {
      const { client } = await met(pairOf({ client: { alpn: ["a"] }, server: { selectAlpn: () => answer as string } }));
      expect(client).toMatchObject({ alert: alerts.internal_error });
    }
  });
});

describe("S19 verify", () => {
  const mutual = { verifyMode: "required", ca: certs.root.cert } as const;
  const identities = [identityOf("client")];

  test("that throws refuses the peer, and what it threw is the cause; later, too", async () => {
    const thrown = new Error("I do not know them");
    for (const version of versions) {
      for (const verify of throwing(thrown)) {
        const asClient = await met(pairOf({ version, client: { verify } }));
        expect(asClient.client).toMatchObject({ name: "SSLCertVerificationError", cause: thrown });
        expect(asClient.server).toMatchObject({ name: "SSLAlertError", alert: alerts.access_denied });
        const pair = pairOf({ version, client: { identities }, server: { ...mutual, verify } });
        expect((await met(pair)).server).toMatchObject({ name: "SSLCertVerificationError", cause: thrown });
        expect(thrownBy(() => pair.client.tls.read())).toMatchObject({ alert: alerts.access_denied });
      }
    }
  });

  test("that throws an error with an alert chooses what the peer is told", async () => {
    const thrown = Object.assign(new Error("gone"), { alert: 44 });
    const { server } = await met(
      pairOf({
        client: {
          verify: () => {
            throw thrown;
          },
        },
      }),
    );
    expect(server).toMatchObject({ name: "SSLAlertError", alertName: "certificate_revoked" });
  });

  test("that answers nonsense accepts nobody", async () => {
    for (const answer of [true, {}, { accept: "yes" }, null, "ok"]) {
      const { client, server } = await met(pairOf({ client: { verify: () => answer as unknown as undefined } }));
      expect(client).toBeInstanceOf(SSLError);
      expect(server).toMatchObject({ name: "SSLAlertError", alert: alerts.internal_error });
    }
  });

  test("is asked before the client's certificate leaves, and the certificate waits for its answer", async () => {
    for (const version of versions) {
      const answer = Promise.withResolvers<void>();
      const client = { identities, verify: () => answer.promise };
      const pair = pairOf({ version, client, server: mutual });
      attempt(pair);
      expect([pair.client.tls.want, pair.client.outgoing.pending]).toEqual(["callback", 0]);
      answer.resolve();
      expect(await met(pair)).toEqual({ client: undefined, server: undefined });
      expect(pair.server.tls.getPeerCert()).not.toBe(null);
    }
  });
});

describe("B30 a handshake that waits for an answer", () => {
  test("says so at every call until the answer is there, and then goes on", async () => {
    for (const { options, waiting } of pausing()) {
      const answer = Promise.withResolvers<void>();
      const pair = pairOf(options(answer.promise));
      attempt(pair);
      const { tls } = pair[waiting];
      for (const call of [() => tls.doHandshake(), () => tls.read(), () => tls.write(Uint8Array.of(1))]) {
        const error = thrownBy(call);
        expect(error).toBeInstanceOf(SSLWantCallbackError);
        expect([tls.want, tls.state]).toEqual(["callback", "handshaking"]);
      }
      expect(tls.tryHandshake()).toEqual({ kind: "want", want: "callback" });
      const { ready } = thrownBy(() => tls.doHandshake()) as SSLWantCallbackError;
      answer.resolve();
      await ready;
      expect(await met(pair)).toEqual({ client: undefined, server: undefined });
    }
  });

  test("fails when the answer is a failure, and the failure stays", async () => {
    for (const { options, waiting } of pausing()) {
      const pair = pairOf(options(Promise.reject(new Error("no"))));
      const outcome = await met(pair);
      expect(outcome[waiting]).toMatchObject({ cause: expect.objectContaining({ message: "no" }) as unknown });
      const peer = waiting === "client" ? "server" : "client";
      const told = outcome[peer] ?? thrownBy(() => pair[peer].tls.read()); // B24
      expect(told).toMatchObject({ name: "SSLAlertError" });
      const { tls } = pair[waiting];
      expect(tls.state).toBe("failed");
      expect(thrownBy(() => tls.read())).toBeInstanceOf(SSLError);
    }
  });

  test("can be disposed of, and the answer that comes afterwards changes nothing", async () => {
    for (const { options, waiting } of pausing()) {
      const answer = Promise.withResolvers<void>();
      const pair = pairOf(options(answer.promise));
      attempt(pair);
      const { ready } = thrownBy(() => pair[waiting].tls.doHandshake()) as SSLWantCallbackError;
      pair[waiting].tls.dispose();
      answer.resolve();
      await ready;
      expect(thrownBy(() => pair[waiting].tls.doHandshake())).toMatchObject({ name: "SSLStateError" });
    }
  });

  test("takes no notice of what comes meanwhile, and loses none of it", async () => {
    const answer = Promise.withResolvers<void>();
    const pair = pairOf({ version: "TLSv1.3", client: { verify: () => answer.promise } });
    attempt(pair);
    const { client, server } = pair;
    expect(client.tls.want).toBe("callback");
    answer.resolve();
    await answer.promise;
    await Promise.resolve();
    client.tls.doHandshake();
    client.tls.write(Uint8Array.of(1, 2, 3));
    deliver(client, server);
    server.tls.doHandshake();
    expect(server.tls.read()).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("sees the end of the transport when it goes on", async () => {
    const answer = Promise.withResolvers<void>();
    const { client, server } = pairOf({ version: "TLSv1.2", client: { verify: () => answer.promise } });
    thrownBy(() => client.tls.doHandshake());
    deliver(client, server);
    thrownBy(() => server.tls.doHandshake());
    // All but the last record, so that there is something to wait for.
    const flight = recordsOf(drained(server)).slice(0, -1);
    for (const record of flight) client.incoming.write(record);
    client.incoming.writeEof();
    expect(thrownBy(() => client.tls.doHandshake())).toBeInstanceOf(SSLWantCallbackError);
    answer.resolve();
    await (thrownBy(() => client.tls.doHandshake()) as SSLWantCallbackError).ready;
    expect(thrownBy(() => client.tls.doHandshake())).toMatchObject({ name: "SSLEOFError" });
  });
});

test("S19 a hook that throws ends its own connection only", async () => {
  const thrown = new Error("not this one");
  const context = disposed(
    SSLContext.server({
      identities: [identityOf("localhost")],
      alpn: ["a"],
      selectContext: ({ alpn }) => {
        if (alpn.includes("bad")) throw thrown;
      },
    }),
  );
  const good = clientContext();
  const bad = clientContext({ alpn: ["bad"] });
  for (const [client, works] of [
    [good, true],
    [bad, false],
    [good, true],
    [bad, false],
    [good, true],
  ] as const) {
    const outcome = await met({ client: wrapped(client, { serverHostname: "localhost" }), server: wrapped(context) });
    expect(outcome.server).toEqual(works ? undefined : expect.objectContaining({ cause: thrown }));
  }
});

/** As `attempt`, with turns of the event loop for answers that come later. */
async function met(pair: Pair): Promise<Attempt> {
  let { client, server } = attempt(pair);
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    const next = attempt(pair);
    client ??= next.client;
    server ??= next.server;
    if (pair.client.tls.want === null && pair.server.tls.want === null) break;
  }
  return { client, server };
}

/** A hook that throws, and one that does so later. */
function throwing(thrown: Error): (() => never)[] {
  const now = (): never => {
    throw thrown;
  };
  return [now, (() => Promise.reject(thrown)) as unknown as () => never];
}

interface Pausing {
  readonly waiting: Role;
  /** A pair of which that side waits for the answer. */
  readonly options: (answer: Promise<void>) => PairOptions;
}

/** Each place in a handshake where it can wait. */
function pausing(): Pausing[] {
  const client = { alpn: ["a"], identities: [identityOf("client")] };
  return versions.flatMap((version): Pausing[] => [
    { waiting: "server", options: (answer) => ({ version, client, server: { selectContext: () => answer } }) },
    { waiting: "server", options: (answer) => ({ version, client, server: { sniCallback: () => answer } }) },
    {
      waiting: "server",
      options: (answer) => ({ version, client, server: { selectAlpn: () => answer.then(() => "a") } }),
    },
    {
      waiting: "server",
      options: (answer) => ({
        version,
        client,
        server: { verifyMode: "required", ca: certs.root.cert, verify: () => answer },
      }),
    },
    { waiting: "client", options: (answer) => ({ version, client: { ...client, verify: () => answer } }) },
  ]);
}

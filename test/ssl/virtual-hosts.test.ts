// Which context serves a client: tables of hosts, contexts of every kind in place of the one that was wrapped with, and
// contexts that are changed while connections live.
import { expect, test } from "vitest";
import {
  parseClientHello,
  pemCertToDer,
  type SelectContext,
  type ServerOptions,
  type SSLAlertError,
  type SSLContext,
  SSLError,
  SSLStateError,
  virtualHosts,
} from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";
import {
  answerOf,
  ascii,
  attempt,
  attemptPatiently,
  chunks,
  clientContext,
  connected,
  deliver,
  drained,
  expectHandshake,
  forEachVersion,
  handshake,
  identityOf,
  inCase,
  type Pair,
  pairOf,
  serverContext,
  versions,
  wrapped,
} from "../support/conversation.ts";

const anyCa = { ca: [certs.root.cert, certs.rsaRoot.cert] };
const nobody = { verifyMode: "none" } as const;

/** What `virtualHosts` chooses for the name, as a client sends it. */
function chosen(hosts: ReturnType<typeof virtualHosts>, serverHostname: string | undefined): unknown {
  const client = wrapped(clientContext(nobody), serverHostname === undefined ? {} : { serverHostname });
  attempt({ client, server: wrapped(serverContext({ selectContext: (hello) => void (seen = hosts(hello)) })) });
  return seen;
}
let seen: unknown;

test("S33 virtualHosts chooses by name, whole names before wildcards, one label for a wildcard", () => {
  const [exact, first, second, idn] = [serverContext(), serverContext(), serverContext(), serverContext()];
  const hosts = virtualHosts({
    "*.Example.org": first,
    "www.example.org": exact,
    "*.sub.example.org": second,
    "b\u00fccher.example.": idn,
  });
  for (const [name, context] of [
    ["www.example.org", exact],
    ["WWW.Example.ORG", exact],
    ["www.example.org.", exact],
    ["other.example.org", first],
    ["deep.sub.example.org", second],
    ["sub.example.org", first],
    ["b\u00fccher.example", idn],
    ["xn--bcher-kva.example", idn],
    ["example.org", undefined],
    ["a.b.example.org", undefined],
    ["www.example.org.evil.test", undefined],
    ["127.0.0.1", undefined],
    [undefined, undefined],
  ] as const) {
    inCase(String(name), () => expect(chosen(hosts, name)).toBe(context));
  }
});

test("a table of hosts refuses what can never be asked for", () => {
  const context = serverContext();
  for (const name of ["127.0.0.1", "[::1]", "*.com", "*", "www.*.org", "", ".org", "a b"]) {
    expect(() => virtualHosts({ [name]: context }), name).toThrow("Cannot use the host");
  }
  expect(() => virtualHosts({ "example.org": clientContext() })).toThrow(TypeError);
  expect(() => virtualHosts({ "example.org": null as never })).toThrow(TypeError);
});

test("S33 a client is served with the identity of its host, also by a table that is looked up elsewhere", async () => {
  const table = virtualHosts({
    localhost: serverContext({}, "localhostRsa"),
    "*.wild.test": serverContext({}, "wildcard"),
  });
  const ways: SelectContext[] = [table, async (hello) => table(hello)];
  for (const version of versions) {
    for (const selectContext of ways) {
      for (const [serverHostname, presented] of [
        ["localhost", "localhostRsa"],
        ["127.0.0.1", "localhost"],
      ] as [string, CertName][]) {
        const pair = pairOf({ version, client: anyCa, server: { selectContext }, wrap: { serverHostname } });
        expect(await attemptPatiently(pair)).toEqual({ client: undefined, server: undefined });
        expect(pair.client.tls.getPeerCert({ binary: true })).toEqual(pemCertToDer(certs[presented].cert));
      }
    }
  }
});

test("S33 the chosen context counts whole: versions, suites, protocols, whom it asks and trusts, wherever it lives", () => {
  const asking = { verifyMode: "required", ca: certs.root.cert, alpn: ["own"] } as const;
  for (const chunk of chunks) {
    for (const isolation of ["shared", "context", "connection"] as const) {
      inCase(`${isolation}, pieces of ${String(chunk)}`, () => {
        const lines: string[] = [];
        const replacement = serverContext({
          ...asking,
          isolation,
          maxVersion: "TLSv1.2",
          cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
          onKeyLog: (line) => void lines.push(line),
        });
        const pair = pairOf({
          client: { identities: [identityOf("client")], alpn: ["other", "own"] },
          server: { alpn: ["other"], minVersion: "TLSv1.3", selectContext: () => replacement },
        });
        handshake(pair, chunk);
        const { tls } = pair.server;
        expect(tls.context).toBe(replacement);
        expect([tls.version(), tls.cipher()?.standardName, tls.selectedAlpnProtocol()]).toEqual([
          "TLSv1.2",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "own",
        ]);
        expect(tls.getPeerCert({ binary: true })).toEqual(pemCertToDer(certs.client.cert));
        expect(tls.getVerifiedChain()).toHaveLength(2);
        expect(lines.length).toBeGreaterThan(0);
        pair.client.tls.write(ascii("over the new context"));
        deliver(pair.client, pair.server);
        expect(tls.read()).toEqual(ascii("over the new context"));
      });
    }
  }
});

test("S33 the chosen context's refusals count: no certificate, an untrusted one, its own verify hook", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const verify = (): never => {
      throw new Error("not you");
    };
    const asking = { ...only, verifyMode: "required", ca: certs.root.cert } as const;
    for (const [options, identity, reason] of [
      [asking, null, "PEER_DID_NOT_RETURN_A_CERTIFICATE"],
      [asking, "clientUnknown", "CERTIFICATE_VERIFY_FAILED"],
      [{ ...asking, verify }, "client", "CERTIFICATE_VERIFY_FAILED"],
    ] as [ServerOptions, CertName | null, string][]) {
      const identities = identity === null ? [] : [identityOf(identity)];
      const replacement = serverContext(options);
      const pair = pairOf({ version, client: { identities }, server: { selectContext: () => replacement } });
      expect((attempt(pair).server as SSLError).reason).toBe(reason);
    }
  });
});

test("S33 a context that was disposed of, or one for clients, cannot be chosen: internal_error", () => {
  forEachVersion((version) => {
    const gone = serverContext();
    gone.dispose();
    for (const context of [gone, clientContext()]) {
      const pair = pairOf({ version, server: { selectContext: () => context } });
      const { client, server } = attempt(pair);
      expect(server).toBeInstanceOf(SSLError);
      expect((server as SSLError).reason).toBe("CALLBACK_FAILED");
      expect((client as SSLAlertError).alertName).toBe("internal_error");
    }
  });
});

test("S40 a new context counts for new connections, and those that live keep theirs", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const old = serverContext(only, "localhost");
    let newest: SSLContext = old;
    const listening = serverContext({ ...only, selectContext: () => newest }, "otherHost");
    const trusting = clientContext({ ...only, ...anyCa });
    const connect = (): Pair => ({
      client: wrapped(trusting, { serverHostname: "localhost" }),
      server: wrapped(listening),
    });

    const early = connect();
    early.client.tls.tryHandshake();
    deliver(early.client, early.server);
    early.server.tls.tryHandshake(); // the old one is chosen; the handshake is on its way
    const first = handshake(connect());
    newest = serverContext(only, "localhostRsa");
    const second = handshake(connect());
    old.dispose(); // nothing new is made with it
    expectHandshake(early);

    const presented = ({ client }: Pair): unknown => client.tls.getPeerCert({ binary: true });
    expect(presented(first)).toEqual(pemCertToDer(certs.localhost.cert));
    expect(presented(early)).toEqual(pemCertToDer(certs.localhost.cert));
    expect(presented(second)).toEqual(pemCertToDer(certs.localhostRsa.cert));
    expect([first.server.tls.context, second.server.tls.context]).toEqual([old, newest]);
    for (const pair of [first, early, second]) {
      pair.server.tls.write(ascii("still here"));
      deliver(pair.server, pair.client);
      expect(pair.client.tls.read()).toEqual(ascii("still here"));
    }
  });
});

test("S40 what is made new can be a table of hosts", () => {
  const client = clientContext(anyCa);
  let hosts = virtualHosts({ localhost: serverContext({}, "localhost") });
  const listening = serverContext({ selectContext: (hello) => hosts(hello) }, "otherHost");
  const presented = (): unknown => {
    const pair = { client: wrapped(client, { serverHostname: "localhost" }), server: wrapped(listening) };
    return handshake(pair).client.tls.getPeerCert({ binary: true });
  };
  expect(presented()).toEqual(pemCertToDer(certs.localhost.cert));
  hosts = virtualHosts({ localhost: serverContext({}, "localhostRsa") });
  expect(presented()).toEqual(pemCertToDer(certs.localhostRsa.cert));
});

test("B28 a client that has to say its hello twice is asked about once", () => {
  let calls = 0;
  const server = {
    groups: ["secp384r1"],
    alpn: ["h2"],
    selectContext: (): void => void calls++,
    selectAlpn: (): string => (++calls > 0 ? "h2" : ""),
  } as const;
  const client = { groups: ["x25519", "secp384r1"], alpn: ["h2"] } as const;
  const pair = connected({ version: "TLSv1.3", client, server });
  expect([pair.server.tls.group(), pair.client.tls.selectedAlpnProtocol(), calls]).toEqual(["secp384r1", "h2", 2]);
});

test("B27 the hook sees what parseClientHello sees; for an IP address there is no name", () => {
  forEachVersion((version) => {
    for (const [serverHostname, name] of [
      ["localhost", "localhost"],
      ["127.0.0.1", null],
      ["::1", null],
    ] as const) {
      const hellos: unknown[] = [];
      const server = { selectContext: (hello: unknown): void => void hellos.push(hello) };
      const pair = pairOf({ version, client: { alpn: ["h2"] }, server, wrap: { serverHostname } });
      pair.client.tls.tryHandshake();
      const bytes = drained(pair.client);
      pair.server.incoming.write(bytes);
      pair.server.tls.tryHandshake();
      expect(hellos).toEqual([parseClientHello(bytes)]);
      expect(pair.server.tls.clientHello).toEqual(hellos[0]);
      expect(pair.server.tls.clientHello?.serverName).toBe(name);
    }
  });
});

test("B28 the context stands still outside the call of sniCallback, also after it has thrown", async () => {
  const replacement = serverContext();
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  for (const sniCallback of [
    () => undefined,
    () => Promise.resolve(undefined),
    (): never => {
      throw new Error("no");
    },
    () => Promise.reject(new Error("no")),
  ]) {
    const pair = pairOf({ server: { sniCallback } });
    const { tls } = pair.server;
    const before = tls.context;
    const change = (): void => void (tls.context = replacement);
    expect(change).toThrow(SSLStateError);
    attempt(pair);
    await settled();
    expect(change).toThrow(SSLStateError); // asked and answered, the answer perhaps not used yet
    attempt(pair);
    expect(change).toThrow(SSLStateError);
    expect(tls.context).toBe(before);
    expect(() => void (pair.client.tls.context = clientContext())).toThrow(SSLStateError);
  }
});

test("B28 sniCallback may change the context until its promise settles, to another one for servers only", async () => {
  const replacement = serverContext({}, "localhostRsa");
  for (const wrong of [clientContext(), null, {}, "context"]) {
    const sniCallback: ServerOptions["sniCallback"] = (tls) => void (tls.context = wrong as never);
    const pair = pairOf({ server: { sniCallback } });
    const { client, server } = attempt(pair);
    expect((server as SSLError).cause).toBeInstanceOf(TypeError);
    expect((client as SSLAlertError).alertName).toBe("handshake_failure"); // as in Python, where the setter raises
    expect(pair.server.tls.serverSide).toBe(true);
  }
  const sniCallback: ServerOptions["sniCallback"] = async (tls, name, context) => {
    await Promise.resolve();
    expect([name, context]).toEqual(["localhost", tls.context]);
    tls.context = replacement;
  };
  const pair = pairOf({ client: anyCa, server: { sniCallback } });
  expect(await attemptPatiently(pair)).toEqual({ client: undefined, server: undefined });
  expect(pair.client.tls.getPeerCert({ binary: true })).toEqual(pemCertToDer(certs.localhostRsa.cert));
});

test("B95 who is disposed of while a context is chosen is not asked about anything else", async () => {
  for (const [first, waits] of [
    ["selectContext", true],
    ["sniCallback", true],
    ["selectContext", false],
  ] as const) {
    const deferred = Promise.withResolvers<undefined>();
    const selectAlpn = (): never => expect.unreachable();
    const hook = (): Promise<undefined> | undefined => (waits ? deferred.promise : void pair.server.tls.dispose());
    const pair = pairOf({ client: { alpn: ["h2"] }, server: { selectAlpn, [first]: hook } });
    const { server } = attempt(pair);
    if (!waits) {
      expect(server).toBeInstanceOf(SSLStateError);
      continue;
    }
    const ready = answerOf(pair.server);
    pair.server.tls.dispose();
    deferred.resolve(undefined);
    await ready;
  }
});

test("S33 a chosen context's own selectContext is not asked", () => {
  const replacement = serverContext({ selectContext: (): never => expect.unreachable() });
  expect(connected({ server: { selectContext: () => replacement } }).server.tls.context).toBe(replacement);
});

test("S32 selectAlpn of the chosen context counts, and may choose what its list has not", () => {
  forEachVersion((version) => {
    const replacement = serverContext({ selectAlpn: (offered) => offered.at(-1)! });
    const server = {
      alpn: ["h2"],
      selectContext: () => replacement,
      selectAlpn: (): never => expect.unreachable(),
    };
    const pair = connected({ version, client: { alpn: ["h2", "\u00ff\u0001", "x".repeat(255)] }, server });
    expect(pair.client.tls.selectedAlpnProtocol()).toBe("x".repeat(255));
  });
});

test("a server that asks for no certificate has no use for verify, and says so", () => {
  const verify = (): void => undefined;
  expect(() => serverContext({ verify })).toThrow('Cannot use verify: a server with verifyMode "none"');
  expect(() => serverContext({ verify, verifyMode: "optional", ca: certs.root.cert })).not.toThrow();
  expect(() => clientContext({ verify, ...nobody })).not.toThrow();
});

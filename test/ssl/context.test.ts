// SSLContext: which options it takes, what it refuses and with which words, and how long it lives.
import { expect, test, vi } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  type ClientOptions,
  MemoryBIO,
  type ServerOptions,
  SSLConfigError,
  SSLContext,
  SSLError,
  SSLObject,
  SSLStateError,
  TrustStore,
} from "../../ts/ssl/index.ts";
import { createDefaultContext } from "../../ts/index.ts";
import { certs, keyForms, keyPassword, stranger } from "../support/certs.ts";
import {
  ascii,
  attempt,
  clientContext,
  connected,
  deliver,
  disposed,
  expectHandshake,
  handshake,
  identityOf,
  inCase,
  pairOf,
  serverContext,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

test("S6 contexts and connections cannot be made except through their makers", () => {
  const Context = SSLContext as unknown as new (...args: unknown[]) => SSLContext;
  const Connection = SSLObject as unknown as new (...args: unknown[]) => SSLObject;
  for (const args of [[], [Symbol("wanttls"), false, {}], [undefined, true, {}]]) {
    expect(() => new Context(...args)).toThrow(TypeError);
  }
  for (const args of [[], [{}], [null], [{ connection: {} }]]) expect(() => new Connection(...args)).toThrow(TypeError);
});

test("S6 a context that is disposed of does no harm to its connections", () => {
  const server = { alpn: ["h2"] };
  const variants: Partial<ServerOptions>[] = (["shared", "context", "connection"] as const).flatMap((isolation) => [
    { isolation },
    { ...server, isolation, alpnMismatch: "ignore" as const },
  ]);
  for (const options of variants) {
    inCase(JSON.stringify(options), () => {
      const before = pairOf({ server: options, client: { alpn: ["http/1.1"].slice(options.alpn ? 0 : 1) } });
      for (const end of [before.client, before.server]) end.tls.context.dispose();
      handshake(before);
      before.client.tls.write(ascii("still here"));
      deliver(before.client, before.server);
      expect(before.server.tls.read()).toEqual(ascii("still here"));
      expect(() => wrapped(before.server.tls.context)).toThrow(SSLStateError);
    });
  }
});

test("S6 disposing of a context twice is fine, and its plain facts stay", () => {
  const context = clientContext();
  context.dispose();
  context.dispose();
  expect([context.verifyMode, context.checkHostname, context.getCiphers().length > 0]).toEqual([
    "required",
    true,
    true,
  ]);
});

test("the isolation of realms changes nothing that a user sees", () => {
  for (const isolation of ["shared", "context", "connection"] as const) {
    const { client, server } = connected({ client: { isolation }, server: { isolation } });
    client.tls.write(ascii("hello"));
    deliver(client, server);
    expect(server.tls.read()).toEqual(ascii("hello"));
  }
});

test("the defaults are safe: clients verify certificate and name, servers ask for none, TLS 1.2 to 1.3", () => {
  const client = disposed(SSLContext.client());
  expect([client.verifyMode, client.checkHostname, client.serverSide]).toEqual(["required", true, false]);
  const server = serverContext();
  expect([server.verifyMode, server.checkHostname, server.serverSide]).toEqual(["none", false, true]);
  const names = client.getCiphers().map(({ standardName }) => standardName);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(name).toMatch(/^TLS_(ECDHE_|AES_|CHACHA20).*(GCM|POLY1305)/);
  expect(client.getGroups()).toEqual(["x25519", "secp256r1", "secp384r1", "secp521r1"]);
  expect(client.getCaCerts()).toEqual([]);
});

test("createDefaultContext makes a client for server-auth and a server for client-auth", () => {
  const client = disposed(createDefaultContext("server-auth", { ca: certs.root.cert }));
  const server = disposed(createDefaultContext("client-auth", { identities: [identityOf("localhost")] }));
  handshake({ client: wrapped(client, { serverHostname: "localhost" }), server: wrapped(server) });
  const wrong = createDefaultContext as (purpose: string) => SSLContext;
  expect(() => wrong("both")).toThrow(SSLConfigError);
  expect(() => wrong("client-auth")).toThrow(SSLConfigError);
});

test("with() makes a variant and leaves the context as it is", () => {
  const context = clientContext({ alpn: ["h2"] });
  const variant = disposed(context.with({ verifyMode: "none", maxVersion: "TLSv1.2" }));
  expect([variant.verifyMode, variant.checkHostname]).toEqual(["none", false]);
  expect([context.verifyMode, context.checkHostname]).toEqual(["required", true]);
  const client = wrapped(variant);
  handshake({ client, server: wrapped(serverContext({ alpn: ["h2"] }, "unknownCa")) });
  expect([client.tls.version(), client.tls.selectedAlpnProtocol()]).toEqual(["TLSv1.2", "h2"]);
  expect(() => context.with({ minVersion: "TLSv1" as "TLSv1.2" })).toThrow(SSLConfigError);
});

test("with() does not read again what stays", () => {
  let asked = 0;
  const password = (): string => {
    asked++;
    return keyPassword;
  };
  const identity = { cert: certs.localhost.chain, key: keyForms.ec.encryptedPkcs8, password };
  const reading = vi.spyOn(sharedRealm().exports, "wt_settings_identity_key");
  const context = serverContext({ identities: [identity] });
  const counts = (): number[] => [asked, reading.mock.calls.length];
  expect(counts()).toEqual([1, 1]);
  for (const same of [{}, { selectAlpn: () => null }, { sessionTimeout: 9 }]) disposed(context.with(same));
  expect(counts()).toEqual([1, 1]);
  for (const other of [{ alpn: ["h2"] }, { maxVersion: "TLSv1.2" }, { verifyMode: "required" }] as const)
    disposed(context.with(other));
  expect(counts()).toEqual([1, 4]);
  disposed(context.with({ identities: [identity] }));
  expect(counts()).toEqual([2, 5]);
  reading.mockRestore();
});

test("with() takes what is new", () => {
  const server = serverContext();
  const client = clientContext();
  const meet = (one: SSLContext, other: SSLContext): unknown =>
    attempt({ client: wrapped(one, { serverHostname: "localhost" }), server: wrapped(other) }).client;
  const unknown = disposed(server.with({ identities: [identityOf("unknownCa")] }));
  const trusting = disposed(client.with({ ca: certs.unknownRoot.cert }));
  const store = disposed(client.with({ trust: TrustStore.fromPem(certs.unknownRoot.cert) }));
  expect([meet(client, server), meet(trusting, unknown), meet(store, unknown), meet(store, server)]).toEqual(
    Array(4).fill(undefined),
  );
  expect(meet(client, unknown)).toBeInstanceOf(SSLError);
  expect(meet(trusting, server)).toBeInstanceOf(SSLError);
});

test("a context and its variants can be disposed of in any order", () => {
  for (const first of [0, 1, 2]) {
    const server = serverContext();
    const variant = disposed(server.with({}));
    const contexts = [server, variant, disposed(variant.with({}))];
    contexts[first]!.dispose();
    for (const [i, context] of contexts.entries()) {
      const client = wrapped(clientContext(), { serverHostname: "localhost" });
      if (i === first) expect(() => wrapped(context)).toThrow(SSLStateError);
      else expect(handshake({ client, server: wrapped(context) }).server.tls.state).toBe("open");
    }
  }
});

test("with() and later changes of the caller's object do not reach a context", () => {
  const ca = ascii(certs.root.cert);
  const options = { alpn: ["h2"], ca: [ca], verifyMode: "required" as "required" | "none" };
  const context = disposed(SSLContext.client(options));
  options.alpn[0] = "other";
  ca.fill(0);
  options.verifyMode = "none";
  const client = wrapped(context, { serverHostname: "localhost" });
  handshake({ client, server: wrapped(serverContext({ alpn: ["h2"] })) });
  expect([client.tls.selectedAlpnProtocol(), context.verifyMode]).toEqual(["h2", "required"]);
  const variant = disposed(context.with({}));
  const second = wrapped(variant, { serverHostname: "localhost" });
  handshake({ client: second, server: wrapped(serverContext({ alpn: ["h2"] })) });
  expect(second.tls.selectedAlpnProtocol()).toBe("h2");
});

test("wrapBio takes two MemoryBIO and nothing else", () => {
  const context = clientContext();
  const wrap = context.wrapBio.bind(context) as (...args: unknown[]) => SSLObject;
  const bio = new MemoryBIO();
  for (const args of [[], [bio], [bio, null], [null, bio], [{}, {}], [bio, bio, null], [bio, bio, "localhost"]]) {
    expect(() => wrap(...args)).toThrow(TypeError);
  }
});

test("every wrong option is refused by name when the context is made", () => {
  const wrong: readonly [object, RegExp][] = [
    [{ minVersion: "TLSv1" }, /minVersion/],
    [{ maxVersion: "SSLv3" }, /maxVersion/],
    [{ minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }, /minVersion.*above/],
    [{ cipherSuites: [] }, /cipherSuites.*empty/],
    [{ cipherSuites: ["TLS_RSA_WITH_RC4_128_MD5"] }, /cipherSuites/],
    [{ cipherSuites: [1] }, /cipherSuites/],
    [{ groups: [] }, /groups.*empty/],
    [{ groups: ["secp192r1"] }, /groups/],
    [{ signatureAlgorithms: [] }, /signatureAlgorithms.*empty/],
    [{ signatureAlgorithms: ["rsa_pkcs1_md5"] }, /signatureAlgorithms/],
    [{ verifyMode: "maybe" }, /verifyMode/],
    [{ verifyMode: "none", checkHostname: true }, /checkHostname/],
    [{ isolation: "alone" }, /isolation/],
    [{ alpn: [""] }, /alpn/],
    [{ alpn: ["a".repeat(256)] }, /alpn/],
    [{ verifymode: "none" }, /verifymode/],
    [{ rejectUnauthorized: false }, /rejectUnauthorized/],
    [{ honorCipherOrder: true }, /honorCipherOrder/],
    [{ ca: "" }, /ca.*empty/],
    [{ ca: "not a certificate" }, /ca.*CERTIFICATE/],
    [{ ca: [certs.root.cert, "-----BEGIN CERTIFICATE-----\nAAAA\n"] }, /ca\[1\].*no end/],
    [{ ca: certs.root.cert.replace("MII", "M*I") }, /ca.*Base64/],
    [{ ca: certs.root.cert.replace("MII", "AAA") }, /ca/],
    [{ ca: new Uint8Array(0) }, /ca.*empty/],
    [{ ca: ascii("no DER") }, /ca/],
    [{ ca: certs.root.key }, /ca.*CERTIFICATE/],
  ];
  for (const [options, message] of wrong) {
    inCase(JSON.stringify(options).slice(0, 80), () => {
      expect(() => SSLContext.client(options)).toThrow(SSLConfigError);
      expect(() => SSLContext.client(options)).toThrow(message);
    });
  }
});

test("an option of the wrong type is a TypeError", () => {
  const wrong: readonly object[] = [
    { ca: 5 },
    { ca: null },
    { ca: [null] },
    { alpn: "h2" },
    { alpn: [5] },
    { now: 5 },
    { checkHostname: "no" },
    { groups: "x25519" },
    { cipherSuites: "TLS_AES_128_GCM_SHA256" },
    { identities: {} },
    { identities: [null] },
    { identities: [{ cert: certs.client.cert, key: null }] },
    { requireExtendedMasterSecret: 1 },
    { ca: new SharedArrayBuffer(10) },
  ];
  for (const options of wrong) {
    inCase(JSON.stringify(options).slice(0, 80), () => {
      expect(() => SSLContext.client(options)).toThrow(TypeError);
    });
  }
  for (const options of [null, 5, "server"]) {
    expect(() => SSLContext.client(options as unknown as ClientOptions)).toThrow(TypeError);
  }
});

test("a server needs an identity", () => {
  for (const options of [{ identities: [] }, {} as ServerOptions]) {
    expect(() => SSLContext.server(options)).toThrow(SSLConfigError);
    expect(() => SSLContext.server(options)).toThrow(/identities/);
  }
  expect(() =>
    SSLContext.server({ identities: [identityOf("localhost")], checkHostname: true } as ServerOptions),
  ).toThrow(/checkHostname/);
});

test("S23 keys are taken in all their encodings, encrypted ones with their password", () => {
  for (const [kind, name] of [
    ["ec", "localhost"],
    ["rsa", "localhostRsa"],
  ] as const) {
    const { pkcs8, traditional, encryptedPkcs8, encryptedTraditional, pkcs8Der, traditionalDer, certDer } =
      keyForms[kind];
    const cert = certs[name].chain;
    const identities = [
      { cert, key: pkcs8 },
      { cert, key: traditional },
      { cert, key: ascii(traditional) },
      { cert, key: encryptedPkcs8, password: keyPassword },
      { cert, key: encryptedTraditional, password: keyPassword },
      { cert, key: encryptedPkcs8, password: ascii(keyPassword) },
      { cert, key: der(pkcs8Der) },
      { cert, key: der(traditionalDer).buffer },
      { cert: der(certDer), key: pkcs8 },
      { cert: [der(certDer)], key: pkcs8 },
      { cert: ascii(cert), key: `${certs.root.cert}${pkcs8}` },
    ];
    for (const [i, identity] of identities.entries()) {
      inCase(`${kind} ${i}`, () => {
        expectHandshake(
          pairOf({ server: { identities: [identity] }, client: { ca: [certs.root.cert, certs.rsaRoot.cert] } }),
        );
      });
    }
  }
});

test("S23 a broken, missing, foreign or locked key is refused when it is loaded, with the reason", () => {
  const { cert, key } = certs.localhost;
  const { encryptedPkcs8, encryptedTraditional } = keyForms.ec;
  const wrong: readonly [{ cert: string; key: string | Uint8Array; password?: string }, string][] = [
    [{ cert, key: stranger }, "KEY_VALUES_MISMATCH"],
    [{ cert, key: certs.localhostRsa.key }, "KEY_VALUES_MISMATCH"],
    [{ cert: certs.localhostRsa.cert, key }, "KEY_VALUES_MISMATCH"],
    [{ cert, key: encryptedPkcs8 }, "BAD_PASSWORD_READ"],
    [{ cert, key: encryptedTraditional }, "BAD_PASSWORD_READ"],
    [{ cert, key: encryptedPkcs8, password: "wrong" }, "BAD_DECRYPT"],
    [{ cert, key: encryptedTraditional, password: "wrong" }, "BAD_DECRYPT"],
    [{ cert, key: "" }, "BAD_PEM"],
    [{ cert, key: cert }, "BAD_PEM"],
    [{ cert, key: key.replace(/-----END[\s\S]*/, "") }, "BAD_PEM"],
    [{ cert, key: key.replace("MIG", "AAA") }, "BAD_KEY"],
    [{ cert, key: new Uint8Array(40) }, "BAD_KEY"],
    [{ cert: "", key }, "BAD_PEM"],
    [{ cert: key, key }, "BAD_PEM"],
    [{ cert: certs.ed25519.cert, key: certs.ed25519.key }, "UNSUPPORTED_KEY_TYPE"],
  ];
  for (const [i, [identity, reason]] of wrong.entries()) {
    inCase(`${i} ${reason}`, () => {
      const error = thrownBy(() => SSLContext.server({ identities: [identityOf("localhost"), identity] }));
      expect(error).toBeInstanceOf(SSLConfigError);
      expect(error).toMatchObject({ reason });
      expect((error as Error).message).toContain("identities[1]");
    });
  }
});

test("S23 an error about a key does not repeat the key or the password", () => {
  const { cert, key } = certs.localhost;
  const broken = key.replace("MIG", "AAA");
  for (const identity of [
    { cert, key: broken },
    { cert, key: keyForms.ec.encryptedPkcs8, password: "my secret password" },
  ]) {
    const { message } = thrownBy(() => SSLContext.server({ identities: [identity] })) as Error;
    expect(message).not.toContain(key.split("\n")[1]!.slice(4, 20));
    expect(message).not.toContain("my secret password");
  }
});

test("S24 getCaCerts() tells the trusted certificates", () => {
  const context = clientContext({ ca: [certs.root.cert, certs.rsaRoot.cert] });
  expect(context.getCaCerts().map(({ subject }) => subject)).toEqual([
    [[["commonName", "wanttls test root"]]],
    [[["commonName", "wanttls test RSA root"]]],
  ]);
});

test("one context serves many connections at once, each with its own keys", () => {
  const client = clientContext();
  const server = serverContext();
  const pairs = Array.from({ length: 5 }, () => ({
    client: wrapped(client, { serverHostname: "localhost" }),
    server: wrapped(server),
  }));
  for (const pair of pairs) handshake(pair);
  for (const [i, pair] of pairs.entries()) pair.client.tls.write(ascii(`from ${i}`));
  for (const [i, pair] of pairs.entries()) {
    deliver(pair.client, pair.server);
    expect(pair.server.tls.read()).toEqual(ascii(`from ${i}`));
  }
});

test("S24 a certificate authority as the server's own certificate is no server", () => {
  const { client } = attempt(pairOf({ identity: "root", client: { ca: certs.root.cert } }));
  expect(client).toBeInstanceOf(Error);
});

function der(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

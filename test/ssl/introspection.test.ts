// What can be learned of a connection: the peer's certificate, the flags of the errors, and what is left when it is gone.
import { expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  derCertToPem,
  isWant,
  parseCertificate,
  pemCertToDer,
  type SSLAlertError,
  type SSLCertVerificationError,
  SSLConfigError,
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLWantCallbackError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  ascii,
  attempt,
  clientContext,
  connected,
  deliver,
  forEachSide,
  forEachVersion,
  handshake,
  identityOf,
  inCase,
  pairOf,
  serverContext,
  sides,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

test("S27 getPeerCert() gives the parsed certificate in Python's form, or DER", () => {
  forEachVersion((version) => {
    const { client } = connected({ version });
    const certificate = client.tls.getPeerCert()!;
    expect(certificate).toMatchObject({
      version: 3,
      subject: [[["commonName", "localhost"]]],
      issuer: [[["commonName", "wanttls test root"]]],
      notBefore: "Jan  1 00:00:00 2020 GMT",
      notAfter: "Jan  1 00:00:00 2120 GMT",
      subjectAltName: [
        ["DNS", "localhost"],
        ["IP Address", "127.0.0.1"],
        ["IP Address", "0:0:0:0:0:0:0:1"],
      ],
    });
    expect(certificate.serialNumber).toMatch(/^[0-9A-F]{2,40}$/);
    const der = pemCertToDer(certs.localhost.cert);
    expect(client.tls.getPeerCert({ binary: true })).toEqual(der);
    expect(certificate.raw).toEqual(der);
  });
});

test("S27 getPeerCert() of a server without a client certificate is null", () => {
  forEachVersion((version) => {
    const { server } = connected({ version });
    expect([server.tls.getPeerCert(), server.tls.getPeerCert({ binary: true })]).toEqual([null, null]);
    expect(server.tls.getUnverifiedChain()).toEqual([]);
  });
});

test("S27 getUnverifiedChain() gives what the peer presented, its own certificate first", () => {
  forEachVersion((version) => {
    const { client, server } = connected({
      version,
      identity: "viaIntermediate",
      client: { identities: [identityOf("client")] },
      server: { verifyMode: "required", ca: certs.root.cert },
    });
    expect(client.tls.getUnverifiedChain()).toEqual([
      pemCertToDer(certs.viaIntermediate.cert),
      pemCertToDer(certs.intermediate.cert),
    ]);
    expect(server.tls.getUnverifiedChain()).toEqual([pemCertToDer(certs.client.cert)]);
  });
});

test("the certificate of the peer stays known after the conversation has ended, and after it has failed", () => {
  forEachSide((version, role) => {
    const mutual = {
      client: { identities: [identityOf("client")] },
      server: { verifyMode: "required", ca: certs.root.cert },
    } as const;
    const closed = sides(connected({ version, ...mutual }), role)[0];
    closed.tls.shutdownWrite();
    expect(closed.tls.getPeerCert()).not.toBe(null);
    const failed = sides(connected({ version, ...mutual }), role)[0];
    failed.incoming.writeEof();
    thrownBy(() => failed.tls.read());
    expect(failed.tls.getPeerCert()).not.toBe(null);
    expect(failed.tls.version()).toBe(version);
  });
});

test("DER and PEM of a certificate are turned into each other", () => {
  for (const { cert } of [certs.localhost, certs.localhostRsa, certs.root]) {
    const der = pemCertToDer(cert);
    expect(derCertToPem(der)).toBe(cert);
    expect(pemCertToDer(derCertToPem(der))).toEqual(der);
    expect(parseCertificate(der)).toEqual(parseCertificate(der.slice().buffer));
  }
  expect(() => pemCertToDer("no PEM")).toThrow(SSLConfigError);
});

test("S31 sharedCiphers() names the suites that both sides have, in the server's order", () => {
  const offered = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_CHACHA20_POLY1305_SHA256",
  ];
  const had = ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-SHA"];
  const cipherSuites = { client: { cipherSuites: offered }, server: { cipherSuites: had } };
  const { client, server } = connected(cipherSuites);
  const shared = server.tls.sharedCiphers()!;
  expect(shared.map(({ name }) => name)).toEqual(had.slice(0, 3));
  expect(shared).toContainEqual(server.tls.cipher());
  expect(client.tls.sharedCiphers()).toBe(null);
});

test("S31 sharedCiphers() is null before the end of the handshake, and stays known after the conversation", () => {
  forEachVersion((version) => {
    const pair = pairOf({ version });
    expect([pair.client.tls.sharedCiphers(), pair.server.tls.sharedCiphers()]).toEqual([null, null]);
    handshake(pair);
    const shared = pair.server.tls.sharedCiphers();
    expect(shared).toContainEqual(pair.server.tls.cipher());
    pair.server.incoming.writeEof();
    thrownBy(() => pair.server.tls.read());
    expect(pair.server.tls.sharedCiphers()).toEqual(shared);
  });
});

test("every error says which kind it is, by class, name, code and reason", () => {
  const unknown = attempt(pairOf({ identity: "unknownCa" }));
  const verification = unknown.client as SSLCertVerificationError;
  expect([verification.name, verification.code, verification.reason, verification.library]).toEqual([
    "SSLCertVerificationError",
    "ERR_SSL_CERTIFICATE_VERIFY_FAILED",
    "CERTIFICATE_VERIFY_FAILED",
    "X509",
  ]);
  const alert = unknown.server as SSLAlertError;
  expect([alert.name, alert.code, alert.reason, alert.library]).toEqual([
    "SSLAlertError",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSL",
  ]);
  const { client } = connected();
  const want = thrownBy(() => client.tls.read());
  expect(want).toMatchObject({ name: "SSLWantReadError", code: "ERR_SSL_WANT_READ", reason: "WANT_READ" });
  for (const error of [verification, alert, want]) expect(error).toBeInstanceOf(SSLError);
});

test("isWant() tells would-block from failure", () => {
  const ready = Promise.resolve();
  for (const error of [new SSLWantReadError(), new SSLWantWriteError(), new SSLWantCallbackError(ready)]) {
    expect(isWant(error)).toBe(true);
  }
  const others = [new SSLEOFError("x"), new SSLZeroReturnError(), new SSLStateError("x"), new Error("x"), null, "want"];
  for (const error of others) expect(isWant(error)).toBe(false);
});

test("would-block takes no stack trace, and other errors keep theirs", () => {
  const { client, server } = connected();
  const want = thrownBy(() => client.tls.read()) as Error;
  expect((want.stack ?? "").split("\n").length).toBeLessThan(3);
  server.incoming.writeEof();
  const eof = thrownBy(() => server.tls.read()) as Error;
  expect(eof.stack).toMatch(/introspection/);
});

test("B95 dispose() frees what the connection and the context had in the wasm memory, wiped", () => {
  warmUp();
  forEachVersion((version) => {
    const before = counts();
    const pair = pairOf({ version });
    expect(counts().objects).toBe(before.objects + 3); // a server's connection begins with the ClientHello
    handshake(pair);
    expect(counts().objects).toBe(before.objects + 4);
    pair.client.tls.write(ascii("in flight"));
    deliver(pair.client, pair.server);
    pair.server.tls.read(2);
    expect(counts().blocks).toBeGreaterThan(before.blocks);
    for (const { tls } of [pair.client, pair.server]) tls.dispose();
    expect(counts().objects).toBe(before.objects + 2);
    for (const { tls } of [pair.client, pair.server]) tls.context.dispose();
    expect(counts()).toEqual(before);
  });
});

test("B95 a connection that is dropped in any state gives everything back", () => {
  warmUp();
  const before = counts();
  forEachSide((version, role) => {
    for (const steps of [0, 1, 2, 3]) {
      inCase(`after ${steps} steps`, () => {
        const pair = pairOf({ version, ...mutualOf(role === "server" ? "clientUnknown" : "client") });
        for (let step = 0; step < steps; step++) {
          thrownBy(() => pair.client.tls.doHandshake());
          deliver(pair.client, pair.server);
          thrownBy(() => pair.server.tls.doHandshake());
          deliver(pair.server, pair.client);
        }
      });
      expect(counts()).toEqual(before);
    }
  });
});

test("B95 a context that could not be made leaves nothing behind", () => {
  const before = counts();
  const { cert, key } = certs.localhost;
  for (const identities of [
    [identityOf("localhost"), { cert, key: certs.client.key }],
    [identityOf("localhost"), { cert, key: "" }],
    [{ cert, key: key.replace("MIG", "AAA") }],
    [identityOf("ed25519")],
  ]) {
    expect(() => serverContext({ identities })).toThrow(SSLConfigError);
  }
  expect(() => clientContext({ ca: [certs.root.cert, new Uint8Array(40)] })).toThrow(SSLConfigError);
  expect(counts()).toEqual(before);
});

test("B95 every call after dispose() raises a state error, and what is not a call stays readable", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.tls.dispose();
    for (const call of [
      () => own.tls.read(),
      () => own.tls.write(ascii("x")),
      () => own.tls.unwrap(),
      () => own.tls.version(),
      () => own.tls.cipher(),
      () => own.tls.group(),
      () => own.tls.selectedAlpnProtocol(),
      () => own.tls.getPeerCert(),
      () => own.tls.getUnverifiedChain(),
      () => own.tls.getVerifiedChain(),
      () => own.tls.exportKeyingMaterial(20, "EXPORTER-late"),
      () => (role === "server" ? own.tls.sharedCiphers() : own.tls.cipher()),
    ]) {
      expect(call).toThrow(SSLStateError);
    }
    expect([own.tls.pending(), own.tls.hasBuffered(), own.tls.serverSide]).toEqual([0, false, role === "server"]);
  });
});

test("B95 using disposes of contexts and connections", () => {
  const before = counts().objects;
  {
    using context = clientContext();
    using tls = wrapped(context, { serverHostname: "localhost" }).tls;
    expect(tls.state).toBe("init");
    expect(counts().objects).toBe(before + 2);
  }
  expect(counts().objects).toBe(before);
});

test("S20 a thousand connections made and dropped leave no object, no block and no memory", () => {
  warmUp();
  const client = clientContext();
  const server = serverContext();
  const before = counts();
  let bytes = 0;
  for (let i = 0; i < 1000; i++) {
    const pair = { client: wrapped(client, { serverHostname: "localhost" }), server: wrapped(server) };
    // Most are dropped on the way, as whole handshakes take their time.
    if (i % 25 === 0) handshake(pair);
    else {
      thrownBy(() => pair.client.tls.doHandshake());
      if (i % 5 === 0) deliver(pair.client, pair.server);
      if (i % 7 === 0) pair.server.incoming.write(ascii("junk in place of a ClientHello"));
      thrownBy(() => pair.server.tls.doHandshake());
    }
    for (const { tls } of [pair.client, pair.server]) tls.dispose();
    if (i === 100) bytes = sharedRealm().memoryBytes;
  }
  expect(counts()).toEqual(before);
  expect(sharedRealm().memoryBytes).toBe(bytes);
});

function counts(): { objects: number; blocks: number } {
  return { objects: sharedRealm().liveObjects(), blocks: sharedRealm().liveBlocks() };
}

/** Mbed TLS makes some tables with the first handshake and keeps them. */
function warmUp(): void {
  inCase("warming up", () => handshake(pairOf(mutualOf("client"))));
}

function mutualOf(identity: "client" | "clientUnknown"): object {
  return {
    client: { identities: [identityOf(identity)] },
    server: { verifyMode: "required", ca: certs.root.cert },
  };
}

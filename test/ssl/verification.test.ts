// Who is trusted: the verdict over chains and names, the error on the verifying side and the alert on the other.
import { expect, test } from "vitest";
import {
  type ClientOptions,
  pemCertToDer,
  type ServerOptions,
  SSLAlertError,
  SSLCertVerificationError,
  SSLError,
  SSLStateError,
  type TLSVersion,
  type WrapOptions,
} from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";
import {
  ascii,
  attempt,
  connected,
  deliver,
  forEachCase,
  forEachSide,
  forEachVersion,
  expectHandshake,
  handshake,
  identityOf,
  inCase,
  joined,
  type Pair,
  pairOf,
  type PairOptions,
  recordOf,
  recordsOf,
  recordType,
  sides,
  thrownBy,
} from "../support/conversation.ts";

const before2020 = Date.UTC(2019, 0, 1);
const after2120 = Date.UTC(2121, 0, 1);

interface Refusal {
  readonly name: string;
  /** What the verified side presents. */
  readonly identity: CertName;
  readonly verifyCode: number;
  readonly nodeCode: string;
  readonly alert: number;
  readonly trust?: CertName;
  readonly now?: number;
}

const refusals: readonly Refusal[] = [
  {
    name: "unknown CA",
    identity: "unknownCa",
    verifyCode: 20,
    nodeCode: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    alert: 48,
  },
  { name: "self-signed", identity: "selfSigned", verifyCode: 18, nodeCode: "DEPTH_ZERO_SELF_SIGNED_CERT", alert: 48 },
  { name: "expired", identity: "expired", verifyCode: 10, nodeCode: "CERT_HAS_EXPIRED", alert: 45 },
  { name: "not yet valid", identity: "notYetValid", verifyCode: 9, nodeCode: "CERT_NOT_YET_VALID", alert: 42 },
  {
    name: "expired by our clock",
    identity: "localhost",
    verifyCode: 10,
    nodeCode: "CERT_HAS_EXPIRED",
    alert: 45,
    now: after2120,
  },
  {
    name: "not yet valid by our clock",
    identity: "localhost",
    verifyCode: 9,
    nodeCode: "CERT_NOT_YET_VALID",
    alert: 42,
    now: before2020,
  },
  {
    name: "missing trust anchor",
    identity: "localhost",
    verifyCode: 20,
    nodeCode: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    alert: 48,
    trust: "unknownRoot",
  },
];

test("B22 S21 a client refuses a server with the reason and the alert of the case", () => {
  const cases: readonly Refusal[] = [
    ...refusals,
    {
      name: "short key",
      identity: "rsa1024",
      verifyCode: 66,
      nodeCode: "EE_KEY_TOO_SMALL",
      alert: 42,
      trust: "rsaRoot",
    },
  ];
  forEachVersion((version) => {
    for (const one of cases) {
      inCase(one.name, () => {
        const client = { ca: certs[one.trust ?? "root"].cert, ...clock(one) };
        expectRefusal(pairOf({ version, client, identity: one.identity }), "client", one);
      });
    }
  });
});

test("B22 S21 a server refuses a client with the reason and the alert of the case", () => {
  const cases: readonly Refusal[] = [
    ...refusals,
    { name: "wrong usage", identity: "localhost", verifyCode: 26, nodeCode: "INVALID_PURPOSE", alert: 43 },
  ];
  for (const verifyMode of ["required", "optional"] as const) {
    forEachVersion((version) => {
      for (const one of cases) {
        inCase(`${verifyMode}, ${one.name}`, () => {
          const identity = one.identity === "localhost" && one.name !== "wrong usage" ? "client" : one.identity;
          const server = { verifyMode, ca: certs[one.trust ?? "root"].cert, ...clock(one) };
          const pair = pairOf({ version, server, client: { identities: [identityOf(identity)] } });
          expectRefusal(pair, "server", { ...one, identity });
        });
      }
    });
  }
});

test("B22 a server does not present a certificate that is not for servers", () => {
  forEachVersion((version) => {
    const { client, server } = attempt(pairOf({ version, identity: "wrongUsage" }));
    expect(server).toMatchObject({ reason: "HANDSHAKE_FAILURE" });
    expect(client).toMatchObject({ alertName: "handshake_failure" });
  });
});

test("B22 a client refuses a certificate that is not for servers", () => {
  // Our own server would not present it, so the wire puts it in.
  const pair = pairOf({ version: "TLSv1.2" });
  const other = certificateMessage(pemCertToDer(certs.wrongUsage.cert));
  const { client, server } = attempt(pair, Infinity, (from, bytes) => {
    const records = recordsOf(bytes);
    return joined(records.map((record) => (from === "server" && record[5] === certificateType ? other : record)));
  });
  expect(client).toMatchObject({ name: "SSLCertVerificationError", verifyCode: 26, nodeCode: "INVALID_PURPOSE" });
  expect(server).toMatchObject({ name: "SSLAlertError", alert: 43, alertName: "unsupported_certificate" });
});

test("B22 a certificate for another name is refused with bad_certificate", () => {
  forEachVersion((version) => {
    const { client, server } = attempt(pairOf({ version, identity: "otherHost" }));
    expect(client).toBeInstanceOf(SSLCertVerificationError);
    expect(client).toMatchObject({
      verifyCode: 62,
      nodeCode: "ERR_TLS_CERT_ALTNAME_INVALID",
      reason: "CERTIFICATE_VERIFY_FAILED",
      hostname: "localhost",
      message: "Cannot trust the certificate of the peer: it is for other.example, not for localhost",
    });
    expect(server).toMatchObject({ name: "SSLAlertError", alert: 42, alertName: "bad_certificate", sent: false });
  });
});

test("B22 the refusal comes out of doHandshake, with the alert in the queue and over every cut of the wire", () => {
  forEachCase(
    (version, _, chunk) => {
      const { client, server } = attempt(pairOf({ version, identity: "unknownCa" }), chunk);
      expect(client).toBeInstanceOf(SSLCertVerificationError);
      expect(server).toMatchObject({ name: "SSLAlertError", alert: 48 });
    },
    { roles: ["client"] },
  );
});

test("B22 S24 a chain through an intermediate certificate is trusted when it is sent, and refused when it is not", () => {
  forEachVersion((version) => {
    expectHandshake(pairOf({ version, identity: "viaIntermediate" }));
    const { cert, key } = certs.viaIntermediate;
    const missing = pairOf({ version, server: { identities: [{ cert, key }] } });
    expect(attempt(missing).client).toMatchObject({ verifyCode: 20 });
    expectHandshake(
      pairOf({ version, server: { identities: [{ cert, key }] }, client: { ca: [certs.intermediate.cert] } }),
    );
  });
});

test("B22 several findings are all named, and the gravest decides", () => {
  const { client, server } = attempt(pairOf({ identity: "expired", client: { ca: certs.unknownRoot.cert } }));
  expect(client).toMatchObject({ verifyCode: 20 });
  expect(server).toMatchObject({ alert: 48 });
});

test("B22 an error of verification carries the chain that was presented", () => {
  const { client } = attempt(pairOf({ identity: "viaIntermediate", client: { ca: certs.unknownRoot.cert } }));
  const { chain, depth } = client as SSLCertVerificationError;
  expect(chain.map((der) => der.length > 100)).toEqual([true, true]);
  expect(depth).toBeGreaterThanOrEqual(0);
});

test("B23 a client sends its certificate to a server that it trusts, and nothing but an alert to another", () => {
  forEachVersion((version) => {
    for (const trusted of [true, false]) {
      const ca = trusted ? certs.root.cert : certs.unknownRoot.cert;
      const client = { ca, identities: [identityOf("client")] };
      const pair = pairOf({ version, client, server: { verifyMode: "required", ca: certs.root.cert } });
      const flights: number[] = [];
      const outcome = attempt(pair, Infinity, (from, bytes) => {
        if (from === "client" && bytes.length > 0) flights.push(bytes.length);
        return bytes;
      });
      const certificate = pemCertToDer(certs.client.cert);
      expect(outcome.client === undefined).toBe(trusted);
      expect(flights).toHaveLength(2); // the ClientHello, then the answer to the server's certificate
      if (trusted) expect(flights[1]).toBeGreaterThan(certificate.length);
      else expect(flights[1]).toBeLessThanOrEqual(30); // one alert, encrypted in TLS 1.3
      if (!trusted) expect(thrownBy(() => pair.server.tls.getPeerCert())).toBeInstanceOf(SSLStateError);
    }
  });
});

test("B25 a server that requires a certificate raises PEER_DID_NOT_RETURN_A_CERTIFICATE when there is none", () => {
  forEachVersion((version) => {
    const pair = pairOf({ version, server: { verifyMode: "required", ca: certs.root.cert } });
    const { client, server } = attempt(pair);
    expect(server).toBeInstanceOf(SSLError);
    expect(server).toMatchObject({ reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE" });
    const seen = version === "TLSv1.2" ? client : thrownBy(() => pair.client.tls.read());
    // RFC 5246 has no certificate_required.
    expect(seen).toMatchObject({ name: "SSLAlertError", alert: version === "TLSv1.2" ? 40 : 116 });
  });
});

test("B25 S28 with verifyMode optional no certificate is fine, a good one is verified, a bad one refused", () => {
  forEachVersion((version) => {
    const server = { verifyMode: "optional", ca: certs.root.cert } as const;
    const without = connected({ version, server });
    expect(without.server.tls.getPeerCert()).toBe(null);
    expect(without.server.tls.getUnverifiedChain()).toEqual([]);
    const given = connected({ version, server, client: { identities: [identityOf("client")] } });
    expect(commonName(given)).toBe("wanttls test client");
    const bad = attempt(pairOf({ version, server, client: { identities: [identityOf("clientUnknown")] } }));
    expect(bad.server).toBeInstanceOf(SSLCertVerificationError);
  });
});

test("S28 with verifyMode none a client is not asked for its certificate", () => {
  forEachVersion((version) => {
    const { server } = connected({ version, client: { identities: [identityOf("client")] } });
    expect(server.tls.getPeerCert()).toBe(null);
  });
});

test("S28 with verifyMode required a good client certificate is accepted, EC and RSA", () => {
  forEachVersion((version) => {
    for (const [identity, name] of [
      ["client", "wanttls test client"],
      ["clientRsa", "wanttls test RSA client"],
    ] as const) {
      const server = { verifyMode: "required", ca: [certs.root.cert, certs.rsaRoot.cert] } as const;
      const pair = connected({ version, server, client: { identities: [identityOf(identity)] } });
      expect(commonName(pair)).toBe(name);
      pair.client.tls.write(ascii("welcome"));
      deliver(pair.client, pair.server);
      expect(pair.server.tls.read()).toEqual(ascii("welcome"));
    }
  });
});

test("B24 in TLS 1.3 a client learns of each refusal from its first read, in TLS 1.2 in the handshake", () => {
  forEachVersion((version) => {
    for (const [identity, alert] of [
      ["clientUnknown", 48],
      ["expired", 45],
      ["localhost", 43],
    ] as const) {
      const client: ClientOptions = { identities: [identityOf(identity)] };
      const pair = pairOf({ version, client, server: { verifyMode: "required", ca: certs.root.cert } });
      const outcome = attempt(pair);
      expect(outcome.client === undefined).toBe(version === "TLSv1.3");
      const seen = outcome.client ?? thrownBy(() => pair.client.tls.read());
      expect(seen).toBeInstanceOf(SSLAlertError);
      expect(seen).toMatchObject({ alert, sent: false });
    }
  });
});

test("S21 names: each kind of certificate against the names it stands for and others", () => {
  const cases: readonly (readonly [CertName, string, boolean])[] = [
    ["localhost", "localhost", true],
    ["localhost", "LOCALHOST", true],
    ["localhost", "localhost.", true],
    ["localhost", "127.0.0.1", true],
    ["localhost", "::1", true],
    ["localhost", "127.0.0.2", false],
    ["localhost", "sub.localhost", false],
    ["wildcard", "a.wild.example", true],
    ["wildcard", "A.Wild.Example", true],
    ["wildcard", "wild.example", false],
    ["wildcard", "a.b.wild.example", false],
    ["idn", "bücher.example", true],
    ["idn", "xn--bcher-kva.example", true],
    ["idn", "www.bücher.example", true],
    ["idn", "bucher.example", false],
    ["ipOnly", "127.0.0.1", true],
    ["ipOnly", "localhost", false],
    ["cnOnly", "localhost", false],
  ];
  for (const [identity, serverHostname, good] of cases) {
    inCase(`${identity} for ${serverHostname}`, () => {
      const { client } = attempt(pairOf({ identity, wrap: { serverHostname } }));
      if (good) expect(client).toBe(undefined);
      else expect(client).toMatchObject({ name: "SSLCertVerificationError", reason: "CERTIFICATE_VERIFY_FAILED" });
    });
  }
});

test("S22 the common name counts only when it is asked for and there is no other name", () => {
  const wrap: WrapOptions = { serverHostname: "localhost" };
  expectHandshake(pairOf({ identity: "cnOnly", wrap, client: { commonNameFallback: true } }));
  expect(
    attempt(pairOf({ identity: "cnOnly", wrap: { serverHostname: "other" }, client: { commonNameFallback: true } }))
      .client,
  ).toMatchObject({ verifyCode: 62 });
  const other = pairOf({ identity: "ipOnly", wrap: { serverHostname: "x" }, client: { commonNameFallback: true } });
  expect(attempt(other).client).toMatchObject({ verifyCode: 62 });
});

test("S21 without a check of the name any name is fine, without verification any certificate", () => {
  forEachVersion((version) => {
    expectHandshake(pairOf({ version, identity: "otherHost", client: { checkHostname: false } }));
    for (const identity of ["unknownCa", "expired", "selfSigned", "otherHost", "rsa1024"] as const) {
      const pair = connected({ version, identity, client: { verifyMode: "none" } });
      expect(pair.client.tls.getPeerCert({ binary: true })).toBeInstanceOf(Uint8Array);
    }
  });
});

test("S21 a client without any trusted certificate trusts nobody", () => {
  forEachVersion((version) => {
    const pair = pairOf({ version, client: { ca: [] } });
    expect(attempt(pair).client).toMatchObject({ name: "SSLCertVerificationError", verifyCode: 20 });
  });
});

test("S21 a client with verifyMode optional verifies all the same", () => {
  expect(attempt(pairOf({ identity: "unknownCa", client: { verifyMode: "optional" } })).client).toMatchObject({
    verifyCode: 20,
  });
  expectHandshake(pairOf({ client: { verifyMode: "optional" } }));
});

test("S24 several trusted certificates: as a list, in one text, doubled, as DER", () => {
  const [root, rsaRoot] = [certs.root.cert, certs.rsaRoot.cert];
  const ders = [root, rsaRoot].map((pem) =>
    Uint8Array.from(atob(pem.replace(/-----.*?-----|\s/g, "")), (c) => c.charCodeAt(0)),
  );
  const lists = [
    [root, rsaRoot],
    rsaRoot + root,
    `junk before\n${root}\njunk between\n${rsaRoot}`,
    [root, root, rsaRoot + root],
    ders,
  ];
  for (const ca of lists) {
    for (const identity of ["localhost", "localhostRsa"] as const)
      expectHandshake(pairOf({ identity, client: { ca } }));
  }
});

test("S24 a trusted certificate may be the server's own", () => {
  expectHandshake(pairOf({ identity: "selfSigned", client: { ca: certs.selfSigned.cert } }));
});

test("S25 with an EC and an RSA identity the client's signature algorithms choose", () => {
  const identities = [identityOf("localhost"), identityOf("localhostRsa")];
  forEachVersion((version) => {
    for (const order of [identities, identities.toReversed()]) {
      for (const [signatureAlgorithms, ca] of [
        [["ecdsa_secp256r1_sha256"], certs.root.cert],
        [["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"], certs.rsaRoot.cert],
      ] as const) {
        expectHandshake(pairOf({ version, server: { identities: order }, client: { signatureAlgorithms, ca } }));
      }
    }
  });
});

test("S25 a client with several identities presents the first that the server can take a signature of", () => {
  const identities = [identityOf("client"), identityOf("clientRsa")];
  const ca = [certs.root.cert, certs.rsaRoot.cert];
  const cases = [
    [["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"], "localhost", ["client"]],
    [["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384"], "localhostRsa", ["clientRsa"]],
    [undefined, "localhost", ["client", "clientRsa"]],
  ] as const;
  forEachVersion((version) => {
    for (const [signatureAlgorithms, identity, expected] of cases) {
      for (const order of [identities, identities.toReversed()]) {
        const wanted = signatureAlgorithms === undefined ? {} : { signatureAlgorithms };
        const server: Partial<ServerOptions> = { verifyMode: "required", ca, ...wanted };
        const pair = connected({ version, identity, server, client: { ca, identities: order } });
        const [first] = expected.length === 1 ? expected : order === identities ? expected : expected.toReversed();
        const name = first === "client" ? "wanttls test client" : "wanttls test RSA client";
        expect(commonName(pair)).toBe(name);
      }
    }
  });
});

test("S25 a client presents no certificate when the server can take a signature of none", () => {
  const identities = [identityOf("client")];
  const signatureAlgorithms = ["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384"] as const;
  const ca = [certs.root.cert, certs.rsaRoot.cert];
  forEachVersion((version) => {
    const client = { ca, identities };
    const optional = { verifyMode: "optional", ca, signatureAlgorithms } as const;
    const pair = connected({ version, identity: "localhostRsa", server: optional, client });
    expect(pair.server.tls.getPeerCert()).toBe(null);
    const required = { ...optional, verifyMode: "required" } as const;
    const outcome = attempt(pairOf({ version, identity: "localhostRsa", server: required, client }));
    expect(outcome.server).toMatchObject({ reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE" });
  });
});

test("S19 the clock decides for each handshake anew", () => {
  let time = Date.now();
  const pairs = pairOf({ client: { now: () => time } });
  handshake(pairs);
  time = after2120;
  const { context } = pairs.client.tls;
  const server = pairOf().server;
  const client = {
    ...pairs.client,
    tls: context.wrapBio(pairs.client.incoming, pairs.client.outgoing, { serverHostname: "localhost" }),
  };
  expect(attempt({ client, server }).client).toMatchObject({ verifyCode: 10 });
  client.tls.dispose();
});

test("S19 a clock that answers no time lets nobody be trusted", () => {
  for (const time of [NaN, Infinity, -Infinity, "now", undefined, null] as unknown[]) {
    inCase(String(time), () => {
      const pair = pairOf({ client: { now: () => time as number } });
      expect(thrownBy(() => handshake(pair))).toBeInstanceOf(TypeError);
      expect(pair.client.tls.version()).toBe(null);
    });
  }
});

test("neither side is told of a peer certificate that was refused", () => {
  forEachSide((version, role) => {
    const options: PairOptions =
      role === "client" ? { version, identity: "unknownCa" } : mutual(version, "clientUnknown");
    const [own] = sides(pairOf(options), role);
    expect(() => own.tls.getPeerCert()).toThrow();
    expect(own.tls.version()).toBe(null);
  });
});

const certificateType = 11;

/** A TLS 1.2 Certificate message (RFC 5246, section 7.4.2) with one certificate, in a record. */
function certificateMessage(der: Uint8Array): Uint8Array {
  const withLength = (bytes: Uint8Array): Uint8Array =>
    joined([Uint8Array.of(0, Math.floor(bytes.length / 256), bytes.length % 256), bytes]);
  return recordOf(
    recordType.handshake,
    joined([Uint8Array.of(certificateType), withLength(withLength(withLength(der)))]),
  );
}

function mutual(version: TLSVersion, identity: CertName): PairOptions {
  const server: Partial<ServerOptions> = { verifyMode: "required", ca: certs.root.cert };
  return { version, server, client: { identities: [identityOf(identity)] } };
}

function expectRefusal(pair: Pair, by: "client" | "server", refusal: Refusal): void {
  const outcome = attempt(pair);
  const error = outcome[by];
  expect(error).toBeInstanceOf(SSLCertVerificationError);
  const { verifyCode, nodeCode } = refusal;
  expect(error).toMatchObject({ verifyCode, nodeCode, reason: "CERTIFICATE_VERIFY_FAILED", library: "X509" });
  const [own, peer] = sides(pair, by);
  expect([own.tls.state, own.tls.version()]).toEqual(["failed", null]);
  const seen = outcome[peer.role] ?? thrownBy(() => peer.tls.read());
  expect(seen).toMatchObject({ name: "SSLAlertError", alert: refusal.alert, sent: false });
}

function clock({ now }: Refusal): { now?: () => number } {
  return now === undefined ? {} : { now: () => now };
}

function commonName({ server }: Pair): string | undefined {
  return server.tls
    .getPeerCert()
    ?.subject.flat()
    .find(([name]) => name === "commonName")?.[1];
}

// What two sides agree on: version, cipher suite, group, signature algorithm, application protocol, or why they do not.
import { expect, test } from "vitest";
import {
  type BaseOptions,
  SSLAlertError,
  SSLConfigError,
  SSLError,
  type SSLObject,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  type Attempt,
  connected,
  drained,
  expectHandshake,
  forEachCase,
  forEachVersion,
  handshake,
  identityOf,
  inCase,
  pairOf,
  thrownBy,
  versions,
} from "../support/conversation.ts";
import { extension, extensionIn, withoutExtension } from "../support/hello.ts";

const ranges = versions.flatMap((minVersion) =>
  versions.filter((maxVersion) => minVersion <= maxVersion).map((maxVersion) => ({ minVersion, maxVersion })),
);

test("S29 every pair of version ranges comes to the highest common version, or to an error that says so", () => {
  for (const client of ranges) {
    for (const server of ranges) {
      inCase(JSON.stringify({ client, server }), () => {
        const best = lower(client.maxVersion, server.maxVersion);
        const pair = pairOf({ client, server });
        const outcome = attempt(pair);
        if (best >= client.minVersion && best >= server.minVersion) {
          expect(outcome).toEqual({ client: undefined, server: undefined });
          expect([pair.client.tls.version(), pair.server.tls.version()]).toEqual([best, best]);
        } else {
          expectDisagreement(outcome, "UNSUPPORTED_PROTOCOL", "protocol_version");
        }
      });
    }
  }
});

test("S29 a ClientHello that was stripped of TLS 1.3 on the way does not lead to TLS 1.2", () => {
  forEachCase(
    (_, __, chunk) => {
      const pair = pairOf();
      const { client } = attempt(pair, chunk, (from, bytes) =>
        from === "client" && bytes[5] === 1 ? withoutExtension(bytes, extension.supportedVersions) : bytes,
      );
      // The server marks its random (RFC 8446, section 4.1.3), and the client sees the mark.
      expect(client).toBeInstanceOf(SSLError);
      expect(client).toMatchObject({ reason: "ILLEGAL_PARAMETER" });
      expect([pair.client.tls.state, pair.server.tls.state]).not.toContain("open");
      expect(pair.client.tls.version()).toBe(null);
    },
    { versions: ["TLSv1.3"], roles: ["client"] },
  );
});

test("S29 the mark of a downgrade is there when the server knows TLS 1.3 and chose TLS 1.2, and only then", () => {
  for (const [maxVersion, marked] of [
    ["TLSv1.3", true],
    ["TLSv1.2", false],
  ] as const) {
    const { client, server } = pairOf({ client: { maxVersion: "TLSv1.2" }, server: { maxVersion } });
    thrownBy(() => client.tls.doHandshake());
    server.incoming.write(drained(client));
    thrownBy(() => server.tls.doHandshake());
    const tail = String.fromCharCode(...drained(server).subarray(11 + 24, 11 + 32));
    expect(tail === "DOWNGRD\x01").toBe(marked);
  }
});

test("S29 the version that a ClientHello offers is the one that was asked for", () => {
  const offered = (options: BaseOptions): number[] => {
    const { client } = pairOf({ client: options });
    thrownBy(() => client.tls.doHandshake());
    const body = extensionIn(drained(client), extension.supportedVersions);
    return body === null ? [] : [...new Uint8Array(body.subarray(1))].filter((_, i) => i % 2 === 1);
  };
  expect(offered({})).toEqual([4, 3]);
  expect(offered({ minVersion: "TLSv1.3" })).toEqual([4]);
  expect(offered({ maxVersion: "TLSv1.2" })).toEqual([]);
});

test("S29 a server that chose a version that was not offered is refused", () => {
  const pair = pairOf({ version: "TLSv1.2" });
  const { client } = attempt(pair, Infinity, (from, bytes) => {
    if (from !== "server" || bytes[5] !== 2) return bytes;
    const older = bytes.slice();
    older[10] = 2; // server_version: TLS 1.1
    return older;
  });
  expect(client).toMatchObject({ reason: "UNSUPPORTED_PROTOCOL" });
});

test("S30 without a common cipher suite both sides fail with handshake_failure", () => {
  const lists = {
    "TLSv1.2": [["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]],
    "TLSv1.3": [["TLS_AES_128_GCM_SHA256"], ["TLS_AES_256_GCM_SHA384"]],
  } as const;
  forEachVersion((version) => {
    const [ours, theirs] = lists[version];
    const outcome = attempt(pairOf({ version, client: { cipherSuites: ours }, server: { cipherSuites: theirs } }));
    expectDisagreement(outcome, "HANDSHAKE_FAILURE", "handshake_failure");
    expect((outcome.server as Error).message).toMatch(/cipher suite/);
  });
});

test("S30 without a common group both sides fail with handshake_failure", () => {
  forEachVersion((version) => {
    // An RSA identity, as the groups of TLS 1.2 bind the keys of EC certificates too (RFC 8422, section 5.1).
    const server = { groups: ["secp384r1"] } as const;
    const client = { groups: ["x25519"], ca: certs.rsaRoot.cert } as const;
    const outcome = attempt(pairOf({ version, client, server, identity: "localhostRsa" }));
    expectDisagreement(outcome, "HANDSHAKE_FAILURE", "handshake_failure");
    expect((outcome.server as Error).message).toMatch(/group/);
  });
});

test("S30 without a common signature algorithm both sides fail with handshake_failure", () => {
  forEachVersion((version) => {
    const signatureAlgorithms = ["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"] as const;
    const outcome = attempt(pairOf({ version, client: { signatureAlgorithms } }));
    expectDisagreement(outcome, "HANDSHAKE_FAILURE", "handshake_failure");
    expect((outcome.server as Error).message).toMatch(/signature algorithm/);
  });
});

test("S30 lists that cannot work in the highest version are refused when the context is made", () => {
  const wrong: readonly BaseOptions[] = [
    { maxVersion: "TLSv1.2", cipherSuites: ["TLS_AES_128_GCM_SHA256"] },
    { maxVersion: "TLSv1.3", cipherSuites: ["ECDHE-ECDSA-AES128-GCM-SHA256"] },
    { minVersion: "TLSv1.3", cipherSuites: ["ECDHE-ECDSA-AES128-GCM-SHA256"] },
    { maxVersion: "TLSv1.2", signatureAlgorithms: ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384"] },
  ];
  for (const options of wrong) {
    expect(() => pairOf({ client: options })).toThrow(SSLConfigError);
    expect(() => pairOf({ server: options })).toThrow(SSLConfigError);
  }
});

test("S30 a suite for another kind of key than the server's is no common suite", () => {
  const cipherSuites = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] as const;
  const outcome = attempt(pairOf({ version: "TLSv1.2", client: { cipherSuites } }));
  expectDisagreement(outcome, "HANDSHAKE_FAILURE", "handshake_failure");
});

test("S30 TLS 1.3 starts again when the client's first key share is for a group that the server does not have", () => {
  const pair = connected({
    version: "TLSv1.3",
    client: { groups: ["x25519", "secp384r1"] },
    server: { groups: ["secp384r1"] },
  });
  expect([pair.client.tls.group(), pair.server.tls.group()]).toEqual(["secp384r1", "secp384r1"]);
});

test("S31 cipher() names the suite with its version and bits, the same on both sides", () => {
  const suites = [
    ["TLSv1.3", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", 128, 4865],
    ["TLSv1.3", "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", 256, 4866],
    ["TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", 256, 4867],
    ["TLSv1.3", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256", 128, 4868],
    ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", 128, 49195],
    ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", 256, 49196],
    ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", 256, 52393],
    ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", 128, 49161],
    ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8", 128, 49326],
  ] as const;
  for (const [version, standardName, name, bits, id] of suites) {
    inCase(standardName, () => {
      for (const given of [standardName, name, id]) {
        const options = { cipherSuites: [given] };
        const { client, server } = connected({ client: options, server: options });
        for (const { tls } of [client, server]) {
          expect(tls.cipher()).toEqual({ name, standardName, id, bits, version });
          expect([tls.version(), tls.context.getCiphers()[0]?.id]).toEqual([version, id]);
        }
      }
    });
  }
});

test("S31 the server's order of suites decides, or the client's when the server lets it", () => {
  const [a, b] = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] as const;
  for (const [honorCipherOrder, chosen] of [
    [true, b],
    [false, a],
  ] as const) {
    const server = { cipherSuites: [b, a], honorCipherOrder };
    const pair = connected({ version: "TLSv1.2", client: { cipherSuites: [a, b] }, server });
    expect(pair.client.tls.cipher()?.standardName).toBe(chosen);
  }
});

test("group() names the group of the key exchange on both sides", () => {
  forEachVersion((version) => {
    for (const group of ["x25519", "secp256r1", "secp384r1", "secp521r1"] as const) {
      const options = { groups: [group], ca: certs.rsaRoot.cert };
      const { client, server } = connected({ version, client: options, identity: "localhostRsa" });
      expect([client.tls.group(), server.tls.group()]).toEqual([group, group]);
    }
  });
});

test("compression() is always null", () => {
  const { client, server } = connected();
  expect([client.tls.compression(), server.tls.compression()]).toEqual([null, null]);
});

test("S32 the server's preference decides on the application protocol", () => {
  const cases: readonly [client: string[], server: string[], chosen: string | null][] = [
    [["foo", "bar"], ["bar", "foo"], "bar"],
    [["bar"], ["foo", "bar"], "bar"],
    [["foo", "bar"], ["foo"], "foo"],
    [["http/1.1", "h2"], ["h2", "http/1.1"], "h2"],
    [[], ["foo"], null],
    [["foo"], [], null],
    [[], [], null],
    [["\u00ff\u00fe"], ["\u00ff\u00fe"], "\u00ff\u00fe"],
    [["H2"], ["h2", "H2"], "H2"],
  ];
  forEachVersion((version) => {
    for (const [ours, theirs, chosen] of cases) {
      inCase(JSON.stringify([ours, theirs]), () => {
        const { client, server } = connected({ version, client: { alpn: ours }, server: { alpn: theirs } });
        expect(protocols(client.tls, server.tls)).toEqual([chosen, chosen]);
      });
    }
  });
});

test("S32 names of 255 bytes and many names are carried, over every cut of the wire", () => {
  const long = "n".repeat(255);
  const many = Array.from({ length: 200 }, (_, i) => `protocol-${i}`);
  forEachCase(
    (version, _, chunk) => {
      for (const [ours, theirs] of [
        [[long], [long]],
        [[...many, long], [long]],
        [many, ["protocol-199"]],
      ] as const) {
        const { client, server } = connected({ version, client: { alpn: ours }, server: { alpn: theirs } }, chunk);
        expect(protocols(client.tls, server.tls)).toEqual([theirs[0], theirs[0]]);
      }
    },
    { roles: ["client"], chunks: [100, Infinity] },
  );
});

test("S32 empty and too long names, and what is no list of names, are refused", () => {
  for (const alpn of [[""], ["h2", ""], ["x".repeat(256)], ["a\0b"], ["\u0100"]]) {
    expect(() => pairOf({ client: { alpn } })).toThrow(SSLConfigError);
    expect(() => pairOf({ server: { alpn } })).toThrow(SSLConfigError);
  }
});

test("S32 a list of names that does not fit into a ClientHello is refused when the context is made", () => {
  const alpn = Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(255, "x"));
  expect(() => pairOf({ client: { alpn } })).toThrow(SSLConfigError);
});

test("S32 without any protocol in common the error names ALPN on both sides", () => {
  forEachVersion((version) => {
    const outcome = attempt(pairOf({ version, client: { alpn: ["a"] }, server: { alpn: ["b", "c"] } }));
    expectDisagreement(outcome, "NO_APPLICATION_PROTOCOL", "no_application_protocol");
    expect((outcome.server as Error).message).toMatch(/ALPN/);
  });
});

test("TLS 1.2 without the extended master secret is refused by both sides, unless it is allowed", () => {
  for (const strip of [false, true]) {
    const attemptWith = (requireExtendedMasterSecret: boolean): Attempt =>
      attempt(
        pairOf({
          version: "TLSv1.2",
          client: { requireExtendedMasterSecret },
          server: { requireExtendedMasterSecret },
        }),
        Infinity,
        (from, bytes) => {
          if (!strip || bytes[5] !== (from === "client" ? 1 : 2)) return bytes;
          return withoutExtension(bytes, extension.extendedMasterSecret);
        },
      );
    const required = attemptWith(true);
    if (strip) expect(required.server).toMatchObject({ reason: "MISSING_EXTENDED_MASTER_SECRET" });
    else expect(required).toEqual({ client: undefined, server: undefined });
  }
});

test("RSA and EC servers of every key size that is supported are served in both versions", () => {
  forEachVersion((version) => {
    for (const identity of ["localhost", "localhostP384", "localhostRsa", "viaIntermediate"] as const) {
      const ca = [certs.root.cert, certs.rsaRoot.cert];
      expectHandshake(pairOf({ version, identity, client: { ca } }));
    }
  });
});

test("each signature algorithm that can be named works for the key it is for", () => {
  forEachVersion((version) => {
    for (const [identity, scheme] of [
      ["localhost", "ecdsa_secp256r1_sha256"],
      ["localhostP384", "ecdsa_secp384r1_sha384"],
      ["localhostRsa", "rsa_pss_rsae_sha256"],
      ["localhostRsa", "rsa_pss_rsae_sha384"],
      ["localhostRsa", "rsa_pss_rsae_sha512"],
      ["localhostRsa", "rsa_pkcs1_sha256"],
    ] as const) {
      inCase(`${identity} ${scheme}`, () => {
        if (version === "TLSv1.3" && scheme === "rsa_pkcs1_sha256") return; // RFC 8446, section 4.2.3: for chains only
        // What signs the chain must be acceptable as well.
        const signatureAlgorithms = [scheme, "ecdsa_secp256r1_sha256", "rsa_pkcs1_sha256"] as const;
        const ca = [certs.root.cert, certs.rsaRoot.cert];
        const server = { identities: [identityOf(identity)] };
        const pair = handshake(pairOf({ version, server, client: { signatureAlgorithms, ca } }));
        expect(pair.client.tls.version()).toBe(version);
      });
    }
  });
});

function lower(a: TLSVersion, b: TLSVersion): TLSVersion {
  return a < b ? a : b;
}

function protocols(...connections: readonly SSLObject[]): (string | null)[] {
  return connections.map((tls) => tls.selectedAlpnProtocol());
}

/** The server says what is missing, the client gets it as an alert. */
function expectDisagreement({ client, server }: Attempt, reason: string, alertName: string): void {
  expect(server).toBeInstanceOf(SSLError);
  expect(server).toMatchObject({ reason });
  expect(client).toBeInstanceOf(SSLAlertError);
  expect(client).toMatchObject({ alertName, sent: false });
}

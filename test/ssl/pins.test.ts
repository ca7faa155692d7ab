// Pins: which key of which path counts, in whole handshakes, and how a pin is computed.
import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { Connection } from "../../ts/engine/connection.ts";
import {
  type BaseOptions,
  parseCertificate,
  spkiPin,
  SSLCertVerificationError,
  SSLConfigError,
  SSLContext,
  SSLError,
  type SSLSession,
  TicketKeys,
  TrustStore,
} from "../../ts/ssl/index.ts";
import { type Made, makeAuthority, makeRoot, makeServer, today } from "../support/certificate-factory.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  type Attempt,
  clientContext,
  deliver,
  forEachVersion,
  handshake,
  identityOf,
  type Pair,
  pairOf,
  type PairOptions,
  serverContext,
  wrapped,
} from "../support/conversation.ts";

const root = makeRoot("pins root");
const authority = makeAuthority(root, "pins authority");
const leaf = makeServer(authority, "localhost");
const stranger = makeRoot("pins stranger");

/** As `openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256` gives it. */
function pin({ key }: Made): string {
  return `sha256/${createHash("sha256").update(key.spki).digest("base64")}`;
}

describe("with verification", () => {
  const own = { trust: TrustStore.fromDer(root.der) };

  test("a pin of any certificate of the path is enough, the trusted one included, with and without prefix", () => {
    forEachVersion((version) => {
      for (const pinned of [leaf, authority, root]) {
        for (const text of [pin(pinned), pin(pinned).replace("sha256/", "")]) {
          expect(meet([leaf, authority], { ...own, pins: [pin(stranger), text] }, version).client).toBeUndefined();
        }
      }
    });
  });

  test("without a pinned key the error names those that were seen, and the peer gets bad_certificate", () => {
    forEachVersion((version) => {
      const { client, server } = meet([leaf, authority], { ...own, pins: [pin(stranger)] }, version);
      expect(client).toBeInstanceOf(SSLCertVerificationError);
      const seen = [leaf, authority, root].map(pin).join(", ");
      const verifyMessage = `it is not vouched for by a pinned key: the keys of its path are ${seen}`;
      expect(client).toMatchObject({ nodeCode: "PINNED_KEY_NOT_IN_CHAIN", verifyCode: 50, depth: 0, verifyMessage });
      expect(server).toMatchObject({ name: "SSLAlertError", alert: 42 });
    });
  });

  test("a certificate with a pinned key that is presented beside the path vouches for nothing", () => {
    const { client } = meet([leaf, authority, stranger], { ...own, pins: [pin(stranger)] });
    expect(client).toMatchObject({ nodeCode: "PINNED_KEY_NOT_IN_CHAIN" });
  });

  test("of several paths the one with a pinned key is taken", () => {
    const crossSigned = makeAuthority(stranger, "pins authority");
    for (const pinned of [root, stranger]) {
      const trust = TrustStore.fromDer([root.der, stranger.der]);
      const pair = pairOf(options([leaf, authority, crossSigned], { trust, pins: [pin(pinned)] }));
      expect(attempt(pair).client).toBeUndefined();
      expect(pair.client.tls.getVerifiedChain().at(-1)).toEqual(new Uint8Array(pinned.der));
    }
  });

  test("a pinned key excuses nothing else", () => {
    const pins = [leaf, authority, root].map(pin);
    const { client } = meet([leaf, authority], { trust: TrustStore.fromDer(stranger.der), pins });
    expect(client).toMatchObject({ nodeCode: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" });
    const late = meet([leaf, authority], { ...own, pins, now: () => today + 1e12 });
    expect(late.client).toMatchObject({ nodeCode: "CERT_HAS_EXPIRED" });
  });

  test("a server can pin its clients, and does not hold those without certificate to it when they are optional", () => {
    forEachVersion((version) => {
      for (const [name, good] of [["client", true] as const, ["clientRsa", false] as const]) {
        const identities = [{ cert: certs[name].cert, key: certs[name].key }];
        const ca = [certs.root.cert, certs.rsaRoot.cert];
        const server = { ca, verifyMode: "required", pins: [spkiPin(certs.client.cert)] } as const;
        const met = attempt(pairOf({ version, client: { identities }, server }));
        if (good) expect(met.server).toBeUndefined();
        else expect(met.server).toMatchObject({ nodeCode: "PINNED_KEY_NOT_IN_CHAIN" });
      }
      const optional = { ca: certs.root.cert, verifyMode: "optional", pins: [pin(stranger)] } as const;
      expect(attempt(pairOf({ version, server: optional })).server).toBeUndefined();
    });
  });
});

test("a session is resumed only by who still has a pinned key", () => {
  forEachVersion((version) => {
    const ticketKeys = new TicketKeys();
    const client = clientContext({ identities: [identityOf("client")], minVersion: version, maxVersion: version });
    const serving = (pinned: string): SSLContext =>
      serverContext({ ca: certs.root.cert, verifyMode: "required", numTickets: 1, ticketKeys, pins: [pinned] });
    const first = serving(spkiPin(certs.client.cert));
    const connect = (server: SSLContext, session: SSLSession | null): Pair => {
      const wrap = { serverHostname: "localhost", ...(session === null ? {} : { session }) };
      return { client: wrapped(client, wrap), server: wrapped(server) };
    };
    const sessionOf = (pair: Pair): SSLSession => {
      handshake(pair);
      deliver(pair.server, pair.client);
      pair.client.tls.tryRead(new Uint8Array(1));
      return pair.client.tls.session!;
    };
    const again = connect(first, sessionOf(connect(first, null)));
    const session = sessionOf(again);
    expect(again.server.tls.sessionReused).toBe(true);
    const other = connect(serving(pin(stranger)), session);
    expect(attempt(other).server).toMatchObject({ nodeCode: "PINNED_KEY_NOT_IN_CHAIN" });
  });
});

describe('with verifyMode "none"', () => {
  test("the peer's own key must be pinned, whoever vouches for it", () => {
    forEachVersion((version) => {
      const options = { verifyMode: "none", pins: [pin(leaf)] } as const;
      expect(meet([leaf], options, version).client).toBeUndefined();
      expect(meet([leaf, authority], { ...options, pins: [pin(authority)] }, version)).toMatchObject({
        client: { nodeCode: "PINNED_KEY_NOT_IN_CHAIN", verifyMessage: `it has a key that is not pinned, ${pin(leaf)}` },
        server: { name: "SSLAlertError", alert: 42 },
      });
    });
  });

  test("a handshake that never came to the peer's key is refused", () => {
    const skipping = vi.spyOn(Connection.prototype, "handshake").mockReturnValue("done");
    try {
      const { tls } = pairOf({ client: { ca: [], verifyMode: "none", pins: [pin(leaf)] } }).client;
      expect(() => tls.doHandshake()).toThrow(expect.objectContaining({ reason: "CERTIFICATE_VERIFY_FAILED" }));
    } finally {
      skipping.mockRestore();
    }
  });
});

describe("the option", () => {
  test.each([
    ["text that is no Base64", "sha256/nonsense"],
    ["another hash", `sha1/${pin(leaf).slice(7)}`],
    ["hexadecimal", createHash("sha256").digest("hex")],
    ["bits that no hash has", pin(leaf).replace(/.=$/, "B=")],
    ["no text", 7 as unknown as string],
  ])("refuses %s", (_, text) => {
    expect(() => SSLContext.client({ pins: [text] })).toThrow(SSLConfigError);
    expect(() => SSLContext.client({ pins: [text] })).toThrow("Cannot use pins[0]: expected the SHA-256");
  });

  test("refuses an empty list, and a server that asks nobody for a certificate", () => {
    expect(() => SSLContext.client({ pins: [] })).toThrow("Cannot use pins: the list is empty");
    const identities = [{ cert: certs.localhost.cert, key: certs.localhost.key }];
    expect(() => SSLContext.server({ identities, pins: [pin(leaf)] })).toThrow("asks no client for a certificate");
  });
});

describe("spkiPin", () => {
  test("takes PEM, DER and what parseCertificate gives", () => {
    const { cert } = certs.localhost;
    const parsed = parseCertificate(
      Uint8Array.from(atob(cert.replace(/-----.*-----|\s/g, "")), (c) => c.charCodeAt(0)),
    );
    const pins = [spkiPin(cert), spkiPin(certs.localhost.chain), spkiPin(parsed.raw), spkiPin(parsed)];
    expect(new Set(pins).size).toBe(1);
    expect(spkiPin(leaf.der)).toBe(pin(leaf));
  });

  test("of a renewed certificate with the same key is the same", () => {
    expect(spkiPin(makeServer(root, "other.example", { key: leaf.key, serial: 5 }).der)).toBe(pin(leaf));
  });

  test("refuses what is no certificate", () => {
    expect(() => spkiPin("nothing")).toThrow(SSLConfigError);
    expect(() => spkiPin(Uint8Array.of(48, 2, 5, 0))).toThrow(SSLError);
    expect(() => spkiPin(null as unknown as string)).toThrow(TypeError);
  });
});

/** A client with these options on the day of the certificates, and a server with this chain. */
function options(chain: readonly Made[], client: BaseOptions, version?: "TLSv1.2" | "TLSv1.3"): PairOptions {
  const key = new Uint8Array(chain[0]!.key.privateKey.export({ format: "der", type: "pkcs8" }));
  const identities = [{ cert: chain.map(({ der }) => der), key }];
  return { version, client: { ca: [], now: () => today, ...client }, server: { identities } };
}

function meet(chain: readonly Made[], client: BaseOptions, version?: "TLSv1.2" | "TLSv1.3"): Attempt {
  return attempt(pairOf(options(chain, client, version)));
}

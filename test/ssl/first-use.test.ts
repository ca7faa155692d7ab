// Trust on first use: what is remembered under which name, and what is refused.
import { describe, expect, test, vi } from "vitest";
import {
  parseCertificate,
  pemCertToDer,
  spkiPin,
  SSLAlertError,
  SSLCertVerificationError,
  type SSLSession,
  trustOnFirstUse,
} from "../../ts/ssl/index.ts";
import { keyNamed, makeRoot, makeServer, nameFrom } from "../support/certificate-factory.ts";
import { type CertName, certs } from "../support/certs.ts";
import {
  type Attempt,
  attempt,
  clientContext,
  deliver,
  handshake,
  type Pair,
  pairOf,
  serverContext,
  versions,
  wrapped,
} from "../support/conversation.ts";
import { sloppyElement } from "../support/der-writer.ts";

describe("in handshakes", () => {
  test("the first key is kept and another refused, in both versions, over slow stores too, and the peer hears of it", async () => {
    for (const version of versions) {
      for (const store of [new Map<string, string>(), slow()]) {
        const client = { ca: [], verify: trustOnFirstUse(store) };
        for (const identity of ["selfSigned", "selfSigned"] as const) {
          const pair = pairOf({ version, client, identity });
          expect(await attemptLater(pair)).toEqual({ client: undefined, server: undefined });
          expect(pair.client.tls.getPeerCert()?.raw).toEqual(pemCertToDer(certs[identity].cert));
        }
        const other = await attemptLater(pairOf({ version, client, identity: "localhost" }));
        expect(other.client).toBeInstanceOf(SSLCertVerificationError);
        expect(other.client).toMatchObject({ nodeCode: "HOST_KEY_CHANGED", hostname: "localhost" });
        expect(other.server).toBeInstanceOf(SSLAlertError);
      }
    }
  });

  test("what only the hook has accepted is not resumed, in the way that docs/trust.md says", () => {
    for (const version of versions) {
      const only = { minVersion: version, maxVersion: version };
      const client = clientContext({ ca: [], ...only, verify: trustOnFirstUse(new Map()) });
      const server = serverContext({ numTickets: 1 }, "selfSigned");
      let session: SSLSession | null = null;
      for (let i = 0; i < 2; i++) {
        const wrap = { serverHostname: "localhost", ...(session === null ? {} : { session }) };
        const pair: Pair = handshake({ client: wrapped(client, wrap), server: wrapped(server) });
        deliver(pair.server, pair.client);
        pair.client.tls.tryRead(new Uint8Array(1));
        ({ session } = pair.client.tls);
        expect(session).not.toBeNull();
        expect([pair.client.tls.sessionReused, pair.server.tls.sessionReused]).toEqual([false, false]);
      }
    }
  });

  test("a known certificate behind one that cannot be read is no way in", async () => {
    const root = makeRoot("first use");
    const known = makeServer(root, "localhost");
    const hook = trustOnFirstUse(new Map([["localhost", spkiPin(known.der)]]));
    const subject = sloppyElement(48, nameFrom("forged").subarray(2)); // no DER, but Mbed TLS reads it
    const forged = makeServer(root, "localhost", { key: keyNamed("forger"), subject });
    const key = new Uint8Array(forged.key.privateKey.export({ format: "der", type: "pkcs8" }));
    const identities = [{ cert: [forged.der, known.der], key }];
    for (const version of versions) {
      for (const verifyMode of ["required", "none"] as const) {
        const hooks = { ca: [], verifyMode, verify: vi.fn<typeof hook>(hook) };
        const { client } = await attemptLater(pairOf({ version, client: hooks, server: { identities } }));
        expect(client).toBeInstanceOf(SSLCertVerificationError);
        expect(client).toMatchObject({ verifyMessage: expect.stringContaining("cannot be read") as string });
        expect(hooks.verify).not.toHaveBeenCalled();
      }
    }
  });
});

/** As `attempt`, with turns of the event loop for stores that answer later. */
async function attemptLater(pair: Pair): Promise<Attempt> {
  let last = attempt(pair);
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    const next = attempt(pair);
    last = { client: last.client ?? next.client, server: last.server ?? next.server };
    if (pair.client.tls.state === "open" && pair.server.tls.state === "open") break;
  }
  return last;
}

/** What the hook is told about a server of the given certificates. */
function met(
  hostname: string | null,
  ...names: readonly CertName[]
): Parameters<ReturnType<typeof trustOnFirstUse>>[0] {
  return { hostname, chain: names.map((name) => parseCertificate(pemCertToDer(certs[name].cert))) };
}

/** A store that answers later. */
function slow(): {
  known: Map<string, string>;
  get(host: string): Promise<string | null>;
  set: (host: string, pin: string) => Promise<void>;
} {
  const known = new Map<string, string>();
  return {
    known,
    get: async (host) => Promise.resolve(known.get(host) ?? null),
    set: async (host, pin) => void (await Promise.resolve(known.set(host, pin))),
  };
}

describe("the hook", () => {
  test("remembers the first key under the name and accepts it again, at once if the store is a Map", () => {
    const known = new Map<string, string>();
    const hook = trustOnFirstUse(known);
    expect(hook(met("a.example", "selfSigned"))).toEqual({ accept: true });
    expect(known).toEqual(new Map([["a.example", spkiPin(certs.selfSigned.cert)]]));
    expect(hook(met("a.example", "selfSigned"))).toEqual({ accept: true });
    expect(hook(met("b.example", "localhost"))).toEqual({ accept: true });
    expect([...known.keys()]).toEqual(["a.example", "b.example"]);
  });

  test("refuses another key with an error that tells both, and remembers the first one still", () => {
    const known = new Map<string, string>();
    const hook = trustOnFirstUse(known);
    hook(met("a.example", "selfSigned"));
    const act = (): unknown => hook(met("a.example", "localhost", "selfSigned"));
    expect(act).toThrow(SSLCertVerificationError);
    const [was, is] = [spkiPin(certs.selfSigned.cert), spkiPin(certs.localhost.cert)];
    expect(act).toThrow(`the key of a.example has changed: it was ${was} and is ${is}`);
    expect(act).toThrow(
      expect.objectContaining({ nodeCode: "HOST_KEY_CHANGED", verifyCode: 50, hostname: "a.example" }),
    );
    expect(known.get("a.example")).toBe(was);
  });

  test("does the same with a store that answers later", async () => {
    const store = slow();
    const hook = trustOnFirstUse(store);
    expect(await hook(met("a.example", "selfSigned"))).toEqual({ accept: true });
    expect(store.known.get("a.example")).toBe(spkiPin(certs.selfSigned.cert));
    expect(await hook(met("a.example", "selfSigned"))).toEqual({ accept: true });
    await expect(async () => hook(met("a.example", "localhost"))).rejects.toThrow("the key of a.example has changed");
  });

  test("of two that meet a host at once for the first time, accepts one key only", async () => {
    const hook = trustOnFirstUse(slow());
    const names: CertName[] = ["selfSigned", "localhost", "otherHost"];
    const results = await Promise.allSettled(names.map(async (name) => hook(met("a.example", name))));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("passes on what the store throws, and remembers nothing then", async () => {
    const fail = (): never => {
      throw new Error("disk full");
    };
    const failLater = (): Promise<never> => Promise.reject(new Error("disk full"));
    for (const store of [
      { get: fail, set: () => {} },
      { get: failLater, set: () => {} },
      { get: () => null, set: fail },
      { get: () => null, set: failLater },
    ]) {
      const hook = trustOnFirstUse(store);
      for (const name of ["selfSigned", "localhost"] as const)
        await expect(async () => hook(met("a.example", name))).rejects.toThrow("disk full");
    }
  });

  test("needs a name, a certificate and a store", () => {
    const hook = trustOnFirstUse(new Map());
    expect(() => hook(met(null, "selfSigned"))).toThrow("the name is missing, checkHostname must not be false");
    expect(() => hook(met("a.example"))).toThrow("the peer did not send a certificate");
    expect(() => trustOnFirstUse({} as Map<string, string>)).toThrow(TypeError);
    expect(() => trustOnFirstUse(null as unknown as Map<string, string>)).toThrow(TypeError);
  });
});

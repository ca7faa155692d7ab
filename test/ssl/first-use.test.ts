// Trust on first use: what is remembered under which name, and what is refused.
import { describe, expect, test } from "vitest";
import {
  parseCertificate,
  pemCertToDer,
  spkiPin,
  SSLCertVerificationError,
  trustOnFirstUse,
} from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";

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

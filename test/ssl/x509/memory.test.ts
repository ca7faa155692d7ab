// What path validation remembers: it saves work and changes no verdict, whatever comes afterwards.
import { describe, expect, test, vi } from "vitest";
import { newRealm, sharedRealm } from "../../../ts/engine/realms.ts";
import { type ClientOptions, type ServerOptions, SSLContext } from "../../../ts/ssl/index.ts";
import { toHostName } from "../../../ts/ssl/names.ts";
import { certificatesFrom } from "../../../ts/ssl/pem.ts";
import { arithmeticIn, judge, type VerificationPolicy } from "../../../ts/ssl/verification.ts";
import { parseX509 } from "../../../ts/ssl/x509/certificate.ts";
import { type Crl, parseCrl } from "../../../ts/ssl/x509/crl.ts";
import type { SignatureCheck } from "../../../ts/ssl/x509/keys.ts";
import { mostCertificates, PathMemory } from "../../../ts/ssl/x509/memory.ts";
import { TrustStore } from "../../../ts/ssl/x509/trust-store.ts";
import type { PathOptions } from "../../../ts/ssl/x509/path-options.ts";
import { validatePath } from "../../../ts/ssl/x509/validate.ts";
import { certs } from "../../support/certs.ts";
import {
  aki,
  day,
  keyNamed,
  type Made,
  makeAuthority,
  makeCrl,
  makeRoot,
  makeServer,
  today,
} from "../../support/certificate-factory.ts";
import { disposed, flipped, handshake, serverContext, versions, wrapped } from "../../support/conversation.ts";
import { authority, root, server } from "./cases/case.ts";
import { families } from "./cases/families.ts";
import { outcome, run, verify } from "./run.ts";

const leaf = makeServer(authority, server, { serial: 77 });
const chain = [leaf.der, authority.der];
const rootStore = TrustStore.fromDer(root.der);

/** How a validation with the memory ends, and how many signatures were calculated. */
function validate(memory: PathMemory, more: Partial<PathOptions> = {}): readonly [outcome: string, signatures: number] {
  let signatures = 0;
  const counting: SignatureCheck = (...question) => {
    signatures++;
    return verify(...question);
  };
  const host = toHostName(server, "host");
  const usual = { chain, trust: rootStore, purpose: "serverAuth", host, time: today } as const;
  return [outcome(validatePath({ ...usual, ...more, verify: counting, memory })), signatures];
}

/** A memory that has seen the usual chain. */
function filled(): PathMemory {
  const memory = new PathMemory();
  expect(validate(memory)).toEqual(["ok", 2]);
  return memory;
}

describe("a path that held", () => {
  test("costs no signature the next time", () => {
    const memory = filled();
    expect(validate(memory)).toEqual(["ok", 0]);
    expect(memory.size).toBe(3);
  });

  test("lends its links to another leaf of the same authority", () => {
    expect(validate(filled(), { chain: [makeServer(authority, server).der, authority.der] })).toEqual(["ok", 1]);
  });

  test("is parsed once, and what the caller does with its bytes afterwards does not matter", () => {
    const memory = new PathMemory();
    const given = chain.map((der) => der.slice());
    expect(validate(memory, { chain: given })).toEqual(["ok", 2]);
    const known = memory.certificate(leaf.der);
    given.forEach((der) => der.fill(0));
    expect(known).toEqual(parseX509(leaf.der));
    expect(validate(memory)).toEqual(["ok", 0]);
    expect(memory.certificate(leaf.der)).toBe(known);
  });

  test("lends the signature of a revocation list, but not what the list says", () => {
    const [good, bad] = [parseCrl(makeCrl(authority)), parseCrl(makeCrl(authority, { revoked: [77] }))];
    const memory = filled();
    const ask = (crl: Crl, time = today): ReturnType<typeof validate> =>
      validate(memory, { crls: [crl], crlCheck: "leaf", time });
    expect([ask(good), ask(good)]).toEqual([
      ["ok", 1],
      ["ok", 0],
    ]);
    expect(ask(good, today + 2 * day)[0]).toBe("CRL_HAS_EXPIRED");
    expect(ask(bad)[0]).toBe("CERT_REVOKED");
  });
});

describe("what is judged anew", () => {
  test("every case comes out the same with a memory of all the others", () => {
    const memory = new PathMemory();
    for (const round of ["first", "second"]) {
      for (const one of Object.values(families).flat())
        expect(outcome(run(one, memory)), `${one.name}, ${round} time`).toBe(one.expected);
    }
  });

  test.each<[string, string, Partial<PathOptions>]>([
    ["the name", "HOSTNAME_MISMATCH", { host: toHostName("other.example", "host") }],
    ["the end", "CERT_HAS_EXPIRED", { time: today + 365 * day }],
    ["the beginning", "CERT_NOT_YET_VALID", { time: today - 365 * day }],
    ["the purpose", "INVALID_PURPOSE", { purpose: "clientAuth" }],
    ["the trust", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", { trust: TrustStore.empty() }],
    ["the length", "CERT_CHAIN_TOO_LONG", { maxIntermediates: 0 }],
    ["the revocation", "UNABLE_TO_GET_CRL", { crlCheck: "leaf" }],
    ["the pins", "PINNED_KEY_NOT_IN_CHAIN", { pinning: { pins: new Set(), hash: () => new Uint8Array(32) } }],
  ])("%s", (_, expected, more) => {
    const memory = filled();
    expect(validate(memory, more)[0]).toBe(expected);
    expect(validate(memory)).toEqual(["ok", 0]);
  });
});

describe("what is not believed", () => {
  test("a certificate of which any byte is another, its signature included", () => {
    const memory = filled();
    for (const [i, der] of chain.entries()) {
      for (let at = 0; at < der.length; at++)
        expect(validate(memory, { chain: chain.with(i, flipped(der, at)) })[0], `byte ${at} of ${i}`).not.toBe("ok");
    }
    expect(validate(memory)).toEqual(["ok", 0]);
  });

  test("a signature without its end, which the encoding would allow", () => {
    const signature = parseX509(leaf.der).signature;
    const short = makeServer(authority, server, { signature: signature.subarray(0, -16) });
    expect(validate(filled(), { chain: [short.der, authority.der] })[0]).toBe("CERT_SIGNATURE_FAILURE");
  });

  test("the same signature under another key of the same name", () => {
    const twin = makeAuthority(root, "Authority", { key: keyNamed("twin"), extensions: { ski: null } });
    expect(validate(filled(), { chain: [leaf.der, twin.der] })).toEqual(["CERT_SIGNATURE_FAILURE", 1]);
    const pretender = TrustStore.fromDer(
      makeRoot("Root", { key: keyNamed("pretender"), extensions: { ski: null } }).der,
    );
    expect(validate(filled(), { trust: pretender })[0]).toBe("CERT_SIGNATURE_FAILURE");
  });

  test("a wrong signature, however often it comes", () => {
    const memory = filled();
    const forger: Made = { ...authority, key: keyNamed("forger") };
    const forged = makeServer(forger, server, { extensions: { aki: aki(authority.key.id) } });
    for (let i = 0; i < 3; i++)
      expect(validate(memory, { chain: [forged.der, authority.der] })).toEqual(["CERT_SIGNATURE_FAILURE", 1]);
    expect(memory.certificate(forged.der)).toBeNull();
    expect(memory.size).toBe(3);
  });

  test("a path that does not hold, although its signatures are right", () => {
    const memory = new PathMemory();
    for (const more of [{ time: today + 365 * day }, { host: toHostName("other.example", "host") }])
      expect(validate(memory, more)[0]).not.toBe("ok");
    expect(memory.size).toBe(0);
    expect(validate(memory)).toEqual(["ok", 2]);
  });
});

describe("how much is remembered", () => {
  test("as many certificates as are allowed, those that were needed last", () => {
    const memory = filled();
    const others = Array.from({ length: mostCertificates + 10 }, () => makeServer(authority, server).der);
    for (const der of others) expect(validate(memory, { chain: [der, authority.der] })).toEqual(["ok", 1]);
    expect(memory.size).toBe(mostCertificates);
    expect(validate(memory, { chain: [others.at(-1)!, authority.der] })).toEqual(["ok", 0]);
    expect(validate(memory)).toEqual(["ok", 1]); // the intermediate was needed all the time, the leaf was not
  });

  test("nothing of what a stranger sends along", () => {
    const memory = new PathMemory();
    const more = Array.from({ length: 20 }, (_, i) => makeAuthority(root, `Other ${i}`).der);
    expect(validate(memory, { chain: [...chain, ...more] })).toEqual(["ok", 2]);
    expect(memory.size).toBe(3);
  });

  test("no certificate that is unusually large", () => {
    const names = Array.from({ length: 400 }, (_, i) => `name-number-${i}.example`);
    const large = makeServer(authority, [server, ...names]);
    const memory = new PathMemory();
    expect(validate(memory, { chain: [large.der, authority.der] })).toEqual(["ok", 2]);
    expect(memory.certificate(large.der)).toBeNull();
    expect(validate(memory, { chain: [large.der, authority.der] })).toEqual(["ok", 1]);
  });
});

describe("in handshakes", () => {
  const storeOf = (): TrustStore => TrustStore.fromPem(certs.root.cert);

  /** One handshake. Answers how many signatures over certificates the shared realm calculates for it. */
  function meet(options: ClientOptions, serving: Partial<ServerOptions> = {}): number {
    const spy = vi.spyOn(sharedRealm().exports, "wt_verify_signature");
    const client = wrapped(disposed(SSLContext.client(options)), { serverHostname: "localhost" });
    handshake({ client, server: wrapped(serverContext(serving, "viaIntermediate")) });
    const { length } = spy.mock.calls;
    spy.mockRestore();
    return length;
  }

  test("the links of a chain are calculated once for each store, whatever contexts use it", () => {
    for (const minVersion of versions) {
      const only = { minVersion, maxVersion: minVersion };
      const trust = storeOf();
      const counts = [trust, trust, storeOf(), trust].map((store) => meet({ ...only, trust: store }));
      expect(counts, minVersion).toEqual([2, 0, 2, 0]);
    }
  });

  test("those of clients too", () => {
    const { cert, key } = certs.client;
    const serving = { trust: storeOf(), verifyMode: "required" } as const;
    const client: ClientOptions = { identities: [{ cert, key }], verifyMode: "none" };
    expect([meet(client, serving), meet(client, serving)]).toEqual([1, 0]);
  });

  test("a realm does not believe what another has calculated", () => {
    const policy: VerificationPolicy = {
      ...{
        mode: "required",
        server: false,
        host: null,
        commonNameFallback: false,
        trust: storeOf(),
        partialChain: true,
      },
      ...{ profile: "standard", crls: [], crlCheck: "off", pins: null, now: Date.now },
    };
    const presented = certificatesFrom(certs.viaIntermediate.chain, "chain");
    for (const realm of [sharedRealm(), newRealm(), newRealm()]) {
      const spy = vi.spyOn(realm.exports, "wt_verify_signature");
      for (let i = 0; i < 2; i++)
        expect(judge(presented, policy, arithmeticIn(realm))).toMatchObject({ trusted: true });
      expect(spy).toHaveBeenCalledTimes(2);
      spy.mockRestore();
    }
  });

  test("the realm of one connection leaves nothing behind for others", () => {
    const trust = storeOf();
    expect(meet({ trust, isolation: "connection" })).toBe(0);
    expect(meet({ trust })).toBe(2);
  });

  test("the application gets bytes of its own, and may change them", () => {
    const trust = storeOf();
    for (let i = 0; i < 2; i++) {
      const context = disposed(SSLContext.client({ trust }));
      const client = wrapped(context, { serverHostname: "localhost" });
      const { tls } = handshake({ client, server: wrapped(serverContext({}, "viaIntermediate")) }).client;
      for (const der of [...tls.getVerifiedChain(), ...tls.getUnverifiedChain(), tls.getPeerCert()!.raw]) der.fill(0);
    }
    expect(meet({ trust })).toBe(0);
  });
});

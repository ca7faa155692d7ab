// The trust store: what can be put in, what is skipped and why, and that it is cheap.
import { Buffer } from "node:buffer";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { SSLConfigError } from "../../../ts/engine/errors.ts";
import { parseX509 } from "../../../ts/ssl/x509/certificate.ts";
import {
  complaintsAbout,
  lenientProfile,
  standardProfile,
  type Complaint,
  type Profile,
} from "../../../ts/ssl/x509/profile.ts";
import { TrustStore } from "../../../ts/ssl/x509/trust-store.ts";
import { validatePath } from "../../../ts/ssl/x509/validate.ts";
import { makeRoot, makeServer, today } from "../../support/certificate-factory.ts";
import { integer, pem } from "../../support/der-writer.ts";
import { verify } from "./run.ts";

const [a, b] = [makeRoot("A"), makeRoot("B")];
const [pemA, pemB] = [a, b].map(({ der }) => pem("CERTIFICATE", der)) as [string, string];

describe("making a store", () => {
  test("from PEM text and from its bytes", () => {
    for (const given of [
      pemA + pemB,
      Buffer.from(pemA + pemB),
      `say\n${pemA}what\r\n\r\n${pemB.replaceAll("\n", "\r\n")}`,
    ]) {
      const store = TrustStore.fromPem(given);
      expect(store.size).toBe(2);
      expect(store.skipped).toEqual([]);
      expect(store.der()).toEqual([a.der, b.der]);
    }
  });

  test("from DER, one or several", () => {
    expect(TrustStore.fromDer(a.der).size).toBe(1);
    expect(TrustStore.fromDer([a.der, b.der]).size).toBe(2);
  });

  test("the same certificate twice counts once", () => {
    expect(TrustStore.fromPem(pemA + pemB + pemA).size).toBe(2);
    expect(TrustStore.fromDer(a.der).with(TrustStore.fromDer([b.der, a.der])).size).toBe(2);
  });

  test("an empty one trusts nobody", () => {
    expect(TrustStore.empty()).toMatchObject({ size: 0, skipped: [] });
  });

  test("two together leave the two alone", () => {
    const first = TrustStore.fromDer(a.der);
    const both = first.with(TrustStore.fromDer(b.der));
    expect([first.size, both.size]).toEqual([1, 2]);
    expect(both.certificates().map(({ subject }) => subject[0]![0]![1])).toEqual(["A", "B"]);
  });

  test("the caller's bytes may change afterwards", () => {
    const bytes = a.der.slice();
    const store = TrustStore.fromDer(bytes);
    bytes.fill(0);
    expect(store.der()).toEqual([a.der]);
  });
});

describe("what is skipped", () => {
  test("broken blocks among good ones, with the reason and the place", () => {
    const cut = pemB.replace("-----END CERTIFICATE-----", "");
    const store = TrustStore.fromPem(
      pemA + cut + pemA.replace("MII", "M*I") + pem("CERTIFICATE", Uint8Array.of(48, 1, 0)) + pemB,
    );
    expect(store.size).toBe(2);
    expect(store.skipped).toEqual([
      { index: 1, reason: "the CERTIFICATE block has no end" },
      { index: 2, reason: "its Base64 text is broken" },
      { index: 3, reason: expect.stringContaining("Cannot decode") as string },
    ]);
    const both = TrustStore.fromDer([a.der, Uint8Array.of(1)]).with(store);
    expect(both.skipped.map(({ index }) => index)).toEqual([1, 3, 4, 5]);
  });

  test("other blocks are nobody's business", () => {
    const store = TrustStore.fromPem(pem("PRIVATE KEY", Uint8Array.of(1)) + pemA + pem("X509 CRL", Uint8Array.of(1)));
    expect(store).toMatchObject({ size: 1, skipped: [] });
  });

  test("a certificate that decodes no further than its subject stays in, and leads nowhere", () => {
    const broken = makeRoot("A", { onlyExtensions: [integer(1)] });
    const store = TrustStore.fromDer(broken.der);
    expect(store.size).toBe(1);
    const chain = [makeServer(broken, "server.example").der];
    const result = validatePath({ chain, trust: store, purpose: "any", host: null, time: today, verify });
    expect(result).toMatchObject({ failure: { nodeCode: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" } });
  });

  test.each([
    ["an empty text", "", "empty"],
    ["a text without certificates", "hello", "no CERTIFICATE block"],
    ["only broken ones", pem("CERTIFICATE", Uint8Array.of(1, 2, 3)), "Cannot decode"],
  ])("%s is refused at once", (_, given, why) => {
    expect(() => TrustStore.fromPem(given)).toThrow(SSLConfigError);
    expect(() => TrustStore.fromPem(given)).toThrow(why);
  });

  test("bytes that are no certificate are refused at once", () => {
    expect(() => TrustStore.fromDer(Uint8Array.of(1))).toThrow(SSLConfigError);
    expect(() => TrustStore.fromDer([])).toThrow(SSLConfigError);
    expect(() => TrustStore.fromDer("x" as unknown as Uint8Array)).toThrow(TypeError);
  });
});

describe("the roots that browsers trust", () => {
  const store = TrustStore.fromPem(rootCertificates.join("\n"));

  test("are all usable", () => {
    expect(store.size).toBe(new Set(rootCertificates).size);
    expect(store.skipped).toEqual([]);
  });

  test("all are good enough as trusted roots, leniently, and nearly all otherwise", () => {
    const complaints = (profile: Profile): Complaint[] =>
      store.der().flatMap((der) => complaintsAbout(parseX509(der), "anchor", "serverAuth", profile));
    expect(complaints(lenientProfile)).toEqual([]);
    // Four roots of 2004, which some runtimes still have, and whose successors are among the others.
    const otherwise = complaints(standardProfile).filter(([code]) => code !== "CA_BCONS_NOT_CRITICAL");
    expect(otherwise).toEqual([]);
  });

  test("are found by their names", () => {
    for (const der of store.der()) {
      const result = validatePath({
        ...{ chain: [der], trust: store, purpose: "any", host: null, time: parseX509(der).notBefore, verify },
      });
      expect(result).toMatchObject({ ok: true });
    }
  });
});

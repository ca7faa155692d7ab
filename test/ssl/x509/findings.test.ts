// What a refusal says: one number, one name, one sentence, one alert, and all the findings behind them.
import { describe, expect, test } from "vitest";
import { alert } from "../../../ts/engine/alerts.ts";
import { verifyFlag } from "../../../ts/engine/codes.gen.ts";
import { SSLCertVerificationError } from "../../../ts/engine/errors.ts";
import { errorOf, type PathFailure } from "../../../ts/ssl/x509/findings.ts";
import {
  day,
  keyNamed,
  makeAuthority,
  makeCrl,
  makeRoot,
  makeServer,
  today,
} from "../../support/certificate-factory.ts";
import { authority, type Case, root, server } from "./cases/case.ts";
import { run } from "./run.ts";

function refusal(one: Omit<Case, "name" | "expected">): PathFailure {
  const result = run(one);
  if (result.ok) throw new Error("it was accepted");
  return result.failure;
}

const chainOf = (spec: Parameters<typeof makeServer>[2]): Omit<Case, "name" | "expected"> => ({
  chain: [makeServer(authority, server, spec).der, authority.der],
  trust: [root.der],
});

describe("numbers, names, bits and alerts", () => {
  test.each([
    [
      "expired",
      chainOf({ notAfter: today - day }),
      10,
      "CERT_HAS_EXPIRED",
      verifyFlag.BADCERT_EXPIRED,
      alert.certificate_expired,
    ],
    [
      "not yet valid",
      chainOf({ notBefore: today + day }),
      9,
      "CERT_NOT_YET_VALID",
      verifyFlag.BADCERT_FUTURE,
      alert.bad_certificate,
    ],
    [
      "another name",
      { ...chainOf({}), host: "other.example" },
      62,
      "ERR_TLS_CERT_ALTNAME_INVALID",
      verifyFlag.BADCERT_CN_MISMATCH,
      alert.bad_certificate,
    ],
    [
      "another address",
      { ...chainOf({}), host: "192.0.2.1" },
      64,
      "ERR_TLS_CERT_ALTNAME_INVALID",
      verifyFlag.BADCERT_CN_MISMATCH,
      alert.bad_certificate,
    ],
    [
      "an unknown authority",
      { chain: [makeServer(authority, server).der], trust: [root.der] },
      20,
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      verifyFlag.BADCERT_NOT_TRUSTED,
      alert.unknown_ca,
    ],
    [
      "a weak key",
      chainOf({ key: keyNamed("small", "rsa1024") }),
      66,
      "EE_KEY_TOO_SMALL",
      verifyFlag.BADCERT_BAD_KEY,
      alert.bad_certificate,
    ],
    [
      "a weak hash",
      chainOf({ algorithm: "ecdsa-sha1" }),
      68,
      "CA_MD_TOO_WEAK",
      verifyFlag.BADCERT_BAD_MD,
      alert.bad_certificate,
    ],
    [
      "another purpose",
      { ...chainOf({}), purpose: "clientAuth" as const },
      26,
      "INVALID_PURPOSE",
      verifyFlag.BADCERT_EXT_KEY_USAGE,
      alert.unsupported_certificate,
    ],
    [
      "no list",
      { ...chainOf({}), crlCheck: "leaf" as const },
      3,
      "UNABLE_TO_GET_CRL",
      verifyFlag.BADCRL_NOT_TRUSTED,
      alert.certificate_unknown,
    ],
    [
      "revoked",
      { ...chainOf({ serial: 7 }), crlCheck: "leaf" as const, crls: [makeCrl(authority, { revoked: [7] })] },
      23,
      "CERT_REVOKED",
      verifyFlag.BADCERT_REVOKED,
      alert.certificate_revoked,
    ],
    [
      "no certificate that decodes",
      { chain: [Uint8Array.of(1)], trust: [root.der] },
      1,
      "UNSPECIFIED",
      verifyFlag.BADCERT_OTHER,
      alert.bad_certificate,
    ],
  ])("%s", (_, one, verifyCode, nodeCode, flags, number) => {
    expect(refusal(one)).toMatchObject({ verifyCode, nodeCode, flags, alert: number, depth: 0 });
  });

  test("self-signed, alone and in a chain", () => {
    const self = makeRoot(server);
    expect(refusal({ chain: [self.der], trust: [root.der], host: null })).toMatchObject({
      verifyCode: 18,
      nodeCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    const chain = [makeServer(authority, server), authority, root].map(({ der }) => der);
    expect(refusal({ chain, trust: [self.der] })).toMatchObject({
      verifyCode: 19,
      nodeCode: "SELF_SIGNED_CERT_IN_CHAIN",
      depth: 2,
    });
  });

  test("nobody who forgives the lesser finding forgives the graver one: an unknown authority comes before an expired certificate", () => {
    const failure = refusal({
      ...chainOf({ notAfter: today - day }),
      trust: [makeRoot("Other").der],
      host: "other.example",
    });
    expect(failure.verifyCode).toBe(20);
    const all = verifyFlag.BADCERT_NOT_TRUSTED | verifyFlag.BADCERT_EXPIRED | verifyFlag.BADCERT_CN_MISMATCH;
    expect(failure.flags).toBe(all);
    expect(failure.findings.map(({ code }) => code)).toEqual([
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "CERT_HAS_EXPIRED",
      "HOSTNAME_MISMATCH",
    ]);
  });
});

describe("sentences", () => {
  test("say what is wrong with the peer's certificate", () => {
    const failure = refusal(chainOf({ notAfter: Date.UTC(2026, 0, 2, 3, 4, 5) }));
    expect(failure.verifyMessage).toBe("it has expired on 2026-01-02T03:04:05Z");
  });

  test("name the certificate above it that is wrong, and its depth", () => {
    const old = makeAuthority(root, "Old Authority", { notAfter: Date.UTC(2026, 0) });
    const failure = refusal({ chain: [makeServer(old, server).der, old.der], trust: [root.der] });
    expect(failure.verifyMessage).toBe('the certificate "Old Authority" above it has expired on 2026-01-01T00:00:00Z');
    expect(failure.depth).toBe(1);
  });

  test("tell which names there are", () => {
    const chain = [makeServer(root, ["a.example", "192.0.2.1", "::1"]).der];
    expect(refusal({ chain, trust: [root.der] }).verifyMessage).toBe(
      "it is for a.example, 192.0.2.1, 0:0:0:0:0:0:0:1, not for server.example",
    );
    const many = makeServer(
      root,
      Array.from({ length: 25 }, (_, i) => `n${i}.example`),
    );
    expect(refusal({ chain: [many.der], trust: [root.der] }).verifyMessage).toMatch(
      /n19\.example and 5 more, not for server\.example$/,
    );
  });

  test("tell that a certificate which could be the missing one does not decode", () => {
    const failure = refusal({ chain: [makeServer(authority, server).der, Uint8Array.of(48, 0)], trust: [root.der] });
    expect(failure.verifyMessage).toBe(
      "it is not signed by a trusted certificate; the certificate number 1 above it cannot be read (Cannot decode the certificate: it ends too early)",
    );
  });

  test("tell of the path that came closest, not of the first detour", () => {
    const old = makeAuthority(root, "Authority", { notAfter: today - day });
    const stranger = makeAuthority(makeRoot("Stranger"), "Authority");
    for (const authorities of [
      [old, stranger],
      [stranger, old],
    ]) {
      const chain = [makeServer(authority, server), ...authorities].map(({ der }) => der);
      expect(refusal({ chain, trust: [root.der] })).toMatchObject({ verifyCode: 10, depth: 1 });
    }
  });
});

test("the error for the caller carries everything, and the alert for the peer comes along", () => {
  const one = chainOf({ notAfter: today - day });
  const failure = refusal(one);
  const { error, alert: number } = errorOf(failure, one.chain, server);
  expect(number).toBe(alert.certificate_expired);
  expect(error).toBeInstanceOf(SSLCertVerificationError);
  expect(error).toMatchObject({
    verifyCode: 10,
    nodeCode: "CERT_HAS_EXPIRED",
    depth: 0,
    chain: one.chain,
    hostname: server,
    reason: "CERTIFICATE_VERIFY_FAILED",
    message: `Cannot trust the certificate of the peer: ${failure.verifyMessage}`,
  });
});

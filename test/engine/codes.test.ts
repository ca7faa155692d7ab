// The generated tables and the one place that turns a number of Mbed TLS into an error.
import { expect, test } from "vitest";
import { alert, alertName, alertReason } from "../../ts/engine/alerts.ts";
import { cipherSuiteId, codeText, verifyFlag } from "../../ts/engine/codes.gen.ts";
import * as code from "../../ts/engine/error-codes.gen.ts";
import { failureOf, SSLAlertError, SSLError, SSLMemoryError, textOf } from "../../ts/engine/errors.ts";

test("every error of Mbed TLS is there once, with a text", () => {
  const all = Object.entries(code);
  const ours = all.filter(([, number]) => !((-number) in codeText)).map(([name]) => name);
  expect(all.length - ours.length).toBe(231);
  expect(new Set(Object.values(code)).size).toBe(all.length);
  expect(Object.keys(codeText)).toHaveLength(231);
  for (const text of Object.values(codeText)) expect(text).toMatch(/^\S.*[^\s.]$/);
  expect(ours.every((name) => name.startsWith("ERR_") || name.startsWith("PAUSED_"))).toBe(true);
});

test("well-known codes have their well-known values", () => {
  expect({
    want: code.SSL_WANT_READ,
    closed: code.SSL_PEER_CLOSE_NOTIFY,
    mac: code.SSL_INVALID_MAC,
    record: code.SSL_INVALID_RECORD,
    alert: code.SSL_FATAL_ALERT_MESSAGE,
    verify: code.X509_CERT_VERIFY_FAILED,
    noCertificate: code.SSL_NO_CLIENT_CERTIFICATE,
    noProtocol: code.SSL_NO_APPLICATION_PROTOCOL,
    version: code.SSL_BAD_PROTOCOL_VERSION,
    memory: code.SSL_ALLOC_FAILED,
  }).toEqual({
    want: -26880,
    closed: -30848,
    mac: -29056,
    record: -29184,
    alert: -30592,
    verify: -9984,
    noCertificate: -29824,
    noProtocol: -30080,
    version: -28288,
    memory: -32512,
  });
});

test("each verification flag is one bit, and no two are the same", () => {
  const flags = Object.values(verifyFlag);
  expect(flags).toHaveLength(20);
  expect(flags.reduce((sum, flag) => sum | flag, 0)).toBe(flags.reduce((sum, flag) => sum + flag, 0));
});

test("cipher suites are those of the IANA registry, each number once", () => {
  expect(cipherSuiteId).toMatchObject({
    TLS_AES_128_GCM_SHA256: 4865,
    TLS_CHACHA20_POLY1305_SHA256: 4867,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 49199,
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 52393,
  });
  const ids = Object.values(cipherSuiteId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const name of Object.keys(cipherSuiteId)) expect(name).not.toMatch(/NULL|RC4|3DES|EXPORT|anon/);
});

test("alerts have their names, and numbers that nobody knows have one too", () => {
  expect([alertName(0), alertName(48), alertName(116), alertName(199)]).toEqual([
    "close_notify",
    "unknown_ca",
    "certificate_required",
    "alert 199",
  ]);
  expect([alertReason(40), alertReason(48), alertReason(110), alertReason(116), alertReason(199)]).toEqual([
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "TLSV1_ALERT_UNKNOWN_CA",
    "TLSV1_UNSUPPORTED_EXTENSION",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "TLSV1_ALERT_ALERT_199",
  ]);
  expect(new Set(Object.values(alert)).size).toBe(Object.values(alert).length);
});

test("every number becomes an error with a sentence, a reason and, unless the peer has given up, an alert", () => {
  const numbers = [...Object.values(code).filter((number) => number < 0), -1, -99999, -28160 - 98];
  for (const number of numbers) {
    const { error, alert: number13 } = failureOf(number, "read", -1);
    expect(error).toBeInstanceOf(SSLError);
    expect(error.message).toMatch(/^Cannot read: \S.*[^.]$/);
    expect([error.errno, error.reason === ""]).toEqual([number, false]);
    expect(Object.values(alert)).toContain(number13);
  }
});

test("the alert of the peer becomes an SSLAlertError, and none is sent back", () => {
  const { error, alert: answer } = failureOf(code.SSL_FATAL_ALERT_MESSAGE, "read", 40);
  expect(error).toBeInstanceOf(SSLAlertError);
  expect(error).toMatchObject({ alert: 40, alertName: "handshake_failure", sent: false });
  expect(answer).toBe(null);
});

test("a full memory is an SSLMemoryError, whichever part of Mbed TLS said so", () => {
  for (const number of [code.SSL_ALLOC_FAILED, code.X509_ALLOC_FAILED, code.MPI_ALLOC_FAILED, code.ERR_OUT_OF_MEMORY]) {
    expect(failureOf(number, "read", -1)).toMatchObject({ alert: alert.internal_error });
    expect(failureOf(number, "read", -1).error).toBeInstanceOf(SSLMemoryError);
  }
});

test("a sum of a high and a low error has the text of the high one", () => {
  expect(textOf(code.X509_INVALID_DATE + code.ASN1_OUT_OF_DATA)).toBe(textOf(code.X509_INVALID_DATE));
  expect(textOf(-123456789)).toContain("-123456789");
});

// By which names cipher suites go.
import { expect, test } from "vitest";
import { allCiphers, cipherInfo, cipherSuiteNamed, cipherVersion } from "../../ts/ssl/tables.ts";

test("a suite goes by its number, IANA's name and OpenSSL's name, and by nothing that only looks like one", () => {
  for (const { id, name, standardName } of allCiphers())
    expect([id, name, standardName].map(cipherSuiteNamed)).toEqual([id, id, id]);
  const others: readonly unknown[] = [
    1,
    NaN,
    "",
    "toString",
    "tls_aes_128_gcm_sha256",
    "4865",
    ["TLS_AES_128_GCM_SHA256"],
    null,
  ];
  for (const other of others) expect(cipherSuiteNamed(other as string)).toBe(undefined);
});

test("what is told about one suite is what is told about all", () => {
  expect(allCiphers().map(({ id }) => cipherInfo(id))).toEqual(allCiphers());
  for (const { id, version } of allCiphers()) expect(cipherVersion(id)).toBe(version);
  expect(cipherInfo(1)).toBe(null);
});

// Revocation lists as they come: PEM, DER, broken.
import { describe, expect, test } from "vitest";
import { SSLConfigError, SSLError } from "../../../ts/engine/errors.ts";
import { crlsFrom, parseCrl } from "../../../ts/ssl/x509/crl.ts";
import { makeCrl } from "../../support/certificate-factory.ts";
import { pem } from "../../support/der-writer.ts";
import { authority, root } from "./cases/case.ts";
import { brokenLists } from "./cases/revocation.ts";

describe("reading lists", () => {
  const [one, two] = [makeCrl(root), makeCrl(authority)];

  test("several in a PEM text, as text or bytes", () => {
    const text = pem("X509 CRL", one) + pem("CERTIFICATE", root.der) + pem("X509 CRL", two);
    expect(crlsFrom(text)).toHaveLength(2);
    expect(crlsFrom(new TextEncoder().encode(text))).toHaveLength(2);
  });

  test("one in DER", () => {
    expect(crlsFrom(one)).toHaveLength(1);
  });

  test.each([
    ["an empty text", ""],
    ["a text with other blocks", pem("CERTIFICATE", root.der)],
    ["a block without an end", pem("X509 CRL", one).replace(/-----END.*/s, "")],
    ["a block with broken text", pem("X509 CRL", one) + pem("X509 CRL", two).replace("MI", "M*")],
  ])("%s is refused", (_, given) => {
    expect(() => crlsFrom(given)).toThrow(SSLConfigError);
  });
});

test.each(Object.entries(brokenLists))("a list that does not decode: %s", (_, der) => {
  expect(() => parseCrl(der)).toThrow(SSLError);
  expect(() => parseCrl(der)).toThrow(expect.objectContaining({ reason: "DECODE_ERROR" }));
});

// The keys of the tests in every encoding, tried with wanttls: what is made for tests must be of the kind it claims.
import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import type { KeyForms } from "./certs.ts";
import { SSLConfigError, SSLContext } from "../../ts/ssl/index.ts";
import { certs, keyForms, keyPassword, stranger } from "./certs.ts";

const leaves = { ec: certs.localhost.cert, rsa: certs.localhostRsa.cert };

function serverWith(cert: string | Uint8Array, key: string | Uint8Array, password?: string): void {
  const identity = password === undefined ? { cert, key } : { cert, key, password };
  SSLContext.server({ identities: [identity] }).dispose();
}

for (const kind of ["ec", "rsa"] as const) {
  const forms: KeyForms = keyForms[kind];

  for (const form of ["pkcs8", "traditional"] as const) {
    test(`a plain ${kind} key in the form ${form} fits its certificate, as PEM and as DER`, () => {
      expect(() => serverWith(leaves[kind], forms[form])).not.toThrow();
      const der = Buffer.from(forms[`${form}Der`], "base64");
      expect(() => serverWith(Buffer.from(forms.certDer, "base64"), der)).not.toThrow();
    });
  }

  for (const form of ["encryptedPkcs8", "encryptedTraditional"] as const) {
    test(`an ${kind} key in the form ${form} opens with its password and with no other`, () => {
      expect(() => serverWith(leaves[kind], forms[form], keyPassword)).not.toThrow();
      expect(() => serverWith(leaves[kind], forms[form], "closesesame")).toThrow(SSLConfigError);
      expect(() => serverWith(leaves[kind], forms[form])).toThrow(SSLConfigError);
    });
  }

  test(`a key of somebody else does not fit the ${kind} certificate`, () => {
    expect(() => serverWith(leaves[kind], stranger)).toThrow(SSLConfigError);
  });
}

test("an Ed25519 certificate, which the engine does not know, is refused with a typed error", () => {
  expect(() => serverWith(certs.ed25519.cert, certs.ed25519.key)).toThrow(SSLConfigError);
});

for (const [name, { cert, key, chain }] of Object.entries(certs)) {
  if (name === "ed25519") continue;
  test(`the key of ${name} fits its certificate`, () => {
    expect(chain.startsWith(cert)).toBe(true);
    expect(() => serverWith(chain, key)).not.toThrow();
  });
}

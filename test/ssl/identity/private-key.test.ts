// Private keys: the encryptions of openssl, the kinds that cannot be used, and what hostile ones do.
import { expect, test } from "vitest";
import { SSLConfigError, SSLContext } from "../../../ts/ssl/index.ts";
import {
  clientAuth,
  extKeyUsage,
  keyNamed,
  makeRoot,
  makeServer,
  serverAuth,
  today,
} from "../../support/certificate-factory.ts";
import { certs, keyPassword } from "../../support/certs.ts";
import { ascii, expectHandshake, forEachVersion, inCase, pairOf, thrownBy } from "../../support/conversation.ts";
import { integer, octets, oid, pem, sequence } from "../../support/der-writer.ts";
import { encryptedKeys, otherCertificates, otherKeys } from "../../support/identities.ts";

const supported = Object.entries(encryptedKeys).filter(([name]) => !name.includes("unsupported"));
const unsupported = Object.entries(encryptedKeys).filter(([name]) => name.includes("unsupported"));

test("S23 a key with a head of millions of lines is refused like any other that is broken", () => {
  for (const line of ["A: b\n", " b\n"]) {
    const key = `-----BEGIN RSA PRIVATE KEY-----\nA: b\n${line.repeat(4_000_000)}\nAAAA\n-----END RSA PRIVATE KEY-----\n`;
    const error = thrownBy(() => SSLContext.server({ identities: [{ cert: certs.localhost.cert, key }] }).dispose());
    expect(error).toBeInstanceOf(SSLConfigError);
  }
});

test("S23 a key opens with its password, however openssl has encrypted it", () => {
  expect(supported.length).toBeGreaterThan(50);
  for (const [name, key] of supported) {
    inCase(name, () => {
      for (const password of [keyPassword, ascii(keyPassword), (): string => keyPassword]) load(name, key, password);
      load(name, key.replaceAll("\n", "\r\n"), keyPassword);
      if (!name.includes("traditional")) load(name, bytesOf(key), keyPassword);
    });
  }
  const identities = [
    { cert: certs.localhost.chain, key: encryptedKeys["ec traditional des3"]!, password: keyPassword },
  ];
  expectHandshake(pairOf({ server: { identities } }));
});

test("S23 a key does not open with another password, and says when there was none", () => {
  for (const [name, key] of supported) {
    inCase(name, () => {
      for (const password of ["", "open sesame", keyPassword.slice(1), `x${keyPassword}`]) {
        const reason = password === "" ? "BAD_PASSWORD_READ" : "BAD_DECRYPT";
        expect(refusal(name, key, password)).toMatchObject({ reason, library: "PK" });
      }
      expect(refusal(name, key)).toMatchObject({ reason: "BAD_PASSWORD_READ" });
    });
  }
});

test("S23 an encryption that is not supported is named", () => {
  expect(unsupported).toHaveLength(6);
  for (const [name, key] of unsupported) {
    inCase(name, () => {
      const error = refusal(name, key, keyPassword);
      expect(error).toMatchObject({ reason: "UNSUPPORTED_ENCRYPTION" });
      expect(error.message).toMatch(
        /protected with (scrypt|RC2 with 40 bits|CAMELLIA-128-CBC), which is not supported/,
      );
    });
  }
});

test("S23 a function is not asked for the password of a key that is not encrypted", () => {
  let asked = 0;
  const password = (): string => `${asked++}`;
  SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key, password }] }).dispose();
  expect(asked).toBe(0);
});

test("S23 what a function throws instead of a password arrives as it is", () => {
  const trouble = new Error("no terminal");
  const password = (): string => {
    throw trouble;
  };
  const key = encryptedKeys["ec aes-256-cbc hmacWithSHA256"]!;
  expect(thrownBy(() => SSLContext.server({ identities: [{ cert: certs.localhost.chain, key, password }] }))).toBe(
    trouble,
  );
});

test("S23 a key of a kind that cannot be used is named, in PEM and in DER", () => {
  for (const [name, key] of Object.entries(otherKeys)) {
    inCase(name, () => {
      for (const form of [key, bytesOf(key)]) {
        const error = refusal("ec", form);
        expect(error).toMatchObject({ reason: "UNSUPPORTED_KEY_TYPE" });
        expect(error.message).toBe(
          `Cannot use identities[0].key: it has ${name.trim()}, which is not supported (supported: RSA, P-256, P-384, P-521)`,
        );
      }
    });
  }
});

test("S23 a certificate with a key of a kind that cannot be used is refused by the name of the kind", () => {
  for (const [name, cert] of Object.entries(otherCertificates)) {
    inCase(name, () => {
      const error = thrownBy(() => SSLContext.client({ identities: [{ cert, key: certs.localhost.key }] }));
      expect(error).toBeInstanceOf(SSLConfigError);
      expect((error as Error).message).toContain(`identities[0].cert: it has ${name}, which is not supported`);
    });
  }
});

test("S23 an RSA certificate that was signed with RSA-PSS is an identity in both roles", () => {
  const root = makeRoot("PSS root", { key: keyNamed("PSS root", "rsa2048"), algorithm: "pss-sha256" });
  const key = keyNamed("PSS leaf", "rsa2048");
  for (const algorithm of ["pss-sha256", "pss-sha384", "pss-sha512"] as const) {
    const purposes = extKeyUsage([serverAuth, clientAuth]);
    const { der } = makeServer(root, "localhost", { key, algorithm, extensions: { extKeyUsage: purposes } });
    const identity = { cert: der, key: String(key.privateKey.export({ type: "pkcs8", format: "pem" })) };
    const both = { ca: root.der, identities: [identity], now: (): number => today };
    forEachVersion((version) => {
      expectHandshake(pairOf({ version, client: both, server: { ...both, verifyMode: "required" } }));
    });
  }
});

test("S23 an encrypted key that was altered or cut off anywhere is refused or means the same", () => {
  for (const name of ["ec aes-256-cbc hmacWithSHA256", "ec PBE-SHA1-3DES", "ec PBE-MD5-DES"]) {
    inCase(name, () => {
      const key = bytesOf(encryptedKeys[name]!);
      for (let at = 0; at < key.length; at++) {
        const altered = key.slice();
        altered[at]! ^= 1 << (at % 8);
        const error = thrownBy(() => load(name, altered, keyPassword));
        if (error !== undefined) expect(error).toBeInstanceOf(SSLConfigError);
        expect(refusal(name, key.subarray(0, at), keyPassword).reason).toMatch(/BAD_(PEM|KEY)/);
      }
    });
  }
});

test("S23 a key that asks for hours of hashing is refused at once", () => {
  const salt = octets(new Uint8Array(8));
  for (const iterations of [5_000_001, 2 ** 40]) {
    const kdf = sequence(oid("1.2.840.113549.1.5.12"), sequence(salt, integer(iterations)));
    const cipher = sequence(oid("2.16.840.1.101.3.4.1.2"), octets(new Uint8Array(16)));
    const scheme = sequence(oid("1.2.840.113549.1.5.13"), sequence(kdf, cipher));
    const key = pem("ENCRYPTED PRIVATE KEY", sequence(scheme, octets(new Uint8Array(64))));
    expect(refusal("ec", key, "x")).toMatchObject({ reason: "BAD_ITERATION_COUNT" });
  }
});

test("S23 the head of an encrypted PEM block must make sense", () => {
  const key = encryptedKeys["ec traditional aes128"]!;
  const heads: readonly (readonly [string, string])[] = [
    ["DEK-Info: AES-128-CBC,", "UNSUPPORTED_ENCRYPTION"],
    ["DEK-Info: AES-128-CBC,00", "BAD_DECRYPT"],
    ["DEK-Info: AES-128-CBC,zz", "UNSUPPORTED_ENCRYPTION"],
    ["DEK-Info:", "UNSUPPORTED_ENCRYPTION"],
    ["X-Other: 1", "BAD_PEM"],
  ];
  for (const [head, reason] of heads) {
    inCase(head, () => {
      const broken = key.replace(/DEK-Info: .*/, head);
      expect(refusal("ec", broken, keyPassword)).toBeInstanceOf(SSLConfigError);
      expect([reason, "BAD_DECRYPT"]).toContain(refusal("ec", broken, keyPassword).reason);
    });
  }
});

function load(name: string, key: string | Uint8Array, password?: string | Uint8Array | (() => string)): void {
  const cert = name.startsWith("rsa") ? certs.localhostRsa.chain : certs.localhost.chain;
  const identity = password === undefined ? { cert, key } : { cert, key, password };
  SSLContext.server({ identities: [identity] }).dispose();
}

function refusal(name: string, key: string | Uint8Array, password?: string): SSLConfigError {
  const error = thrownBy(() => load(name, key, password));
  expect(error).toBeInstanceOf(SSLConfigError);
  expect((error as Error).message).toMatch(/^Cannot use identities\[0\]\.key: /);
  return error as SSLConfigError;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replace(/-----.*?-----|\s/g, "")), (character) => character.charCodeAt(0));
}

// PKCS#12 files as identities: what openssl and keytool write opens, what cannot be opened says why, and nothing else happens.
import { createHmac, pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { type Bytes, pemCertToDer, SSLConfigError, SSLContext } from "../../../ts/ssl/index.ts";
import { mostIterations, Work } from "../../../ts/ssl/identity/password.ts";
import { certs, keyForms, keyPassword } from "../../support/certs.ts";
import {
  clientContext,
  disposed,
  expectHandshake,
  handshake,
  inCase,
  pairOf,
  serverContext,
  thrownBy,
  wrapped,
} from "../../support/conversation.ts";
import { type Der, element, explicit, implicit, integer, octets, oid, sequence } from "../../support/der-writer.ts";
import { pfx, type Pkcs12Name } from "../../support/identities.ts";

const usable: readonly Pkcs12Name[] = [
  "openssl",
  "tripleDes",
  "twoKeysDes",
  "aes128And192",
  "pbes2With3Des",
  "macSha1",
  "onlyKeyEncrypted",
  "notEncrypted",
  "notProtected",
  "withoutMac",
  "legacyWithoutMac",
  "manyIterations",
  "oneIteration",
  "emptyPassword",
  "emptyPasswordLegacy",
  "unicodePassword",
  "longPassword",
];

test("S23 a PKCS#12 file of openssl is an identity: every cipher, MAC and form of a password", () => {
  for (const name of usable) {
    inCase(name, () => {
      const pair = pairOf({ server: { identities: [pfx(name)] } });
      handshake(pair);
      expect(pair.client.tls.getUnverifiedChain()).toEqual(chainOf("viaIntermediate"));
    });
  }
  expectHandshake(pairOf({ server: { identities: [pfx("rsa")] }, client: { ca: certs.rsaRoot.cert } }));
});

test("S23 a PKCS#12 file of keytool is an identity: the first key with its own certificate", () => {
  for (const name of ["keytool", "keytoolTripleDes"] as const) {
    inCase(name, () => {
      const pair = pairOf({ server: { identities: [pfx(name)] }, client: { verifyMode: "none" } });
      handshake(pair);
      expect(pair.client.tls.getPeerCert()?.subject).toEqual([[["commonName", "first"]]]);
      expect(pair.client.tls.getUnverifiedChain()).toHaveLength(1);
    });
  }
});

test("S28 a client may have its identity in a PKCS#12 file, too", () => {
  const probe = pairOf({ server: { identities: [pfx("keytool")] }, client: { verifyMode: "none" } });
  handshake(probe);
  const ca = probe.client.tls.getPeerCert({ binary: true })!;
  const pair = pairOf({ server: { verifyMode: "required", ca }, client: { identities: [pfx("keytool")] } });
  handshake(pair);
  expect(pair.server.tls.getPeerCert({ binary: true })).toEqual(ca);
});

test("S23 the chain goes from the own certificate to its issuers, whatever the order in the file", () => {
  const pair = pairOf({ server: { identities: [pfx("unsorted")] } });
  handshake(pair);
  const root = pemCertToDer(certs.root.cert);
  expect(pair.client.tls.getUnverifiedChain()).toEqual([...chainOf("viaIntermediate"), root]);
});

test("S23 nothing in a PKCS#12 file is trusted", () => {
  const context = disposed(SSLContext.client({ identities: [pfx("unsorted")] }));
  expect(context.getCaCerts()).toEqual([]);
});

test("S23 a password is a text, bytes, or a function that is asked once for each context", () => {
  const { pfx: file, password } = pfx("unicodePassword");
  let asked = 0;
  const ask = (): string => {
    asked++;
    return password;
  };
  for (const form of [password, utf8(password), utf8(password).buffer, ask, (): Bytes => utf8(password)]) {
    SSLContext.server({ identities: [{ pfx: file, password: form }] }).dispose();
  }
  expect(asked).toBe(1);
  const latin1 = Uint8Array.from(password, (character) => character.charCodeAt(0));
  expect(() => SSLContext.server({ identities: [{ pfx: file, password: latin1 }] })).toThrow(/password/);
  const wrongType = (): unknown =>
    SSLContext.server({ identities: [{ pfx: file, password: (): string => 5 as never }] });
  expect(wrongType).toThrow(TypeError);
});

test("S23 a wrong password is told from a missing one, for every kind of protection", () => {
  const locked = usable.filter((name) => !/^(not|empty|manyIt)/.test(name));
  for (const name of locked) {
    inCase(name, () => {
      const { pfx: file, password } = pfx(name);
      for (const wrong of ["another", `${password}x`, password.toUpperCase(), "x".repeat(1000)]) {
        const error = refusal({ pfx: file, password: wrong });
        expect(["MAC_VERIFY_FAILURE", "BAD_DECRYPT"]).toContain(error.reason);
        expect(error.message).toMatch(/^Cannot use identities\[0\]\.pfx: the password is wrong/);
        expect(error.message).not.toContain(wrong);
      }
      for (const missing of [{ pfx: file }, { pfx: file, password: "" }])
        expect(refusal(missing)).toMatchObject({ reason: "BAD_PASSWORD_READ" });
    });
  }
  expect(refusal({ ...pfx("emptyPassword"), password: "x" })).toMatchObject({ reason: "MAC_VERIFY_FAILURE" });
});

test("S23 what is in a file but cannot be used is named", () => {
  const cases: readonly (readonly [Pkcs12Name, string, RegExp])[] = [
    ["rc2", "UNSUPPORTED_ENCRYPTION", /protected with RC2 with 40 bits, which is not supported/],
    ["keytoolLegacy", "UNSUPPORTED_ENCRYPTION", /protected with RC2 with 40 bits/],
    ["withoutKey", "BAD_PKCS12", /it has no private key/],
    ["withoutCertificate", "BAD_PKCS12", /no key in it has a certificate in it/],
    ["ed25519", "UNSUPPORTED_KEY_TYPE", /it has an Ed25519 key, which is not supported/],
  ];
  for (const [name, reason, message] of cases) {
    inCase(name, () => {
      const error = refusal(pfx(name));
      expect(error).toMatchObject({ reason, library: "PK" });
      expect(error.message).toMatch(message);
    });
  }
});

test("S23 a file that was altered anywhere is refused or means the same", () => {
  const { pfx: file, password } = pfx("oneIteration");
  let refused = 0;
  for (let at = 0; at < file.length; at++) {
    const altered = file.slice();
    altered[at]! ^= 1 << (at % 8);
    refused += opens({ pfx: altered, password }) ? 0 : 1;
  }
  expect(refused).toBeGreaterThan(file.length * 0.95); // names and versions that nobody reads are left
  const mac = file.slice();
  mac[file.length - 30]! ^= 1;
  expect(refusal({ pfx: mac, password })).toMatchObject({ reason: "MAC_VERIFY_FAILURE" });
});

test("S23 a file that was cut off anywhere, or goes on behind its end, is refused", () => {
  for (const name of ["oneIteration", "notProtected", "withoutMac", "keytool"] as const) {
    inCase(name, () => {
      const { pfx: file, password } = pfx(name);
      for (let size = 0; size < file.length; size++)
        expect(refusal({ pfx: file.subarray(0, size), password })).toMatchObject({ reason: "BAD_PKCS12" });
      expect(refusal({ pfx: concatenated(file, Uint8Array.of(0)), password })).toMatchObject({ reason: "BAD_PKCS12" });
    });
  }
});

test("S23 a file without a MAC that was altered anywhere is refused or opens, and nothing else", () => {
  const { pfx: file } = pfx("notProtected");
  let refused = 0;
  for (let at = 0; at < file.length; at++) {
    for (const value of [0, 0x80, file[at]! ^ 1]) {
      const altered = file.slice();
      altered[at] = value;
      refused += opens({ pfx: altered, password: "" }) ? 0 : 1;
    }
  }
  expect(refused).toBeGreaterThan(file.length);
});

test("S23 what is no PKCS#12 file is refused in its own words", () => {
  const notBytes = (value: unknown): unknown => SSLContext.server({ identities: [{ pfx: value as Bytes }] });
  for (const value of [undefined, null, "text", 5, {}]) expect(() => notBytes(value)).toThrow(TypeError);
  const cert = pemCertToDer(certs.root.cert);
  for (const value of [new Uint8Array(), new Uint8Array(100), cert, utf8(certs.root.cert), sequence(integer(3))])
    expect(refusal({ pfx: value })).toMatchObject({ reason: "BAD_PKCS12" });
  const signed = fileOf(oid("1.2.840.113549.1.7.2"), explicit(0, sequence()));
  expect(refusal({ pfx: signed })).toMatchObject({ reason: "UNSUPPORTED_ENCRYPTION" });
  const enveloped = fileOf(
    oid(dataType),
    explicit(0, octets(sequence(sequence(oid("1.2.840.113549.1.7.3"), explicit(0, sequence()))))),
  );
  expect(refusal({ pfx: enveloped }).message).toMatch(/encrypted with a public key, which is not supported/);
});

test("S23 a file in BER, with lengths that come at the end and octets in pieces, opens as well", () => {
  const inBer = berOf(pfx("notProtected").pfx);
  expect(inBer).not.toEqual(pfx("notProtected").pfx);
  expectHandshake(pairOf({ server: { identities: [{ pfx: inBer }] } }));
  const { pfx: file, password } = pfx("openssl");
  expectHandshake(pairOf({ server: { identities: [{ pfx: berOf(file, false), password }] } }));
  for (let size = 0; size < inBer.length; size += 3)
    expect(refusal({ pfx: inBer.subarray(0, size) })).toMatchObject({ reason: "BAD_PKCS12" });
  const deep = Uint8Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? 48 : 128));
  expect(refusal({ pfx: deep })).toMatchObject({ reason: "BAD_PKCS12" });
});

test("S23 a file of very many very small parts is refused like any other that makes no sense", () => {
  for (const kind of [48, 36]) {
    const parts = new Uint8Array(600_000).map((_, i) => (i % 2 === 0 ? 4 : 0));
    expect(refusal({ pfx: element(kind, parts) })).toMatchObject({ reason: "BAD_PKCS12" });
    expect(refusal({ pfx: sequence(element(kind, parts)) })).toMatchObject({ reason: "BAD_PKCS12" });
  }
});

test("S23 a file that asks for hours of hashing is refused at once", () => {
  const salt = octets(new Uint8Array(8));
  for (const iterations of [5_000_001, 2 ** 31, 2n ** 63n, 2n ** 200n, 0, -1]) {
    const kdf = sequence(oid("1.2.840.113549.1.5.12"), sequence(salt, integer(iterations), integer(32)));
    const cipher = sequence(oid("2.16.840.1.101.3.4.1.42"), octets(new Uint8Array(16)));
    const pbes2 = sequence(oid("1.2.840.113549.1.5.13"), sequence(kdf, cipher));
    const old = sequence(oid("1.2.840.113549.1.12.1.3"), sequence(salt, integer(iterations)));
    const oldest = sequence(oid("1.2.840.113549.1.5.3"), sequence(salt, integer(iterations)));
    for (const scheme of [pbes2, old, oldest]) expectTooMuchWork(encryptedFile(scheme));
    const macAlgorithm = sequence(oid("1.3.14.3.2.26"));
    expectTooMuchWork(macFile(sequence(macAlgorithm, octets(new Uint8Array(20))), salt, integer(iterations)));
  }
});

test("S23 the hashing that a file asks for is added up", () => {
  const work = new Work("pfx");
  for (let part = 0; part < 5; part++) work.spend(250_000, 4);
  expect(thrownBy(() => work.spend(1, 1))).toMatchObject({ reason: "BAD_ITERATION_COUNT" });
  expect(thrownBy(() => new Work("pfx").spend(mostIterations, 1))).toBe(undefined);
});

test("S23 a MAC of the form PBMAC1 (RFC 9579) is checked", () => {
  const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
  const content = contentOf(pfx("notProtected").pfx);
  for (const [prf, hash, oids] of [
    ["sha256", "sha256", ["1.2.840.113549.2.9", "1.2.840.113549.2.9"]],
    ["sha512", "sha256", ["1.2.840.113549.2.11", "1.2.840.113549.2.9"]],
    ["sha1", "sha512", ["1.2.840.113549.2.7", "1.2.840.113549.2.11"]],
  ] as const) {
    const parameters = sequence(octets(salt), integer(2048), integer(32), sequence(oid(oids[0]), element(5)));
    const kdf = sequence(oid("1.2.840.113549.1.5.12"), parameters);
    const pbmac1 = sequence(oid("1.2.840.113549.1.5.14"), sequence(kdf, sequence(oid(oids[1]), element(5))));
    const key = pbkdf2Sync("geheim ü", salt, 2048, 32, prf);
    const mac = new Uint8Array(createHmac(hash, key).update(content).digest());
    const file = macFile(sequence(pbmac1, octets(mac)), octets(utf8("NOT USED")), integer(1), content);
    expectHandshake(pairOf({ server: { identities: [{ pfx: file, password: "geheim ü" }] } }));
    expect(refusal({ pfx: file, password: "geheim" })).toMatchObject({ reason: "MAC_VERIFY_FAILURE" });
  }
});

test("S23 with each kind of isolation encrypted keys and files open, and variants of a context open them again", () => {
  const encrypted = { cert: certs.localhost.chain, key: keyForms.ec.encryptedPkcs8, password: keyPassword };
  for (const isolation of ["shared", "context", "connection"] as const) {
    for (const identity of [pfx("openssl"), encrypted]) {
      const context = serverContext({ identities: [identity], isolation });
      const variant = disposed(context.with({ minVersion: "TLSv1.3" }));
      for (const server of [context, variant])
        expectHandshake({ client: wrapped(clientContext(), { serverHostname: "localhost" }), server: wrapped(server) });
    }
  }
});

test("S23 cert and key have no place beside pfx", () => {
  const mixed = { ...pfx("openssl"), cert: certs.localhost.cert };
  expect(refusal(mixed)).toMatchObject({ reason: "BAD_OPTION" });
});

const dataType = "1.2.840.113549.1.7.1";

function refusal(identity: object): SSLConfigError {
  const error = thrownBy(() => SSLContext.server({ identities: [identity as { pfx: Bytes }] }).dispose());
  expect(error).toBeInstanceOf(SSLConfigError);
  return error as SSLConfigError;
}

/** False when it is refused as it should be. */
function opens(identity: { pfx: Bytes; password: string }): boolean {
  try {
    SSLContext.server({ identities: [identity] }).dispose();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SSLConfigError);
    return false;
  }
}

function expectTooMuchWork(file: Der): void {
  const error = refusal({ pfx: file, password: "x" });
  expect(["BAD_ITERATION_COUNT", "BAD_PKCS12"]).toContain(error.reason); // a negative count is no DER that we read
}

function fileOf(...content: readonly Der[]): Der {
  return sequence(integer(3), sequence(...content));
}

/** A file of encrypted parts that are all zeros. */
function encryptedFile(...schemes: readonly Der[]): Der {
  const parts = schemes.map((scheme) => {
    const info = sequence(oid(dataType), scheme, implicit(0, new Uint8Array(32)));
    return sequence(oid("1.2.840.113549.1.7.6"), explicit(0, sequence(integer(0), info)));
  });
  return fileOf(oid(dataType), explicit(0, octets(sequence(...parts))));
}

function macFile(digestInfo: Der, salt: Der, iterations: Der, content: Der = sequence()): Der {
  const authSafe = sequence(oid(dataType), explicit(0, octets(content)));
  return sequence(integer(3), authSafe, sequence(digestInfo, salt, iterations));
}

/** The authenticated content of a file whose lengths all have two bytes. */
function contentOf(file: Der): Der {
  const at = file.findIndex((byte, i) => byte === 4 && file[i + 1] === 130);
  return file.slice(at + 4);
}

function chainOf(name: keyof typeof certs): Uint8Array[] {
  return certs[name].chain
    .split(/(?=-----BEGIN)/)
    .filter((text) => text.includes("BEGIN"))
    .map(pemCertToDer);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The same in BER: constructed elements with an end mark, octet strings in pieces (those with files in them, too). */
function berOf(der: Der, inside = true): Der {
  const [tag = 0, first = 0] = der;
  const start = first < 128 ? 2 : 2 + first - 128;
  const content = der.subarray(start);
  const mark = Uint8Array.of(0, 0);
  if (Math.floor(tag / 32) % 2 === 1)
    return concatenated(Uint8Array.of(tag, 128), ...elementsOf(content).map((part) => berOf(part, inside)), mark);
  if (tag !== 4 || content.length < 50) return der;
  const text = inside && isPkcs12Content(content) ? berOf(content, inside) : content;
  const half = Math.floor(text.length / 2);
  return concatenated(Uint8Array.of(36, 128), octets(text.subarray(0, half)), octets(text.subarray(half)), mark);
}

/** A list of contents or bags, no certificate or key: those are DER always. */
function isPkcs12Content(content: Der): boolean {
  const inner = content.subarray(content[1]! < 128 ? 2 : content[1]! - 126);
  return content[0] === 48 && inner[0] === 48 && inner.subarray(0, 12).includes(6) && !inner.subarray(0, 6).includes(2);
}

function elementsOf(content: Der): Der[] {
  const elements: Der[] = [];
  for (let at = 0; at < content.length;) {
    const first = content[at + 1]!;
    const bytes = first < 128 ? [first] : [...content.subarray(at + 2, at + 2 + first - 128)];
    const header = first < 128 ? 2 : 2 + first - 128;
    const size = header + bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    elements.push(content.subarray(at, at + size));
    at += size;
  }
  return elements;
}

// DER and certificates under fire: whatever the bytes are, the answer is a certificate or an SSLError.
import fc from "fast-check";
import { expect, test } from "vitest";
import { SSLError } from "../../ts/engine/errors.ts";
import { DerReader, oidText, stringOf, tag, timeOf } from "../../ts/ssl/der.ts";
import { parseCertificate, pemCertToDer } from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";
import { inCase, joined, thrownBy } from "../support/conversation.ts";

test("elements are read one after the other, with all lengths of lengths", () => {
  for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const element = elementOf(tag.octetString, new Uint8Array(size).fill(7));
    const reader = new DerReader(joined([element, element]));
    for (let i = 0; i < 2; i++) {
      const { tag: kind, content, whole } = reader.next(tag.octetString);
      expect([kind, content.length, whole.length]).toEqual([tag.octetString, size, element.length]);
    }
    expect(reader.more).toBe(false);
  }
});

test("broken elements are refused with DECODE_ERROR", () => {
  for (const bytes of [
    [],
    [48],
    [48, 1],
    [48, 128, 0, 0],
    [48, 129],
    [48, 133, 1, 1, 1, 1, 1],
    [48, 132, 255, 255, 255, 255],
    [4, 2, 1],
    [4, 0],
  ]) {
    inCase(String(bytes), () => {
      const error = thrownBy(() => new DerReader(Uint8Array.from(bytes)).next(tag.sequence));
      expect(error).toBeInstanceOf(SSLError);
      expect(error).toMatchObject({ reason: "DECODE_ERROR" });
    });
  }
});

test("object identifiers are written with dots", () => {
  expect(oidText(Uint8Array.of(85, 29, 17))).toBe("2.5.29.17");
  expect(oidText(Uint8Array.of(42, 134, 72, 134, 247, 13, 1, 1, 11))).toBe("1.2.840.113549.1.1.11");
  expect(oidText(Uint8Array.of(136, 55, 1))).toBe("2.999.1");
});

test("strings of every type become text, others null", () => {
  const read = (kind: number, content: readonly number[]): string | null =>
    stringOf(new DerReader(elementOf(kind, Uint8Array.from(content))).next());
  expect(read(tag.utf8String, [98, 195, 188])).toBe("bü");
  expect(read(tag.printableString, [97, 98])).toBe("ab");
  expect(read(tag.teletexString, [98, 252])).toBe("bü");
  expect(read(tag.bmpString, [0, 98, 0, 252])).toBe("bü");
  expect(read(tag.universalString, [0, 0, 0, 98, 0, 1, 246, 0])).toBe("b😀");
  expect(read(tag.integer, [1])).toBe(null);
});

test("times are read in both forms, and refused in all others", () => {
  const read = (kind: number, text: string): number =>
    timeOf(new DerReader(elementOf(kind, new TextEncoder().encode(text))).next());
  expect(read(tag.utcTime, "491231235959Z")).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
  expect(read(tag.utcTime, "500101000000Z")).toBe(Date.UTC(1950, 0, 1));
  expect(read(tag.generalizedTime, "21200101000000Z")).toBe(Date.UTC(2120, 0, 1));
  for (const [kind, text] of [
    [tag.utcTime, "4912312359Z"],
    [tag.utcTime, "491231235959+0100"],
    [tag.utcTime, "20491231235959Z"],
    [tag.generalizedTime, "491231235959Z"],
    [tag.generalizedTime, "20491231235959.5Z"],
    [tag.generalizedTime, "20491231235959"],
    [tag.utcTime, ""],
  ] as const) {
    expect(() => read(kind, text)).toThrow(SSLError);
  }
});

test("each certificate of the tests is read, and no shorter part of it", () => {
  for (const name of Object.keys(certs) as CertName[]) {
    const der = pemCertToDer(certs[name].cert);
    expect(parseCertificate(der).subject.length).toBeGreaterThan(0);
    for (const at of [0, 1, 5, Math.floor(der.length / 2), der.length - 1]) {
      expect(() => parseCertificate(der.subarray(0, at))).toThrow(SSLError);
    }
  }
});

test("a certificate with any bytes changed is read or refused with an SSLError, and never anything else", () => {
  const ders = [certs.localhost, certs.idn, certs.root, certs.localhostRsa].map(({ cert }) => pemCertToDer(cert));
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...ders), changes, (der, list) => {
      const copy = der.slice();
      for (const [at, byte] of list) copy[at % copy.length] = byte;
      expectCertificateOrError(copy);
    }),
    { numRuns: 1500 },
  );
});

test("junk, framed or not, is read or refused with an SSLError, and never anything else", () => {
  const junk = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(junk, expectCertificateOrError), { numRuns: 500 });
  const framed = junk.map((bytes) => elementOf(tag.sequence, elementOf(tag.sequence, bytes)));
  fc.assert(fc.property(framed, expectCertificateOrError), { numRuns: 500 });
});

test("long texts in a certificate do not exhaust anything", () => {
  const der = pemCertToDer(certs.localhost.cert);
  const grown = withLongSubject(der, 300_000);
  expectCertificateOrError(grown);
  expect(thrownBy(() => parseCertificate(grown))).toBe(undefined);
});

test("what is no bytes is a TypeError", () => {
  for (const wrong of ["text", null, undefined, 5, {}]) {
    expect(() => parseCertificate(wrong as Uint8Array)).toThrow(TypeError);
  }
});

function expectCertificateOrError(bytes: Uint8Array): void {
  const error = thrownBy(() => {
    const certificate = parseCertificate(bytes);
    expect(certificate.version).toBeGreaterThan(0);
    expect(certificate.notAfter).toMatch(/GMT$/);
  });
  if (error !== undefined && !(error instanceof SSLError)) throw error;
}

/** The certificate with a subject of one very long common name. */
function withLongSubject(der: Uint8Array, size: number): Uint8Array {
  const body = new DerReader(der).inside(tag.sequence).inside(tag.sequence);
  const parts: Uint8Array[] = [];
  while (body.more) parts.push(body.next().whole);
  const attribute = elementOf(
    tag.sequence,
    joined([elementOf(tag.oid, Uint8Array.of(85, 4, 3)), elementOf(tag.utf8String, new Uint8Array(size).fill(97))]),
  );
  parts[5] = elementOf(tag.sequence, elementOf(tag.set, attribute));
  return elementOf(tag.sequence, elementOf(tag.sequence, joined(parts)));
}

function elementOf(kind: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  if (length < 128) return joined([Uint8Array.of(kind, length), content]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return joined([Uint8Array.of(kind, 128 + digits.length, ...digits), content]);
}

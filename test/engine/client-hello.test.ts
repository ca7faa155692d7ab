// The reader of ClientHellos: whole, in pieces, cut short, and junk.
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientHelloCollector, parseClientHello, type Reading } from "../../ts/engine/client-hello.ts";
import type { ClientOptions } from "../../ts/ssl/index.ts";
import {
  cut,
  drained,
  forEachVersion,
  inCase,
  joined,
  pairOf,
  recordOf,
  recordType,
  thrownBy,
} from "../support/conversation.ts";

test("a ClientHello tells its protocols and versions", () => {
  expect(read(helloOf({ alpn: ["h2", "http/1.1"] }))).toMatchObject({
    versions: [772, 771],
    alpn: ["h2", "http/1.1"],
  });
  expect(read(helloOf({ maxVersion: "TLSv1.2" }))).toMatchObject({ versions: [771], alpn: [] });
  expect(read(helloOf({ minVersion: "TLSv1.3" }))).toMatchObject({ versions: [772], alpn: [] });
  expect(read(helloOf({ alpn: ["\u00ff\u0001", "x".repeat(255)] }))).toMatchObject({
    alpn: ["\u00ff\u0001", "x".repeat(255)],
  });
});

test("a ClientHello is read from as many records as it spans, whatever follows", () => {
  const hello = helloOf({ alpn: ["h2"] });
  for (const size of [1, 3, 4, 5, 40, 100, 1000]) {
    inCase(`records of ${size}`, () => {
      const records = joined(cut(hello.subarray(5), size).map((part) => recordOf(recordType.handshake, part, 1)));
      expect(read(records)).toMatchObject({ alpn: ["h2"] });
      expect(read(joined([records, Uint8Array.of(1, 2, 3)]))).toMatchObject({ alpn: ["h2"] });
      expect(read(records.subarray(0, -1))).toBe("incomplete");
    });
  }
});

test("a ClientHello that is cut anywhere is incomplete", () => {
  forEachVersion((version) => {
    const hello = helloOf({ minVersion: version, maxVersion: version, alpn: ["h2"] });
    for (let at = 0; at < hello.length; at++) expect(read(hello.subarray(0, at))).toBe("incomplete");
    expect(read(hello)).not.toBe("incomplete");
  });
});

test("what is no ClientHello is null", () => {
  const hello = helloOf({});
  const serverHello = hello.slice();
  serverHello[5] = 2;
  for (const bytes of [
    serverHello,
    recordOf(recordType.alert, [2, 40]),
    recordOf(recordType.applicationData, hello.subarray(5)),
    new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
  ]) {
    expect(read(bytes)).toBe(null);
  }
});

test("a ClientHello whose inner lengths do not fit is malformed, one without extensions has none", () => {
  const body = [3, 3, ...Array<number>(32).fill(7), 0, 0, 2, 19, 1, 1, 0];
  const message = (rest: readonly number[]): Uint8Array => {
    const whole = [...body, ...rest];
    return recordOf(recordType.handshake, [1, 0, Math.floor(whole.length / 256), whole.length % 256, ...whole]);
  };
  expect(read(message([]))).toMatchObject({ versions: [771], alpn: [] });
  expect(read(message([0, 0]))).toMatchObject({ versions: [771], alpn: [] });
  for (const rest of [
    [0],
    [0, 5, 0, 16],
    [0, 4, 0, 16, 0, 9],
    [0, 6, 0, 16, 0, 2, 0, 9],
    [0, 7, 0, 16, 0, 3, 0, 1, 200],
    [0, 5, 0, 43, 0, 1, 9],
    [0, 6, 0, 43, 0, 2, 1, 3],
  ]) {
    inCase(String(rest), () => expect(read(message(rest))).toBe("malformed"));
  }
  expect(read(recordOf(recordType.handshake, [1, 0, 0, 2, 3, 3]))).toBe("malformed");
  expect(read(recordOf(recordType.handshake, [1, 0, 0, 0]))).toBe("malformed");
  expect(thrownBy(() => parseClientHello(message([0])))).toMatchObject({
    reason: "DECODE_ERROR",
    message: "Cannot parse the ClientHello: its lengths do not fit",
  });
});

test("junk, and a ClientHello with any byte changed, never makes the reader throw", () => {
  const hello = helloOf({ alpn: ["h2"] });
  const answers = (bytes: Uint8Array): boolean => {
    const summary = read(bytes);
    return summary === null || typeof summary === "string" || Array.isArray(summary.alpn);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), answers), { numRuns: 300 });
  const framed = fc.uint8Array({ maxLength: 400 }).map((junk) => recordOf(recordType.handshake, [1, 0, 0, ...junk]));
  fc.assert(fc.property(framed, answers), { numRuns: 300 });
  const changed = fc.tuple(fc.nat(hello.length - 1), fc.nat(255)).map(([at, byte]) => hello.with(at, byte));
  fc.assert(fc.property(changed, answers), { numRuns: 500 });
});

test("a ClientHello is read with all that it offers, from records or bare", () => {
  const bytes = helloOf({ alpn: ["h2"] });
  const hello = parseClientHello(bytes)!;
  expect(hello).toMatchObject({
    legacyVersion: 0x0303,
    compressionMethods: [0],
    serverName: "localhost",
    alpn: ["h2"],
  });
  expect(hello.groups).toEqual([29, 23, 24, 25]);
  expect(hello.keyShares).toEqual([29]);
  expect(hello.cipherSuites).toContain(0x1301);
  expect(hello.signatureAlgorithms).toContain(0x0403);
  expect([hello.random.length, hello.sessionId.length, hello.pskIdentities.length]).toEqual([32, 32, 0]);
  expect(hello.extensions.map(({ type }) => type)).toContain(43);
  expect(parseClientHello(hello.raw)).toEqual(hello);
  expect(parseClientHello(hello.raw.subarray(0, -1))).toBe(null);
  expect(parseClientHello(bytes.subarray(0, 3))).toBe(null);
  const error = thrownBy(() => parseClientHello(new TextEncoder().encode("GET / HTTP/1.1")));
  expect(error).toMatchObject({ reason: "DECODE_ERROR", message: "Cannot parse the ClientHello: the bytes are none" });
});

function read(bytes: Uint8Array): Reading {
  return new ClientHelloCollector().add(bytes);
}

function helloOf(client: ClientOptions): Uint8Array {
  const { client: end } = pairOf({ client });
  thrownBy(() => end.tls.doHandshake());
  return drained(end);
}

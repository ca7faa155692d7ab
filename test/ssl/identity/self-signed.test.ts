// generateSelfSigned: what it makes is an identity here, is trusted where it is named, and nowhere else.
import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import {
  generateSelfSigned,
  parseCertificate,
  pemCertToDer,
  type SelfSignedKey,
  SSLConfigError,
} from "../../../ts/ssl/index.ts";
import { sharedRealm } from "../../../ts/engine/realms.ts";
import {
  attempt,
  expectHandshake,
  forEachVersion,
  handshake,
  inCase,
  pairOf,
  thrownBy,
} from "../../support/conversation.ts";

const day = 86_400_000;

test("a self-signed identity serves whoever trusts it, under every profile and with every kind of key", () => {
  for (const key of ["P-256", "P-384", "P-521", "RSA-2048"] as const) {
    const identity = generateSelfSigned({ key });
    for (const certProfile of ["lenient", "standard", "web"] as const) {
      forEachVersion((version) => {
        inCase(`${key} ${certProfile}`, () => {
          for (const serverHostname of ["localhost", "127.0.0.1", "::1"]) {
            const client = { ca: identity.cert, certProfile };
            expectHandshake(pairOf({ version, server: { identities: [identity] }, client, wrap: { serverHostname } }));
          }
        });
      });
    }
  }
});

test("S28 a self-signed identity serves a client as well, and both sides at once", () => {
  const [ours, theirs] = [generateSelfSigned({ names: ["somebody"] }), generateSelfSigned()];
  for (const certProfile of ["lenient", "standard", "web"] as const) {
    forEachVersion((version) => {
      const client = { ca: theirs.cert, identities: [ours], certProfile };
      const server = { ca: ours.cert, identities: [theirs], certProfile, verifyMode: "required" } as const;
      const pair = pairOf({ version, client, server });
      handshake(pair);
      expect(pair.server.tls.getPeerCert()?.subjectAltName).toEqual([["DNS", "somebody"]]);
    });
  }
});

test("S21 a self-signed identity is refused by whoever does not trust it, or asks for another name", () => {
  const [identity, other] = [generateSelfSigned(), generateSelfSigned()];
  const server = { identities: [identity] };
  expect(attempt(pairOf({ server, client: { ca: other.cert } })).client).toMatchObject({ verifyCode: 20 });
  const wrap = { serverHostname: "example.org" };
  expect(attempt(pairOf({ server, client: { ca: identity.cert }, wrap })).client).toMatchObject({ verifyCode: 62 });
});

test("its key vouches for no other certificate", () => {
  const { cert } = generateSelfSigned();
  expect(new X509Certificate(cert).ca).toBe(false);
});

test("S19 it is valid from an hour ago for so many days", () => {
  const now = Date.UTC(2049, 11, 1);
  const identity = generateSelfSigned({ days: 45.5, now: () => now });
  const { notBefore, notAfter } = parseCertificate(pemCertToDer(identity.cert));
  expect([notBefore, notAfter]).toEqual(["Nov 30 23:00:00 2049 GMT", "Jan 15 12:00:00 2050 GMT"]);
  const at = (time: number): unknown =>
    attempt(pairOf({ server: { identities: [identity] }, client: { ca: identity.cert, now: () => time } })).client;
  expect([at(now), at(now + 45 * day)]).toEqual([undefined, undefined]);
  expect(at(now + 46 * day)).toMatchObject({ verifyCode: 10 });
  expect(at(now - day)).toMatchObject({ verifyCode: 9 });
});

test("S22 its names are DNS names, wildcards and addresses in their common forms", () => {
  const long = `${"a".repeat(60)}.example.org`;
  const cases: readonly (readonly [readonly string[], string, readonly (readonly [string, string])[]])[] = [
    [["Example.ORG"], "example.org", [["DNS", "example.org"]]],
    [
      ["*.example.org", "example.org"],
      "*.example.org",
      [
        ["DNS", "*.example.org"],
        ["DNS", "example.org"],
      ],
    ],
    [["bücher.example"], "xn--bcher-kva.example", [["DNS", "xn--bcher-kva.example"]]],
    [["10.1.2.3"], "10.1.2.3", [["IP Address", "10.1.2.3"]]],
    [["2001:DB8::1"], "Self-signed", [["IP Address", "2001:DB8:0:0:0:0:0:1"]]],
    [[long], "Self-signed", [["DNS", long]]],
  ];
  for (const [names, subject, altNames] of cases) {
    inCase(names[0]!, () => {
      const identity = generateSelfSigned({ names });
      const parsed = parseCertificate(pemCertToDer(identity.cert));
      expect(parsed.subject[0]![0]![1]).toBe(subject);
      expect(parsed.subjectAltName).toEqual(altNames);
      const wrap = { serverHostname: names.at(-1)! };
      const client = { ca: identity.cert, certProfile: "web" } as const;
      expectHandshake(pairOf({ server: { identities: [identity] }, client, wrap }));
    });
  }
});

test("each one has a key and a serial number of its own", () => {
  const made = Array.from({ length: 5 }, () => generateSelfSigned());
  expect(new Set(made.map(({ key }) => key)).size).toBe(5);
  const serials = made.map(({ cert }) => parseCertificate(pemCertToDer(cert)).serialNumber);
  expect(new Set(serials).size).toBe(5);
  for (const serial of serials) expect(serial.length).toBeGreaterThan(16);
});

test("a wrong option of generateSelfSigned is refused by name", () => {
  const wrong: readonly (readonly [object, RegExp, new (...args: never[]) => Error])[] = [
    [{ names: [] }, /names: the list is empty/, SSLConfigError],
    [{ names: "localhost" }, /names: expected an array/, TypeError],
    [{ names: [5] }, /names\[0\]: expected a string/, TypeError],
    [{ names: ["a", "b c"] }, /names\[1\] "b c": it is neither/, SSLConfigError],
    [{ names: ["*.1.2.3.4"] }, /names\[0\]: an IP address has no wildcard/, SSLConfigError],
    [{ names: ["*.*.example"] }, /names\[0\]/, SSLConfigError],
    [{ key: "P-224" }, /key: expected P-256 or P-384 or .*, got the string "P-224"/, SSLConfigError],
    [{ key: "toString" }, /key: expected/, SSLConfigError],
    [{ days: 0 }, /days: expected a number above 0/, RangeError],
    [{ days: NaN }, /days/, RangeError],
    [{ days: 1e9 }, /days: the certificate would not be valid between 1970 and 9999/, RangeError],
    [{ days: "5" }, /days: expected a number/, TypeError],
    [{ now: 5 }, /now: expected a function/, TypeError],
    [{ now: (): number => NaN }, /days|now/, RangeError],
    [{ name: "localhost" }, /name: there is no such option/, SSLConfigError],
    [[], /expected an object/, TypeError],
  ];
  for (const [options, message, kind] of wrong) {
    inCase(String(message), () => {
      const error = thrownBy(() => generateSelfSigned(options));
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toMatch(message);
    });
  }
});

test("nothing of it stays in the wasm memory", () => {
  generateSelfSigned();
  const before = sharedRealm().liveBlocks();
  for (const key of ["P-256", "P-521"] as readonly SelfSignedKey[]) generateSelfSigned({ key });
  expect(sharedRealm().liveBlocks()).toBe(before);
});

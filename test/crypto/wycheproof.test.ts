// Project Wycheproof's vectors (schema of version 0.9) for the public-key primitives: what is valid must be taken with the same
// result, what is invalid must be refused. The files are not part of the repository: WYCHEPROOF_DIR names their folder.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { type SignatureMethod, verifySignature } from "../../ts/engine/signatures.ts";
import { agree, type Curve } from "./probe.ts";

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: "valid" | "acceptable" | "invalid";
  readonly [field: string]: unknown;
}

interface Group {
  readonly tests: readonly Vector[];
  readonly publicKeyDer?: string;
  readonly sha?: string;
  readonly sLen?: number;
}

const agreements: Readonly<Record<string, Curve>> = {
  x25519_test: 255,
  ecdh_secp256r1_ecpoint_test: 256,
  ecdh_secp384r1_ecpoint_test: 384,
  ecdh_secp521r1_ecpoint_test: 521,
};
const signatures = [
  "ecdsa_secp256r1_sha256_test",
  "ecdsa_secp384r1_sha384_test",
  "ecdsa_secp521r1_sha512_test",
  "rsa_pss_2048_sha256_mgf1_32_test",
  "rsa_pss_2048_sha384_mgf1_48_test",
  "rsa_pss_3072_sha256_mgf1_32_test",
  "rsa_pss_4096_sha512_mgf1_64_test",
  "rsa_signature_2048_sha256_test",
  "rsa_signature_2048_sha384_test",
  "rsa_signature_2048_sha512_test",
  "rsa_signature_3072_sha256_test",
  "rsa_signature_4096_sha512_test",
];
/** What Wycheproof calls acceptable, and we do not take. */
const refusedFlags: ReadonlySet<string> = new Set(["ZeroSharedSecret", "CompressedPublic"]);
const folder = process.env["WYCHEPROOF_DIR"];

for (const [name, curve] of Object.entries(agreements)) {
  withVectors(name, (groups) => {
    for (const { tests } of groups) for (const vector of tests) checkAgreement(curve, vector);
  });
}

for (const name of signatures) {
  withVectors(name, (groups) => {
    for (const group of groups) for (const vector of group.tests) checkSignature(group, vector);
  });
}

function withVectors(name: string, check: (groups: readonly Group[]) => void): void {
  const hint = folder === undefined ? ", for which WYCHEPROOF_DIR must name the folder" : "";
  test.skipIf(folder === undefined)(`Wycheproof's ${name}.json${hint}`, { timeout: 300_000 }, () => {
    const { testGroups } = JSON.parse(readFileSync(join(folder!, `${name}.json`), "utf8")) as {
      testGroups: readonly Group[];
    };
    expect(testGroups.length).toBeGreaterThan(0);
    check(testGroups);
  });
}

/** A secret of zeros is refused always, and so is a compressed point; what else is acceptable has the secret that it should have. */
function checkAgreement(curve: Curve, vector: Vector): void {
  const secret = agree(curve, privateKey(curve, text(vector, "private")), fromHex(text(vector, "public")));
  const where = `${vector.tcId}: ${vector.comment}`;
  if (vector.result === "invalid" || vector.flags.some((flag) => refusedFlags.has(flag)))
    expect(secret, where).toBeTypeOf("number");
  else expect(secret, where).toEqual(fromHex(text(vector, "shared")));
}

/** A missing NULL in the encoding of RSA PKCS#1, which is acceptable, is refused. */
function checkSignature(group: Group, vector: Vector): void {
  const method = {
    hash: Number(group.sha!.slice(4)),
    ...(group.sLen === undefined ? {} : { saltLength: group.sLen }),
  } as SignatureMethod;
  const [message, signature] = [fromHex(text(vector, "msg")), fromHex(text(vector, "sig"))];
  const verified = verifySignature(sharedRealm(), fromHex(group.publicKeyDer!), method, message, signature);
  expect(verified, `${vector.tcId}: ${vector.comment}`).toBe(vector.result === "valid");
}

/** Numbers are written with as many digits as Java's BigInteger has for them. */
function privateKey(curve: Curve, hex: string): Uint8Array {
  const digits = 2 * Math.ceil(curve / 8);
  return fromHex(curve === 255 ? hex : hex.replace(/^0+/, "").padStart(digits, "0"));
}

function text(vector: Vector, field: string): string {
  const value = vector[field];
  if (typeof value !== "string") throw new Error(`Cannot read vector ${vector.tcId}: it has no ${field}`);
  return value;
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

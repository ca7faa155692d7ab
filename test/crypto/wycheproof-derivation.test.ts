// Project Wycheproof's vectors for HMAC and HKDF, from the folder that WYCHEPROOF_DIR names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { Derivation, type Hash } from "./derivation.ts";
import { fromHex } from "./evidence.ts";

/** The part of a file that is used here (schemas mac_test_schema and hkdf_test_schema). */
interface Vectors<Vector> {
  readonly numberOfTests: number;
  readonly testGroups: readonly { readonly tagSize: number; readonly tests: readonly Vector[] }[];
}

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid";
}

type MacCase = Case & Readonly<Record<"key" | "msg" | "tag", string>>;
type HkdfCase = Case & Readonly<Record<"ikm" | "salt" | "info" | "okm", string>> & { readonly size: number };

const folder = process.env["WYCHEPROOF_DIR"];

describe.skipIf(folder === undefined)("Wycheproof's vectors; WYCHEPROOF_DIR has to name their folder", () => {
  const derivation = new Derivation();

  test.each([256, 384] as const)("HMAC with SHA-%i: each tag is made, and taken or refused, as it says", (hash) => {
    let count = 0;
    for (const { tagSize, tests } of vectors<MacCase>(`hmac_sha${hash}`).testGroups) {
      for (const vector of tests) checkMac(hash, vector, tagSize / 8);
      count += tests.length;
    }
    expect(count).toBe(vectors(`hmac_sha${hash}`).numberOfTests);
  });

  test.each([256, 384, 512] as const)(
    "HKDF with SHA-%i: what is valid comes out, what is too long is refused",
    (hash) => {
      let count = 0;
      for (const { tests } of vectors<HkdfCase>(`hkdf_sha${hash}`).testGroups) {
        for (const vector of tests) checkHkdf(hash, vector);
        count += tests.length;
      }
      expect(count).toBe(vectors(`hkdf_sha${hash}`).numberOfTests);
    },
  );

  function checkMac(hash: Hash, vector: MacCase, size: number): void {
    const [key, message, tag] = [fromHex(vector.key), fromHex(vector.msg), fromHex(vector.tag)];
    const [valid, name] = [vector.result === "valid", `case ${vector.tcId} (${vector.comment})`];
    expect(derivation.verifies(hash, key, message, tag), name).toBe(valid);
    if (valid) expect(derivation.hmac(hash, key, message, size), name).toEqual(tag);
  }

  function checkHkdf(hash: Hash, { tcId, comment, result, size, ...vector }: HkdfCase): void {
    const inputs = { salt: fromHex(vector.salt), secret: fromHex(vector.ikm), info: fromHex(vector.info) };
    const made = derivation.hkdf(hash, inputs, size);
    if (result === "valid") expect(made, `case ${tcId} (${comment})`).toEqual(fromHex(vector.okm));
    else expect(made, `case ${tcId} (${comment})`).toBeTypeOf("number");
  }
});

function vectors<Vector>(name: string): Vectors<Vector> {
  return JSON.parse(readFileSync(join(folder!, `${name}_test.json`), "utf8")) as Vectors<Vector>;
}

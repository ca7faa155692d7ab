// Project Wycheproof's vectors for AES-GCM, AES-CCM and ChaCha20-Poly1305, from the folder that WYCHEPROOF_DIR names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { Aead, type Mode } from "./aead.ts";
import { Evidence, evidenceFile, fromHex, moduleUnderTest } from "./evidence.ts";

/** The part of a file that is used here (schema aead_test_schema_v1). */
interface Vectors {
  readonly numberOfTests: number;
  readonly testGroups: readonly { readonly tagSize: number; readonly tests: readonly Vector[] }[];
}

interface Vector extends Readonly<Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string>> {
  readonly tcId: number;
  readonly flags: readonly string[];
  readonly result: "valid" | "invalid";
}

const folder = process.env["WYCHEPROOF_DIR"];

describe.skipIf(folder === undefined)("Wycheproof's vectors; WYCHEPROOF_DIR has to name their folder", () => {
  const evidence = new Evidence(evidenceFile(moduleUnderTest()));

  test.each([
    ["gcm", "aes_gcm"],
    ["ccm", "aes_ccm"],
    ["chachapoly", "chacha20_poly1305"],
  ] as const)("%s: those of %s are sealed and opened as they say", (mode, file) => {
    const aead = new Aead(evidence, mode, 4096);
    const vectors = JSON.parse(readFileSync(join(folder!, `${file}_test.json`), "utf8")) as Vectors;
    let count = 0;
    for (const { tagSize, tests } of vectors.testGroups) {
      for (const vector of tests) check(aead, mode, vector, tagSize / 8);
      count += tests.length;
    }
    expect(count).toBe(vectors.numberOfTests);
  });
});

function check(aead: Aead, mode: Mode, vector: Vector, tagSize: number): void {
  const [key, iv, aad, text, sealed, tag] = (["key", "iv", "aad", "msg", "ct", "tag"] as const).map((name) =>
    fromHex(vector[name]),
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const name = `${mode}, case ${vector.tcId} (${vector.flags.join(", ")})`;
  const opened = aead.open({ key, iv, aad, text: sealed }, tag);
  const made = aead.seal({ key, iv, aad, text }, tagSize);
  if (vector.result === "valid") {
    expect(opened, name).toEqual({ status: 0, text });
    expect(made, name).toEqual({ status: 0, text: sealed, tag });
    return;
  }
  expect(opened.status, name).toBeLessThan(0);
  // Harm done to a tag is nothing that the sealing side sees; a wrong size is.
  if (!vector.flags.includes("ModifiedTag")) expect(made.status, name).toBeLessThan(0);
}

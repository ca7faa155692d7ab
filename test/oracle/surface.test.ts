// The page about Python's names covers the Python that the tests run with, whichever it is.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { namesWithRows, newer, rowOf } from "../../scripts/python-surface.rows.ts";
import { certPath } from "../support/certs.ts";

test("every public name of this machine's ssl module has a row", () => {
  const identity = [certPath("unknownCa", "chain"), certPath("unknownCa", "key")];
  const script = fileURLToPath(new URL("../../scripts/python_surface.py", import.meta.url));
  const answer = execFileSync("python3", [script, ...identity], { encoding: "utf8" });
  const { names } = JSON.parse(answer) as { names: string[] };
  expect(names).toContain("SSLContext.wrap_bio");
  expect(names).toContain("SSLCertVerificationError.verify_code");
  expect(names.filter((name) => rowOf(name) === undefined)).toEqual([]);
});

test("no row is empty", () => {
  for (const name of [...namesWithRows(), ...Object.keys(newer)]) {
    const row = rowOf(name)!;
    const said = "ours" in row ? row.ours.join("") : "absent" in row ? row.absent : row.notApplicable;
    expect(said, name).not.toBe("");
  }
});

// Writes docs/python-differences.md from the table that the differential test obeys, so that the page cannot promise
// what no test holds. Run: node scripts/make-differences.ts; with --check it only fails when the page has drifted.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { differencesPage } from "../test/oracle/differences.ts";

const page = fileURLToPath(new URL("../docs/python-differences.md", import.meta.url));

if (!process.argv.includes("--check")) writeFileSync(page, differencesPage());
else if (readFileSync(page, "utf8") !== differencesPage()) {
  console.error("Cannot accept docs/python-differences.md: run node scripts/make-differences.ts");
  process.exitCode = 1;
}

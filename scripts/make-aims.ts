// Writes into docs/performance.md what became of the aims (test/bench/aims.rows.ts), by the figures in docs/bench/, so that neither can
// go on without the other. Run: node scripts/make-aims.ts; with --check it only fails when the page has drifted.
import { readFileSync, writeFileSync } from "node:fs";
import { page, pageWithAims } from "../test/bench/page.ts";

const due = await pageWithAims();
if (!process.argv.includes("--check")) writeFileSync(page, due);
else if (readFileSync(page, "utf8") !== due) {
  console.error("Cannot accept docs/performance.md: run node scripts/make-aims.ts");
  process.exitCode = 1;
}

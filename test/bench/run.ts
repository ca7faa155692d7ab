// Runs sections on the runtime that runs this, and prints a line of JSON for each figure, the circumstances first. What a person
// wants to see meanwhile goes to standard error. Knows nothing of pages.
//
//   run.ts [--quick] [--rivals] [section ...]
import process from "node:process";
import { parseArgs } from "node:util";
import { circumstances } from "./circumstances.ts";
import { digits, type Figure } from "./figures.ts";
import { Peer } from "./peer.ts";
import { runtime } from "../support/runtimes.ts";
import { rivalSections } from "./rivals/sections.ts";
import { rivalVersions } from "./rivals/versions.ts";
import type { Scope } from "./section.ts";
import { sections } from "./sections.ts";

const thorough = { effort: { rounds: 7, sliceMs: 100, warmUpMs: 200 }, processes: 7, connections: 1000 };
/** Says whether everything runs; the figures are worth little. */
const quick = { effort: { rounds: 1, sliceMs: 10, warmUpMs: 1 }, processes: 1, connections: 30 };

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false }, rivals: { type: "boolean", default: false } },
  allowPositionals: true,
});
const scope: Scope = { ...(values.quick ? quick : thorough), peer: new Peer() };

console.log(JSON.stringify({ ...circumstances(), ...(values.rivals && { rivals: rivalVersions() }) }));
for (const section of values.rivals ? rivalSections : sections) {
  if (positionals.length > 0 && !positionals.includes(section.name)) continue;
  if (section.only !== undefined && section.only !== runtime) continue;
  console.error(`\n${section.title}`);
  for await (const figure of section.run(scope)) {
    console.log(JSON.stringify(figure));
    console.error(`  ${lineOf(figure)}`);
  }
}
scope.peer.end();
process.exit();

function lineOf({ what, measure, by, value, why }: Figure): string {
  return `${what.padEnd(38)}${measure.padEnd(22)}${by.padEnd(18)}${value === null ? why! : digits(value).padStart(8)}`;
}

// `make bench` and `make bench-rivals`: starts run.ts on one runtime after the other, and with --write puts what came out into docs/.
// Owns arguments and processes. Nothing is asserted about time.
//
//   main.ts [--quick] [--write] [--rivals] [node|deno|bun|<section> ...]
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Circumstances, Figure } from "./figures.ts";
import { type Outcome, writeOutcome } from "./page.ts";
import { rivalSections } from "./rivals/sections.ts";
import { type RuntimeName, runtimeNames } from "../support/runtimes.ts";
import { sections } from "./sections.ts";

const commands: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: ["node", "--no-deprecation"],
  deno: ["deno", "run", "--allow-all", "--no-lock"],
  bun: ["bun"],
};

const { values: flags, positionals } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    rivals: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const offered = flags.rivals ? rivalSections : sections;
const runtimes = runtimeNames.filter((name) => positionals.includes(name));
const chosen = positionals.filter((name) => !(name in commands));

const unknown = chosen.find((name) => offered.every((section) => section.name !== name));
if (unknown !== undefined)
  fail(`there is no section ${unknown}; known are ${offered.map(({ name }) => name).join(", ")}`);
if (flags.write && (flags.quick || chosen.length > 0)) fail("only a whole run, that is not quick, is worth writing");

for (const runtime of runtimes.length > 0 ? runtimes : runtimeNames) {
  console.error(`\n==> ${flags.rivals ? "rivals" : "benchmark"} on ${runtime}`);
  const outcome = await runOn(runtime);
  if (flags.write) await writeOutcome(flags.rivals ? `rivals-${runtime}` : runtime, offered, outcome);
}

async function runOn(runtime: RuntimeName): Promise<Outcome> {
  const [program, ...before] = commands[runtime];
  const parameters = [...(flags.quick ? ["--quick"] : []), ...(flags.rivals ? ["--rivals"] : []), ...chosen];
  const child = spawn(pathOf(`../../node_modules/.bin/${program}`), [...before, pathOf("run.ts"), ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const status = await ended;
  if (status !== 0) fail(`the run on ${runtime} ended with ${status ?? "a signal"}`);
  const [circumstances, ...figures] = lines.map((line): unknown => JSON.parse(line));
  return { circumstances: circumstances as Circumstances, figures: figures as Figure[] };
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function fail(why: string): never {
  console.error(`Cannot finish the benchmark: ${why}`);
  process.exit(1);
}

// Promise kept: Mbed TLS's own test suites pass on what we made of it, as wasm, but for the cases that scripts/mbedtls-suites.rows.ts
// lists with the reason. A listed case that passes is an error, and so is a suite that tests nothing and is not listed, and one that
// does not reach its end.
//
// They are run in two forms: with the objects of the shipped module just as they are, and once more with what lets tests reach
// further: functions that are private otherwise, files, PEM. Arguments: short for the first form of the suites that matter most;
// --crypto vetted or mbedtls for the other modules; names of suites, to run some only; --verbose for where each exception failed.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

import { type Crypto, empty, emptyAsShipped, exceptions, type Form, short } from "./mbedtls-suites.rows.ts";

/** What became of one case; `where` it failed. */
interface Case {
  readonly name: string;
  readonly result: string;
  readonly where: string;
}

interface Run {
  readonly cases: readonly Case[];
  /** What it printed, when it did not reach its end. */
  readonly broken: string | null;
}

const timeLimit = 300_000;
const reach = ["MBEDTLS_TEST_HOOKS", "MBEDTLS_FS_IO", "MBEDTLS_PEM_PARSE_C", "MBEDTLS_BASE64_C"];
const totals = { passed: 0, failed: 0, skipped: 0, excepted: 0 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { crypto: { type: "string" }, verbose: { type: "boolean", default: false } },
});
const crypto = cryptoOf(values.crypto ?? "default");
await main();

function cryptoOf(name: string): Crypto {
  if (name === "default" || name === "vetted" || name === "mbedtls") return name;
  throw new Error(`Cannot run the suites: unknown cryptography ${name} (there are vetted and mbedtls)`);
}

async function main(): Promise<void> {
  const isShort = positionals.includes("short");
  const named = positionals.filter((name) => name !== "short");
  const chosen = named.length > 0 ? named : isShort ? short : [];
  await runForm("shipped", [], chosen);
  if (!isShort) await runForm("reach", reach, chosen);
  console.log(`${totals.skipped} skipped, ${totals.excepted} failed as listed`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  if (totals.failed > 0) process.exitCode = 1;
}

/** All suites that there are, when none is named. */
async function runForm(form: Form, defines: readonly string[], named: readonly string[]): Promise<void> {
  const folder = resolve("build/suites", `${crypto}-${form}`);
  const options = [
    ...(crypto === "default" ? [] : ["--crypto", crypto]),
    ...defines.flatMap((name) => ["--define", name]),
  ];
  execFileSync("scripts/build-suites.sh", [folder, ...options, ...named], { stdio: "inherit" });
  const tests = join(folder, "tests");
  const left = globSync("*.cjs", { cwd: tests }).toSorted().values();
  const worker = async (): Promise<void> => {
    for (const file of left) {
      const suite = basename(file, ".cjs");
      judge(form, suite, await run(tests, suite));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** One suite in a process of its own. */
function run(folder: string, suite: string): Promise<Run> {
  const outcomes = join(folder, `${suite}.outcomes`);
  rmSync(outcomes, { force: true });
  const child = spawn(process.execPath, [`${suite}.cjs`, `${suite}.datax`], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MBEDTLS_TEST_OUTCOME_FILE: outcomes },
    timeout: timeLimit,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", () => {
      const isWhole = /^(PASSED|FAILED) \(\d+ \/ \d+ tests \(\d+ skipped\)\)$/m.test(output);
      done({ cases: casesOf(outcomes), broken: isWhole ? null : output.slice(-2000) });
    });
  });
}

/** A line is platform;configuration;suite;case;result;cause. */
function casesOf(outcomes: string): Case[] {
  if (!existsSync(outcomes)) return [];
  return readFileSync(outcomes, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(";"))
    .map(([, , , name = "", result = "", ...where]) => ({ name, result, where: where.join(";") }));
}

function judge(form: Form, suite: string, { cases, broken }: Run): void {
  const listed = listedCases(form, suite);
  const { PASS: passed = [], SKIP: skipped = [], ...others } = Object.groupBy(cases, ({ result }) => result);
  const failed = Object.values(others).flatMap((some) => some ?? []);
  const excepted = failed.filter(({ name }) => listed.has(name));
  const complaints = [
    ...failed.filter((one) => !excepted.includes(one)).map(({ name, where }) => `${name}: ${where}`),
    ...passed
      .filter(({ name }) => listed.has(name))
      .map(({ name }) => `${name}: passes, but is listed as an exception`),
    ...(broken === null ? [] : [`did not reach its end, after ${cases.at(-1)?.name ?? "nothing"}: ${broken}`]),
    ...emptiness(form, suite, passed.length),
  ];
  totals.passed += passed.length;
  totals.failed += complaints.length;
  totals.skipped += skipped.length;
  totals.excepted += excepted.length;
  const counts = `${passed.length} passed, ${complaints.length} failed, ${skipped.length} skipped`;
  console.log(`${form} ${suite}: ${counts}${excepted.length > 0 ? `, ${excepted.length} failed as listed` : ""}`);
  for (const complaint of complaints) console.log(`failed: ${form} ${suite}: ${complaint}`);
  if (values.verbose) for (const { name, where } of excepted) console.log(`    as listed: ${name}: ${where}`);
}

/** The cases that are to fail in this form, with this cryptography. */
function listedCases(form: Form, suite: string): ReadonlySet<string> {
  const all = exceptions.filter(
    (one) => one.suite === suite && (one.form ?? form) === form && (one.crypto ?? [crypto]).includes(crypto),
  );
  return new Set(all.flatMap(({ cases }) => cases));
}

function emptiness(form: Form, suite: string, passed: number): string[] {
  const isListed = suite in empty || (form === "shipped" && suite in emptyAsShipped);
  if ((passed === 0) === isListed) return [];
  return [isListed ? "tests something, but is listed as empty" : "tests nothing, and is not listed as empty"];
}

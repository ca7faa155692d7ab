// Promise kept: how much of Node's own tests of node:tls the replacement passes is measured, not claimed.
//
// NODE_SUITE_DIR names Node's sources, or the folder "test" of them, of about the version that runs this; they are no part of
// the project. Every test-tls-* file there is run twice: as it is, and with wanttls/node/tls in the place of node:tls. Only
// what passes as it is counts. NODE_SUITE_TIMEOUT: milliseconds for one test, 60000 unless told. Arguments: parts of names, to
// run some only; --baseline-known to take node:tls's results of the run before from build/; --verbose for what failed.
import { spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

type Result = "pass" | "skip" | "fail" | "timeout";

interface Run {
  readonly result: Result;
  readonly output: string;
}

const timeLimit = Number(process.env["NODE_SUITE_TIMEOUT"] ?? 60_000);
const replacement = resolve("dist/node/tls/index.js");
const baselineFile = "build/node-suite.json";

/** Loaded before a test: `require("tls")` answers the replacement. */
const preload = `
const Module = require("node:module");
const replacement = require(${JSON.stringify(replacement)});
const load = Module._load;
Module._load = function (request, ...others) {
  return request === "tls" || request === "node:tls" ? replacement : load.call(this, request, ...others);
};
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "baseline-known": { type: "boolean", default: false }, verbose: { type: "boolean", default: false } },
});
await main();

async function main(): Promise<void> {
  const folder = suiteFolder();
  if (folder === null) return;
  const files = globSync("test-tls-*.{js,mjs}", { cwd: folder })
    .toSorted()
    .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)));
  const work = mkdtempSync(join(tmpdir(), "wanttls-node-suite-"));
  try {
    await compare(folder, files, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The folder with the test files, or null with a sentence about what is missing. */
function suiteFolder(): string | null {
  const given = process.env["NODE_SUITE_DIR"];
  if (given === undefined || given === "") {
    console.log(
      "node-suite: not run. Set NODE_SUITE_DIR to a folder with Node's sources (Debian's source package nodejs has them)",
    );
    return null;
  }
  const folder = [join(given, "test/parallel"), join(given, "parallel")].find((path) => existsSync(path));
  if (folder !== undefined && existsSync(replacement)) return resolve(folder);
  console.error(
    folder === undefined
      ? `Cannot run the suite: ${given} has no folder test/parallel`
      : `Cannot run the suite: ${replacement} is missing, make build makes it`,
  );
  process.exitCode = 1;
  return null;
}

async function compare(folder: string, files: readonly string[], work: string): Promise<void> {
  const script = join(work, "preload.cjs");
  writeFileSync(script, preload);
  const before = baselineBefore();
  const results = await inParallel(files, async (file, i) => {
    const known = before[file];
    const theirs = known ?? (await run(folder, file, [], join(work, `${i}a`))).result;
    const ours = theirs === "pass" ? await run(folder, file, ["--require", script], join(work, `${i}b`)) : null;
    report(file, theirs, ours);
    return { file, theirs, ours: ours?.result ?? null };
  });
  const baseline = { ...before, ...Object.fromEntries(results.map(({ file, theirs }) => [file, theirs])) };
  mkdirSync("build", { recursive: true });
  writeFileSync(baselineFile, JSON.stringify(baseline, null, 2));
  const counted = results.filter(({ theirs }) => theirs === "pass");
  const passed = counted.filter(({ ours }) => ours === "pass").length;
  const others = results.length - counted.length;
  const share = counted.length === 0 ? 0 : (100 * passed) / counted.length;
  console.log(
    `node-suite: ${passed} of ${counted.length} pass (${share.toFixed(0)} %); ${others} more do not pass, or skip, with node:tls itself`,
  );
}

function baselineBefore(): Readonly<Record<string, Result>> {
  if (!values["baseline-known"] || !existsSync(baselineFile)) return {};
  return JSON.parse(readFileSync(baselineFile, "utf8")) as Record<string, Result>;
}

function report(file: string, theirs: Result, ours: Run | null): void {
  const name = basename(file).replace(/^test-tls-/, "");
  if (ours === null) console.log(`-     ${name} (node:tls: ${theirs})`);
  else console.log(`${ours.result.padEnd(7)} ${name}`);
  if (values.verbose && ours !== null && ours.result !== "pass") console.log(ours.output.replaceAll(/^/gm, "    "));
}

/** One test in a process of its own. */
function run(folder: string, file: string, before: readonly string[], scratch: string): Promise<Run> {
  mkdirSync(scratch, { recursive: true });
  const path = join(folder, file);
  const flags = /^\/\/ Flags:(.*)$/m.exec(readFileSync(path, "utf8"))?.[1]?.trim().split(/\s+/) ?? [];
  const child = spawn(process.execPath, [...flags, ...before, path], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_TEST_DIR: scratch, TEST_THREAD_ID: basename(scratch) },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((done) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeLimit);
    child.on("close", (code) => {
      clearTimeout(timer);
      const skipped = code === 0 && /^1\.\.0 # Skipped/m.test(output);
      done({ result: late ? "timeout" : skipped ? "skip" : code === 0 ? "pass" : "fail", output });
    });
  });
}

async function inParallel<T, R>(items: readonly T[], act: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of left) results[i] = await act(item, i);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

// Promise kept: the same test files pass on Node, Deno and Bun, and nothing that did not run counts as passed. A file that
// fails to load, a hook that fails, an error outside any test and a runtime without a single test each count as a failure.
//
// run-tests.ts [node|deno|bun ...] [-- arguments of vitest]     the last line reads "N passed, N failed"
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { relative } from "node:path";
import process from "node:process";

interface Result {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  /** What failed, with the first line of why. */
  readonly failures: readonly string[];
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const bin = "node_modules/.bin";
const vitest = "node_modules/vitest/vitest.mjs";
/** Some four times what a busy machine with two cores needs: this ends a hang, and no run that is slow. */
const minutesPerRuntime = 60;

const commands: Readonly<Record<string, readonly string[]>> = {
  node: [`${bin}/node`, vitest, "run"],
  deno: [`${bin}/deno`, "run", "--allow-all", "--no-lock", vitest, "run"],
  bun: [`${bin}/bun`, "--bun", vitest, "run", "--pool=threads"],
};

const { runtimes, vitestArguments } = parseArguments(process.argv.slice(2));
const results: Result[] = [];
for (const runtime of runtimes) results.push(await runOn(runtime));
for (const { name, skipped } of results) for (const test of skipped) console.log(`skipped on ${name}: ${test}`);
for (const { name, failures } of results) for (const failure of failures) console.log(`failed on ${name}: ${failure}`);
for (const { name, passed, failed } of results) console.log(`${name}: ${passed} passed, ${failed} failed`);
const allPassed = results.reduce((sum, result) => sum + result.passed, 0);
const allFailed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${allPassed} passed, ${allFailed} failed`);
process.exitCode = allFailed === 0 ? 0 : 1;

function parseArguments(given: readonly string[]): { runtimes: readonly string[]; vitestArguments: readonly string[] } {
  const end = given.includes("--") ? given.indexOf("--") : given.length;
  const named = given.slice(0, end);
  const unknown = named.find((name) => !(name in commands));
  if (unknown !== undefined) {
    console.error(`Cannot run the tests on ${unknown}: known are ${Object.keys(commands).join(", ")}`);
    process.exit(2);
  }
  return { runtimes: named.length > 0 ? named : Object.keys(commands), vitestArguments: given.slice(end + 1) };
}

async function runOn(runtime: string): Promise<Result> {
  const name = `${runtime} ${versionOf(runtime)}`;
  const reportFile = `build/test-${runtime}.json`;
  console.log(`==> tests on ${name}`);
  mkdirSync("build", { recursive: true });
  rmSync(reportFile, { force: true });
  const [program = "", ...fixed] = commands[runtime] ?? [];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const status = await run(program, [...fixed, ...reporters, ...vitestArguments]);
  return { name, ...count(reportFile, status) };
}

function versionOf(runtime: string): string {
  const answer = spawnSync(`${bin}/${runtime}`, ["--version"], { encoding: "utf8" });
  if (answer.error) return "that does not start";
  return /\d+\.\d+\.\d+\S*/.exec(answer.stdout)?.[0] ?? "of unknown version";
}

/** Resolves with the exit status; a run that hangs is ended, with every process it started. */
function run(program: string, parameters: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
      env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
    });
    const endAll = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    const interrupted = (signal: NodeJS.Signals): void => {
      endAll();
      process.exit(128 + constants.signals[signal]);
    };
    const watchdog = setTimeout(() => {
      console.error(`The run did not end within ${minutesPerRuntime} minutes and is stopped`);
      endAll();
    }, minutesPerRuntime * 60_000);
    process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
    const done = (status: number): void => {
      clearTimeout(watchdog);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      resolve(status);
    };
    child.on("error", (error) => {
      console.error(`Cannot start ${program}: ${error.message}`);
      done(1);
    });
    child.on("exit", (status) => done(status ?? 1));
  });
}

function count(reportFile: string, status: number): Omit<Result, "name"> {
  const report = readReport(reportFile);
  if (report === undefined) return { passed: 0, failed: 1, skipped: [], failures: ["no report was written"] };
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === "passed").length;
  const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
  const failures = report.testResults.flatMap(failuresOf);
  if (failures.length === 0 && passed === 0) failures.push("no test ran");
  else if (failures.length === 0 && status !== 0) failures.push(`every test passed, yet vitest ended with ${status}`);
  return { passed, failed: failures.length, skipped: skipped.map((test) => test.fullName), failures };
}

function failuresOf({ name, status, message, assertionResults }: Report["testResults"][number]): string[] {
  const file = relative(".", name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (status === "failed" && failed.length === 0) return [`${file}, outside its tests: ${firstLine(message)}`];
  return failed.map((test) => `${file}: ${test.fullName}: ${firstLine(test.failureMessages[0] ?? "")}`);
}

function firstLine(text: string): string {
  return text.trimStart().split("\n", 1)[0] ?? "";
}

function readReport(reportFile: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  } catch (error) {
    console.error(`Cannot read the report ${reportFile}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

// `make soak`: a server on each runtime under thousands of connections that come and go, among rude, killed and frozen ones, with clocks
// that jump and traps; then a table of what was found, and an exit status. Times are printed and nobody is held to them; a lost byte, an
// error that should not be, growth or a hang fails it. Owns processes and the table.
//
//   main.ts [short] [seconds=60] [connections=1000] [sequence=10000] [idle=10000] [slow=50] [stall=60] [traps=100] [node|deno|bun|<chapter> ...]
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { failureOf } from "../support/failure.ts";
import { commandOf, type RuntimeName } from "../support/runtimes.ts";
import { planOf } from "./plan.ts";
import { type Finding, lineOf } from "./report.ts";

/** A runtime that gives no sign of life for that long hangs (run.ts gives one every few seconds). */
const silenceMs = 180_000;

const given = process.argv.slice(2);
const findings = new Map<RuntimeName, readonly Finding[]>();
for (const runtime of planned().runtimes) findings.set(runtime, await runOn(runtime));

console.log();
const all = [...findings.values()].flat();
for (const [runtime, found] of findings)
  for (const finding of found) console.log(`${runtime.padEnd(6)}${lineOf(finding)}`);
const [passed, failed] = [true, false].map((wanted) => all.filter(({ good }) => good === wanted).length);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function planned(): ReturnType<typeof planOf> {
  try {
    return planOf(given);
  } catch (error) {
    console.error(failureOf(error));
    return process.exit(2);
  }
}

async function runOn(runtime: RuntimeName): Promise<Finding[]> {
  console.log(`\n==> soak on ${runtime}`);
  const [command, ...flags] = commandOf(runtime);
  const script = fileURLToPath(new URL("run.ts", import.meta.url));
  const child = spawn(command, [...flags, script, ...given], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true, // a group of its own, with all that it starts
  });
  const ended = new Promise<number | string>((resolve) =>
    child.on("close", (status, signal) => resolve(status ?? signal ?? 1)),
  );
  const end = endOf(child.pid!);
  let watchdog = setTimeout(end, silenceMs);
  const found: Finding[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watchdog);
    watchdog = setTimeout(end, silenceMs);
    if (line === "") continue;
    const finding = JSON.parse(line) as Finding;
    found.push(finding);
    console.log(lineOf(finding));
  }
  clearTimeout(watchdog);
  const status = await ended;
  end(); // what is frozen does not end by itself
  const chapter = found.at(-1)?.chapter ?? "load";
  if (status !== 0) found.push({ chapter, what: "end of the run", value: String(status), good: false });
  return found;
}

/** Ends the process with all that it has started. */
function endOf(pid: number): () => void {
  const end = (): void => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // All of them have ended.
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      end();
      process.exit(1);
    });
  }
  return end;
}

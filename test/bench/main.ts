// `make bench`: start-up, handshakes and throughput of wanttls beside node:tls of the same runtime, taking turns in the same
// run. Prints a table; --write (`make bench args=--write`) also notes the figures in docs/bench/baseline.jsonl. Runs on Deno
// and Bun too. Nothing is asserted about time.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { engineVersion } from "wanttls";
import type { Contender, Setup, Workload } from "./contender.ts";
import { nodeTls } from "./node-tls.ts";
import { wanttls } from "./wanttls.ts";

const ROUNDS = 7;
const ROUND_MS = 150;
const PATIENCE_MS = 10_000;
const baseline = fileURLToPath(new URL("../../docs/bench/baseline.jsonl", import.meta.url));

/** Medians of one measure; null where the runtime's node:tls cannot do it. */
interface Figures {
  readonly what: string;
  readonly unit: string;
  readonly wanttls: number;
  readonly nodeTls: number | null;
}

const { values: flags } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const runtime = runtimeName();
const machine = `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores`;
const date = new Date().toISOString().slice(0, 10);
const missing = new Map<string, string>();
const all: Figures[] = [];

console.log(`${date}, ${machine}\n${runtime}, ${engineVersion()}, beside the runtime's own node:tls`);
console.log(`Medians of ${ROUNDS} turns, both ends in one process, in memory.`);

title("From import to the first ClientHello, fresh processes (less is better)");
show(startup());

title("Full handshakes with verification, x25519 (more is better)");
for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
  for (const key of ["ECDSA P-256", "RSA-2048"] as const) {
    const suite = suiteFor(version, key);
    const setup: Setup = { version, key, suite };
    show(await compare(`${version} ${key}`, "1/s", 1, (contender) => contender.handshakes(setup)));
  }
}

title("Application data over TLS 1.3, client to server (more is better)");
for (const size of [16384, 100]) {
  for (const suite of ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]) {
    const setup: Setup = { version: "TLSv1.3", key: "ECDSA P-256", suite };
    const what = `${suite} ${size} B`;
    show(await compare(what, "MB/s", 1e-6, (contender) => contender.throughput(setup, size)));
  }
}

console.log("\nwanttls makes a record of each write; node:tls joins small writes that wait into one record.");
for (const [what, why] of missing) console.log(`Not compared with node:tls of ${runtime}: ${what}, as ${why}`);
if (flags.write) write();
process.exit();

/** Takes turns, so that a machine that becomes slower becomes so for both. */
async function compare(
  what: string,
  unit: string,
  scale: number,
  start: (contender: Contender) => Promise<Workload>,
): Promise<Figures> {
  const ours = await start(wanttls);
  const theirs = await startNodeTls(what, start);
  const [ourRates, theirRates]: [number[], number[]] = [[], []];
  await rate(ours);
  if (theirs !== null) await rate(theirs);
  for (let round = 0; round < ROUNDS; round++) {
    ourRates.push((await rate(ours)) * scale);
    if (theirs !== null) theirRates.push((await rate(theirs)) * scale);
  }
  ours.end();
  theirs?.end();
  return { what, unit, wanttls: median(ourRates), nodeTls: theirs === null ? null : median(theirRates) };
}

/** How much per second. */
async function rate(workload: Workload): Promise<number> {
  const begin = performance.now();
  let done = 0;
  let elapsed: number;
  do {
    done += await workload.run();
    elapsed = performance.now() - begin;
  } while (elapsed < ROUND_MS);
  return (done / elapsed) * 1000;
}

/** Null, and a note, when this runtime's node:tls cannot run over a pair of streams in memory. */
async function startNodeTls(
  what: string,
  start: (contender: Contender) => Promise<Workload>,
): Promise<Workload | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS);
  });
  try {
    const workload = await Promise.race([start(nodeTls), late]);
    await Promise.race([workload.run(), late]);
    return workload;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    missing.set(what, why);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function startup(): Figures {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(startOnce("wanttls"));
    theirs.push(startOnce("node:tls"));
  }
  return { what: "start-up", unit: "ms", wanttls: median(ours), nodeTls: median(theirs) };
}

function startOnce(name: string): number {
  const script = fileURLToPath(new URL("startup.ts", import.meta.url));
  const before = "Deno" in globalThis ? ["run", "--allow-all"] : [];
  return Number(execFileSync(process.execPath, [...before, script, name], { encoding: "utf8" }));
}

function suiteFor(version: string, key: string): string {
  if (version === "TLSv1.3") return "TLS_AES_128_GCM_SHA256";
  return key === "RSA-2048" ? "ECDHE-RSA-AES128-GCM-SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256";
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function runtimeName(): string {
  const { deno, bun, node } = process.versions;
  if (deno !== undefined) return `Deno ${deno}`;
  return bun === undefined ? `Node ${node}` : `Bun ${bun}`;
}

function title(text: string): void {
  console.log(`\n${text}`);
  console.log(`  ${"".padEnd(38)}${["wanttls", "node:tls", "ratio"].map((head) => head.padStart(12)).join("")}`);
}

function show(figures: Figures): void {
  all.push(figures);
  const { what, unit, wanttls: ours, nodeTls: theirs } = figures;
  const [one, other] = [ours, theirs].map((value) => (value === null ? "-" : `${rounded(value)} ${unit}`));
  const ratio = theirs === null ? "-" : rounded(ours / theirs);
  console.log(`  ${what.padEnd(38)}${one!.padStart(12)}${other!.padStart(12)}${ratio.padStart(12)}`);
}

/** Three digits say all that such a measurement knows. */
function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function digits(value: number): number {
  return Number(value.toPrecision(3));
}

/** Replaces what this kind of runtime has noted before. */
function write(): void {
  const kind = runtime.split(" ")[0]!;
  const old = existsSync(baseline) ? readFileSync(baseline, "utf8").split("\n") : [];
  const others = old.filter((line) => line !== "" && !line.includes(`"runtime":"${kind} `));
  const about = { date, machine, runtime, engine: engineVersion() };
  const own = all.map(({ what, unit, wanttls: ours, nodeTls: theirs }) => {
    const ratio = theirs === null ? null : digits(ours / theirs);
    return JSON.stringify({ ...about, what, unit, wanttls: digits(ours), nodeTls: theirs && digits(theirs), ratio });
  });
  mkdirSync(fileURLToPath(new URL(".", `file://${baseline}`)), { recursive: true });
  writeFileSync(baseline, `${[...others, ...own].join("\n")}\n`);
  console.log(`\nNoted in docs/bench/baseline.jsonl`);
}

// `make bench-scale`: what a connection costs when there are 10, 100, 1000 and 10,000 of them, on one realm and on several, and how
// much faster two workers are than one. Prints tables; --write puts them into docs/scale.md. Runs on Deno and Bun too. Nothing is
// asserted about time or memory.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { commandOf, runtime } from "../support/runtimes.ts";
import { circumstances } from "./circumstances.ts";
import { writePart } from "./document.ts";
import { digits } from "./figures.ts";
import type { Cell } from "./scale-cell.ts";

const MOST_REALMS = 8;
const WORKER_ROUNDS = 7;
const HANDSHAKES = 100;
const page = fileURLToPath(new URL("../../docs/scale.md", import.meta.url));

const { values: flags } = parseArgs({
  options: { write: { type: "boolean", default: false }, most: { type: "string", default: "10000" } },
});
const counts = [10, 100, 1000, 10_000].filter((count) => count <= Number(flags.most));

const cells = counts.flatMap((count) => [1, MOST_REALMS].map((realms) => cellOf(count, realms)));
const text = `${about()}\n\n${table(cells)}\n\n${await workers()}`;
console.log(text);
if (flags.write) await writePart(page, "scale", text);
process.exit();

function cellOf(connections: number, realms: number): Cell {
  const script = fileURLToPath(new URL("scale-cell.ts", import.meta.url));
  const [command, ...runtimeFlags] = commandOf(runtime);
  const output = execFileSync(command, [...runtimeFlags, script, String(connections), String(realms)]);
  return JSON.parse(output.toString()) as Cell;
}

function table(rows: readonly Cell[]): string {
  const head = ["connections", "realms", "handshake, ms", "message, µs", "event, µs", "KiB per connection"];
  const lines = rows.map(({ connections, realms, handshake, message, event, memory }) =>
    row([
      connections,
      realms,
      digits(handshake),
      digits(message),
      digits(event),
      memory === null ? "" : digits(memory),
    ]),
  );
  return [row(head), row(head.map(() => "--:")), ...lines].join("\n");
}

/** Wall time, as this is about doing two things at once; turns, so that what disturbs hits both. */
async function workers(): Promise<string> {
  const both = await Promise.all([started(), started()]);
  const ratios: number[] = [];
  for (let round = 0; round < WORKER_ROUNDS; round++) {
    const alone = await timeOf(both.slice(0, 1));
    ratios.push((2 * alone) / (await timeOf(both)));
  }
  for (const worker of both) await worker.terminate();
  const [low, middle, high] = [0, 0.5, 1].map((part) =>
    digits(ratios.toSorted((a, b) => a - b)[part * (WORKER_ROUNDS - 1)]!),
  );
  return `Two workers do ${middle} times as many handshakes in a second as one (median of ${WORKER_ROUNDS} turns, ${low} to ${high}).`;
}

/** Warm, so that each turn measures the same. */
async function started(): Promise<Worker> {
  const worker = new Worker(new URL("scale-worker.ts", import.meta.url));
  await timeOf([worker]);
  return worker;
}

async function timeOf(busy: readonly Worker[]): Promise<number> {
  const begin = performance.now();
  await Promise.all(
    busy.map((worker) => {
      worker.postMessage(HANDSHAKES, []);
      return once(worker, "message");
    }),
  );
  return performance.now() - begin;
}

function about(): string {
  const { date, machine, runtime: host, engine } = circumstances();
  return `${date}, ${machine}; ${host}, ${engine}; TLS 1.3, ECDSA P-256.`;
}

function row(values: readonly (string | number)[]): string {
  return `| ${values.join(" | ")} |`;
}

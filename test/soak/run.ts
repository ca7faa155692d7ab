// The part of a soak that is on the runtime in question: the server, chapter by chapter. Prints each finding as a line of JSON, and
// empty lines as signs of life.
//
//   run.ts [seconds=60 connections=1000 ... chapter ...]
import process from "node:process";
import { failureOf } from "../support/failure.ts";
import type { Chapter } from "./chapters/chapter.ts";
import { clock } from "./chapters/clock.ts";
import { idle } from "./chapters/idle.ts";
import { load } from "./chapters/load.ts";
import { poison } from "./chapters/poison.ts";
import { sequence } from "./chapters/sequence.ts";
import { slow } from "./chapters/slow.ts";
import { type ChapterName, planOf, withinLimits } from "./plan.ts";
import { type Finding, Report } from "./report.ts";

const lifeSignMs = 3000;
const all: Readonly<Record<ChapterName, Chapter>> = { load, sequence, idle, slow, poison, clock };

const { chapters, amounts } = planOf(process.argv.slice(2));
const possible = withinLimits(amounts, (sentence) => console.error(sentence));
const uncaught: string[] = [];
setInterval(() => process.stdout.write("\n"), lifeSignMs);
for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error: unknown) => uncaught.push(failureOf(error)));

for (const name of chapters) {
  const report = new Report(name, tell);
  await all[name](possible, report).catch((error: unknown) =>
    report.none("failures of the chapter", [failureOf(error)]),
  );
  report.none("errors that nobody has caught", uncaught.splice(0));
}
process.stdout.write("\n", () => process.exit()); // once all of it has gone out

function tell(finding: Finding): void {
  process.stdout.write(`${JSON.stringify(finding)}\n`);
}

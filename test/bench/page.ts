// Owns what a run leaves in docs/: its figures as JSON lines, its tables on the page of performance, and a chart of CPU time. Knows
// no runtime.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { barChart, type Group } from "./chart.ts";
import { writePart } from "./document.ts";
import { type Circumstances, type Figure, gaps, table, toJsonLines } from "./figures.ts";
import type { Section } from "./section.ts";

export interface Outcome {
  readonly circumstances: Circumstances;
  readonly figures: readonly Figure[];
}

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));

/** Writes docs/bench/<part>.jsonl, docs/bench/<part>.svg and the part between the page's markers of that name. */
export async function writeOutcome(part: string, sections: readonly Section[], outcome: Outcome): Promise<void> {
  mkdirSync(`${docs}bench`, { recursive: true });
  writeFileSync(`${docs}bench/${part}.jsonl`, toJsonLines(outcome.circumstances, outcome.figures));
  writeFileSync(`${docs}bench/${part}.svg`, chartOf(outcome));
  await writePart(`${docs}performance.md`, part, textOf(part, sections, outcome));
}

function textOf(part: string, sections: readonly Section[], { circumstances, figures }: Outcome): string {
  const { date, machine, runtime, engine } = circumstances;
  return [
    `Taken on ${date}: ${machine}; ${runtime}; ${engine}.`,
    `![CPU time relative to the first contender](bench/${part}.svg)`,
    ...sections
      .filter(({ name }) => figures.some(({ section }) => section === name))
      .map((section) => sectionText(section, figures)),
  ].join("\n\n");
}

function sectionText({ name, title, note, layout }: Section, all: readonly Figure[]): string {
  const figures = all.filter(({ section }) => section === name);
  const missing = gaps(figures).map((gap) => `- ${gap}`);
  return [
    `### ${title}`,
    note,
    table(figures, layout),
    ...(missing.length > 0 ? ["Not to be had:", missing.join("\n")] : []),
  ].join("\n\n");
}

/** CPU time of one side over loopback, relative to the first contender. */
function chartOf({ circumstances, figures }: Outcome): string {
  const measured = figures.filter(({ measure, what }) => measure.startsWith("CPU") && !/memory| 100 B/.test(what));
  const oneSided = measured.filter(({ section }) => !section.endsWith("in-memory"));
  const heads = [...new Set(oneSided.map(({ section, what }) => `${section}: ${what}`))];
  const groups = heads.map((label): Group => {
    const row = oneSided.filter(({ section, what }) => `${section}: ${what}` === label);
    const base = row[0]?.value ?? 1;
    return { label, bars: row.flatMap(({ by, value }) => (value === null ? [] : [{ by, value: value / base }])) };
  });
  return barChart(`CPU time relative to node:tls, less is better (${circumstances.runtime})`, groups);
}

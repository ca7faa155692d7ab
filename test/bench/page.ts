// Owns what a run leaves in docs/: its figures as JSON lines, its tables on the page of performance, and a chart of CPU time. Knows
// no runtime.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { aims } from "./aims.rows.ts";
import { aimsText, type Figures, type Part, partNames } from "./aims.ts";
import { barChart, type Group } from "./chart.ts";
import { formatted, withPart, writePart } from "./document.ts";
import { type Circumstances, type Figure, gaps, table, toJsonLines } from "./figures.ts";
import type { Section } from "./section.ts";

export interface Outcome {
  readonly circumstances: Circumstances;
  readonly figures: readonly Figure[];
}

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
export const page = `${docs}performance.md`;

/**
 * Writes docs/bench/<part>.jsonl, docs/bench/<part>.svg, the part between the page's markers of that name, and what became of the
 * aims.
 */
export async function writeOutcome(part: string, sections: readonly Section[], outcome: Outcome): Promise<void> {
  mkdirSync(`${docs}bench`, { recursive: true });
  writeFileSync(`${docs}bench/${part}.jsonl`, toJsonLines(outcome.circumstances, outcome.figures));
  writeFileSync(`${docs}bench/${part}.svg`, chartOf(outcome));
  await writePart(page, part, textOf(part, sections, outcome));
  writeFileSync(page, await pageWithAims());
}

/** The page, with what became of the aims by the figures in docs/bench/. */
export async function pageWithAims(): Promise<string> {
  return formatted(page, withPart(readFileSync(page, "utf8"), "aims", aimsText(aims, writtenFigures())));
}

function writtenFigures(): Figures {
  const read = (part: Part): Figure[] =>
    readFileSync(`${docs}bench/${part}.jsonl`, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Figure);
  return Object.fromEntries(partNames.map((part) => [part, read(part)]));
}

function textOf(part: string, sections: readonly Section[], { circumstances, figures }: Outcome): string {
  const { date, machine, runtime, engine, rivals } = circumstances;
  return [
    `Taken on ${date}: ${[machine, runtime, engine, ...(rivals === undefined ? [] : [rivals])].join("; ")}.`,
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

function chartOf({ circumstances, figures }: Outcome): string {
  return barChart(`CPU time relative to node:tls, less is better (${circumstances.runtime})`, relativeTimes(figures));
}

/** CPU time of one side over loopback, relative to the first contender; without the rows in which that has none. */
export function relativeTimes(figures: readonly Figure[]): Group[] {
  const measured = figures.filter(({ measure, what }) => measure.startsWith("CPU") && !/memory| 100 B/.test(what));
  const oneSided = measured.filter(({ section }) => !section.endsWith("in-memory"));
  const heads = [...new Set(oneSided.map(({ section, what }) => `${section}: ${what}`))];
  return heads.flatMap((label) => {
    const row = oneSided.filter(({ section, what }) => `${section}: ${what}` === label);
    const base = row[0]!.value;
    if (base === null) return [];
    return { label, bars: row.flatMap(({ by, value }) => (value === null ? [] : [{ by, value: value / base }])) };
  });
}

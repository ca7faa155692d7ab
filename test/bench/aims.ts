// What speed, memory and size are to reach, and whether the figures of docs/bench/ do. Owns the aims, the reasons why some are not
// reached, and their tables. Refuses to know how the figures came about.
import { digits, type Figure } from "./figures.ts";

/** The parts of the page, with the names that a reader knows. */
const parts = { node: "Node", deno: "Deno", bun: "Bun", "rivals-node": "Node, beside others" } as const;
export type Part = keyof typeof parts;
export const partNames = Object.keys(parts) as Part[];

/** The figures of each part; of some there may be none yet. */
export type Figures = Readonly<Partial<Record<Part, readonly Figure[]>>>;

/** A figure of wanttls, and what it should be: as a number, or as often another's figure. */
export interface Aim {
  readonly part: Part;
  readonly of: Pick<Figure, "section" | "what" | "measure">;
  /** wanttls unless told. */
  readonly by?: string;
  /** Whose figure it is divided by; `bestRival`: who comes closest, among those that are not the runtime's own. */
  readonly beside?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Why it is not reached, when it is not. */
  readonly why?: string;
}

export const bestRival = "the best of the others";

export interface Outcome {
  readonly aim: Aim;
  /** Null where the figures are not there. */
  readonly value: number | null;
  /** Who it was divided by. */
  readonly beside: string | null;
  readonly reached: boolean;
}

/** Holds the figures against the aim. */
export function outcomeOf(aim: Aim, figures: Figures): Outcome {
  const row = (figures[aim.part] ?? []).filter((figure) => isOf(figure, aim));
  const own = valueOf(row, aim.by ?? "wanttls");
  const beside = aim.beside === bestRival ? bestOf(row) : (aim.beside ?? null);
  const other = beside === null ? 1 : valueOf(row, beside);
  if (own === null || other === null) return { aim, value: null, beside, reached: false };
  const value = asPrinted(own / other);
  return { aim, value, beside, reached: value <= (aim.atMost ?? Infinity) && value >= (aim.atLeast ?? -Infinity) };
}

/** In Markdown: a table of what is not reached, with the reasons, and one of what is. */
export function aimsText(aims: readonly Aim[], figures: Figures): string {
  const outcomes = aims.map((aim) => outcomeOf(aim, figures));
  const [missed, reached] = [false, true].map((so) => outcomes.filter((outcome) => outcome.reached === so));
  return ["### Not reached", table(missed!), reasons(missed!), "### Reached", table(reached!)].join("\n\n");
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [nameOf(outcome.aim), askedOf(outcome), measured(outcome.value)]);
  const lines = [["", "asked", "measured"], ["---", "---", "--:"], ...rows];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

const unknown = "The reason is not known";

/** Each once, with all that it is the reason for. */
function reasons(missed: readonly Outcome[]): string {
  const all = new Set(missed.flatMap(({ aim, value }) => (value === null ? [] : [aim.why ?? unknown])));
  return [...all]
    .map((why) => {
      const names = missed
        .filter(({ aim, value }) => value !== null && (aim.why ?? unknown) === why)
        .map(({ aim }) => `${parts[aim.part]}: ${aim.of.what}`);
      return `- ${[...new Set(names)].join("; ")}. ${why}.`;
    })
    .join("\n");
}

function nameOf({ part, of, by }: Aim): string {
  const who = by === undefined ? "" : `, ${by}`;
  return `${parts[part]}, ${of.section}: ${of.what}, ${of.measure}${who}`;
}

function askedOf({ aim: { atMost, atLeast }, beside }: Outcome): string {
  if (atMost === 1 && beside !== null) return `no more than ${beside}`;
  const bound = atMost === undefined ? `at least ${short(atLeast!)}` : `at most ${short(atMost)}`;
  return beside === null ? bound : `${bound} times ${beside}`;
}

/** As it was asked for: two digits behind the point, and fewer where they are zeros. */
function short(bound: number): string {
  return String(Number(bound.toFixed(2)));
}

function measured(value: number | null): string {
  return value === null ? "not measured" : digits(value);
}

/** So that what looks reached is. */
function asPrinted(value: number): number {
  return Number(digits(value));
}

function isOf(figure: Figure, { of }: Aim): boolean {
  return figure.section === of.section && figure.what === of.what && figure.measure === of.measure;
}

function valueOf(row: readonly Figure[], name: string): number | null {
  return row.find(({ by }) => by === name)?.value ?? null;
}

/** Of costs, of which less is better. */
function bestOf(row: readonly Figure[]): string | null {
  const others = row.filter(({ by, value }) => value !== null && by !== "node:tls" && !by.startsWith("wanttls"));
  return others.toSorted((a, b) => a.value! - b.value!)[0]?.by ?? null;
}

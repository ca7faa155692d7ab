// Owns what a measurement says: figures, how they are noted (JSON lines), and how they stand beside each other (a table in
// Markdown). Refuses to know where they come from and where they go.

/** One number. */
export interface Figure {
  /** The table that it belongs to. */
  readonly section: string;
  /** The row. */
  readonly what: string;
  /** With the unit, and whose time it is: "client CPU ms". */
  readonly measure: string;
  /** The column: who did it. */
  readonly by: string;
  /** Null where it could not be done; `why` tells. */
  readonly value: number | null;
  readonly why?: string;
}

/** Where and when figures were taken. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly runtime: string;
  readonly engine: string;
  /** Names and versions, where they took part. */
  readonly rivals?: string;
}

/** One figure in each line, with all its circumstances. */
export function toJsonLines(circumstances: Circumstances, figures: readonly Figure[]): string {
  return figures
    .map((figure) => `${JSON.stringify({ ...circumstances, ...figure, value: rounded(figure.value) })}\n`)
    .join("");
}

/** What stands in the rows: what was measured, and the contenders beside each other; or the contenders, for many of them. */
export type Layout = "measures" | "contenders";

/** A table with the ratio to the first contender behind each value. */
export function table(figures: readonly Figure[], layout: Layout = "measures"): string {
  const contenders = [...new Set(figures.map(({ by }) => by))];
  const heads = [...new Set(figures.map(headOf))];
  const at = (head: string, by: string): string =>
    cell(
      figures.filter((figure) => headOf(figure) === head),
      by,
      contenders[0]!,
    );
  if (layout === "measures") return lines(contenders, heads, (head, by) => at(head, by));
  return lines(heads, contenders, (by, head) => at(head, by));
}

function lines(
  columns: readonly string[],
  rows: readonly string[],
  cellAt: (row: string, column: string) => string,
): string {
  return [
    `| | ${columns.join(" | ")} |`,
    `| --- | ${columns.map(() => "--:").join(" | ")} |`,
    ...rows.map((row) => `| ${row} | ${columns.map((column) => cellAt(row, column)).join(" | ")} |`),
  ].join("\n");
}

/** Why what is missing in a table is missing, one sentence each. */
export function gaps(figures: readonly Figure[]): string[] {
  return [...new Set(figures.flatMap(({ by, why }) => (why === undefined ? [] : [`${by}: ${why}`])))];
}

/** Three digits say all that such a measurement knows. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function headOf({ what, measure }: Figure): string {
  return `${what}, ${measure}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}

function cell(row: readonly Figure[], column: string, base: string): string {
  const value = valueOf(row, column);
  if (value === null) return "-";
  const other = valueOf(row, base);
  return column === base || other === null ? digits(value) : `${digits(value)} (${digits(value / other)})`;
}

function valueOf(row: readonly Figure[], column: string): number | null {
  return row.find(({ by }) => by === column)?.value ?? null;
}

// Owns the form of what is found out, as a line of the table at the end. Knows nothing of how.
import type { ChapterName } from "./plan.ts";

export interface Finding {
  readonly chapter: ChapterName;
  readonly what: string;
  readonly value: string;
  /** Null for a figure that nobody is held to, such as a time. */
  readonly good: boolean | null;
}

/** What one chapter writes down. */
export class Report {
  readonly #chapter: ChapterName;
  readonly #tell: (finding: Finding) => void;

  constructor(chapter: ChapterName, tell: (finding: Finding) => void) {
    this.#chapter = chapter;
    this.#tell = tell;
  }

  figure(what: string, value: string | number): void {
    this.#tell({ chapter: this.#chapter, what, value: String(value), good: null });
  }

  expect(what: string, value: string | number, good: boolean): void {
    this.#tell({ chapter: this.#chapter, what, value: String(value), good });
  }

  /** That there are none; says the first few otherwise. */
  none(what: string, failures: readonly string[]): void {
    const some = failures.slice(0, 5).join("; ");
    this.expect(what, failures.length === 0 ? "none" : `${failures.length}: ${some}`, failures.length === 0);
  }
}

export function lineOf({ chapter, what, value, good }: Finding): string {
  const verdict = good === null ? "" : good ? "ok  " : "FAIL";
  return `${chapter.padEnd(10)}${verdict.padEnd(6)}${what.padEnd(82)}${value}`;
}

// Owns how long a property is looked at: a fixed selection of cases in `make test`, and with WANTTLS_FUZZ_SECONDS=n random
// ones, for n seconds for each property. A failure prints the seed, the path to the smallest case
// and the case itself; WANTTLS_FUZZ_SEED and WANTTLS_FUZZ_PATH lead back to it. Refuses to know what is looked at.
import process from "node:process";
import fc, { type IAsyncProperty, type IProperty, type RunDetails } from "fast-check";
import { expect, it } from "vitest";

/** Seconds for each property; 0 in the short form. */
const seconds: number = Number(process.env["WANTTLS_FUZZ_SECONDS"] ?? 0);

/** Of the short form, so that it looks at the same cases every time. */
const usualSeed = 20_446;

/** Milliseconds after which a failure is told as it is, however small it might become. */
const longestSearch = 60_000;

/** What was done beside the number of cases: calls, for one. Told in the long form. */
export class Tally {
  readonly #what: string;
  #count = 0;

  constructor(what: string) {
    this.#what = what;
  }

  add(count: number = 1): void {
    this.#count += count;
  }

  toString(): string {
    return `${this.#count} ${this.#what}`;
  }
}

/** A test of the property: `runs` cases in the short form, and as often that many as there is time for in the long one. */
export function explore<T>(
  name: string,
  runs: number,
  property: IProperty<T> | IAsyncProperty<T>,
  tally?: Tally,
): void {
  it(name, { timeout: seconds * 1000 + 5 * longestSearch }, async () => {
    const end = performance.now() + seconds * 1000;
    let total = 0;
    do {
      const details = await fc.check(property as IAsyncProperty<T>, { ...effort(runs), endOnFailure: true });
      if (details.failed) throw failure(await smallest(property as IAsyncProperty<T>, details));
      expect(details.interrupted, "looked at all of them").toBe(false);
      total += details.numRuns;
    } while (performance.now() < end);
    if (seconds > 0) console.log(`${name}: ${total} runs${tally === undefined ? "" : `, ${tally.toString()}`}`);
  });
}

/** A smaller case that fails as well, should one be found in time. */
async function smallest<T>(property: IAsyncProperty<T>, found: RunDetails<T>): Promise<RunDetails<T>> {
  const { seed, counterexamplePath: path } = found as { seed: number; counterexamplePath: string };
  const details = await fc.check(property, { seed, path, skipAllAfterTimeLimit: longestSearch });
  return details.failed && details.counterexample !== null ? details : found;
}

function failure<T>(details: RunDetails<T>): Error {
  return new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

function effort(numRuns: number): { numRuns: number; seed?: number; path?: string } {
  const { WANTTLS_FUZZ_SEED: seed, WANTTLS_FUZZ_PATH: path } = process.env;
  if (seed !== undefined) return { numRuns, seed: Number(seed), ...(path === undefined ? {} : { path }) };
  return seconds === 0 ? { numRuns, seed: usualSeed } : { numRuns };
}

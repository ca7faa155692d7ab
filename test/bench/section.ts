// Owns the form of a section of the benchmark. Knows none of them.
import { cpuForOne, type Effort, perSecond, type Slice, takeTurns, type Workload } from "./measure.ts";
import { failureOf } from "../support/failure.ts";
import type { Figure, Layout } from "./figures.ts";
import type { Peer } from "./peer.ts";
import type { RuntimeName } from "../support/runtimes.ts";

export interface Scope {
  readonly effort: Effort;
  /** How often a fresh process is started for one figure. */
  readonly processes: number;
  /** How many connections stand idle. */
  readonly connections: number;
  /** The other side, in a process of its own. */
  readonly peer: Peer;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  /** What a reader has to know to judge the figures. */
  readonly note: string;
  readonly layout?: Layout;
  /** Where it is the same on each runtime, and is looked at on one. */
  readonly only?: RuntimeName;
  /** Gives the figures as they come. */
  readonly run: (scope: Scope) => AsyncGenerator<Figure>;
}

/** Makes a workload; rejects when the contender cannot do it. */
export type Starter = () => Workload | Promise<Workload>;

/** One starter for each contender, under its name. */
export function startersOf<T extends { readonly name: string }>(
  contenders: readonly T[],
  start: (contender: T) => ReturnType<Starter>,
): ReadonlyMap<string, Starter> {
  return new Map(contenders.map((contender) => [contender.name, () => start(contender)]));
}

/** How slices become one number. */
export type Measures = Readonly<Record<string, (slices: readonly Slice[]) => number>>;

const PATIENCE_MS = 20_000;

/** Measures one row: everybody who can do it takes turns; who cannot gets figures without a value. */
export async function* row(
  scope: Scope,
  head: Pick<Figure, "section" | "what">,
  starters: ReadonlyMap<string, Starter>,
  measures: Measures,
): AsyncGenerator<Figure> {
  const workloads = new Map<string, Workload>();
  const failures = new Map<string, string>();
  for (const [by, start] of starters) {
    try {
      workloads.set(by, await inTime(tried(start)));
    } catch (error) {
      failures.set(by, failureOf(error));
    }
  }
  const slices = await takeTurns(workloads, scope.effort);
  for (const [measure, summary] of Object.entries(measures)) {
    for (const by of starters.keys()) {
      const taken = slices.get(by);
      const value = taken === undefined ? null : summary(taken);
      yield { ...head, measure, by, value, ...(value === null && { why: failures.get(by)! }) };
    }
  }
}

/** One figure that takes no turns; without a value when it cannot be had. */
export async function* alone(
  head: Omit<Figure, "value" | "why">,
  measured: () => Promise<number>,
): AsyncGenerator<Figure> {
  try {
    yield { ...head, value: await measured() };
  } catch (error) {
    yield { ...head, value: null, why: failureOf(error) };
  }
}

/** Rate and CPU time of handshakes. */
export const handshakeMeasures: Measures = {
  "handshakes/s": perSecond,
  "CPU ms each": (slices) => cpuForOne(slices) * 1e3,
};

/** Rate and CPU time of bytes. */
export const byteMeasures: Measures = {
  "MB/s": (slices) => perSecond(slices) / 1e6,
  "CPU s per GB": (slices) => cpuForOne(slices) * 1e9,
};

/** Runs once before it counts, so that what does not work is known now. */
async function tried(start: Starter): Promise<Workload> {
  const workload = await start();
  await workload.run();
  return workload;
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it does not answer")), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

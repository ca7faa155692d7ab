// What a run is told: how long, how many, where, and which chapters. Owns the reading of arguments such as
// `seconds=60 connections=1000 node load`, and what becomes of them when the system has too few file descriptors.
import { readFileSync } from "node:fs";
import { type RuntimeName, runtimeNames } from "../support/runtimes.ts";

export const chapterNames = ["load", "sequence", "idle", "slow", "poison", "clock"] as const;
export type ChapterName = (typeof chapterNames)[number];

export interface Amounts {
  /** How long the load goes on, in both of its halves together. */
  readonly seconds: number;
  /** Live at once under load. */
  readonly connections: number;
  /** One after the other; twice. */
  readonly sequence: number;
  /** Open at once without a word. */
  readonly idle: number;
  /** Peers that never read, and for how many seconds. */
  readonly slow: number;
  readonly stall: number;
  /** Traps. */
  readonly traps: number;
}

export interface Plan {
  readonly runtimes: readonly RuntimeName[];
  readonly chapters: readonly ChapterName[];
  readonly amounts: Amounts;
}

const usual: Amounts = {
  seconds: 60,
  connections: 1000,
  sequence: 10_000,
  idle: 10_000,
  slow: 50,
  stall: 60,
  traps: 100,
};
/** Says whether everything works; too little to see a small leak. */
const short: Amounts = { seconds: 2, connections: 40, sequence: 64, idle: 100, slow: 4, stall: 1, traps: 4 };

/** Descriptors of a process beside its connections. */
const spare = 200;

/** Throws an Error that says which argument is wrong. */
export function planOf(given: readonly string[]): Plan {
  const amounts: Record<string, number> = { ...(given.includes("short") ? short : usual) };
  for (const [name = "", value] of given.filter((one) => one.includes("=")).map((one) => one.split("="))) {
    if (!(name in amounts) || !(Number(value) >= 1)) throw new Error(`Cannot soak with ${name}=${value}`);
    amounts[name] = Number(value);
  }
  const words = given.filter((one) => one !== "short" && !one.includes("="));
  const [runtimes, chapters] = [chosen(runtimeNames, words), chosen(chapterNames, words)];
  const unknown = words.find((word) => ![...runtimeNames, ...chapterNames].some((name) => name === word));
  if (unknown !== undefined)
    throw new Error(`Cannot soak ${unknown}: known are ${[...runtimeNames, ...chapterNames].join(", ")}`);
  return { runtimes, chapters, amounts: amounts as unknown as Amounts };
}

function chosen<T extends string>(all: readonly T[], words: readonly string[]): readonly T[] {
  const some = all.filter((name) => words.includes(name));
  return some.length > 0 ? some : all;
}

/** As many connections as a process may have open here; `tell` hears when that is less than was asked for. */
export function withinLimits(amounts: Amounts, tell: (sentence: string) => void): Amounts {
  const most = openFilesLimit() - spare;
  const cut = (name: "connections" | "idle"): number => {
    if (amounts[name] <= most) return amounts[name];
    tell(
      `Cannot open ${amounts[name]} connections (${name}) with ${most + spare} file descriptors: it will be ${most}`,
    );
    return most;
  };
  return { ...amounts, connections: cut("connections"), idle: cut("idle") };
}

/** Of this process, as it stands; infinite where the system does not tell. */
function openFilesLimit(): number {
  try {
    return Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

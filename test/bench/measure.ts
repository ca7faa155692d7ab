// Owns how the benchmark takes time: contenders take turns in short slices, so that a machine that becomes slower becomes so for
// all of them, and the median of the slices counts. Wall time and the CPU time of this process are taken alike. Refuses to know
// what is measured, and how it is told.
import process from "node:process";

/** Something to do over and over. */
export interface Workload {
  /** Does a piece, and answers how much that was: operations, handshakes, or bytes. */
  readonly run: () => number | Promise<number>;
  readonly end?: () => void | Promise<void>;
}

/** How long to look. */
export interface Effort {
  readonly rounds: number;
  readonly sliceMs: number;
  /** CPU time before the first slice, for caches and compilers, which do not wait for a busy machine. */
  readonly warmUpMs: number;
}

/** What one contender got done in one turn; `wall` and `cpu` are seconds. */
export interface Slice {
  readonly amount: number;
  readonly wall: number;
  readonly cpu: number;
}

/** Everybody gets `rounds` slices, in turns; the answer has the slices under the names of `contenders`. Ends the workloads. */
export async function takeTurns(
  contenders: ReadonlyMap<string, Workload>,
  { rounds, sliceMs, warmUpMs }: Effort,
): Promise<Map<string, Slice[]>> {
  const slices = new Map([...contenders.keys()].map((name): [string, Slice[]] => [name, []]));
  try {
    for (const workload of contenders.values()) await warmUp(workload, warmUpMs);
    for (let round = 0; round < rounds; round++) {
      for (const [name, workload] of contenders) slices.get(name)!.push(await slice(workload, sliceMs));
    }
  } finally {
    for (const workload of contenders.values()) await workload.end?.();
  }
  return slices;
}

/** Until so much CPU time is used, but not for ever where a contender mostly waits. */
async function warmUp(workload: Workload, milliseconds: number): Promise<void> {
  for (let used = 0, turns = 0; turns < 10 && (used < milliseconds || turns === 0); turns++)
    used += (await slice(workload, milliseconds / 2)).cpu * 1000;
}

/** Repeats the workload until the time is over, once at least. */
export async function slice(workload: Workload, milliseconds: number): Promise<Slice> {
  const usage = process.cpuUsage();
  const begin = performance.now();
  let amount = 0;
  let elapsed: number;
  do {
    const done = workload.run();
    amount += typeof done === "number" ? done : await done; // what is synchronous shall not pay for a promise
    elapsed = performance.now() - begin;
  } while (elapsed < milliseconds);
  const { user, system } = process.cpuUsage(usage);
  return { amount, wall: elapsed / 1000, cpu: (user + system) / 1e6 };
}

/** How much per second of wall time. */
export function perSecond(slices: readonly Slice[]): number {
  return median(slices.map(({ amount, wall }) => amount / wall));
}

/** Seconds of CPU time of this process for one. */
export function cpuForOne(slices: readonly Slice[]): number {
  return median(slices.map(({ amount, cpu }) => cpu / amount));
}

/** The middle one; the mean of the two middle ones when their number is even. Throws RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median: there are no values");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

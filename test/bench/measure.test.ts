// How the benchmark takes time and makes one number of many.
import { expect, test } from "vitest";
import { cpuForOne, median, perSecond, slice, takeTurns, type Workload } from "./measure.ts";

test("the median is the middle value, or the mean of the two in the middle, whatever the order", () => {
  expect(median([3])).toBe(3);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow(new RangeError("Cannot take the median: there are no values"));
});

test("a rate is the median of the slices' rates, and CPU time for one that of their costs", () => {
  const slices = [
    { amount: 10, wall: 1, cpu: 0.5 },
    { amount: 40, wall: 2, cpu: 1 },
    { amount: 90, wall: 3, cpu: 9 },
  ];
  expect(perSecond(slices)).toBe(20);
  expect(cpuForOne(slices)).toBe(0.05);
});

test("a slice adds up what each piece did, promised or not, and takes at least one piece", async () => {
  expect(await slice({ run: () => 7 }, 0)).toMatchObject({ amount: 7 });
  expect(await slice({ run: () => Promise.resolve(7) }, 0)).toMatchObject({ amount: 7 });
  const { amount, wall, cpu } = await slice({ run: () => 1 }, 5);
  expect(amount).toBeGreaterThan(1);
  expect(wall).toBeGreaterThanOrEqual(0.005);
  expect(cpu).toBeGreaterThanOrEqual(0);
});

test("contenders take turns, are warmed up before, and are ended", async () => {
  const seen: string[] = [];
  const named = (name: string): [string, Workload] => [
    name,
    { run: () => seen.push(name), end: () => void seen.push(`end of ${name}`) },
  ];
  const slices = await takeTurns(new Map([named("a"), named("b")]), { rounds: 2, sliceMs: 0, warmUpMs: 0 });
  expect(seen.slice(0, 2)).toEqual(["a", "b"]);
  expect(seen.slice(2)).toEqual(["a", "b", "a", "b", "end of a", "end of b"]);
  expect([...slices].map(([name, { length }]) => [name, length])).toEqual([
    ["a", 2],
    ["b", 2],
  ]);
});

test("a workload that fails ends the others too", async () => {
  let ended = 0;
  const end = (): void => void ended++;
  const failing = new Map<string, Workload>([
    ["good", { run: () => 1, end }],
    ["bad", { run: () => Promise.reject(new Error("broken")), end }],
  ]);
  await expect(takeTurns(failing, { rounds: 1, sliceMs: 0, warmUpMs: 0 })).rejects.toThrow("broken");
  expect(ended).toBe(2);
});

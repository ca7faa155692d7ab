// Percentiles are within a bucket of the truth, and merging loses none.
import { expect, test } from "vitest";
import { Percentiles } from "./percentiles.ts";

const times = Array.from({ length: 1000 }, (_, i) => (i + 1) / 10);

test("each percentile is that of the sorted times, but for 2 %", () => {
  const percentiles = new Percentiles();
  for (const time of times.toReversed()) percentiles.add(time);
  for (const part of [0.001, 0.5, 0.9, 0.99]) {
    const exact = times[Math.round(part * times.length) - 1]!;
    expect(percentiles.at(part)).toBeGreaterThanOrEqual(exact * 0.999);
    expect(percentiles.at(part)).toBeLessThanOrEqual(exact * 1.021);
  }
  expect(percentiles.at(1)).toBe(100);
});

test("what was counted in two places is the same as what was counted in one", () => {
  const [all, one, other] = [new Percentiles(), new Percentiles(), new Percentiles()];
  times.forEach((time, i) => [all, i % 3 === 0 ? one : other].forEach((percentiles) => percentiles.add(time)));
  one.merge(JSON.parse(JSON.stringify(other)) as ReturnType<Percentiles["toJSON"]>);
  expect(String(one)).toBe(String(all));
});

test("none have no percentile", () => {
  expect(new Percentiles().at(0.5)).toBeNaN();
});

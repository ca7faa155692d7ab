// Figures as JSON lines and as tables.
import { expect, test } from "vitest";
import { digits, type Figure, gaps, table, toJsonLines } from "./figures.ts";

const head = { section: "data", what: "receive", measure: "MB/s" };
const figures: readonly Figure[] = [
  { ...head, by: "node:tls", value: 200 },
  { ...head, by: "wanttls", value: 123.456 },
  { ...head, by: "other", value: null, why: "it has no such suite" },
  { ...head, what: "send", by: "node:tls", value: null, why: "it does not answer" },
  { ...head, what: "send", by: "wanttls", value: 5 },
];

test("a table has the value of each contender, and its ratio to the first one where both have one", () => {
  expect(table(figures)).toBe(
    [
      "| | node:tls | wanttls | other |",
      "| --- | --: | --: | --: |",
      "| receive, MB/s | 200 | 123 (0.617) | - |",
      "| send, MB/s | - | 5.00 | - |",
    ].join("\n"),
  );
});

test("a table can have the contenders in its rows", () => {
  expect(table(figures, "contenders")).toBe(
    [
      "| | receive, MB/s | send, MB/s |",
      "| --- | --: | --: |",
      "| node:tls | 200 | - |",
      "| wanttls | 123 (0.617) | 5.00 |",
      "| other | - | - |",
    ].join("\n"),
  );
});

test("what is missing is explained once", () => {
  const twice = [...figures, { ...head, what: "again", by: "other", value: null, why: "it has no such suite" }];
  expect(gaps(twice)).toEqual(["other: it has no such suite", "node:tls: it does not answer"]);
});

test("each line of JSON has the figure, rounded, and all circumstances", () => {
  const circumstances = { date: "2026-01-01", machine: "a machine", runtime: "Node 1", engine: "an engine" };
  const lines = toJsonLines(circumstances, figures).trimEnd().split("\n");
  expect(lines).toHaveLength(figures.length);
  expect(JSON.parse(lines[1]!)).toEqual({ ...circumstances, ...head, by: "wanttls", value: 123.5 });
  expect(JSON.parse(lines[2]!)).toMatchObject({ value: null, why: "it has no such suite" });
});

test("a number has three digits, or all before the point", () => {
  expect([0.123456, 1.5, 99.95, 12345.6].map(digits)).toEqual(["0.123", "1.50", "100", "12346"]);
});

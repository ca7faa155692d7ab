// Aims and figures: what counts as reached, and what the page says of the rest.
import { expect, test } from "vitest";
import { type Aim, aimsText, bestRival, type Figures, outcomeOf } from "./aims.ts";

const of = { section: "data", what: "receive", measure: "CPU s per GB" };
const figures: Figures = {
  node: [
    { ...of, by: "node:tls", value: 2 },
    { ...of, by: "wanttls", value: 3.001 },
    { ...of, by: "vetted", value: 5 },
    { ...of, by: "other", value: null, why: "it has no such suite" },
  ],
  "rivals-node": [
    { ...of, by: "node:tls", value: 1 },
    { ...of, by: "wanttls", value: 3 },
    { ...of, by: "wanttls/node/tls", value: 2 },
    { ...of, by: "slow", value: 9 },
    { ...of, by: "fast", value: 6 },
    { ...of, by: "unable", value: null },
  ],
};

test("an aim is reached up to its bound, with as many digits as are printed", () => {
  expect(outcomeOf({ part: "node", of, atMost: 3 }, figures)).toMatchObject({ value: 3, reached: true });
  expect(outcomeOf({ part: "node", of, atMost: 2.99 }, figures).reached).toBe(false);
  expect(outcomeOf({ part: "node", of, atLeast: 3 }, figures).reached).toBe(true);
  expect(outcomeOf({ part: "node", of, atLeast: 3.01 }, figures).reached).toBe(false);
});

test("a figure may be another contender's, and be divided by one's", () => {
  const aim = { part: "node", of, by: "vetted", beside: "node:tls", atMost: 2 } as const;
  expect(outcomeOf(aim, figures)).toMatchObject({ value: 2.5, beside: "node:tls", reached: false });
});

test("the best rival is the one with the least, and neither the runtime's nor one of ours", () => {
  const aim = { part: "rivals-node", of, beside: bestRival, atMost: 0.5 } as const;
  expect(outcomeOf(aim, figures)).toMatchObject({ value: 0.5, beside: "fast", reached: true });
});

test("what was not measured is not reached", () => {
  const missing: readonly Aim[] = [
    { part: "deno", of, atMost: 3 },
    { part: "node", of, by: "other", atMost: 3 },
    { part: "node", of, beside: "other", atMost: 3 },
  ];
  for (const aim of missing) expect(outcomeOf(aim, figures)).toMatchObject({ value: null, reached: false });
});

test("what is not reached stands apart, and each reason once", () => {
  const why = "Copies";
  const text = aimsText(
    [
      { part: "node", of, atMost: 4, why: "never told" },
      { part: "node", of, beside: "node:tls", atMost: 1, why },
      { part: "rivals-node", of, beside: bestRival, atMost: 1 / 3, why },
      { part: "bun", of, atMost: 1, why },
    ],
    figures,
  );
  expect(text.split("\n").filter(Boolean)).toEqual([
    "### Not reached",
    "|  | asked | measured |",
    "| --- | --- | --: |",
    "| Node, data: receive, CPU s per GB | no more than node:tls | 1.50 |",
    "| Node, beside others, data: receive, CPU s per GB | at most 0.33 times fast | 0.500 |",
    "| Bun, data: receive, CPU s per GB | at most 1 | not measured |",
    "- Node: receive; Node, beside others: receive. Copies.",
    "### Reached",
    "|  | asked | measured |",
    "| --- | --- | --: |",
    "| Node, data: receive, CPU s per GB | at most 4 | 3.00 |",
  ]);
});

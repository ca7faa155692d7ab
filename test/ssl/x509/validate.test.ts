// Path validation, case by case: each table is one family of what certificates and chains can be like.
import { describe, expect, test } from "vitest";
import { families } from "./cases/families.ts";
import { outcome, run } from "./run.ts";

for (const [family, cases] of Object.entries(families)) {
  describe(family, () => {
    for (const one of cases) {
      test(`${one.name}: ${one.expected}`, () => {
        const result = run(one);
        expect(outcome(result), result.ok ? "" : result.failure.verifyMessage).toBe(one.expected);
      });
    }
  });
}

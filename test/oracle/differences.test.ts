// The table of differences as users read it.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { differencesPage } from "./differences.ts";

test("docs/python-differences.md is the table of the differential test", () => {
  const page = readFileSync(new URL("../../docs/python-differences.md", import.meta.url), "utf8");
  expect(page).toBe(differencesPage());
});

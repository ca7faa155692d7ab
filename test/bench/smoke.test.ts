// The benchmark itself, quickly: all sections run on this runtime, and each figure is a number that can be one.
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Figure } from "./figures.ts";
import { runtime } from "../support/runtimes.ts";
import { sections } from "./sections.ts";

const before = { node: [], deno: ["run", "--allow-all", "--no-lock"], bun: [] };

test("every section gives figures, and wanttls has all of its own", { timeout: 600_000 }, async () => {
  const script = fileURLToPath(new URL("run.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...before[runtime], script, "--quick"], {
    maxBuffer: 16 << 20,
  });
  const [circumstances, ...figures] = stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(Object.keys(circumstances as object)).toEqual(["date", "machine", "runtime", "engine"]);
  for (const { name, only } of sections) {
    if (only !== undefined && only !== runtime) continue;
    const own = (figures as Figure[]).filter(({ section }) => section === name);
    expect(own.length, name).toBeGreaterThan(0);
    for (const figure of own) expectNumber(figure);
  }
});

/** Memory may shrink while a few connections are opened. Others may be unable to do something, and then say why. */
function expectNumber(figure: Figure): void {
  if (figure.value === null) {
    expect(figure.why, JSON.stringify(figure)).toBeTruthy();
    expect(figure.by, figure.why).not.toMatch(/^wanttls/);
  } else if (figure.section !== "idle") expect(figure.value, JSON.stringify(figure)).toBeGreaterThan(0);
}

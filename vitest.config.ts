// One configuration for the three runtimes; scripts/run-tests.ts says how each of them starts vitest. What lies in the
// folder of one runtime drives that runtime's own sockets and runs there only; every other file runs on all three.
import { defineConfig } from "vitest/config";

const here = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const elsewhere = ["node", "deno", "bun"].filter((runtime) => runtime !== here);

export default defineConfig({
  resolve: {
    // The README's examples import the package by its name; here that means the sources.
    alias: [
      { find: /^wanttls\/(node|deno|bun)$/, replacement: `${import.meta.dirname}/ts/$1/index.ts` },
      { find: /^wanttls\/node\/tls$/, replacement: `${import.meta.dirname}/ts/node/tls/index.ts` },
      { find: /^wanttls$/, replacement: `${import.meta.dirname}/ts/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/module.ts", "test/support/leaks.ts"],
    exclude: elsewhere.map((runtime) => `test/${runtime}/**`),
    // Only what hangs is ended by these: no test is about time, and machines may be slow, and busy with something else.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    slowTestThreshold: 5_000,
  },
});

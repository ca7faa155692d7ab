// How the three runtimes run a program of ours, and which of them runs this. Loads nothing.
import { fileURLToPath } from "node:url";

export type RuntimeName = "node" | "deno" | "bun";

export const runtimeNames: readonly RuntimeName[] = ["node", "deno", "bun"];

/** The runtime that runs this. */
export const runtime: RuntimeName = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

const flags: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: ["--expose-gc"],
  deno: ["run", "--allow-all", "--no-lock", "--v8-flags=--expose-gc"],
  bun: [],
};

/** The pinned runtime and what goes before the program; the program can have the garbage collected. */
export function commandOf(name: RuntimeName): readonly [string, ...string[]] {
  return [fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url)), ...flags[name]];
}

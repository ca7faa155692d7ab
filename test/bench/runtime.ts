// Which runtime runs this; knows nothing else, and loads nothing.

export type RuntimeName = "node" | "deno" | "bun";

export const runtime: RuntimeName = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

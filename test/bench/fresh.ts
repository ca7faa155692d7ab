// Starts one of the benchmark's programs in a fresh process of the runtime that runs this, and answers what it prints (JSON).
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runtime } from "./runtime.ts";

const flags = { node: ["--expose-gc"], deno: ["run", "--allow-all", "--no-lock", "--v8-flags=--expose-gc"], bun: [] };

/** Rejects when the program fails; `program` lies beside this file. */
export async function fresh<T>(program: string, ...parameters: readonly string[]): Promise<T> {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...flags[runtime], script, ...parameters], {
    timeout: 180_000,
  }).catch((error: { readonly stderr?: string }) => {
    throw new Error(lastLine(error.stderr) ?? "the process ended without an answer");
  });
  return JSON.parse(stdout) as T;
}

function lastLine(text: string | undefined): string | undefined {
  return text?.split("\n").find((line) => /error/i.test(line));
}

// Starts one of the benchmark's programs in a fresh process of the runtime that runs this, and answers what it prints (JSON).
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { promisify } from "node:util";
import { commandOf, runtime } from "../support/runtimes.ts";

/** Rejects when the program fails; `program` lies beside this file. */
export async function fresh<T>(program: string, ...parameters: readonly string[]): Promise<T> {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const [command, ...flags] = commandOf(runtime);
  const { stdout } = await promisify(execFile)(command, [...flags, script, ...parameters], {
    timeout: 180_000,
    env: { ...process.env, NO_COLOR: "1" }, // a failure may go into a document
  }).catch((error: { readonly stderr?: string }) => {
    throw new Error(lastLine(error.stderr) ?? "the process ended without an answer");
  });
  return JSON.parse(stdout) as T;
}

function lastLine(text: string | undefined): string | undefined {
  return text?.split("\n").find((line) => /error/i.test(line));
}

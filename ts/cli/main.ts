#!/usr/bin/env node
// The `wanttls` command: what is asked for, who does it, and how its end becomes an exit status. Every failure is one
// sentence on stderr.
import { readFileSync } from "node:fs";
import process from "node:process";
import { engineVersion, SSLConfigError } from "../index.ts";
import { help, parseCommandLine, UsageError } from "./arguments.ts";
import { connect } from "./connect.ts";
import { type Runtime, thisRuntime } from "./runtime.ts";
import { serve } from "./serve.ts";
import { trace } from "./trace/command.ts";

try {
  await run(process.argv.slice(2), await thisRuntime());
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`wanttls: ${message}`);
  process.exitCode = error instanceof UsageError || error instanceof SSLConfigError ? 2 : 1;
}

async function run(args: readonly string[], runtime: Runtime): Promise<void> {
  const parsed = parseCommandLine(args);
  switch (parsed.command) {
    case "connect":
      return connect(parsed, runtime);
    case "serve":
      return serve(parsed, runtime);
    case "trace":
      return trace(parsed, runtime);
    case "help":
      return console.log(help);
    case "version":
      return console.log(`wanttls ${ownVersion()}\n${engineVersion()}\n${runtime.version}`);
  }
}

/** package.json is two folders up from ts/cli and from dist/cli alike. */
function ownVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

// Owns the circumstances of a run: the date, the machine, and what runs. Knows no figures.
import { cpus } from "node:os";
import process from "node:process";
import { engineVersion } from "wanttls";
import type { Circumstances } from "./figures.ts";

export function circumstances(): Circumstances {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores`,
    runtime: runtimeVersion(),
    engine: engineVersion(),
  };
}

function runtimeVersion(): string {
  const { deno, bun, node, openssl } = process.versions;
  if (deno !== undefined) return `Deno ${deno}`;
  return bun === undefined ? `Node ${node} (OpenSSL ${openssl})` : `Bun ${bun}`;
}

// How much memory this process has resident, and asking for the garbage to be collected. On Node and Deno that takes the flags of
// `commandOf`.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Bytes, once everything is over that goes on behind connections, and the garbage is gone. */
export async function residentBytes(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await sleep(50);
    collectGarbage();
  }
  return resident();
}

/**
 * As `residentBytes`, once the JavaScript heap has given back its reserve too, which comes and goes with the pace of allocation by tens of
 * MiB. What runs afterwards may have to be compiled again.
 */
export async function settledBytes(): Promise<number> {
  await residentBytes();
  collectGarbage({ type: "major", execution: "sync", flavor: "last-resort" });
  return resident();
}

function resident(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
}

function collectGarbage(how?: object): void {
  const { gc, Bun: bun } = globalThis as { gc?: (how?: object) => void; Bun?: { gc(sync: boolean): void } };
  if (bun) bun.gc(true);
  else gc?.(how);
}

// What this process holds when nobody is connected. Owns measuring it and saying what has grown.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { liveBytes } from "../engine/faulty-module.ts";
import { settledBytes } from "../support/resident.ts";
import { comesTrue } from "./patience.ts";
import type { Report } from "./report.ts";

export interface Vitals {
  /** Of the module's memory: bytes in use, blocks they are in, connections and settings, and all of it in use or not. */
  readonly heap: number;
  readonly blocks: number;
  readonly objects: number;
  readonly memory: number;
  /** Of the process: resident, and JavaScript's. */
  readonly resident: number;
  readonly scripts: number;
  /** Listening ones included. What else has a file descriptor is the runtime's affair. */
  readonly tcpSockets: number;
  /** Sockets, timers and whatever else keeps the event loop busy; zero on runtimes that do not tell. */
  readonly resources: number;
}

const MiB = 2 ** 20;
const tolerance = 1.1;

export async function vitals(): Promise<Vitals> {
  const resident = await settledBytes();
  return { ...countable(), resident, scripts: process.memoryUsage().heapUsed };
}

/** The same, once nothing that can be counted is more than it was; what stays more is seen in the answer. */
export async function vitalsAfter(before: Vitals): Promise<Vitals> {
  await comesTrue(() => {
    const now = countable();
    return counts.every((name) => now[name] <= before[name]);
  });
  return vitals();
}

const counts = ["heap", "blocks", "objects", "tcpSockets", "resources"] as const;

function countable(): Omit<Vitals, "resident" | "scripts"> {
  const realm = sharedRealm();
  return {
    heap: liveBytes(realm),
    blocks: realm.liveBlocks(),
    objects: realm.liveObjects(),
    memory: realm.memoryBytes,
    tcpSockets: tcpSockets(),
    resources: process.getActiveResourcesInfo().length,
  };
}

/**
 * File descriptors of this process that are sockets, but not those for pipes between processes (proc(5)): a socket of TCP that its peer has
 * reset is in no table of the system any more.
 */
function tcpSockets(): number {
  const [, ...rows] = readFileSync("/proc/self/net/unix", "latin1").trim().split("\n");
  const local = new Set(rows.map((row) => `socket:[${row.trim().split(/\s+/)[6]}]`));
  const targets = readdirSync("/proc/self/fd").map(targetOf);
  return targets.filter((target) => target.startsWith("socket:") && !local.has(target)).length;
}

/** Empty for the descriptor that listed the others, which is closed. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}

/** What the module holds is the same to the byte, and nothing else that can be counted has become more. */
export function expectSame(report: Report, when: string, before: Vitals, after: Vitals): void {
  const pair = (name: keyof Vitals): string => `${before[name]}, then ${after[name]}`;
  report.expect(`wasm heap in use, bytes, ${when}`, pair("heap"), after.heap === before.heap);
  report.expect(`wasm heap in use, blocks, ${when}`, pair("blocks"), after.blocks === before.blocks);
  report.expect(`connections and settings in the module, ${when}`, pair("objects"), after.objects === before.objects);
  report.expect(`TCP sockets, ${when}`, pair("tcpSockets"), after.tcpSockets <= before.tcpSockets);
  report.expect(`sockets and timers, ${when}`, pair("resources"), after.resources <= before.resources);
}

/** What garbage collectors manage, and the size of the module's memory, may differ by a tenth; `telling`: enough was done to see it. */
export function expectFlat(report: Report, when: string, before: Vitals, after: Vitals, telling: boolean): void {
  for (const [name, what] of [
    ["memory", "wasm memory"],
    ["resident", "resident memory"],
    ["scripts", "JavaScript heap"],
  ] as const) {
    const value = `${(before[name] / MiB).toFixed(1)}, then ${(after[name] / MiB).toFixed(1)} MiB`;
    if (telling) report.expect(`${what}, ${when}`, value, after[name] <= before[name] * tolerance);
    else report.figure(`${what}, ${when}`, value);
  }
}

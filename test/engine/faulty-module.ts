// The module with exports that make something go wrong on purpose in the middle of a call (faults.c). Knows how to arm them; what must
// come of it is for the tests to say. A test file that imports this runs that module.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Realm, sharedRealm } from "../../ts/engine/realms.ts";
import { init } from "../../ts/ssl/init.ts";
import { wasmFile } from "../support/wasm-file.ts";

/** In the order of faults.c. */
const faults = [
  "none",
  "fail",
  "fail from then on",
  "trap",
  "write beyond block",
  "write beyond locals",
  "overflow stack",
  "change guard",
  "grow memory",
] as const;

export type Fault = (typeof faults)[number];

interface FaultExports {
  readonly fault_arm: (fault: number, at: number) => void;
  readonly fault_allocations: () => number;
  readonly fault_live_bytes: () => number;
  readonly fault_guard: () => number;
}

/** The bytes of the module that the other tests run, with the exports of faults.c and probe.c. */
function faultyModule(): Uint8Array<ArrayBuffer> {
  const path = `../../${wasmFile().replace(/(-probe)?\.wasm$/, "-probe.wasm")}`;
  return new Uint8Array(readFileSync(fileURLToPath(new URL(path, import.meta.url))));
}

/** Runs `act`, with the fault at its `at`th allocation in that realm; answers how many it asked for, as far as the realm can still say. */
export function withFault(fault: Fault, at: number, act: () => void, realm: Realm = sharedRealm()): number {
  arm(fault, at, realm);
  try {
    act();
    return realm.poisoned ? at : faultsOf(realm).fault_allocations();
  } finally {
    if (!realm.poisoned) arm("none", 0, realm);
  }
}

/** Has the fault happen at the `at`th allocation in that realm from now on, in whatever call that is. */
export function arm(fault: Fault, at: number, realm: Realm): void {
  faultsOf(realm).fault_arm(faults.indexOf(fault), at);
}

/** The bytes of the realm's memory that are allocated, with what the allocator needs for each block. */
export function liveBytes(realm: Realm = sharedRealm()): number {
  return faultsOf(realm).fault_live_bytes();
}

/** What functions with a stack guard find behind their locals in that realm. */
export function stackGuard(realm: Realm): number {
  return faultsOf(realm).fault_guard();
}

/** How many allocations `act` asks for. */
export function allocationsOf(act: () => void): number {
  return withFault("none", 0, act);
}

function faultsOf(realm: Realm): FaultExports {
  return realm.exports as unknown as FaultExports;
}

await init({ wasm: faultyModule() });

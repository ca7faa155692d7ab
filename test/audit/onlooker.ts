// An onlooker of an instrumented module (instrument.ts): runs work on it, always from the same memory, and tells what each function
// showed meanwhile. Owns the beginning and the end of a run; does not know which differences matter.
import { WasmBinary } from "./wasm-binary.ts";

type Functions = Readonly<Record<string, (...parameters: never[]) => unknown>>;

/** A hash of what each function showed, by its name. */
export type View = ReadonlyMap<string, bigint>;

export class Onlooker {
  readonly #shown: readonly (readonly [name: string, take: () => bigint])[];
  readonly #memory: () => Uint8Array;
  readonly #before: Uint8Array;

  /** `memory` answers a fresh view of the whole; what it holds now is what it will hold before each run. */
  constructor(binary: WasmBinary, exports: Functions, memory: () => Uint8Array) {
    this.#shown = binary.functions.map(({ name }, index) => [name, exports[`shown_${index}`] as () => bigint] as const);
    this.#memory = memory;
    this.#before = memory().slice();
  }

  /** What the work shows, not what `prepare` does before it. It leaves nothing in the module: the next run finds the memory as the first one did. */
  watch(work: () => void, prepare?: () => void): View {
    const memory = this.#memory();
    memory.set(this.#before);
    memory.fill(0, this.#before.length);
    prepare?.();
    for (const [, take] of this.#shown) take();
    work();
    return new Map(this.#shown.map(([name, take]) => [name, take()]));
  }
}

/** The functions that did not show the same in all views. */
export function differences(views: readonly View[]): string[] {
  const [first, ...others] = views;
  return [...first!.keys()].filter((name) => others.some((view) => view.get(name) !== first!.get(name)));
}

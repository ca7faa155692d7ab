// An onlooker of an instrumented module (instrument.ts): runs work on it, always from the same memory, and tells what each function
// showed meanwhile. Owns the beginning and the end of a run; does not know which differences matter.
import type { WasmBinary } from "./wasm-binary.ts";

type Functions = Readonly<Record<string, (...parameters: never[]) => unknown>>;

/** A hash of what each function showed, by its name. */
export type View = ReadonlyMap<string, bigint>;

/** The memory as it is now, to begin with again and again: so the allocator finds the same room each time. */
export class Beginning {
  readonly #memory: () => Uint8Array;
  readonly #held: Uint8Array;

  /** `memory` answers a fresh view of the whole. */
  constructor(memory: () => Uint8Array) {
    this.#memory = memory;
    this.#held = memory().slice();
  }

  restore(): void {
    const memory = this.#memory();
    memory.set(this.#held);
    memory.fill(0, this.#held.length);
  }
}

export class Onlooker {
  readonly #shown: readonly (readonly [name: string, take: () => bigint])[];
  readonly #beginning: Beginning;

  constructor(binary: WasmBinary, exports: Functions, memory: () => Uint8Array) {
    this.#shown = binary.functions.map(({ name }, index) => [name, exports[`shown_${index}`] as () => bigint] as const);
    this.#beginning = new Beginning(memory);
  }

  /** What the work shows, not what `prepare` does before it. It leaves nothing in the module: the next run begins as this one. */
  watch(work: () => void, prepare?: () => void): View {
    this.#beginning.restore();
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

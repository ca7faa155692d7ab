// The second onlooker, which is not ours: Binaryen's --instrument-memory and --log-execution make a module call out at each load and
// store, with the address, and at each entry of a function and turn of a loop. Owns what is called; build/evidence.traced.wasm is
// such a module. It does not see branches ahead, `select`, bulk copies, nor loads that fill a vector with one value.

type Told = (...numbers: never[]) => number | bigint | undefined;

/** A hash of everything told since it was last asked (FNV-1a, by numbers). */
export class Trace {
  #hash = 0;
  #events = 0;

  /** What the instrumented module imports: each function gives back its last parameter, or nothing. */
  imports(): Record<string, Told> {
    const value = (_: number, loaded: number | bigint): number | bigint => loaded;
    const address = (site: number, bytes: number, offset: number, at: number): number => {
      this.#note(site, bytes, offset, at);
      return at;
    };
    const values = ["i32", "i64", "f32", "f64"].flatMap((type) =>
      ["load", "store", "struct_get", "struct_set", "array_get", "array_set"].map((kind) => `${kind}_val_${type}`),
    );
    return {
      ...Object.fromEntries(values.map((name) => [name, value])),
      load_ptr: address,
      store_ptr: address,
      memory_grow_pre: value,
      memory_grow_post: value,
      array_get_index: value,
      array_set_index: value,
      log_execution: (site: number): undefined => this.#note(site),
    };
  }

  take(): string {
    const taken = `${this.#events} events, ${this.#hash >>> 0}`;
    this.#hash = 0x811c9dc5 | 0;
    this.#events = 0;
    return taken;
  }

  #note(...numbers: readonly number[]): undefined {
    for (const number of numbers) this.#hash = Math.imul(this.#hash ^ number, 0x01000193);
    this.#events++;
  }
}

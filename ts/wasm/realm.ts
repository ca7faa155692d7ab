// One instance of the module and the only code that touches its memory. Owns instantiation, the three imports, copying
// in and out, and poisoning after a trap. Does not know what TLS is.
//
// Views of the memory live for one expression: any call may grow the memory and detach every view of it.
import type { Address, WasmExports } from "./exports.gen.ts";
import { abi } from "./exports.gen.ts";
import { Draws } from "./draws.ts";

export interface RealmOptions {
  /** Fills the bytes with randomness; the default is `crypto.getRandomValues`. */
  readonly random?: (into: Uint8Array<ArrayBuffer>) => void;
  /** Makes the error that every call throws after a trap; the cause is the trap. */
  readonly trapped: (cause: unknown) => Error;
  /** Makes the error for an allocation that fails. */
  readonly full: (bytes: number) => Error;
  /** Makes the error for a module that this is no instance for. */
  readonly unusable: (why: string, cause?: unknown) => Error;
}

/** Somebody who has to know of a trap. */
export interface Tenant {
  notify(): void;
}

const blockSize = 8192;

export class Realm {
  /** The module's functions. After a trap each of them throws what `trapped` made. */
  readonly exports: WasmExports;
  /** What the module's clock answers, in milliseconds since 1970; set before calls that look at the time. */
  time = 0;
  readonly #memory: WebAssembly.Memory;
  readonly #scratch: Address;
  readonly #full: (bytes: number) => Error;
  /** All of the memory as it was seen last; growing it empties the array. */
  #whole = new Uint8Array(0);
  #buffer: ArrayBuffer = this.#whole.buffer;
  /** A block that small copies share, and how much of it is theirs. */
  #block = new Uint8Array(0);
  #blockUsed = blockSize;
  #trap: Error | undefined;
  readonly #tenants = new Set<WeakRef<Tenant>>();
  readonly #draws: Draws;
  #randomFailure: { readonly error: unknown } | undefined;

  constructor(module: WebAssembly.Module, options: RealmOptions) {
    this.#draws = new Draws(options.random ?? fillRandom);
    const raw = this.#instantiate(module, options);
    if (typeof raw.wt_abi !== "function") throw options.unusable("it is none of wanttls");
    this.#memory = raw.memory;
    this.#full = options.full;
    this.exports = this.#guarded(raw, options.trapped);
    this.exports._initialize();
    if (this.exports.wt_abi() !== abi) throw options.unusable(`it has ABI ${raw.wt_abi()}, expected ${abi}`);
    if (this.exports.wt_start() !== 0) throw options.unusable("it does not start, for want of memory or randomness");
    this.#scratch = this.exports.wt_scratch();
  }

  /** True after a trap: nothing in this realm's memory can be relied on, and no call enters it again. */
  get poisoned(): boolean {
    return this.#trap !== undefined;
  }

  /** What the source of randomness threw since `forgetRandomFailure`, undefined when it did not. */
  get randomFailure(): { readonly error: unknown } | undefined {
    return this.#randomFailure;
  }

  /** Before a call whose failure is to be explained. */
  forgetRandomFailure(): void {
    this.#randomFailure = undefined;
  }

  /** Who is told when this realm traps, before the call that trapped has thrown. Held weakly: who is forgotten must be found out. */
  enter(tenant: WeakRef<Tenant>): void {
    this.#tenants.add(tenant);
  }

  leave(tenant: WeakRef<Tenant>): void {
    this.#tenants.delete(tenant);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Connections and settings that nobody has disposed of. */
  liveObjects(): number {
    return this.poisoned ? 0 : this.exports.wt_live_objects();
  }

  /** Blocks that Mbed TLS and the shim have allocated and not freed. */
  liveBlocks(): number {
    return this.poisoned ? 0 : this.exports.wt_live_blocks();
  }

  /** A fresh view; use it in the same expression. */
  view(at: Address, length: number): Uint8Array<ArrayBuffer> {
    this.#look();
    return new Uint8Array(this.#buffer, at >>> 0, length);
  }

  /** Asking for the memory costs as much as copying a small record. */
  #look(): void {
    if (this.#whole.length > 0) return;
    this.#buffer = this.#memory.buffer;
    this.#whole = new Uint8Array(this.#buffer);
  }

  /** To where the module has made room for them. */
  copyIn(bytes: Uint8Array, at: Address): void {
    this.#look();
    this.#whole.set(bytes, at >>> 0);
  }

  copyOut(at: Address, length: number): Uint8Array<ArrayBuffer> {
    return this.view(at, length).slice();
  }

  /**
   * As `copyOut`, for ciphertext of at most `largestPacked` bytes: the copies lie one behind the other in a larger buffer, since making
   * an array for each costs more than encrypting it.
   */
  copyOutPacked(at: Address, length: number): Uint8Array<ArrayBuffer> {
    if (blockSize - this.#blockUsed < length) {
      this.#block = new Uint8Array(blockSize);
      this.#blockUsed = 0;
    }
    const start = this.#blockUsed;
    this.#blockUsed += length;
    this.#block.set(this.view(at, length), start);
    return this.#block.subarray(start, start + length);
  }

  /** The NUL-terminated ASCII text at an address, or null for a null pointer. */
  textAt(at: Address): string | null {
    if (at === 0) return null;
    const memory = this.view(0, this.memoryBytes);
    return String.fromCharCode(...memory.subarray(at >>> 0, memory.indexOf(0, at >>> 0)));
  }

  /** Copies bytes into the scratch area; at most `scratchSize`. */
  fillScratch(bytes: Uint8Array): void {
    this.copyIn(bytes, this.#scratch);
  }

  /** Moves the front of the scratch area out and leaves zeros behind: it may have held a secret. */
  moveFromScratch(into: Uint8Array, length: number): void {
    into.set(this.view(this.#scratch, length));
    this.wipeScratch(length);
  }

  wipeScratch(length: number): void {
    this.#look();
    const start = this.#scratch >>> 0;
    this.#whole.fill(0, start, start + length);
  }

  /** Runs `use` with a copy of the bytes in the module's memory; the copy is wiped and freed in any case. */
  lend<T>(bytes: Uint8Array, use: (at: Address, length: number) => T): T {
    const at = this.exports.wt_allocate(Math.max(bytes.length, 1));
    if (at === 0) throw this.#full(bytes.length);
    this.copyIn(bytes, at);
    try {
      return use(at, bytes.length);
    } finally {
      if (!this.poisoned) this.exports.wt_release(at);
    }
  }

  #instantiate(module: WebAssembly.Module, options: RealmOptions): WasmExports {
    const env = {
      wt_now: (): number => this.time,
      wt_random: (at: Address, size: number): number => {
        try {
          this.#draws.give(this.view(at, size >>> 0));
          return 0;
        } catch (error) {
          this.#randomFailure = { error };
          return 1; // must not unwind the module's frames; the call in progress fails
        }
      },
      emscripten_notify_memory_growth: (): void => {},
    };
    try {
      return new WebAssembly.Instance(module, { env }).exports as unknown as WasmExports;
    } catch (cause) {
      throw options.unusable((cause as Error).message, cause);
    }
  }

  #guarded(raw: WasmExports, trapped: (cause: unknown) => Error): WasmExports {
    type Call = (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    const guard =
      (call: Call): Call =>
      // Fixed parameters, as a rest parameter would cost an array per call; the module ignores what is too many.
      (a, b, c, d, e, f) => {
        if (this.#trap !== undefined) throw this.#trap;
        try {
          return call(a, b, c, d, e, f);
        } catch (cause) {
          this.#trap = trapped(cause);
          for (const tenant of this.#tenants) tenant.deref()?.notify();
          throw this.#trap;
        } finally {
          this.#draws.end();
        }
      };
    // Made at once: an object that is filled name by name is one that V8 looks up by hash.
    const guarded = Object.entries(raw).map(([name, it]: [string, unknown]): [string, unknown] => [
      name,
      typeof it === "function" ? guard(it as Call) : it,
    ]);
    return Object.fromEntries(guarded) as unknown as WasmExports;
  }
}

/** The most bytes that `copyOutPacked` takes. */
export const largestPacked = 1024;

/** At most 64 KiB a call is what the Web Cryptography API allows. */
function fillRandom(into: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < into.length; at += 65536) crypto.getRandomValues(into.subarray(at, at + 65536));
}

// build/evidence.wasm: the objects of the shipped module with what is inside exported (test/crypto/module), and its memory.
// Owns instantiation, addresses and deterministic test data; judges nothing.
import { readFileSync } from "node:fs";
import { wasmFile } from "../support/wasm-file.ts";

type Call = (...parameters: number[]) => number;

type Functions = Readonly<Record<string, (...parameters: never[]) => unknown>>;

export type Import = (...parameters: never[]) => number | bigint | undefined;

interface Exports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  readonly wt_allocate: Call;
}

/** What PSA calls kinds of keys and algorithms (psa/crypto_values.h). */
export const psa = {
  aes: 0x2400,
  chacha20: 0x2004,
  gcm: 0x05500200,
  ccm: 0x05500100,
  chacha20Poly1305: 0x05100500,
} as const;

/** The evidence for vetted.wasm where WANTTLS_WASM names that, else the one for the default module. */
export function moduleUnderTest(): string {
  return wasmFile().endsWith("vetted.wasm") ? "vetted-evidence.wasm" : "evidence.wasm";
}

/** One instance. What is allocated in it lives as long as it. */
export class Evidence {
  readonly #exports: Exports;

  /** `code` is a variant of the module, `more` what it calls; without that there is no randomness. */
  constructor(
    code: Uint8Array<ArrayBuffer> = evidenceFile("evidence.wasm"),
    more: Readonly<Record<string, Import>> = {},
  ) {
    const env = { wt_random: () => 1, wt_now: () => 0, emscripten_notify_memory_growth: () => undefined, ...more };
    this.#exports = new WebAssembly.Instance(new WebAssembly.Module(code), { env }).exports as unknown as Exports;
  }

  /** All exported functions. */
  get functions(): Functions {
    return this.#exports as unknown as Functions;
  }

  /** A view of all memory, good until the next call. */
  memory(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer);
  }

  /** Calls an export; arrays go in by a copy whose address is passed. */
  call(name: string, ...parameters: readonly (number | Uint8Array)[]): number {
    const addresses = parameters.map((value) => (typeof value === "number" ? value : this.place(value)));
    return (this.#exports[name] as Call)(...addresses);
  }

  /** Room for so many bytes. */
  room(size: number): number {
    return this.#exports.wt_allocate(Math.max(size, 1));
  }

  /** A copy of the bytes in the module's memory. */
  place(bytes: Uint8Array): number {
    const at = this.room(bytes.length);
    this.write(at, bytes);
    return at;
  }

  write(at: number, bytes: Uint8Array): void {
    new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
  }

  read(at: number, size: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, size).slice();
  }
}

/** A module that the build made for the tests. */
export function evidenceFile(name: string): Uint8Array<ArrayBuffer> {
  return readFileSync(new URL(`../../build/${name}`, import.meta.url));
}

/** Bytes that look random and are the same in each run (xorshift32). */
export function randomBytes(size: number, seed: number): Uint8Array {
  let state = (seed + 1) * 0x9e3779b1;
  return Uint8Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

/** `size` bytes of which one bit is set. Bit 0 is the lowest of byte 0. */
export function unit(size: number, bit: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes[bit >> 3] = 1 << (bit & 7);
  return bytes;
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

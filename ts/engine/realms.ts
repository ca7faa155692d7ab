// Where realms come from: a shared one for everybody who did not ask for isolation, replaced after a trap.
import { compiledModule, prepareModule } from "../wasm/module.ts";
import { Realm } from "../wasm/realm.ts";
import { SSLEngineError, SSLMemoryError } from "./errors.ts";

export type { Realm };

let shared: Realm | undefined;

/** The realm that connections share by default; a fresh one after a trap. */
export function sharedRealm(): Realm {
  if (shared === undefined || shared.poisoned) shared = newRealm();
  return shared;
}

/** A realm of its own, with a memory that no other connection shares. */
export function newRealm(random?: (into: Uint8Array<ArrayBuffer>) => void): Realm {
  return new Realm(compiledModule(), random === undefined ? { trapped, full } : { trapped, full, random });
}

/**
 * Compiles the wasm module ahead of its first use, without blocking.
 *
 * Not needed on Node, Deno and Bun, where the first use compiles it synchronously. Where a runtime refuses to compile
 * from bytes, pass it the module that the runtime's bundler made of `wanttls/wanttls.wasm`.
 *
 * @example
 * await init();
 */
export async function init(module?: WebAssembly.Module | Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<void> {
  await prepareModule(module);
}

/** The name and the version of the C library that does the work, such as `"Mbed TLS 3.6.7"`. */
export function engineVersion(): string {
  const realm = sharedRealm();
  return realm.textAt(realm.exports.wt_version_text()) ?? "";
}

function full(bytes: number): SSLMemoryError {
  return new SSLMemoryError(`Cannot allocate ${bytes} bytes: the wasm memory is full`);
}

function trapped(cause: unknown): SSLEngineError {
  return new SSLEngineError("Cannot go on: the wasm module trapped, all connections in its realm are lost", { cause });
}

// Where realms come from: a shared one for everybody who did not ask for isolation, replaced after a trap.
import { Realm } from "../wasm/realm.ts";
import { chosenModule, chooseModule, type GivenModule, unusableModule } from "./chosen-module.ts";
import { SSLEngineError, SSLMemoryError } from "./errors.ts";

export type { GivenModule, Realm };

let shared: Realm | undefined;

/** The realm that connections share by default; a fresh one after a trap. */
export function sharedRealm(): Realm {
  if (shared === undefined || shared.poisoned) shared = newRealm();
  return shared;
}

/** A realm of its own, with a memory that no other connection shares. */
export function newRealm(random?: (into: Uint8Array<ArrayBuffer>) => void): Realm {
  return realmOf(chosenModule(), random);
}

/** Settles on a module (`chooseModule` says what may go wrong) and has the shared realm ready. */
export async function prepareRealm(given?: GivenModule): Promise<void> {
  await chooseModule(given, (module) => {
    shared = realmOf(module);
  });
}

function realmOf(module: WebAssembly.Module, random?: (into: Uint8Array<ArrayBuffer>) => void): Realm {
  const makers = { trapped, full, unusable: unusableModule };
  return new Realm(module, random === undefined ? makers : { ...makers, random });
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

// Which wasm module this process runs: the embedded one, unless `init` was given another. It is settled once, by the first who
// needs it, for all realms. Refuses to know what a realm is.
import { compile, compileEmbedded, type ModuleSource } from "../wasm/module.ts";
import { SSLConfigError, SSLStateError } from "./errors.ts";

export type { ModuleSource };

/** Where `init` may find a module; promises as `fetch` makes them, too. */
export type GivenModule = ModuleSource | PromiseLike<ModuleSource>;

type TryOut = (module: WebAssembly.Module) => void;

/** The given value is kept to tell whether a later call asks for the same; undefined stands for the embedded module. */
let chosen: { readonly given: GivenModule | undefined; readonly module: WebAssembly.Module } | undefined;
let choosing: { readonly given: GivenModule | undefined; readonly done: Promise<void> } | undefined;

/**
 * The module; the embedded one is compiled now if nobody chose before.
 *
 * Throws SSLStateError while `chooseModule` still loads another one: to go on would be to use what nobody asked for. Throws
 * SSLConfigError where the runtime refuses to compile on demand.
 */
export function chosenModule(): WebAssembly.Module {
  if (choosing?.given !== undefined)
    throw new SSLStateError(
      "Cannot use the wasm module that init() was given: it is still loading, await init() first",
    );
  if (chosen === undefined) {
    try {
      chosen = { given: undefined, module: compileEmbedded() };
    } catch (cause) {
      throw new SSLConfigError(
        `Cannot compile the embedded wasm module: ${reasonOf(cause)}; await init(), with a compiled module where this fails too`,
        { cause },
      );
    }
  }
  return chosen.module;
}

/**
 * Compiles, tries it out, and settles on the module for good. Nothing is settled when that fails.
 *
 * Throws SSLConfigError when the module cannot be loaded, compiled or used, and SSLStateError when another one was settled on
 * or is on its way.
 */
export async function chooseModule(given: GivenModule | undefined, tryOut: TryOut): Promise<void> {
  const before = chosen ?? choosing;
  if (before !== undefined && given !== undefined && before.given !== given)
    throw new SSLStateError("Cannot use the wasm module that init() was given: another one is in use already");
  if (chosen !== undefined) return;
  choosing ??= { given, done: load(given, tryOut) };
  await choosing.done;
}

async function load(given: GivenModule | undefined, tryOut: TryOut): Promise<void> {
  try {
    const module = await compile(given);
    if (chosen !== undefined) return; // somebody could not wait for the embedded one, which is what this is
    tryOut(module);
    chosen = { given, module };
  } catch (cause) {
    if (cause instanceof SSLConfigError) throw cause;
    throw unusableModule(reasonOf(cause), cause);
  } finally {
    choosing = undefined;
  }
}

/** The error for a module that is none of ours. */
export function unusableModule(why: string, cause?: unknown): SSLConfigError {
  return new SSLConfigError(`Cannot use the wasm module: ${why}`, cause === undefined ? {} : { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

// From the forms that a wasm module comes in to a compiled one. Keeps nothing.
import { embeddedModule } from "./embedded.ts";

/** A compiled module, its bytes, where to fetch it, or what fetching it answered. */
export type ModuleSource = WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | URL | Response;

/** The embedded module, compiled now. Throws where a runtime compiles nothing on demand. */
export function compileEmbedded(): WebAssembly.Module {
  return new WebAssembly.Module(embeddedModule());
}

/** Compiles beside the other work of the process; the embedded module without a source. */
export async function compile(
  source: ModuleSource | PromiseLike<ModuleSource> | undefined,
): Promise<WebAssembly.Module> {
  const from = await source;
  if (from === undefined) return WebAssembly.compile(embeddedModule());
  if (from instanceof WebAssembly.Module) return from;
  if (from instanceof URL) return compileResponse(await fetch(from));
  // Naming the class Response would make Node load all that it has for fetch, which takes longer than compiling.
  if ("arrayBuffer" in from) return compileResponse(from);
  return WebAssembly.compile(from);
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`the answer for ${response.url} has status ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

// The compiled module: from the embedded copy, or from what `init` was given. Owns nothing but that.
import { binary } from "./binary.gen.ts";

let compiled: WebAssembly.Module | undefined;

/** The module, compiled now if nobody did it before. */
export function compiledModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(embeddedBytes());
  return compiled;
}

/** Compiles off the critical path, or takes a module that is compiled already. */
export async function prepareModule(
  source?: WebAssembly.Module | Uint8Array<ArrayBuffer> | ArrayBuffer,
): Promise<void> {
  if (source instanceof WebAssembly.Module) compiled = source;
  else if (source !== undefined) compiled = await WebAssembly.compile(source);
  else compiled ??= await WebAssembly.compile(embeddedBytes());
}

function embeddedBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(binary);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

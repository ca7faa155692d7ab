// The copy of the module that comes with the JavaScript, so that nothing has to be found or fetched. Owns turning its text
// into bytes. Nothing of this runs before somebody needs the module. The one place where the core looks for something of a
// runtime's own, which it can do without.
import { binary } from "./binary.gen.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What some runtimes have for it and the language does not promise: a fraction of a millisecond, where the loop takes five. */
const decoders = {
  array: Uint8Array as { readonly fromBase64?: (text: string) => Bytes },
  buffer: (globalThis as { readonly Buffer?: { from(text: string, encoding: "base64"): Bytes } }).Buffer,
};

/** The bytes of the embedded module. */
export function embeddedModule(): Bytes {
  if (decoders.array.fromBase64 !== undefined) return decoders.array.fromBase64(binary);
  if (decoders.buffer !== undefined) return decoders.buffer.from(binary, "base64");
  return Uint8Array.from(atob(binary), (character) => character.charCodeAt(0));
}

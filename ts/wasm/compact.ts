// The copy of the module for bundles, which are made to be small: takes the place of embedded.ts where a bundler resolves
// `#embedded-module` (scripts/bundle.ts).
import { order, text } from "./compact-binary.gen.ts";
import { fromCompactText } from "./compact-text.ts";

/** The bytes of the module. */
export function embeddedModule(): Uint8Array<ArrayBuffer> {
  return fromCompactText(text, order);
}

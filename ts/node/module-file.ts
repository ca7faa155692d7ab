// The module beside the package's files: takes the place of ts/wasm/embedded.ts where Node itself resolves `#embedded-module`
// (scripts/bundle.ts). Reading the file takes a tenth of the time that the engine needs for the text. Refuses to know what it is read for.
import { nodeFs } from "./builtin.ts";

/** The bytes of the module. Throws when the file is not there, as after a bundler that took itself for Node. */
export function embeddedModule(file: URL = new URL("../wanttls.wasm", import.meta.url)): Uint8Array<ArrayBuffer> {
  try {
    return nodeFs().readFileSync(file);
  } catch (cause) {
    throw new Error(
      `wanttls.wasm is not beside the package's files; a bundler has to resolve imports with the condition "module"`,
      { cause },
    );
  }
}

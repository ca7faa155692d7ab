// Which module the tests run: the default one, or the one that WANTTLS_WASM names, such as build/wanttls-mbedtls.wasm.
import process from "node:process";

/** Its path from the root of the repository. */
export function wasmFile(): string {
  return process.env["WANTTLS_WASM"] ?? "build/wanttls.wasm";
}

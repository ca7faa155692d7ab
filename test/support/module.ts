// Runs before every test file: when WANTTLS_WASM names another module than the default one, the tests run that.
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { init } from "../../ts/ssl/init.ts";
import { wasmFile } from "./wasm-file.ts";

if (process.env["WANTTLS_WASM"] !== undefined)
  await init({ wasm: readFileSync(fileURLToPath(new URL(`../../${wasmFile()}`, import.meta.url))) });

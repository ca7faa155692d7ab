// Runs before every test file: when WANTTLS_WASM names another module than the default one, the tests run that.
// Those that look at the module from outside give it to `init` themselves, in the form that they see through.
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { init } from "../../ts/ssl/init.ts";
import { wasmFile } from "./wasm-file.ts";

const onlooks = expect.getState().testPath?.endsWith("/crypto/conversations.test.ts") === true;

if (process.env["WANTTLS_WASM"] !== undefined && !onlooks)
  await init({ wasm: readFileSync(fileURLToPath(new URL(`../../${wasmFile()}`, import.meta.url))) });

// Runs before every test file: when WANTTLS_WASM names another module than the default one, the tests run that.
// Files that need a form of it which they make themselves give that to `init`, and stand below.
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { init } from "../../ts/ssl/init.ts";
import { wasmFile } from "./wasm-file.ts";

const makers = ["/crypto/conversations.test.ts", "/engine/record-buffers.test.ts"];
const makesOwn = makers.some((file) => expect.getState().testPath?.endsWith(file));

if (process.env["WANTTLS_WASM"] !== undefined && !makesOwn)
  await init({ wasm: readFileSync(fileURLToPath(new URL(`../../${wasmFile()}`, import.meta.url))) });

// The module as a file, which Node reads instead of a text.
import { expect, test } from "vitest";
import { embeddedModule } from "../../ts/node/module-file.ts";

test("the file is read as it is", () => {
  const module = new WebAssembly.Module(embeddedModule(new URL("../../build/wanttls.wasm", import.meta.url)));
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain("wt_abi");
});

test("a file that a bundler has left behind is named, with what the bundler has to be told", () => {
  const read = (): unknown => embeddedModule(new URL("missing.wasm", import.meta.url));
  expect(read).toThrow(/^wanttls\.wasm is not beside the package's files; .* condition "module"$/);
  expect(read).toThrow(expect.objectContaining({ cause: expect.objectContaining({ code: "ENOENT" }) as unknown }));
});

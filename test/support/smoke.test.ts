// Shows that the runtime can run a test file at all; goes away when real tests exist.
import { expect, test } from "vitest";

test("the runtime has WebAssembly and random numbers", () => {
  expect(typeof WebAssembly.Module).toBe("function");
  expect(crypto.getRandomValues(new Uint8Array(4))).toHaveLength(4);
});

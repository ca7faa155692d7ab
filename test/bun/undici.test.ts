// Why docs/http.md imports undici as it does.
import { expect, test } from "vitest";
import { Peer } from "../support/peers.ts";

test("docs/http.md: Bun has a module of its own under the name of undici, and npm's under that of its file", async () => {
  const script = `const [own, npm] = await Promise.all([import("undici"), import("undici/index.js")]);
    console.log(own.fetch === npm.fetch, own.Agent.prototype.dispatch, typeof npm.Agent.prototype.dispatch);`;
  await using bun = new Peer("node_modules/.bin/bun", ["-e", script]);
  expect(await bun.exited).toBe(0);
  expect(bun.stdout).toBe("false undefined function\n");
});

// Runs with every test file: the processes that the file started must have ended, and what it made in the wasm memory it
// must have disposed of. A connection that is still being closed gets some turns of the event loop; the garbage collector
// gets none.
import { afterAll, expect } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { endPeers } from "./peers.ts";

const turns = 50;

afterAll(() => {
  expect(endPeers(), "processes that run after the file's last test").toEqual([]);
});

afterAll(async () => {
  for (let turn = 0; turn < turns && sharedRealm().liveObjects() > 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(sharedRealm().liveObjects(), "objects alive in the wasm memory after the file's last test").toBe(0);
});

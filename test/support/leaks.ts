// Runs with every test file: the processes that the file started must have ended, and what it made in the wasm memory it
// must have disposed of. What is still ending, a process or then a connection that is being closed, is waited for, but for connections
// not so long that the garbage collector comes for what nobody has closed.
import { afterAll, expect } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { endPeers, peersRunning } from "./peers.ts";

/** Each takes two milliseconds at least. */
const turnsOfConnections = 500;
const turnsOfProcesses = 10_000;

// The hook that is named last runs first.
afterAll(async () => {
  const alive = (): number => sharedRealm().liveObjects();
  await zero(alive, turnsOfConnections);
  expect(alive(), "objects alive in the wasm memory after the file's last test").toBe(0);
});

afterAll(async () => {
  await zero(peersRunning, turnsOfProcesses);
  expect(endPeers(), "processes that run after the file's last test").toEqual([]);
});

/** Waits until there are none, for so many turns of the event loop. */
async function zero(count: () => number, turns: number): Promise<void> {
  for (let turn = 0; turn < turns && count() > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
}

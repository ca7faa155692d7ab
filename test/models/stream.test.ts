// Connections with promises, over a line that dawdles: any interleaving of reads, writes, streams, ends, time-outs and second thoughts.
// Every promise settles; what was taken arrives once and in order; and a listener accepts whoever behaves, and nobody else.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { SSLContext, startTls } from "../../ts/index.ts";
import { roles, type Role, versions } from "../socket/tls.ts";
import { dawdle, type Dice, diceOf, relayed } from "../stream/relay.ts";
import { certs } from "../support/certs.ts";
import { explore, Tally } from "./effort.ts";
import { script, type Step } from "./stream/calls.ts";
import { callsOf, streamsOf } from "./stream/face.ts";
import { StreamParty } from "./stream/party.ts";

/** Turns of the event loop after which what has not settled never will. */
const longest = 20_000;

const { chain: cert, key } = certs.localhost;

describe.each(versions)("%s", (version) => {
  let contexts: Readonly<Record<Role, SSLContext>>;
  beforeAll(() => {
    const only = { minVersion: version, maxVersion: version };
    contexts = {
      client: SSLContext.client({ ...only, ca: certs.root.cert }),
      server: SSLContext.server({ ...only, identities: [{ cert, key }] }),
    };
  });
  afterAll(() => Object.values(contexts).forEach((context: SSLContext) => context.dispose()));
  const calls = new Tally("calls");

  const settings = fc.record({
    seed: fc.nat(),
    capacity: fc.integer({ min: 200, max: 20_000 }),
    outgoing: fc.integer({ min: 1, max: 60_000 }),
    streams: fc.boolean(),
  });
  explore(
    "every interleaving of calls with promises settles as the model allows",
    40,
    fc.asyncProperty(settings, script, async ({ seed, capacity, outgoing, streams }, steps) => {
      const dice = diceOf(seed);
      const alive = sharedRealm().liveObjects();
      const { ends } = relayed(dice, capacity);
      const options = { highWaterMark: { outgoing }, shutdownTimeout: 60_000 };
      const [client, server] = await Promise.all([
        startTls(ends[0], { context: contexts.client, serverHostname: "localhost", ...options }),
        startTls(ends[1], { context: contexts.server, ...options }),
      ]);
      const face = streams ? streamsOf : callsOf;
      const parties = {
        client: new StreamParty(client, ends[0], face(client)),
        server: new StreamParty(server, ends[1], face(server)),
      };
      await converse(parties, steps, dice);
      calls.add(parties.client.calls + parties.server.calls);
      expect(sharedRealm().liveObjects(), "objects alive in the wasm memory").toBe(alive);
    }),
    calls,
  );
});

type Parties = Readonly<Record<Role, StreamParty>>;

async function converse(parties: Parties, steps: readonly Step[], dice: Dice): Promise<void> {
  parties.client.peer = parties.server;
  parties.server.peer = parties.client;
  try {
    for (const step of steps) {
      if ("now" in step && step.now === "wait") await pause(dice);
      else perform(parties[step.role], step);
      throwTrouble(parties);
    }
    await end(parties);
  } finally {
    for (const role of roles) parties[role].abort();
    await settled(parties, () => roles.every((role) => parties[role].open === 0));
    for (const role of roles) parties[role].transport.abort();
    await Promise.all(roles.map((role) => parties[role].tls.closed));
    await nextTurn();
  }
}

/** Promises go on, all that can, only between two waits: until then the model and the connection know the same. */
async function pause(dice: Dice): Promise<void> {
  for (let turns = dice(4); turns >= 0; turns--) await dawdle(dice);
  await nextTurn();
}

function perform(party: StreamParty, step: Step): void {
  if ("begin" in step) party.begin(step.begin);
  else if (step.now === "cancel") party.cancel();
  else if (step.now === "abort") party.abort();
  else if (step.now === "cut") party.cut();
  else party.look();
}

function throwTrouble(parties: Parties): void {
  for (const role of roles) if (parties[role].trouble !== undefined) throw parties[role].trouble as Error;
}

/** What is begun comes to its end, once both sides read, and both have said all. */
async function end(parties: Parties): Promise<void> {
  const both = roles.map((role) => parties[role]);
  for (const party of both) party.cancel();
  await nextTurn();
  if (both[0]!.undisturbed) {
    for (const party of both) if (!party.endSaid) party.begin({ do: "closeWrite", signal: false });
    await settled(parties, () => {
      for (const party of both) if (!party.endSeen) party.begin({ do: "read", size: 50_000, signal: false });
      return both.every(({ endSeen, open }) => endSeen && open === 0);
    });
    for (const party of both) party.checkBytes(true);
    for (const party of both) party.begin({ do: "close", signal: false });
    await settled(parties, () => both.every(({ open }) => open === 0));
    for (const { tls } of both) expect(await tls.closed).toEqual({ reason: "close-notify" });
    return;
  }
  for (const party of both) party.checkBytes(false);
}

async function settled(parties: Parties, condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    expect(turn, "turns of the event loop until everything has settled").toBeLessThan(longest);
    await nextTurn();
    throwTrouble(parties);
  }
}

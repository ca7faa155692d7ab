// The worst that a mistake in the C code can do - a trap in the middle of a call, a write beyond a block or beyond a function's
// locals, a stack that overflows - done on purpose, in one connection among others. What that connection comes to is anybody's guess; what
// it may not do is touch what lies outside of its own memory, harm its neighbours, or fail without a typed error.
import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import type { Connection } from "../../ts/engine/connection.ts";
import { newRealm, type Realm, sharedRealm } from "../../ts/engine/realms.ts";
import { SSLEngineError, SSLError, type SSLObject } from "../../ts/ssl/index.ts";
import { allocationsOf, type Fault, stackGuard, withFault } from "../engine/faulty-module.ts";
import {
  attempt,
  clientContext,
  connected,
  handshake,
  inCase,
  pattern,
  type Role,
  roles,
  serverContext,
  sides,
  thrownBy,
  versions,
} from "../support/conversation.ts";
import { type Contexts, contextsOf, expectAlive, pairIn } from "../support/contexts.ts";

/** How often a trap must hit its own connection and no other. */
const rounds = 100;

test("a trap anywhere in a handshake ends the connections of its realm alone, a hundred times of a hundred", () => {
  const contexts = {
    client: clientContext({ isolation: "connection" }),
    server: serverContext({ isolation: "connection" }),
  };
  const neighbours = [handshake(pairIn(contexts)), connected(), connected({ client: { isolation: "context" } })];
  const most = handshakeAllocations(contexts);
  for (let round = 0; round < rounds; round++) {
    inCase(`round ${round}`, () => {
      const victim = pairIn(contexts);
      const realm = realmOf(victim.client.tls);
      let outcome: ReturnType<typeof attempt> | undefined;
      withFault("trap", 1 + Math.floor((round * most) / rounds), () => (outcome = attempt(victim)), realm);
      expect(outcome!.client).toBeInstanceOf(SSLEngineError);
      expect(outcome!.server).toBeUndefined();
      expect([realm.poisoned, sharedRealm().poisoned]).toEqual([true, false]);
      expect(thrownBy(() => victim.client.tls.read())).toBeInstanceOf(SSLEngineError);
      for (const pair of neighbours) expectAlive(pair);
      if (round % 10 === 0) expectAlive(handshake(pairIn(contexts)));
    });
  }
});

test("a trap in the shared realm, anywhere in a handshake: its connections fail with one class of error, and the next ones work", () => {
  const contexts = { client: clientContext(), server: serverContext() };
  handshake(pairIn(contexts)); // the first asks for some more
  const pair = pairIn(contexts);
  const most = allocationsOf(() => handshake(pair));
  for (let round = 0; round < rounds; round++) {
    inCase(`round ${round}`, () => {
      const [victim, lost] = [pairIn(contexts), handshake(pairIn(contexts))];
      const realm = sharedRealm();
      withFault("trap", 1 + Math.floor((round * most) / rounds), () => attempt(victim));
      expect(realm.poisoned).toBe(true);
      for (const { tls } of [victim.client, victim.server, lost.client, lost.server])
        expect(thrownBy(() => tls.read())).toBeInstanceOf(SSLEngineError);
      expect(sharedRealm()).not.toBe(realm);
      expectAlive(handshake(pairIn(contexts)));
    });
  }
});

const corruptions: readonly Fault[] = ["write beyond block", "write beyond locals", "overflow stack"];

test.each(corruptions)(
  "under isolation: connection, %s reaches neither JavaScript's memory nor a neighbour's, wherever it happens",
  (fault) => {
    const contexts = {
      client: clientContext({ isolation: "connection" }),
      server: serverContext({ isolation: "connection" }),
    };
    const neighbours = [handshake(pairIn(contexts)), connected()];
    const realms = neighbours.flatMap(({ client, server }) => [realmOf(client.tls), realmOf(server.tls)]);
    const ours = Array.from({ length: 64 }, (_, i) => pattern(1000 * (i + 1)));
    const most = handshakeAllocations(contexts);
    for (let at = 1; at <= most; at += Math.ceil(most / 25)) {
      inCase(`at allocation ${at}`, () => {
        const victim = pairIn(contexts);
        const before = realms.map((realm) => realm.copyOut(0, realm.memoryBytes));
        const theServer = victim.server.tls.state;
        const own = thrownBy(() =>
          withFault(fault, at, () => victim.client.tls.doHandshake(), realmOf(victim.client.tls)),
        );
        expect(own).toBeInstanceOf(SSLError);
        expect(realms.every((realm, i) => isSame(realm.copyOut(0, realm.memoryBytes), before[i]!))).toBe(true);
        expect(theServer).toBe("init");
        const after = attempt(victim);
        for (const error of [after.client, after.server])
          if (error !== undefined) expect(error).toBeInstanceOf(SSLError);
        expect(ours.every((bytes, i) => isSame(bytes, pattern(1000 * (i + 1))))).toBe(true);
        for (const pair of neighbours) expectAlive(pair);
      });
    }
  },
);

test("a function that writes beyond its locals traps before it returns, and the guard is another one in each realm", () => {
  const [realm, other] = [newRealm(), newRealm()];
  expect(stackGuard(realm)).not.toBe(stackGuard(other));
  const error = thrownBy(() => withFault("write beyond locals", 1, () => realm.exports.wt_allocate(1), realm));
  expect(error).toMatchObject({ name: "SSLEngineError", cause: expect.any(WebAssembly.RuntimeError) as unknown });
  expect(realm.poisoned).toBe(true);
});

/** Of the places in a handshake, those where no function that looks at the guard is being called are few. */
const guardedPart = 2 / 3;

test.each(versions)("what reads a handshake looks at the guard before it returns, on both sides of %s", (version) => {
  const contexts = contextsOf(version, { isolation: "connection" }, { isolation: "connection" });
  for (const role of roles) {
    const most = handshakeAllocations(contexts, role);
    const outcomes: boolean[] = [];
    for (let at = 1; at <= most; at += Math.ceil(most / 40)) {
      const victim = pairIn(contexts);
      const realm = realmOf(sides(victim, role)[0].tls);
      withFault("change guard", at, () => attempt(victim), realm);
      outcomes.push(realm.poisoned);
    }
    expect(outcomes.filter((noticed) => noticed).length, role).toBeGreaterThan(outcomes.length * guardedPart);
  }
});

test("a stack that overflows is noticed before it reaches any data", () => {
  const realm = newRealm();
  const { emscripten_stack_get_current: stackPointer } = realm.exports as unknown as Record<string, () => number>;
  const top = stackPointer!();
  const data = (): Uint8Array => realm.copyOut(top, realm.memoryBytes - top);
  const before = data();
  expect(top).toBeLessThan(before.length);
  expect(thrownBy(() => withFault("overflow stack", 1, () => realm.exports.wt_allocate(1), realm))).toBeInstanceOf(
    SSLEngineError,
  );
  const changed = data().reduce((count, byte, i) => (byte === before[i] ? count : count + 1), 0);
  expect(changed).toBeLessThanOrEqual(countersOfTheFault);
});

/** faults.c itself keeps three numbers. */
const countersOfTheFault = 12;

/** How many allocations one side of a handshake asks for in its own realm. */
function handshakeAllocations(contexts: Contexts, role: Role = "client"): number {
  const pair = pairIn(contexts);
  return withFault("none", 0, () => handshake(pair), realmOf(sides(pair, role)[0].tls));
}

/** The memory that a connection is in. */
function realmOf(tls: SSLObject): Realm {
  return (tls as unknown as { readonly connection: Connection }).connection.realm;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

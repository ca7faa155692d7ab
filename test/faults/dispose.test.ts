// A connection is disposed of at every step of its life: between any two calls of either side, with records half read and half sent.
// Nothing stays of it in the wasm memory, every call on it afterwards says so, and neither its peer nor its neighbours are harmed.
import { describe, expect, test } from "vitest";
import { isWant, SSLError, SSLStateError } from "../../ts/ssl/index.ts";
import { alive, contextsOf, expectAlive, pairIn } from "../support/contexts.ts";
import { certs } from "../support/certs.ts";
import {
  ascii,
  connected,
  type End,
  identityOf,
  inCase,
  type Pair,
  pattern,
  roles,
  sides,
  thrownBy,
  versions,
} from "../support/conversation.ts";

/** Where a conversation may be broken off; it goes from one to the next when it is asked for it. */
function* conversation(pair: Pair): Generator<void> {
  const ways = [
    [pair.client, pair.server],
    [pair.server, pair.client],
  ] as const;
  for (let turn = 0; turn < 3; turn++) {
    for (const [from, to] of ways) {
      from.tls.tryHandshake();
      yield;
      yield* inHalves(from, to);
    }
  }
  for (const [from, to] of ways) {
    from.tls.write(pattern(3000));
    yield* inHalves(from, to);
    to.tls.tryRead(new Uint8Array(1000));
    yield;
    if (from.tls.version() === "TLSv1.3") from.tls.updateKeys({ request: true });
    yield* inHalves(from, to);
    to.tls.tryRead(new Uint8Array(5000));
    yield* inHalves(to, from);
  }
  for (const [from, to] of ways) {
    from.tls.shutdownWrite();
    yield* inHalves(from, to);
    to.tls.tryRead(new Uint8Array(5000));
    yield;
  }
}

/** Brings what there is to the other side in two pieces, which looks at each. */
function* inHalves(from: End, to: End): Generator<void> {
  const bytes = from.outgoing.read();
  const middle = Math.floor(bytes.length / 2);
  for (const part of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
    to.incoming.write(part);
    to.tls.tryHandshake();
    yield;
  }
}

/** What a connection that is gone, or has lost its peer, may answer to being used. */
const uses: readonly ((end: End) => unknown)[] = [
  ({ tls }) => tls.doHandshake(),
  ({ tls }) => tls.read(),
  ({ tls }) => tls.write(ascii("x")),
  ({ tls }) => tls.updateKeys(),
  ({ tls }) => tls.shutdownWrite(),
  ({ tls }) => tls.unwrap(),
];

describe.each(versions)("S9 B95 %s", (version) => {
  test.each(roles)("a %s that is disposed of at any step leaves nothing behind and harms nobody", (role) => {
    const contexts = contextsOf(
      version,
      { identities: [identityOf("client")], onTrace: () => {}, onKeyLog: () => {} },
      { numTickets: 2, verifyMode: "required", ca: certs.root.cert },
    );
    const neighbours = connected({ version });
    let length = 0;
    inCase("to the end", () => {
      for (const _ of conversation(pairIn(contexts))) length++;
    });
    expect(length).toBeGreaterThan(30);
    const clean = alive();
    for (let last = 0; last <= length; last++) {
      inCase(`step ${last}`, () => {
        const pair = pairIn(contexts);
        const steps = conversation(pair);
        for (let step = 0; step < last; step++) steps.next();
        const [own, peer] = sides(pair, role);
        own.tls.dispose();
        for (const use of uses)
          expect(
            thrownBy(() => use(own)),
            String(use),
          ).toBeInstanceOf(SSLStateError);
        expectOrderly(peer);
        peer.incoming.writeEof();
        expectOrderly(peer);
      });
      expect(alive(), `step ${last}`).toEqual(clean);
    }
    expectAlive(neighbours);
  });
});

test("a context that is disposed of in the middle of a conversation is kept by it, to the end", () => {
  for (const version of versions) {
    const clean = alive();
    inCase(version, () => {
      const contexts = contextsOf(version);
      const pair = pairIn(contexts);
      const steps = conversation(pair);
      steps.next();
      for (const context of [contexts.client, contexts.server]) context.dispose();
      while (steps.next().done !== true);
      expect(pair.client.tls.state).toBe("closed");
      expect(thrownBy(() => contexts.client.wrapBio(pair.client.incoming, pair.client.outgoing))).toBeInstanceOf(
        SSLStateError,
      );
    });
    expect(alive()).toEqual(clean);
  }
});

/** Each call works, waits, or fails with an error of TLS. */
function expectOrderly(end: End): void {
  for (const use of uses) {
    const error = thrownBy(() => use(end));
    if (error !== undefined && !isWant(error)) expect(error, String(use)).toBeInstanceOf(SSLError);
  }
}

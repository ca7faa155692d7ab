// The runtime's source of randomness fails at every single place where it is asked.
import { expect, it } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { type ServerOptions, type SSLContext, SSLError, TicketKeys } from "../../ts/ssl/index.ts";
import {
  ascii,
  attempt,
  clientContext,
  connected,
  deliver,
  type End,
  forEachVersion,
  inCase,
  pairOf,
  serverContext,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

const broken = new Error("out of randomness");

/** Runs `act` while the `n`th request for randomness fails; answers how many requests there were. */
function withoutRandomness(n: number, act: () => void): number {
  const source = crypto.getRandomValues.bind(crypto);
  let requests = 0;
  const value = (into: Uint8Array<ArrayBuffer>): Uint8Array => {
    if (requests++ === n) throw broken;
    return source(into);
  };
  Object.defineProperty(crypto, "getRandomValues", { value, configurable: true });
  try {
    act();
  } finally {
    Reflect.deleteProperty(crypto, "getRandomValues");
  }
  return requests;
}

function expectNamed(error: unknown, doing: RegExp): void {
  expect(error).toBeInstanceOf(SSLError);
  expect(error).toMatchObject({ reason: "NO_RANDOMNESS", library: "SYS", cause: broken });
  expect((error as SSLError).message).toMatch(/^Cannot .*: the runtime gave no randomness$/);
  expect((error as SSLError).message).toMatch(doing);
}

it("A handshake without randomness fails on the side that has none, and its peer is told", () => {
  expectFailureEverywhere({});
});

// In TLS 1.2 Mbed TLS goes on when that fails.
it("So does one whose ticket cannot be sealed", () => {
  expectFailureEverywhere({ numTickets: 2 });
});

it("So does one whose session cannot be sealed for the cache, which does not get it", () => {
  const given: Uint8Array[] = [];
  expectFailureEverywhere({ sessionCache: { get: () => null, set: (_, session) => given.push(session) } });
  expect(given).toHaveLength(1); // of the one handshake of TLS 1.2 that came to its end
});

function expectFailureEverywhere(options: Partial<ServerOptions>): void {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const contexts = { client: clientContext(only), server: serverContext({ ...only, ...options }) };
    for (let n = 0; ; n++) {
      const requests = failingAt(n, contexts);
      if (requests <= n) break;
      expect(n).toBeLessThan(100);
    }
    expect(sharedRealm().liveObjects()).toBe(2);
    for (const context of Object.values(contexts)) context.dispose();
  });
}

function failingAt(n: number, contexts: { readonly client: SSLContext; readonly server: SSLContext }): number {
  let requests = 0;
  inCase(`request ${n}`, () => {
    const ends = {
      client: wrapped(contexts.client, { serverHostname: "localhost" }),
      server: wrapped(contexts.server),
    };
    let outcome = { client: undefined as unknown, server: undefined as unknown };
    requests = withoutRandomness(n, () => {
      outcome = attempt(ends);
    });
    if (requests <= n) return expect(outcome).toEqual({ client: undefined, server: undefined });
    // A client that was through with it hears of its server's failure when it reads.
    const errors = [outcome.client ?? thrownBy(() => ends.client.tls.read()), outcome.server];
    const own = errors.find((error) => (error as SSLError).reason === "NO_RANDOMNESS");
    expectNamed(own, /finish the handshake/);
    expect(errors.find((error) => error !== own)).toMatchObject({ name: "SSLAlertError", sent: false });
    expect([ends.client, ends.server].map(({ tls }) => tls.state)).toEqual(["failed", "failed"]);
  });
  return requests;
}

it("A key that cannot be checked for want of randomness is not said to be wrong", () => {
  let error: unknown;
  const ticketKeys = new TicketKeys();
  withoutRandomness(0, () => {
    // Of a P-256 key the public one is computed without randomness.
    error = thrownBy(() => serverContext({ ticketKeys }, "localhostP384"));
  });
  expectNamed(error, /use identities\[0\]\.key/);
  expect(sharedRealm().liveObjects()).toBe(0);
});

it("A ticket key cannot be made without randomness, and the error says so", () => {
  for (const make of [() => new TicketKeys(), () => serverContext()])
    withoutRandomness(0, () => expectNamed(thrownBy(make), /make a ticket key/));
});

it("Afterwards the next connection works, and its failures are its own", () => {
  forEachVersion((version) => {
    const [client, server]: [End, End] = Object.values(connected({ version })) as [End, End];
    client.tls.write(ascii("still here"));
    deliver(client, server);
    expect(server.tls.read()).toEqual(ascii("still here"));
  });
  withoutRandomness(0, () => thrownBy(() => serverContext()));
  const pair = pairOf({ identity: "unknownCa" });
  expect(attempt(pair).client).toMatchObject({ name: "SSLCertVerificationError" });
});

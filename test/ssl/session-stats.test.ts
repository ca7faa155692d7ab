// The counters of a context: handshakes begun and ended, sessions resumed and missed.
import { expect, test } from "vitest";
import type { SSLContext, SSLSession } from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  clientContext,
  deliver,
  forEachVersion,
  handshake,
  identityOf,
  type Pair,
  type Role,
  serverContext,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

type Contexts = Readonly<Record<Role, SSLContext>>;

const nothing = { connect: 0, connectGood: 0, accept: 0, acceptGood: 0, hits: 0, misses: 0 };

test("S39 sessionStats() counts handshakes on the side of the context, begun and good", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const contexts = { client: clientContext(only), server: serverContext(only) };
    const pair = both(contexts);
    expect([contexts.client.sessionStats(), contexts.server.sessionStats()]).toEqual([nothing, nothing]);
    thrownBy(() => pair.client.tls.doHandshake());
    thrownBy(() => pair.client.tls.doHandshake());
    expect(contexts.client.sessionStats()).toEqual({ ...nothing, connect: 1 });
    handshake(pair);
    pair.client.tls.write(Uint8Array.of(1));
    deliver(pair.client, pair.server);
    pair.server.tls.read();
    expect(contexts.client.sessionStats()).toEqual({ ...nothing, connect: 1, connectGood: 1 });
    expect(contexts.server.sessionStats()).toEqual({ ...nothing, accept: 1, acceptGood: 1 });
    const stranger = { client: clientContext({ ...only, ca: certs.rsaRoot.cert }), server: contexts.server };
    attempt(both(stranger));
    expect(stranger.client.sessionStats()).toEqual({ ...nothing, connect: 1 });
    expect(contexts.server.sessionStats()).toEqual({ ...nothing, accept: 2, acceptGood: 1 });
  });
});

test("S39 sessionStats() counts the sessions that were resumed, and those that were offered in vain", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const contexts = { client: clientContext(only), server: serverContext({ ...only, numTickets: 1 }) };
    const first = sessionOf(contexts, null);
    const second = sessionOf(contexts, first);
    expect(contexts.client.sessionStats()).toEqual({ ...nothing, connect: 2, connectGood: 2, hits: 1 });
    expect(contexts.server.sessionStats()).toEqual({ ...nothing, accept: 2, acceptGood: 2, hits: 1 });
    const other = { client: contexts.client, server: serverContext({ ...only, numTickets: 1 }) };
    sessionOf(other, second);
    expect(contexts.client.sessionStats()).toEqual({ ...nothing, connect: 3, connectGood: 3, hits: 1, misses: 1 });
    expect(other.server.sessionStats()).toEqual({ ...nothing, accept: 1, acceptGood: 1, misses: 1 });
  });
});

test("S39 a variant of a context counts for itself, and a connection where it was wrapped", () => {
  const chosen = serverContext();
  const server = serverContext({ selectContext: () => chosen });
  const client = clientContext();
  handshake(both({ client, server }));
  expect([server.sessionStats().acceptGood, chosen.sessionStats().acceptGood]).toEqual([1, 0]);
  const variant = client.with({ alpn: ["h2"] });
  expect([client.sessionStats().connectGood, variant.sessionStats().connectGood]).toEqual([1, 0]);
  variant.dispose();
});

test("S39 a callback may ask for the counters and for what is known of its connection, and nothing hangs", () => {
  forEachVersion((version) => {
    const only = { minVersion: version, maxVersion: version };
    const asked: unknown[] = [];
    const ask = (): void => {
      asked.push([client.sessionStats().connect, pair.client.tls.version(), pair.client.tls.state]);
      expect(() => pair.client.tls.read()).toThrow(/within one of its own calls/);
    };
    const client = clientContext({ ...only, onKeyLog: ask, verify: ask, onSession: ask });
    const server = serverContext({ ...only, numTickets: 1, identities: [identityOf("localhost")] });
    const pair = both({ client, server });
    handshake(pair);
    deliver(pair.server, pair.client);
    pair.client.tls.tryRead(new Uint8Array(1));
    expect(asked.length).toBeGreaterThan(2);
    expect(pair.client.tls.state).toBe("open");
  });
});

function both({ client, server }: Contexts, session: SSLSession | null = null): Pair {
  const wrap = { serverHostname: "localhost", ...(session === null ? {} : { session }) };
  return { client: wrapped(client, wrap), server: wrapped(server) };
}

/** Connects, and reads what comes after the handshake. */
function sessionOf(contexts: Contexts, session: SSLSession | null): SSLSession | null {
  const pair = handshake(both(contexts, session));
  deliver(pair.server, pair.client);
  pair.client.tls.tryRead(new Uint8Array(1));
  return pair.client.tls.session;
}

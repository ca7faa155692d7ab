// Sessions: made, kept, offered, resumed; and each way in which a session must not be resumed.
import { expect, test } from "vitest";
import {
  type ClientOptions,
  type ServerOptions,
  type SSLContext,
  SSLSession,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import {
  clientContext,
  deliver,
  forEachVersion,
  handshake,
  type Pair,
  recordType,
  serverContext,
  wrapped,
} from "../support/conversation.ts";
import { forged } from "../support/forger.ts";

interface Both {
  readonly client: SSLContext;
  readonly server: SSLContext;
}

function contexts(version: TLSVersion, client: ClientOptions = {}, server: Partial<ServerOptions> = {}): Both {
  const only = { minVersion: version, maxVersion: version };
  return {
    client: clientContext({ ...only, ...client }),
    server: serverContext({ ...only, numTickets: 2, ...server }),
  };
}

function pairWith({ client, server }: Both, session: SSLSession | null, serverHostname = "localhost"): Pair {
  return {
    client: wrapped(client, { serverHostname, ...(session === null ? {} : { session }) }),
    server: wrapped(server),
  };
}

/** Connects, and reads what comes after the handshake. */
function connect(both: Both, session: SSLSession | null = null): Pair {
  const pair = handshake(pairWith(both, session));
  deliver(pair.server, pair.client);
  pair.client.tls.tryRead(new Uint8Array(1));
  return pair;
}

function reused({ client, server }: Pair): unknown {
  return [client.tls.sessionReused, server.tls.sessionReused];
}

test("B84 B85 a session is resumed, and both sides agree that it was", () => {
  forEachVersion((version) => {
    const both = contexts(version);
    const first = connect(both);
    expect(reused(first)).toEqual([false, false]);
    const { session } = first.client.tls;
    expect(session).toBeInstanceOf(SSLSession);
    const second = connect(both, session);
    expect(reused(second)).toEqual([true, true]);
    second.client.tls.write(Uint8Array.of(1, 2, 3));
    deliver(second.client, second.server);
    expect(second.server.tls.read()).toEqual(Uint8Array.of(1, 2, 3));
  });
});

test("B39 several tickets in one record, as BoringSSL and rustls send them, are all taken", () => {
  const sessions: SSLSession[] = [];
  const { own, record } = forged("TLSv1.3", "client", { client: { onSession: (session) => sessions.push(session) } });
  const tickets = [1, 2, 3].flatMap((nth) => newSessionTicket(nth));
  own.incoming.write(record(recordType.handshake, tickets));
  own.incoming.write(record(recordType.applicationData, [7]));
  expect(own.tls.read()).toEqual(Uint8Array.of(7));
  expect(sessions.map((session) => session.ticketLifetimeHint)).toEqual([1, 2, 3]);
});

/** A message of RFC 8446, section 4.6.1, whose ticket is good for so many seconds. */
function newSessionTicket(lifetime: number): number[] {
  const [ageAdd, nonce, ticket, extensions] = [
    [0, 0, 0, 0],
    [1, lifetime],
    [0, 2, 9, lifetime],
    [0, 0],
  ];
  const body = [0, 0, 0, lifetime, ...ageAdd, ...nonce, ...ticket, ...extensions];
  return [4, 0, 0, body.length, ...body];
}

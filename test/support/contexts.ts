// Two contexts that make one pair of connections after another, and what tests ask of such pairs: that they still work, and what there is
// of them in the memory of the module.
import { expect } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import type { ClientOptions, ServerOptions, SSLContext, SSLSession, TLSVersion } from "../../ts/ssl/index.ts";
import { ascii, clientContext, deliver, type Pair, serverContext, wrapped } from "./conversation.ts";

export interface Contexts {
  readonly client: SSLContext;
  readonly server: SSLContext;
}

/** Contexts for that version alone. */
export function contextsOf(
  version: TLSVersion,
  client: ClientOptions = {},
  server: Partial<ServerOptions> = {},
): Contexts {
  const only = { minVersion: version, maxVersion: version };
  return { client: clientContext({ ...only, ...client }), server: serverContext({ ...only, ...server }) };
}

/** Both sides, before the handshake. */
export function pairIn({ client, server }: Contexts, session: SSLSession | null = null): Pair {
  return {
    client: wrapped(client, { serverHostname: "localhost", ...(session === null ? {} : { session }) }),
    server: wrapped(server),
  };
}

/** Each side hears the other. */
export function expectAlive({ client, server }: Pair): void {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.tls.write(ascii("still here"));
    deliver(from, to);
    expect(to.tls.read()).toEqual(ascii("still here"));
  }
}

/** What there is in the memory that connections share by default. */
export function alive(): { readonly objects: number; readonly blocks: number } {
  const realm = sharedRealm();
  return { objects: realm.liveObjects(), blocks: realm.liveBlocks() };
}

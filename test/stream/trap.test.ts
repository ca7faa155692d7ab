// A trap in one connection, seen from those that share its memory and only wait: nobody of them may wait for ever.
import { expect, it } from "vitest";
import type { Connection } from "../../ts/engine/connection.ts";
import type { Realm } from "../../ts/engine/realms.ts";
import {
  Selector,
  EVENT_READ,
  select,
  type SSLContext,
  SSLEngineError,
  startTls,
  type TLSConnection,
} from "../../ts/index.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import type { ConnectionPointer } from "../../ts/wasm/exports.gen.ts";
import { contexts, versions } from "./contexts.ts";

const wild = 0x7fffff00 as ConnectionPointer;

function realmOf(socket: SSLSocket): Realm {
  return (socket as unknown as { readonly connection: Connection }).connection.realm;
}

function realmFor(context: SSLContext): Realm {
  return (context as unknown as { internals(): { readonly realm: Realm } }).internals().realm;
}

function trap(realm: Realm): void {
  expect(() => realm.exports.wt_handshake(wild)).toThrow(SSLEngineError);
}

/** Servers of one context with a memory of its own, their clients with another. */
async function servers(version: (typeof versions)[number], count: number): Promise<TLSConnection[]> {
  const both = contexts(version, { isolation: "context", numTickets: 0 }, { isolation: "context" });
  const one = async (): Promise<TLSConnection> => {
    const [left, right] = memoryTransportPair();
    const client = startTls(left, { context: both.client, serverHostname: "localhost" });
    const server = await startTls(right, { context: both.server });
    await client;
    return server;
  };
  return Promise.all(Array.from({ length: count }, one));
}

it.each(versions)(
  "whoever reads, writes, or is selected is told within a turn of the event loop: %s",
  async (version) => {
    const [reads, writes, selected, registered, fine] = await servers(version, 5);
    const other = (await servers(version, 1))[0]!;
    const told: string[] = [];
    const note =
      (who: string) =>
      (error: unknown): void =>
        void told.push(`${who}: ${error instanceof SSLEngineError ? "trap" : String(error)}`);
    reads!.read(new Uint8Array(1)).catch(note("reads"));
    writes!.write(new Uint8Array(2_000_000)).catch(note("writes"));
    void select([selected!.socket], [], [selected!.socket]).then((lists) =>
      told.push(`selected: ${lists.map((list) => list.length).join()}`),
    );
    using selector = new Selector();
    selector.register(registered!.socket, EVENT_READ);
    void selector.select().then((events) => told.push(`registered: ${events.length}`));
    void other.read(new Uint8Array(1)).then(note("other"), note("other"));
    await nextTurn();
    expect(told).toEqual([]);
    trap(realmOf(fine!.socket));
    await nextTurn();
    expect(told.toSorted()).toEqual(["reads: trap", "registered: 1", "selected: 1,0,1", "writes: trap"]);
    await expect(fine!.write(Uint8Array.of(1))).rejects.toBeInstanceOf(SSLEngineError);
    for (const tls of [reads, writes, selected, registered, fine, other]) tls!.abort();
  },
);

it.each(versions)(
  "a server that has moved to another context's memory is told of that one's trap only: %s",
  async (version) => {
    const both = contexts(version, { isolation: "context", numTickets: 0 });
    const chosen = both.server.with({ isolation: "context" });
    const first = both.server.with({ isolation: "context", selectContext: () => chosen });
    const [left, right] = memoryTransportPair();
    const [client, server] = await Promise.all([
      startTls(left, { context: both.client, serverHostname: "localhost" }),
      startTls(right, { context: first }),
    ]);
    const before = realmFor(first);
    expect(realmOf(server.socket)).toBe(realmFor(chosen));
    trap(before);
    expect(server.socket.failed).toBe(false);
    const reading = server.read(new Uint8Array(1));
    trap(realmOf(server.socket));
    await expect(reading).rejects.toBeInstanceOf(SSLEngineError);
    for (const thing of [client, server]) thing.abort();
    for (const context of [chosen, first]) context.dispose();
  },
);

// A listener that is closed while somebody is in the middle of a handshake, at every moment of it.
import { expect, it } from "vitest";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { type Arrivals, listenOver } from "../../ts/stream/listener.ts";
import { startTls, type TLSConnection } from "../../ts/index.ts";
import { contexts, versions } from "./contexts.ts";

it.each(versions)("%s: accepts nobody any more, whatever was under way", async (version) => {
  const { client, server } = contexts(version);
  let finished = 0;
  for (let turns = 0; turns <= 8; turns++) {
    for (let promises = 0; promises <= 12; promises++) {
      let arrivals: Arrivals | undefined;
      const listener = await listenOver({ port: 0, context: server }, (_host, _port, given) => {
        arrivals = given;
        return { port: 1, close: () => {} };
      });
      const [own, theirs] = memoryTransportPair();
      const connecting = startTls(own, { context: client, serverHostname: "localhost" }).catch(() => null);
      arrivals!.take(theirs);
      for (let i = 0; i < turns; i++) await nextTurn();
      for (let i = 0; i < promises; i++) await Promise.resolve();
      const closing = listener.close();
      for (let i = 0; i < 4; i++) await nextTurn();
      expect(await listener.accept(), `closed after ${turns} turns and ${promises} promises`).toBe(null);
      await closing;
      own.shutdownWrite();
      const connection: TLSConnection | null = await connecting;
      if (connection !== null) finished++;
      connection?.abort();
      own.abort();
      theirs.abort();
    }
  }
  expect(finished, "handshakes that came to their end before").toBeGreaterThan(0);
});

it("a client that nobody has accepted, and that does not receive, is cut without a word to anybody", async () => {
  const { client, server } = contexts("TLSv1.3", { numTickets: 16 });
  for (const ended of ["a signal", "a call"]) {
    const controller = new AbortController();
    let arrivals: Arrivals | undefined;
    const options = { port: 0, context: server, signal: controller.signal, shutdownTimeout: 1 };
    const listener = await listenOver(options, (_host, _port, given) => {
      arrivals = given;
      return { port: 1, close: () => {} };
    });
    const [own, theirs] = memoryTransportPair({ capacity: 500 }); // less than so many tickets
    const connecting = startTls(own, { context: client, serverHostname: "localhost" });
    arrivals!.take(theirs);
    const connection = await connecting;
    await expect.poll(() => theirs.writable).toBe(false);
    if (ended === "a signal") controller.abort();
    else await listener.close();
    await expect.poll(() => theirs.closed).toBe(true);
    connection.abort();
  }
});

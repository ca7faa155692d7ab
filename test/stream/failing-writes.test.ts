// Writing that waits while the connection fails: whoever waits is told, and nobody turns in circles, which would let no byte arrive.
import { expect, it } from "vitest";
import { SSLError } from "../../ts/index.ts";
import { narrow, versions } from "./contexts.ts";

/** Says that it is a record, which nobody has encrypted. */
const garbage = Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40));

it.each(versions)("a write that waits rejects when a read meets with garbage: %s", async (version) => {
  const { client, server, wire } = await narrow(version);
  const outcomes = Promise.allSettled([server.write(new Uint8Array(200_000)), server.read(new Uint8Array(1))]);
  wire.send(garbage);
  const failed = { status: "rejected", reason: expect.any(SSLError) as unknown };
  expect(await outcomes).toEqual([failed, failed]);
  for (const tls of [client, server]) tls.abort();
});

it.each(versions)("an end of writing that waits still goes out when a read meets with garbage: %s", async (version) => {
  const { client, server, wire } = await narrow(version);
  await server.write(new Uint8Array(30_000));
  const closing = server.closeWrite();
  const reading = server.read(new Uint8Array(1));
  wire.send(garbage);
  await expect(reading).rejects.toBeInstanceOf(SSLError);
  let received = 0;
  for (const end = new AbortController(); !end.signal.aborted;) {
    received += wire.takeRemaining().length;
    await Promise.race([closing.then(() => end.abort()), new Promise((resolve) => setTimeout(resolve, 1))]);
  }
  expect(received + wire.takeRemaining().length).toBeGreaterThan(30_000);
  for (const tls of [client, server]) tls.abort();
});

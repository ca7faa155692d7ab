// Buffers that the application gives away, or makes smaller, while a call that was to send or fill them still waits: that call says so and
// how far it came, nothing is counted as sent that was not, and who waits behind it is served. One that is made larger changes nothing.
import { expect, it } from "vitest";
import { narrow, readAll, versions } from "../stream/contexts.ts";
import { ascii, joined, pattern } from "../support/conversation.ts";

const taking: readonly (readonly [string, (buffer: ArrayBuffer) => void])[] = [
  ["given away", (buffer) => structuredClone(buffer, { transfer: [buffer] })],
  ["made smaller", (buffer) => buffer.resize(100)],
];

const size = 200_000;

/** The pattern, in memory that can be made smaller. */
function lent(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(length, { maxByteLength: length }), 0, length);
  bytes.set(pattern(length));
  return bytes;
}

/** The pattern, in an array that gets longer with its memory. */
function growing(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(length, { maxByteLength: 2 * length }));
  bytes.set(pattern(length));
  return bytes;
}

for (const version of versions) {
  for (const [taken, take] of taking) {
    it(`a write whose bytes are ${taken} while it waits rejects, and tells how many are sent: ${version}`, async () => {
      const { client, server } = await narrow(version);
      const bytes = lent(size);
      const outcome = server.write(bytes).then(
        () => null,
        (error: unknown) => error as TypeError & { bytesSent: number },
      );
      take(bytes.buffer);
      const received = readAll(client);
      const error = await outcome;
      expect(error).toBeInstanceOf(TypeError);
      expect(error!.message).toBe("Cannot write: the memory of the bytes was taken away before all were sent");
      expect(error!.bytesSent).toBeGreaterThan(0);
      expect(error!.bytesSent).toBeLessThan(size);
      await server.write(ascii("and on it goes"));
      await server.closeWrite();
      expect(await received).toEqual(joined([pattern(size).subarray(0, error!.bytesSent), ascii("and on it goes")]));
      await Promise.all([client.close(), server.close()]);
    });

    it(`small bytes that are ${taken} before their turn comes are left out, and no others: ${version}`, async () => {
      const { client, server } = await narrow(version);
      const [first, second, third] = [pattern(size), lent(300), ascii("the last")];
      const outcomes = Promise.allSettled([first, second, third].map((bytes) => server.write(bytes)));
      take(second.buffer);
      const received = readAll(client);
      expect(await outcomes).toMatchObject([
        { status: "fulfilled" },
        { status: "rejected", reason: { name: "TypeError", bytesSent: 0 } },
        { status: "fulfilled" },
      ]);
      await server.closeWrite();
      expect(await received).toEqual(joined([first, third]));
      await Promise.all([client.close(), server.close()]);
    });

    it(`a read whose buffer is ${taken} while it waits rejects, and the bytes are the next one's: ${version}`, async () => {
      const { client, server } = await narrow(version);
      const into = lent(300);
      const reading = client.read(into);
      take(into.buffer);
      await server.write(ascii("for whoever asks"));
      await expect(reading).rejects.toThrow("Cannot read: the memory of into was taken away before anything came");
      const again = new Uint8Array(16);
      expect(await client.read(again)).toBe(16);
      expect(again).toEqual(ascii("for whoever asks"));
      await Promise.all([client.close(), server.close()]);
    });
  }
  it(`bytes whose memory is made larger while they wait are sent as they were, and no others: ${version}`, async () => {
    const { client, server } = await narrow(version);
    const [first, second, third] = [growing(size), growing(300), ascii("the last")];
    const written = Promise.all([first, second, third].map((bytes) => server.write(bytes)));
    for (const { buffer } of [first, second]) buffer.resize(buffer.byteLength + 200);
    const received = readAll(client);
    await written;
    await server.closeWrite();
    expect(await received).toEqual(joined([pattern(size), pattern(300), ascii("the last")]));
    await Promise.all([client.close(), server.close()]);
  });
}

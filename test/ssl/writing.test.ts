// Writing to an SSLObject: what is taken, what goes out, and when it is refused.
import fc from "fast-check";
import { expect, test } from "vitest";
import { SSLEOFError, SSLError, SSLWantReadError } from "../../ts/ssl/index.ts";
import {
  ascii,
  available,
  connected,
  deliver,
  drained,
  forEachCase,
  forEachSide,
  handshake,
  joined,
  notBytes,
  pairOf,
  pattern,
  receive,
  recordsOf,
  sides,
  thrownBy,
} from "../support/conversation.ts";
import { keysOf, open13, secretIn } from "../support/forger.ts";
import { hearFlight, type Message, messageType } from "../support/rewriter.ts";

const nothing = new Uint8Array(0);

test("B55 S7 writing nothing answers 0 and puts nothing on the wire", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    for (const empty of [nothing, new ArrayBuffer(0), new DataView(new ArrayBuffer(4), 4)]) {
      expect(own.tls.write(empty)).toBe(0);
      expect(own.tls.tryWrite(empty)).toEqual({ kind: "ok", n: 0 });
    }
    expect(own.outgoing.pending).toBe(0);
  });
});

test("B55 writing nothing is refused where writing something is", () => {
  const { client, server } = pairOf();
  expect(() => client.tls.write(nothing)).toThrow(SSLWantReadError);
  handshake({ client, server });
  client.tls.shutdownWrite();
  expect(thrownBy(() => client.tls.write(nothing))).toMatchObject({ reason: "PROTOCOL_IS_SHUTDOWN" });
});

test("B56 write() takes everything in one call and splits it into records", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    const full = 16384;
    for (const size of [1, full - 1, full, full + 1, 65_536, 65_537, 100_000, 200_000]) {
      const data = pattern(size);
      expect(own.tls.write(data)).toBe(size);
      expect(own.outgoing.pending).toBeGreaterThan(size);
      deliver(own, peer);
      const parts = available(peer);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(16384);
      expect(same(joined(parts), data)).toBe(true);
    }
    own.tls.write(pattern(full));
    expect(recordsOf(drained(own))).toHaveLength(1);
  });
});

test("B56 records are as small as the peer wants them", () => {
  for (const limit of [64, 600, 16_384]) {
    const log: string[] = [];
    const { own } = hearFlight({
      pair: { client: { onKeyLog: (line) => void log.push(line) } },
      rewrite: (messages) => messages.map((message) => withRecordSizeLimit(message, limit)),
    });
    const data = pattern(3 * limit + 5);
    expect(own.tls.write(data)).toBe(data.length);
    const keys = keysOf(secretIn(log, "CLIENT_TRAFFIC_SECRET_0"));
    const contents = recordsOf(drained(own)).map((record, i) => open13(keys, i, record));
    expect(Math.max(...contents.map((content) => content.length))).toBe(limit); // the byte for the type counts
    expect(same(joined(contents.map((content) => content.subarray(0, -1))), data)).toBe(true);
  }
});

test("B12 the outgoing queue takes everything, though the peer reads nothing", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    for (let i = 0; i < 40; i++) expect(own.tls.write(pattern(50_000 + i))).toBe(50_000 + i);
    expect(own.outgoing.pending).toBeGreaterThan(2_000_000);
    const sent = joined(Array.from({ length: 40 }, (_, i) => pattern(50_000 + i)));
    deliver(own, peer);
    expect(same(joined(available(peer)), sent)).toBe(true);
  });
});

test("B64 write() after the own close_notify raises PROTOCOL_IS_SHUTDOWN and breaks nothing", () => {
  forEachSide((version, role) => {
    for (const close of ["shutdownWrite", "unwrap"] as const) {
      const [own, peer] = sides(connected({ version }), role);
      thrownBy(() => own.tls[close]());
      deliver(own, peer);
      for (let i = 0; i < 2; i++) {
        const error = thrownBy(() => own.tls.write(ascii("late")));
        expect(error).toMatchObject({ name: "SSLError", reason: "PROTOCOL_IS_SHUTDOWN" });
      }
      expect([own.outgoing.pending, own.tls.state]).toEqual([0, "write-closed"]);
      expect(peer.tls.read()).toEqual(nothing);
      peer.tls.write(ascii("go on"));
      deliver(peer, own);
      expect(own.tls.read()).toEqual(ascii("go on"));
    }
  });
});

test("B65 write() after the end of the transport was seen raises SSLEOFError", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.incoming.writeEof();
    thrownBy(() => own.tls.read());
    for (let i = 0; i < 3; i++) expect(() => own.tls.write(ascii("into the void"))).toThrow(SSLEOFError);
    expect(own.outgoing.pending).toBe(0);
  });
});

test("B66 write() after a failure raises that failure again", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.incoming.write(ascii("this is no record"));
    const first = thrownBy(() => own.tls.read());
    expect(thrownBy(() => own.tls.write(ascii("late")))).toMatchObject({ name: "SSLError", cause: first });
  });
});

test("B67 what is written is taken before write() returns: the caller's array is free at once", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    for (const size of [10, 16_384, 70_000]) {
      const data = pattern(size);
      own.tls.write(data);
      data.fill(0);
      deliver(own, peer);
      expect(same(joined(available(peer)), pattern(size))).toBe(true);
    }
  });
});

test("B67 every kind of view is taken with its offset, and what is not bytes is refused", () => {
  const { client, server } = connected();
  const { buffer } = ascii("..abcdefgh..");
  for (const view of [
    new Uint8Array(buffer, 2, 8),
    new Int8Array(buffer, 2, 8),
    new DataView(buffer, 2, 8),
    new Uint16Array(buffer, 2, 4),
    ascii("abcdefgh").buffer,
  ]) {
    expect(client.tls.write(view)).toBe(8);
    deliver(client, server);
    expect(server.tls.read()).toEqual(ascii("abcdefgh"));
  }
  for (const wrong of notBytes()) {
    expect(() => client.tls.write(wrong as Uint8Array)).toThrow(TypeError);
    expect(() => client.tls.tryWrite(wrong as Uint8Array)).toThrow(TypeError);
  }
  expect(client.outgoing.pending).toBe(0);
});

test("B68 B60 write() before the end of the handshake takes nothing and queues no plaintext", () => {
  forEachCase(
    (version, role, chunk) => {
      const pair = pairOf({ version });
      const [own, peer] = sides(pair, role);
      for (let i = 0; i < 3; i++) expect(() => own.tls.write(ascii("too early"))).toThrow(SSLWantReadError);
      expect(own.tls.tryWrite(ascii("too early"))).toEqual({ kind: "want", want: "read" });
      handshake(pair, chunk);
      own.tls.write(ascii("in time"));
      expect(joined(receive(peer, drained(own), chunk))).toEqual(ascii("in time"));
    },
    { chunks: [1, Infinity] },
  );
});

test("B58 S12 each byte that was counted arrives once and in order, whatever sizes are written", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const { client, server } = connected({ version });
    fc.assert(
      fc.property(fc.array(fc.nat(40_000), { maxLength: 6 }), fc.boolean(), (sizes, fromClient) => {
        const [from, to] = fromClient ? [client, server] : [server, client];
        const all = pattern(sizes.reduce((sum, size) => sum + size, 0));
        let at = 0;
        for (const size of sizes) expect(from.tls.write(all.subarray(at, (at += size)))).toBe(size);
        deliver(from, to);
        expect(same(joined(available(to)), all)).toBe(true);
      }),
      { numRuns: 15 },
    );
  }
});

test("the plaintext does not appear on the wire", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.tls.write(ascii("a very secret sentence"));
    expect(String.fromCharCode(...drained(own))).not.toContain("secret");
  });
});

test("equal plaintext gives different ciphertext each time", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.tls.write(ascii("again"));
    const first = drained(own);
    own.tls.write(ascii("again"));
    expect(drained(own)).not.toEqual(first);
  });
});

test("an error of write() is an SSLError with a sentence", () => {
  const { client } = connected();
  client.tls.shutdownWrite();
  const error = thrownBy(() => client.tls.write(ascii("x"))) as SSLError;
  expect(error).toBeInstanceOf(SSLError);
  expect(error.message).toMatch(/^Cannot write: /);
});

/** The EncryptedExtensions of a server that takes so many bytes a record (RFC 8449, section 4). */
function withRecordSizeLimit(message: Message, limit: number): Message {
  if (message.type !== messageType.encryptedExtensions) return message;
  const body = message.body.slice();
  const at = body.findIndex((_, i) => [0, 28, 0, 2].every((byte, k) => body[i + k] === byte));
  new DataView(body.buffer).setUint16(at + 4, limit);
  return { type: message.type, body };
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

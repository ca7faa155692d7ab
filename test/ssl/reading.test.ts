// Reading from an SSLObject: records, pieces, the end and what stands in place of it.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isWant,
  SSLAlertError,
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLWantReadError,
  SSLZeroReturnError,
} from "../../ts/ssl/index.ts";
import {
  ascii,
  attempt,
  available,
  connected,
  cut,
  deliver,
  drained,
  flipped,
  forEachCase,
  forEachSide,
  handshake,
  joined,
  notBytes,
  type Pair,
  pairOf,
  pattern,
  plainAlert,
  receive,
  recordOf,
  recordsOf,
  recordType,
  sides,
  thrownBy,
  unlessWant,
} from "../support/conversation.ts";

const nothing = new Uint8Array(0);

test("S4 data goes both ways over every cut of the wire", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }, chunk), role);
    for (const text of ["first", "second, longer than the first", "x"]) {
      peer.tls.write(ascii(text));
      expect(joined(receive(own, drained(peer), chunk))).toEqual(ascii(text));
      own.tls.write(ascii(text));
      expect(joined(receive(peer, drained(own), chunk))).toEqual(ascii(text));
    }
  });
});

test("S4 any data in any pieces arrives as it was sent, in both directions at once", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const { client, server } = connected({ version });
    const sizes = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 4 });
    const chunk = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, chunk, fc.integer({ min: 1, max: 20_000 }), (writes, pieces, size) => {
        for (const from of [client, server]) for (const length of writes) from.tls.write(pattern(length));
        const expected = joined(writes.map((length) => pattern(length)));
        const [toServer, toClient] = [drained(client), drained(server)];
        expect(equal(joined(receive(server, toServer, pieces, size)), expected)).toBe(true);
        expect(equal(joined(receive(client, toClient, pieces, size)), expected)).toBe(true);
      }),
      { numRuns: 15 },
    );
  }
});

test("B32 S7 read(0) gives empty bytes at once, in every open state, and takes nothing", () => {
  forEachSide((version, role) => {
    const pair = pairOf({ version });
    const [own, peer] = sides(pair, role);
    const nothingRead = (): void => {
      const { pending } = own.incoming;
      expect(own.tls.read(0)).toEqual(nothing);
      expect(own.tls.readInto(nothing)).toBe(0);
      expect(own.tls.tryRead(nothing)).toEqual({ kind: "ok", n: 0 });
      expect([own.incoming.pending, own.outgoing.pending]).toEqual([pending, 0]);
    };
    nothingRead();
    handshake(pair);
    nothingRead();
    peer.tls.write(ascii("data"));
    deliver(peer, own);
    nothingRead();
    expect(own.tls.read(1)).toEqual(ascii("d"));
    nothingRead();
    expect(own.tls.read()).toEqual(ascii("ata"));
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.tls.read();
    nothingRead();
    own.tls.shutdownWrite();
    drained(own);
    nothingRead();
  });
});

test("B33 read(n) gives 1 to n bytes and never spans records", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("abcdef"));
    peer.tls.write(ascii("ghi"));
    deliver(peer, own);
    const parts = [own.tls.read(4), own.tls.read(4), own.tls.read(4)];
    expect(parts).toEqual([ascii("abcd"), ascii("ef"), ascii("ghi")]);
    expect(() => own.tls.read(4)).toThrow(SSLWantReadError);
    peer.tls.write(ascii("short"));
    deliver(peer, own);
    expect(own.tls.read(100_000)).toEqual(ascii("short"));
  });
});

test("B33 read() refuses negative and broken counts, and takes nothing", () => {
  const { client, server } = connected();
  server.tls.write(ascii("kept"));
  deliver(server, client);
  for (const wrong of [-1, -16384, 1.5, NaN, -Infinity]) expect(() => client.tls.read(wrong)).toThrow(RangeError);
  for (const wrong of ["1", null, {}, true, 1n]) expect(() => client.tls.read(wrong as number)).toThrow(TypeError);
  expect(client.tls.read()).toEqual(ascii("kept"));
});

test("B34 S8 readInto() honours count and offset: 0 and none mean all, too many are clamped, negative ones refused", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(pattern(1000));
    deliver(peer, own);
    const buffer = new Uint8Array(20);
    expect(own.tls.readInto(buffer.subarray(5, 15), 4)).toBe(4);
    expect(buffer).toEqual(joined([new Uint8Array(5), pattern(4), new Uint8Array(11)]));
    expect(own.tls.readInto(buffer.subarray(10))).toBe(10);
    expect(own.tls.readInto(buffer, 0)).toBe(20);
    expect(own.tls.readInto(buffer, 1000)).toBe(20);
    expect(buffer).toEqual(pattern(1000).slice(34, 54));
    expect(own.tls.readInto(new Uint8Array(0), 10)).toBe(0);
    expect(() => own.tls.readInto(buffer, -1)).toThrow(RangeError);
    const words = new Uint16Array(4);
    expect(own.tls.readInto(words)).toBe(8);
    expect(new Uint8Array(words.buffer)).toEqual(pattern(1000).slice(54, 62));
    expect(own.tls.readInto(new DataView(new ArrayBuffer(6), 2, 3))).toBe(3);
    expect(own.tls.readInto(new ArrayBuffer(6))).toBe(6);
    expect(own.tls.pending()).toBe(1000 - 71);
  });
});

test("B34 readInto() refuses what is no writable memory of the caller's own", () => {
  const { client, server } = connected();
  server.tls.write(ascii("kept"));
  deliver(server, client);
  for (const wrong of notBytes()) {
    expect(() => client.tls.readInto(wrong as Uint8Array)).toThrow(TypeError);
    expect(() => client.tls.tryRead(wrong as Uint8Array)).toThrow(TypeError);
  }
  expect(client.tls.read()).toEqual(ascii("kept"));
});

test("B35 part of a record is kept inside: WantRead, pending() 0, and success after the rest", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("data"));
    const record = drained(peer);
    for (const piece of cut(record.subarray(0, -1), chunk)) {
      own.incoming.write(piece);
      expect(() => own.tls.read()).toThrow(SSLWantReadError);
      expect([own.tls.pending(), own.incoming.pending, own.tls.hasBuffered()]).toEqual([0, 0, false]);
    }
    own.incoming.write(record.subarray(-1));
    expect(own.tls.hasBuffered()).toBe(true);
    expect(own.tls.read()).toEqual(ascii("data"));
  });
});

test("B36 pending() is 0 until a read decrypts a record, then what is left of it", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    const full = 16384;
    peer.tls.write(pattern(full));
    peer.tls.write(ascii("next"));
    deliver(peer, own);
    expect(own.tls.pending()).toBe(0);
    own.tls.read(10);
    expect(own.tls.pending()).toBe(full - 10);
    own.tls.read(full - 11);
    expect(own.tls.pending()).toBe(1);
    own.tls.read();
    expect(own.tls.pending()).toBe(0);
    own.tls.read(1);
    expect(own.tls.pending()).toBe(3);
  });
});

test("B36 hasBuffered() sees whole records that were not decrypted, and no others", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    expect(own.tls.hasBuffered()).toBe(false);
    peer.tls.write(ascii("one"));
    peer.tls.write(ascii("two"));
    const [one, two] = recordsOf(drained(peer));
    for (const [i, byte] of one!.entries()) {
      own.incoming.write(Uint8Array.of(byte));
      expect(own.tls.hasBuffered()).toBe(i === one!.length - 1);
      expect(own.tls.pending()).toBe(0);
    }
    own.incoming.write(two!.subarray(0, 7));
    own.tls.read(1);
    expect([own.tls.pending(), own.tls.hasBuffered()]).toEqual([2, true]);
    own.tls.read();
    expect([own.tls.pending(), own.tls.hasBuffered()]).toEqual([0, false]);
    own.incoming.write(two!.subarray(7));
    expect(own.tls.hasBuffered()).toBe(true);
  });
});

test("B38 a read that raises WantRead has taken everything there was", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(pattern(300));
    peer.tls.write(pattern(200));
    for (const piece of cut(drained(peer), chunk)) {
      own.incoming.write(piece);
      available(own);
      expect(own.incoming.pending).toBe(0);
      expect(own.tls.want).toBe("read");
    }
  });
});

test("B39 the ChangeCipherSpec of the compatibility mode is dropped wherever it comes before the peer's Finished in TLS 1.3", () => {
  const ccs = recordOf(recordType.changeCipherSpec, [1]);
  forEachCase(
    (version, role, chunk) => {
      for (let place = 2; place < 5; place++) {
        const pair = pairOf({ version });
        let seen = 0;
        const { client, server } = attempt(pair, chunk, (from, bytes) => {
          if (from === role) return bytes;
          return joined(recordsOf(bytes).flatMap((record) => (++seen === place ? [ccs, record] : [record])));
        });
        expect([client, server]).toEqual([undefined, undefined]);
        sides(pair, role)[1].tls.write(ascii("after it"));
        deliver(sides(pair, role)[1], sides(pair, role)[0]);
        const read = unlessWant(() => sides(pair, role)[0].tls.read());
        expect(read).toEqual(ascii("after it"));
      }
    },
    { versions: ["TLSv1.3"], chunks: [5, Infinity] },
  );
});

test("B43 after close_notify read() gives empty bytes every time, and write() still works", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("last words"));
    peer.tls.shutdownWrite();
    const parts = receive(own, drained(peer), chunk);
    expect(joined(parts)).toEqual(ascii("last words"));
    for (let i = 0; i < 3; i++) expect(own.tls.read()).toEqual(nothing);
    expect(own.tls.tryRead(new Uint8Array(5))).toEqual({ kind: "eof" });
    expect(own.tls.state).toBe("read-closed");
    expect(own.tls.write(ascii("an answer"))).toBe(9);
    expect(joined(receive(peer, drained(own), chunk))).toEqual(ascii("an answer"));
  });
});

test("B44 data after the peer's close_notify is never given out", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("late"));
    const data = drained(peer);
    peer.tls.shutdownWrite();
    const close = drained(peer);
    own.incoming.write(close);
    own.incoming.write(data);
    // The order of these two records does not fit their numbers, so the close_notify itself must fail first.
    expect(() => own.tls.read()).toThrow(SSLError);
    expect(() => own.tls.read()).toThrow(SSLError);
  });
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.incoming.write(recordOf(recordType.applicationData, pattern(50)));
    own.incoming.write(ascii("plain text of the next protocol"));
    for (let i = 0; i < 3; i++) expect(own.tls.read()).toEqual(nothing);
    expect([own.tls.pending(), own.tls.state]).toEqual([0, "read-closed"]);
  });
});

test("B45 S5 the end of the transport without close_notify is an SSLEOFError, never an empty read", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("all of this"));
    for (const piece of cut(drained(peer), chunk)) own.incoming.write(piece);
    own.incoming.writeEof();
    expect(own.tls.read()).toEqual(ascii("all of this"));
    for (let i = 0; i < 3; i++) expect(() => own.tls.read()).toThrow(SSLEOFError);
    expect(thrownBy(() => own.tls.read())).toMatchObject({ reason: "UNEXPECTED_EOF_WHILE_READING" });
  });
});

test("B11 the end counts only when everything before it was read", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("a"));
    peer.tls.write(ascii("b"));
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.incoming.writeEof();
    expect([own.tls.read(), own.tls.read(), own.tls.read()]).toEqual([ascii("a"), ascii("b"), nothing]);
    expect(own.tls.read()).toEqual(nothing);
  });
});

test("B47 partialRecord tells an end inside a record from one between records", () => {
  forEachSide((version, role) => {
    for (const [keep, partial] of [
      [0, false],
      [1, true],
      [4, true],
      [5, true],
      [12, true],
      [-1, true],
      [Infinity, false],
    ] as const) {
      const [own, peer] = sides(connected({ version }), role);
      peer.tls.write(ascii("data"));
      own.incoming.write(drained(peer).subarray(0, keep));
      own.incoming.writeEof();
      if (keep === Infinity) expect(own.tls.read()).toEqual(ascii("data"));
      expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLEOFError", partialRecord: partial });
    }
  });
});

test("B49 an altered record raises BAD_RECORD_MAC, queues alert 20 and fails the connection", () => {
  forEachCase((version, role, chunk) => {
    for (const place of [5, 13, -1]) {
      const [own, peer] = sides(connected({ version }), role);
      peer.tls.write(ascii("data that is altered"));
      const error = thrownBy(() => receive(own, flipped(drained(peer), place), chunk));
      expect(error).toMatchObject({ name: "SSLError", reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
      expect(own.tls.state).toBe("failed");
      deliver(own, peer);
      expect(thrownBy(() => peer.tls.read())).toMatchObject({ alert: 20, alertName: "bad_record_mac", sent: false });
    }
  });
});

test("B49 records that are dropped, doubled or swapped on the wire are found out", () => {
  forEachSide((version, role) => {
    const orders = [[1], [0, 0], [1, 0], [0, 2], [0, 1, 1]];
    for (const order of orders) {
      const [own, peer] = sides(connected({ version }), role);
      for (const text of ["zero", "one", "two"]) peer.tls.write(ascii(text));
      const records = recordsOf(drained(peer));
      own.incoming.write(joined(order.map((i) => records[i]!)));
      expect(thrownBy(() => available(own))).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
    }
  });
});

test("B49 a record of another connection is refused", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    const [, stranger] = sides(connected({ version }), role);
    stranger.tls.write(ascii("from elsewhere"));
    deliver(stranger, own);
    expect(() => own.tls.read()).toThrow(SSLError);
  });
});

test("B49 a record longer than TLS allows is refused before it has come", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    own.incoming.write(Uint8Array.of(recordType.applicationData, 3, 3, 255, 255));
    expect(thrownBy(() => own.tls.read())).toMatchObject({ reason: "DATA_LENGTH_TOO_LONG" });
    deliver(own, peer);
    expect(thrownBy(() => peer.tls.read())).toMatchObject({ alertName: "record_overflow" });
  });
});

test("B49 junk in place of a record fails the connection, with an alert for the peer", () => {
  forEachSide((version, role) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 60 }), (junk) => {
        const [own] = sides(connected({ version }), role);
        own.incoming.write(junk);
        const error = thrownBy(() => own.tls.read());
        expect(error).toBeInstanceOf(SSLError);
        expect(own.tls.state === "failed" || error instanceof SSLWantReadError).toBe(true);
        own.tls.dispose();
      }),
      { numRuns: 5 },
    );
  });
});

test("B50 a fatal alert in the handshake is an SSLAlertError with its number and name, and stays", () => {
  const alerts = [
    [10, "unexpected_message", "SSLV3_ALERT_UNEXPECTED_MESSAGE"],
    [40, "handshake_failure", "SSLV3_ALERT_HANDSHAKE_FAILURE"],
    [48, "unknown_ca", "TLSV1_ALERT_UNKNOWN_CA"],
    [70, "protocol_version", "TLSV1_ALERT_PROTOCOL_VERSION"],
    [80, "internal_error", "TLSV1_ALERT_INTERNAL_ERROR"],
    [112, "unrecognized_name", "TLSV1_UNRECOGNIZED_NAME"],
    [116, "certificate_required", "TLSV13_ALERT_CERTIFICATE_REQUIRED"],
    [120, "no_application_protocol", "TLSV1_ALERT_NO_APPLICATION_PROTOCOL"],
    [77, "alert 77", "TLSV1_ALERT_ALERT_77"],
  ] as const;
  for (const chunk of [1, Infinity]) {
    for (const [number, alertName, reason] of alerts) {
      const { client } = pairOf();
      thrownBy(() => client.tls.doHandshake());
      const error = thrownBy(() => {
        for (const piece of cut(plainAlert("fatal", number), chunk)) {
          client.incoming.write(piece);
          unlessWant(() => client.tls.doHandshake());
        }
      });
      expect(error).toBeInstanceOf(SSLAlertError);
      expect(error).toMatchObject({ alert: number, alertName, reason, sent: false });
      expect(thrownBy(() => client.tls.read())).toMatchObject({ alert: number, cause: error });
    }
  }
});

test("B50 a fatal alert on an open connection is raised by every read and write from then on", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    own.tls.write(ascii("data"));
    peer.incoming.write(flipped(drained(own), -1));
    thrownBy(() => peer.tls.read());
    const first = thrownBy(() => receive(own, drained(peer), chunk));
    expect(first).toMatchObject({ name: "SSLAlertError", alert: 20 });
    for (let i = 0; i < 3; i++) {
      expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLAlertError", alert: 20, cause: first });
      expect(thrownBy(() => own.tls.write(ascii("x")))).toMatchObject({ name: "SSLAlertError", alert: 20 });
    }
    expect(own.outgoing.pending).toBe(0);
  });
});

test("B51 reading goes on after the own close_notify", () => {
  forEachSide((version, role) => {
    for (const close of ["shutdownWrite", "unwrap"] as const) {
      const [own, peer] = sides(connected({ version }), role);
      unlessWant(() => own.tls[close]());
      expect(() => own.tls.read()).toThrow(SSLWantReadError);
      peer.tls.write(ascii("still here"));
      deliver(peer, own);
      expect(own.tls.read()).toEqual(ascii("still here"));
      expect(() => own.tls.read()).toThrow(SSLWantReadError);
    }
  });
});

test("B52 reading when both sides are closed raises SSLZeroReturnError", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    own.tls.shutdownWrite();
    peer.tls.shutdownWrite();
    deliver(peer, own);
    for (let i = 0; i < 3; i++) expect(() => own.tls.read()).toThrow(SSLZeroReturnError);
    expect(own.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
  });
});

test("B52 what was decrypted before both sides closed is read first", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("abc"));
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.tls.shutdownWrite();
    expect([own.tls.read(2), own.tls.read(2)]).toEqual([ascii("ab"), ascii("c")]);
    expect(() => own.tls.read(2)).toThrow(SSLZeroReturnError);
  });
});

test("B53 peeking with flags is not offered", () => {
  const { client } = connected();
  for (const name of ["recvfrom", "recvmsg", "recvInto", "peek"]) expect(name in client.tls).toBe(false);
});

test("S39 B94 a call into a connection from its own clock is refused, and nothing breaks", () => {
  const errors: unknown[] = [];
  const pair = pairOf({
    client: {
      now: () => {
        const { tls } = pair.client;
        for (const call of [() => tls.read(), () => tls.doHandshake(), () => tls.write(ascii("x")), () => tls.unwrap()])
          errors.push(thrownBy(call));
        expect(tls.version()).toBe(null);
        return Date.now();
      },
    },
  });
  handshake(pair);
  expect(errors.length).toBeGreaterThan(3);
  for (const error of errors) expect(error).toBeInstanceOf(SSLStateError);
});

test("S39 a key log that calls back into its connection is answered or refused, and the handshake comes to its end", () => {
  forEachCase((version, role, chunk) => {
    const outcomes: unknown[] = [];
    const options = {
      onKeyLog: (): void => {
        const [{ tls }] = sides(pair, role);
        outcomes.push(
          thrownBy(() => tls.read()),
          thrownBy(() => tls.doHandshake()),
        );
      },
    };
    const pair: Pair = pairOf({ version, [role]: options });
    handshake(pair, chunk);
    expect(outcomes.length).toBeGreaterThan(1);
    for (const outcome of outcomes)
      expect(outcome === undefined || isWant(outcome) || outcome instanceof SSLStateError).toBe(true);
  });
});

test("B93 S19 what the clock throws comes out of the call, and other connections go on", () => {
  const pair = pairOf({
    client: {
      now: () => {
        throw new RangeError("no clock here");
      },
    },
  });
  const other = connected();
  for (let i = 0; i < 2; i++) expect(() => pair.client.tls.doHandshake()).toThrow("no clock here");
  expect(pair.client.outgoing.pending).toBe(0);
  other.server.tls.write(ascii("fine"));
  deliver(other.server, other.client);
  expect(other.client.tls.read()).toEqual(ascii("fine"));
});

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

// The end of a conversation: close_notify from either side, and unwrap.
import { expect, test } from "vitest";
import { SSLEOFError, SSLStateError, SSLWantReadError, SSLZeroReturnError } from "../../ts/ssl/index.ts";
import {
  ascii,
  available,
  connected,
  cut,
  deliver,
  drained,
  type End,
  flipped,
  forEachCase,
  forEachSide,
  joined,
  pairOf,
  pattern,
  receive,
  recordsOf,
  sides,
  thrownBy,
  unlessWant,
} from "../support/conversation.ts";

const nothing = new Uint8Array(0);

test("B70 unwrap() and shutdownWrite() before the end of the handshake raise SHUTDOWN_WHILE_IN_INIT", () => {
  forEachSide((version, role) => {
    const [own] = sides(pairOf({ version }), role);
    for (let step = 0; step < 2; step++) {
      for (const close of closings(own)) {
        expect(thrownBy(close)).toMatchObject({ reason: "SHUTDOWN_WHILE_IN_INIT" });
        expect(own.outgoing.pending).toBe(0);
      }
      thrownBy(() => own.tls.doHandshake());
      drained(own);
    }
    expect(own.tls.state).toBe("handshaking");
  });
});

test("B71 S4 the first unwrap() queues one close_notify and wants the peer's, the peer's unwrap() finishes", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    for (let i = 0; i < 3; i++) expect(() => own.tls.unwrap()).toThrow(SSLWantReadError);
    const goodbye = drained(own);
    expect(recordsOf(goodbye)).toHaveLength(1);
    for (const piece of cut(goodbye.subarray(0, -1), chunk)) {
      peer.incoming.write(piece);
      thrownBy(() => peer.tls.unwrap());
    }
    peer.incoming.write(goodbye.subarray(-1));
    peer.tls.unwrap();
    expect(recordsOf(peer.outgoing.peek())).toHaveLength(1);
    deliver(peer, own);
    own.tls.unwrap();
    expect([own.outgoing.pending, own.tls.state, peer.tls.state]).toEqual([0, "closed", "closed"]);
  });
});

test("B71 unwrap() after the peer's close_notify was read completes at once", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.tls.read();
    own.tls.unwrap();
    expect(recordsOf(drained(own))).toHaveLength(1);
  });
});

test("B72 the peer receives everything that was written, then the close_notify", () => {
  forEachCase(
    (version, role, chunk) => {
      const [own, peer] = sides(connected({ version }), role);
      const data = pattern(40_000);
      own.tls.write(data);
      unlessWant(() => own.tls.unwrap());
      const parts = receive(peer, drained(own), chunk);
      expect(joined(parts).every((byte, i) => byte === data[i])).toBe(true);
      expect(joined(parts)).toHaveLength(data.length);
      expect(peer.tls.read()).toEqual(nothing);
    },
    { chunks: [100, Infinity] },
  );
});

test("B73 unwrap() with unread data raises a state error, and the data stays readable", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("one"));
    peer.tls.write(ascii("two"));
    peer.tls.shutdownWrite();
    deliver(peer, own);
    for (let i = 0; i < 3; i++) {
      expect(() => own.tls.unwrap()).toThrow(SSLStateError);
      expect(() => own.tls.unwrap()).toThrow(/unread application data/);
    }
    expect(own.tls.state).toBe("write-closed");
    expect(own.tls.pending()).toBe(3);
    expect(own.tls.read(2)).toEqual(ascii("on"));
    expect(() => own.tls.unwrap()).toThrow(SSLStateError);
    expect([own.tls.read(2), own.tls.read(10)]).toEqual([ascii("e"), ascii("two")]);
    own.tls.unwrap();
    expect(own.tls.state).toBe("closed");
    expect(recordsOf(drained(own))).toHaveLength(1);
  });
});

test("B73 unwrap({ discard: true }) drops unread data", () => {
  forEachCase(
    (version, role, chunk) => {
      const [own, peer] = sides(connected({ version }), role);
      peer.tls.write(pattern(20_000));
      peer.tls.write(ascii("two"));
      peer.tls.shutdownWrite();
      const bytes = drained(peer);
      for (const piece of cut(bytes.subarray(0, -1), chunk)) {
        own.incoming.write(piece);
        expect(() => own.tls.unwrap({ discard: true })).toThrow(SSLWantReadError);
      }
      own.incoming.write(bytes.subarray(-1));
      own.tls.unwrap({ discard: true });
      expect(() => own.tls.read()).toThrow(SSLZeroReturnError);
      expect(own.tls.pending()).toBe(0);
    },
    { chunks: [100, Infinity] },
  );
});

test("B73 discard drops also what a failed unwrap() had decrypted", () => {
  const { client, server } = connected();
  server.tls.write(ascii("unread"));
  deliver(server, client);
  expect(() => client.tls.unwrap()).toThrow(SSLStateError);
  expect(client.tls.pending()).toBe(6);
  expect(() => client.tls.unwrap({ discard: true })).toThrow(SSLWantReadError);
  expect(client.tls.pending()).toBe(0);
});

test("B74 unwrap() after the transport ended raises SSLEOFError", () => {
  forEachSide((version, role) => {
    for (const readFirst of [true, false]) {
      const [own] = sides(connected({ version }), role);
      own.incoming.writeEof();
      if (readFirst) expect(() => own.tls.read()).toThrow(SSLEOFError);
      for (let i = 0; i < 3; i++) expect(() => own.tls.unwrap()).toThrow(SSLEOFError);
    }
  });
});

test("B75 bytes beyond the peer's close_notify stay in the incoming queue for the next protocol", () => {
  forEachSide((version, role) => {
    for (const discard of [false, true]) {
      const [own, peer] = sides(connected({ version }), role);
      unlessWant(() => own.tls.unwrap());
      peer.tls.shutdownWrite();
      deliver(peer, own);
      own.incoming.write(ascii("220 plain again"));
      own.tls.unwrap({ discard });
      expect(own.incoming.read()).toEqual(ascii("220 plain again"));
    }
  });
});

test("B75 they stay also when they look like records", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.incoming.write(Uint8Array.of(23, 3, 3, 0, 2, 1, 2));
    for (let i = 0; i < 3; i++) expect(own.tls.read()).toEqual(nothing);
    own.tls.unwrap();
    expect(own.incoming.pending).toBe(7);
  });
});

test("B76 unwrap() after a complete unwrap() returns undefined and queues nothing", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    unlessWant(() => own.tls.unwrap());
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.tls.unwrap();
    drained(own);
    for (let i = 0; i < 3; i++) {
      expect(own.tls.unwrap()).toBe(undefined);
      expect(own.tls.unwrap({ discard: true })).toBe(undefined);
      own.tls.shutdownWrite();
    }
    expect(own.outgoing.pending).toBe(0);
  });
});

test("B77 after shutdownWrite() data in flight is still delivered, until the peer closes too", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("in flight"));
    own.tls.shutdownWrite();
    own.tls.shutdownWrite();
    expect(own.tls.state).toBe("write-closed");
    expect(recordsOf(own.outgoing.peek())).toHaveLength(1);
    expect(joined(receive(peer, drained(own), chunk))).toEqual(nothing);
    peer.tls.write(ascii(" and more"));
    peer.tls.shutdownWrite();
    const read: Uint8Array[] = [];
    const end = thrownBy(() => {
      for (const piece of cut(drained(peer), chunk)) {
        own.incoming.write(piece);
        for (let part; (part = unlessWant(() => own.tls.read())) !== undefined;) read.push(part);
      }
    });
    expect(joined(read)).toEqual(ascii("in flight and more"));
    expect(end).toBeInstanceOf(SSLZeroReturnError);
  });
});

test("B78 a close_notify of the peer is not answered by itself", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.shutdownWrite();
    deliver(peer, own);
    for (let i = 0; i < 2; i++) expect(own.tls.read()).toEqual(nothing);
    expect([own.outgoing.pending, own.tls.state]).toEqual([0, "read-closed"]);
  });
});

test("B80 the end of the transport after the peer's close_notify is no error", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.shutdownWrite();
    deliver(peer, own);
    own.incoming.writeEof();
    expect(own.tls.read()).toEqual(nothing);
    own.tls.write(ascii("half-closed"));
    own.tls.unwrap();
    deliver(own, peer);
    expect(peer.tls.read()).toEqual(ascii("half-closed"));
  });
});

test("B80 the end of the transport after our own close_notify only is still a truncation", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.tls.shutdownWrite();
    own.incoming.writeEof();
    expect(() => own.tls.read()).toThrow(SSLEOFError);
    expect(() => own.tls.unwrap()).toThrow(SSLEOFError);
  });
});

test("an altered close_notify is no end of the conversation", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.shutdownWrite();
    own.incoming.write(flipped(drained(peer), -1));
    expect(thrownBy(() => own.tls.read())).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
  });
});

test("a close_notify in the clear on an open connection is no end of the conversation", () => {
  forEachSide((version, role) => {
    const [own] = sides(connected({ version }), role);
    own.incoming.write(Uint8Array.of(21, 3, 3, 0, 2, 1, 0));
    expect(thrownBy(() => available(own))).toMatchObject({ name: "SSLError" });
    expect(own.tls.state).toBe("failed");
  });
});

function closings({ tls }: End): (() => void)[] {
  return [() => tls.unwrap(), () => tls.unwrap({ discard: true }), () => tls.shutdownWrite()];
}

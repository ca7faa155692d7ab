// The life of a connection: its states, and what follows from the first fatal error.
import { expect, test } from "vitest";
import {
  SSLAlertError,
  SSLCertVerificationError,
  SSLEOFError,
  SSLError,
  SSLStateError,
  SSLWantReadError,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  ascii,
  attempt,
  connected,
  deliver,
  drained,
  type End,
  flipped,
  forEachCase,
  forEachSide,
  pairOf,
  plainAlert,
  recordsOf,
  sides,
  thrownBy,
} from "../support/conversation.ts";

test("B1 the state goes from init over handshaking and open to closed by either half", () => {
  forEachSide((version, role) => {
    for (const first of ["own", "peer"] as const) {
      const pair = pairOf({ version });
      const [own, peer] = sides(pair, role);
      expect(own.tls.state).toBe("init");
      thrownBy(() => own.tls.doHandshake());
      expect(own.tls.state).toBe("handshaking");
      attempt(pair);
      expect(own.tls.state).toBe("open");
      if (first === "own") own.tls.shutdownWrite();
      else closeBy(peer, own);
      expect(own.tls.state).toBe(first === "own" ? "write-closed" : "read-closed");
      if (first === "own") closeBy(peer, own);
      else own.tls.shutdownWrite();
      expect(own.tls.state).toBe("closed");
    }
  });
});

test("B2 after a fatal error every call raises a new error of the same class, the first being its cause", () => {
  forEachCase(
    (version, role) => {
      for (const fail of failures) {
        const pair = connected({ version });
        const [own, peer] = sides(pair, role);
        const first = fail(own, peer);
        expect(own.tls.state).toBe("failed");
        const calls = [
          () => own.tls.doHandshake(),
          () => own.tls.read(10),
          () => own.tls.write(ascii("late")),
          () => own.tls.unwrap(),
          () => own.tls.unwrap({ discard: true }),
          () => own.tls.shutdownWrite(),
          () => own.tls.tryHandshake(),
          () => own.tls.tryRead(new Uint8Array(5)),
          () => own.tls.tryWrite(ascii("late")),
        ];
        for (const call of [...calls, ...calls]) {
          const later = thrownBy(call) as SSLError;
          expect(later).not.toBe(first);
          expect(later.constructor).toBe(first.constructor);
          expect(later.cause).toBe(first);
          expect([later.message, later.reason, later.code]).toEqual([first.message, first.reason, first.code]);
        }
      }
    },
    { chunks: [Infinity] },
  );
});

test("B2 a repeated error keeps what its class says beyond the message", () => {
  const pair = pairOf({ client: { ca: certs.unknownRoot.cert } });
  const { client, server } = attempt(pair);
  const verification = thrownBy(() => pair.client.tls.read()) as SSLCertVerificationError;
  expect(verification).toBeInstanceOf(SSLCertVerificationError);
  const { verifyCode, verifyMessage, nodeCode, flags, chain, hostname } = client as SSLCertVerificationError;
  expect(verification).toMatchObject({ verifyCode, verifyMessage, nodeCode, flags, chain, hostname });
  const alert = thrownBy(() => pair.server.tls.doHandshake()) as SSLAlertError;
  expect(alert).toBeInstanceOf(SSLAlertError);
  expect(alert).toMatchObject({ alert: 48, alertName: "unknown_ca", sent: false, cause: server });
  const ragged = pairOf();
  ragged.server.incoming.write(Uint8Array.of(22, 3, 1));
  ragged.server.incoming.writeEof();
  thrownBy(() => ragged.server.tls.doHandshake());
  expect(thrownBy(() => ragged.server.tls.doHandshake())).toMatchObject({ partialRecord: true });
});

test("L20 B3 the alert that a failure calls for is in the outgoing queue after the error, once", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("data"));
    own.incoming.write(flipped(drained(peer), -1));
    expect(() => own.tls.read()).toThrow(SSLError);
    expect(own.outgoing.pending).toBeGreaterThan(0);
    deliver(own, peer);
    expect(() => peer.tls.read()).toThrow(SSLAlertError);
    thrownBy(() => own.tls.read());
    expect(own.outgoing.pending).toBe(0);
  });
});

test("L19 B4 a failed connection produces no record any more", () => {
  forEachSide((version, role) => {
    for (const fail of failures) {
      const [own, peer] = sides(connected({ version }), role);
      fail(own, peer);
      drained(own);
      for (const call of [
        () => own.tls.write(ascii("late")),
        () => own.tls.shutdownWrite(),
        () => own.tls.unwrap(),
        () => own.tls.doHandshake(),
        () => own.tls.read(),
      ]) {
        thrownBy(call);
        expect(own.outgoing.pending).toBe(0);
      }
    }
  });
});

test("B5 plaintext before the record that fails is read first, then the error comes", () => {
  forEachCase((version, role, chunk) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("first"));
    peer.tls.write(ascii("second"));
    peer.tls.write(ascii("third"));
    const [first, second, third] = recordsOf(drained(peer));
    const read: string[] = [];
    let error: unknown;
    for (const record of [first!, second!, flipped(third!, -1)]) {
      for (let at = 0; at < record.length; at += Math.min(Number(chunk), record.length)) {
        own.incoming.write(record.subarray(at, at + Math.min(Number(chunk), record.length)));
        error = thrownBy(() => {
          for (;;) read.push(String.fromCharCode(...own.tls.read(4)));
        });
      }
    }
    expect(read.join("")).toBe("firstsecond");
    expect(error).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
  });
});

test("B5 the rest of a record that was read in part is still there when the next record fails", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("abcdef"));
    peer.tls.write(ascii("ghijkl"));
    own.incoming.write(flipped(drained(peer), -1));
    expect(own.tls.read(2)).toEqual(ascii("ab"));
    expect(own.tls.read(2)).toEqual(ascii("cd"));
    expect(own.tls.read(2)).toEqual(ascii("ef"));
    expect(() => own.tls.read(2)).toThrow(SSLError);
  });
});

test("S9 read, write, unwrap and the rest after dispose() raise a state error", () => {
  forEachSide((version, role) => {
    for (const pair of [pairOf({ version }), connected({ version })]) {
      const [own] = sides(pair, role);
      own.tls.dispose();
      own.tls.dispose();
      for (const call of [
        () => own.tls.doHandshake(),
        () => own.tls.read(),
        () => own.tls.read(0),
        () => own.tls.readInto(new Uint8Array(1)),
        () => own.tls.write(ascii("late")),
        () => own.tls.write(new Uint8Array(0)),
        () => own.tls.unwrap(),
        () => own.tls.shutdownWrite(),
        () => own.tls.getPeerCert(),
      ]) {
        expect(call).toThrow(SSLStateError);
      }
    }
  });
});

test("S15 the peer closes first, we still send, then close", () => {
  forEachSide((version, role) => {
    const [own, peer] = sides(connected({ version }), role);
    peer.tls.write(ascii("goodbye"));
    peer.tls.shutdownWrite();
    deliver(peer, own);
    expect(own.tls.read()).toEqual(ascii("goodbye"));
    expect(own.tls.read()).toEqual(new Uint8Array(0));
    own.tls.write(ascii("one more thing"));
    own.tls.shutdownWrite();
    deliver(own, peer);
    expect(peer.tls.read()).toEqual(ascii("one more thing"));
    peer.tls.unwrap();
    own.tls.unwrap();
    expect([own.tls.state, peer.tls.state]).toEqual(["closed", "closed"]);
  });
});

test("S14 a transport that breaks off in any phase gives one error, and the same one afterwards", () => {
  forEachSide((version, role) => {
    const phases = [
      () => pairOf({ version }),
      () => {
        const pair = pairOf({ version });
        thrownBy(() => pair.client.tls.doHandshake());
        deliver(pair.client, pair.server);
        thrownBy(() => pair.server.tls.doHandshake());
        return pair;
      },
      () => connected({ version }),
    ];
    for (const phase of phases) {
      const [own] = sides(phase(), role);
      own.incoming.writeEof();
      const first = thrownBy(() => own.tls.read());
      expect(first).toBeInstanceOf(SSLEOFError);
      expect(thrownBy(() => own.tls.write(ascii("x")))).toMatchObject({ name: "SSLEOFError", cause: first });
    }
  });
});

test("want tells what the last call would have had to wait for", () => {
  const { client, server } = pairOf();
  expect(client.tls.want).toBe(null);
  expect(() => client.tls.doHandshake()).toThrow(SSLWantReadError);
  expect(client.tls.want).toBe("read");
  attempt({ client, server });
  expect([client.tls.want, server.tls.want]).toEqual([null, null]);
  expect(server.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "want", want: "read" });
  expect(server.tls.want).toBe("read");
  server.tls.write(ascii("x"));
  expect(server.tls.want).toBe(null);
});

/** Ways to break a connection; each answers the first error. */
const failures: readonly ((own: End, peer: End) => SSLError)[] = [
  function alteredRecord(own, peer) {
    peer.tls.write(ascii("data"));
    own.incoming.write(flipped(drained(peer), -1));
    return thrownBy(() => own.tls.read()) as SSLError;
  },
  function truncation(own) {
    own.incoming.writeEof();
    return thrownBy(() => own.tls.read()) as SSLError;
  },
  function fatalAlert(own, peer) {
    peer.incoming.write(plainAlert("fatal", 80));
    thrownBy(() => peer.tls.read());
    deliver(peer, own);
    return thrownBy(() => own.tls.read()) as SSLError;
  },
  function noTls(own) {
    own.incoming.write(ascii("220 mail.example.org ESMTP"));
    return thrownBy(() => own.tls.read()) as SSLError;
  },
];

function closeBy(end: End, other: End): void {
  end.tls.shutdownWrite();
  deliver(end, other);
  expect(other.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
}

test("ciphertext that the runtime has no memory for waits for the next call", () => {
  forEachSide((version, role) => {
    const pair = connected({ version });
    const [own, peer] = sides(pair, role);
    const full = (): never => {
      throw new RangeError("Array buffer allocation failed");
    };
    Object.assign(own.outgoing, { append: full, appendCopy: full });
    expect(() => own.tls.write(ascii("first"))).toThrow("allocation failed");
    expect(() => own.tls.write(ascii(", second"))).toThrow("allocation failed");
    for (const name of ["append", "appendCopy"]) Reflect.deleteProperty(own.outgoing, name);
    own.tls.write(ascii(", third"));
    deliver(own, peer);
    expect(["first", ", second", ", third"].map(() => new TextDecoder().decode(peer.tls.read())).join("")).toBe(
      "first, second, third",
    );
  });
});

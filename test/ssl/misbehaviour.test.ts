// What a peer may send and no implementation here would: empty records, warnings, padding, a second goodbye, data after it.
import { expect, test } from "vitest";
import { SSLAlertError, SSLError, SSLWantReadError } from "../../ts/ssl/index.ts";
import {
  ascii,
  chunks,
  cut,
  deliver,
  forEachCase,
  forEachSide,
  joined,
  receive,
  recordOf,
  recordType,
  roles,
  thrownBy,
  unlessWant,
} from "../support/conversation.ts";
import { forged } from "../support/forger.ts";

const { alert, applicationData, handshake, changeCipherSpec } = recordType;
const closeNotify = [1, 0];
const userCanceled = [1, 90];
const noRenegotiation = [1, 100];
const nothing = new Uint8Array(0);

test("what the forger makes is read like what the peer writes", () => {
  forEachCase((version, role, chunk) => {
    const { own, peer, record } = forged(version, role, {}, chunk);
    const bytes = joined([record(applicationData, ascii("forged ")), record(applicationData, ascii("data"))]);
    expect(joined(receive(own, bytes, chunk))).toEqual(ascii("forged data"));
    own.tls.write(ascii("answer"));
    deliver(own, peer);
    expect(peer.tls.read()).toEqual(ascii("answer"));
  });
});

test("L18 B39 empty records are skipped, and read() goes on with what follows in the same call", () => {
  forEachSide((version, role) => {
    const { own, record } = forged(version, role);
    for (const many of [1, 2, 3]) {
      own.incoming.write(joined(Array.from({ length: many }, () => record(applicationData, []))));
      own.incoming.write(record(applicationData, ascii(`after ${many}`)));
      expect(own.tls.read()).toEqual(ascii(`after ${many}`));
    }
    own.incoming.write(record(applicationData, []));
    expect(() => own.tls.read()).toThrow(SSLWantReadError);
    expect([own.tls.pending(), own.incoming.pending]).toEqual([0, 0]);
  });
});

test("B39 warnings are skipped, and read() goes on with what follows in the same call", () => {
  forEachCase((version, role, chunk) => {
    const { own, record } = forged(version, role);
    // RFC 8446, section 6, knows two alerts that are no errors; one of them is the end.
    const warnings = version === "TLSv1.2" ? [userCanceled, noRenegotiation, [1, 112]] : [userCanceled];
    for (const warning of warnings) {
      const bytes = joined([record(alert, warning), record(applicationData, ascii("after it"))]);
      expect(joined(receive(own, bytes, chunk))).toEqual(ascii("after it"));
    }
    expect(own.tls.state).toBe("open");
  });
});

test("L11 B39 warnings and empty records without end do not keep a read busy: the connection fails", () => {
  forEachSide((version, role) => {
    for (const [type, content] of [
      [applicationData, []],
      [alert, userCanceled],
    ] as const) {
      const { own, record } = forged(version, role);
      own.incoming.write(joined(Array.from({ length: 1000 }, () => record(type, content))));
      const error = thrownBy(() => own.tls.read());
      expect(error).toBeInstanceOf(SSLError);
      expect(error).not.toBeInstanceOf(SSLWantReadError);
      expect(own.tls.state).toBe("failed");
    }
  });
});

test("B39 padding in TLS 1.3 is taken off", () => {
  for (const chunk of chunks) {
    const { own, record } = forged("TLSv1.3", "client");
    // The type comes after the content, then any number of zeros.
    const padded = joined([ascii("padded"), Uint8Array.of(applicationData), new Uint8Array(100)]);
    expect(joined(receive(own, record(0, padded.subarray(0, -1)), chunk))).toEqual(ascii("padded"));
  }
});

test("a TLS 1.3 record of padding only is refused", () => {
  const { own, record } = forged("TLSv1.3", "client");
  own.incoming.write(record(0, new Uint8Array(20)));
  expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
  expect(own.tls.state).toBe("failed");
});

test("B43 close_notify is the end in TLS 1.3 whatever its level says", () => {
  for (const chunk of chunks) {
    for (const level of [1, 2, 0]) {
      const { own, record } = forged("TLSv1.3", "client");
      const bytes = joined([record(applicationData, ascii("last")), record(alert, [level, 0])]);
      expect(joined(receive(own, bytes, chunk))).toEqual(ascii("last"));
      expect(own.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
    }
  }
});

test("B50 all other alerts are fatal in TLS 1.3 whatever their level says", () => {
  for (const role of roles) {
    for (const number of [40, 100, 112, 200]) {
      const { own, record } = forged("TLSv1.3", role);
      own.incoming.write(joined([record(alert, [1, number]), record(applicationData, ascii("after it"))]));
      expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLAlertError", alert: number, sent: false });
      expect(own.tls.state).toBe("failed");
    }
  }
});

test("B44 data, alerts and another close_notify after the peer's close_notify are never looked at", () => {
  forEachSide((version, role) => {
    for (const [type, content] of [
      [applicationData, ascii("after the end")],
      [alert, closeNotify],
      [alert, [2, 40]],
      [handshake, [0, 0, 0, 0]],
    ] as const) {
      const { own, record } = forged(version, role);
      own.incoming.write(
        joined([record(applicationData, ascii("last")), record(alert, closeNotify), record(type, content)]),
      );
      expect(own.tls.read()).toEqual(ascii("last"));
      for (let i = 0; i < 3; i++) expect(own.tls.read()).toEqual(nothing);
      expect([own.tls.state, own.tls.pending()]).toEqual(["read-closed", 0]);
      own.tls.write(ascii("still works"));
    }
  });
});

test("B50 a fatal alert on an open connection is named, whatever it is, and data before it is read first", () => {
  forEachCase((version, role, chunk) => {
    for (const [number, alertName] of [
      [40, "handshake_failure"],
      [80, "internal_error"],
      [20, "bad_record_mac"],
    ] as const) {
      const { own, record } = forged(version, role);
      const bytes = joined([record(applicationData, ascii("before")), record(alert, [2, number])]);
      const read: Uint8Array[] = [];
      const error = thrownBy(() => {
        for (const piece of cut(bytes, chunk)) {
          own.incoming.write(piece);
          for (let part; (part = unlessWant(() => own.tls.read())) !== undefined;) read.push(part);
        }
      });
      expect(error).toBeInstanceOf(SSLAlertError);
      expect(error).toMatchObject({ alert: number, alertName, sent: false });
      expect(own.outgoing.pending).toBe(0);
      expect(joined(read)).toEqual(ascii("before"));
    }
  });
});

test("alerts of a wrong length, and several in one record, fail the connection or end it, and never more", () => {
  forEachSide((version, role) => {
    for (const content of [[1], [], [1, 0, 1, 0], [1, 90, 2, 40], [3, 0]]) {
      const { own, record } = forged(version, role);
      own.incoming.write(record(alert, content));
      own.incoming.write(record(applicationData, ascii("after it")));
      const outcome = thrownBy(() => own.tls.read());
      expect(outcome === undefined || outcome instanceof SSLError).toBe(true);
    }
  });
});

test("handshake messages that do not belong there fail the connection with unexpected_message", () => {
  forEachSide((version, role) => {
    const finished = [20, 0, 0, 12, ...Array<number>(12).fill(0)];
    const certificate = [11, 0, 0, 4, 0, 0, 0, 0];
    for (const message of [finished, certificate, [99, 0, 0, 0]]) {
      const { own, peer, record } = forged(version, role);
      own.incoming.write(record(handshake, message));
      expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
      expect(own.tls.state).toBe("failed");
      deliver(own, peer);
      expect(thrownBy(() => peer.tls.read())).toMatchObject({ name: "SSLAlertError", alert: 10 });
    }
  });
});

test("records of unknown or misplaced types fail the connection", () => {
  forEachSide((version, role) => {
    for (const [type, content] of [
      [changeCipherSpec, [1]],
      [25, [1, 2, 3]],
      [0, [1]],
    ] as const) {
      const { own, record } = forged(version, role);
      own.incoming.write(record(type, content));
      expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
      expect(own.tls.state).toBe("failed");
    }
  });
});

test("S41 B42 a request to renegotiate is answered with no_renegotiation in TLS 1.2, and the conversation goes on", () => {
  for (const chunk of chunks) {
    const { own, record } = forged("TLSv1.2", "client");
    const helloRequest = record(handshake, [0, 0, 0, 0]);
    expect(joined(receive(own, joined([helloRequest, record(applicationData, ascii("goes on"))]), chunk))).toEqual(
      ascii("goes on"),
    );
    expect(own.tls.state).toBe("open");
    expect(own.outgoing.peek()[0]).toBe(alert);
    own.tls.write(ascii("so do we"));
  }
});

test("L11 S41 B42 requests to renegotiate without end do not keep the connection busy", () => {
  const { own, record } = forged("TLSv1.2", "client");
  own.incoming.write(joined(Array.from({ length: 1000 }, () => record(handshake, [0, 0, 0, 0]))));
  expect(thrownBy(() => own.tls.read())).toBeInstanceOf(SSLError);
  expect(own.tls.state).toBe("failed");
});

test("a ChangeCipherSpec in the clear after the handshake is refused", () => {
  forEachSide((version, role) => {
    const { own, peer } = forged(version, role);
    own.incoming.write(recordOf(changeCipherSpec, [1]));
    expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
    expect(own.tls.state).toBe("failed");
    deliver(own, peer);
    expect(thrownBy(() => peer.tls.read())).toMatchObject({ name: "SSLAlertError" });
  });
});

test("a plaintext record on an encrypted connection is refused", () => {
  forEachSide((version, role) => {
    for (const [type, content] of [
      [applicationData, ascii("in the clear")],
      [alert, closeNotify],
      [handshake, [0, 0, 0, 0]],
    ] as const) {
      const { own } = forged(version, role);
      own.incoming.write(recordOf(type, content));
      expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
      expect(own.tls.state).toBe("failed");
    }
  });
});

test("a record that carries more plaintext than TLS allows is refused", () => {
  forEachSide((version, role) => {
    const { own, record } = forged(version, role);
    own.incoming.write(record(applicationData, new Uint8Array(16384)));
    expect(own.tls.read()).toHaveLength(16384);
    own.incoming.write(record(applicationData, new Uint8Array(16385)));
    expect(thrownBy(() => own.tls.read())).toMatchObject({ name: "SSLError" });
    expect(own.tls.state).toBe("failed");
  });
});

// What a peer says behind the handshake, under the right keys, that no implementation would: every kind of message on every side, each
// malformed in turn, and floods of each kind up to their bounds (docs/limits.md).
import { describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { SSLAlertError, SSLError, type TLSVersion } from "../../ts/ssl/index.ts";
import {
  ascii,
  deliver,
  drained,
  inCase,
  joined,
  recordType,
  type Role,
  roles,
  thrownBy,
  unlessWant,
  versions,
} from "../support/conversation.ts";
import { forged, type Forged } from "../support/forger.ts";
import { encoded, messageType } from "../support/rewriter.ts";

const { alert, applicationData, handshake } = recordType;
const none = new Uint8Array(0);
const nothingInARow = 32;

interface Said {
  readonly name: string;
  readonly message: Uint8Array;
  readonly reason: string;
  readonly alert: number;
  /** Whom it is for; default: either side. */
  readonly to?: readonly Role[];
}

const ticket = Uint8Array.of(0, 0, 14, 16, 1, 2, 3, 4, 1, 9, 0, 4, 5, 6, 7, 8, 0, 0);
const kinds = [...Object.values(messageType), 21, 25, 99, 255];

/** Kinds that mean something there: they have their own tests. */
const known: Readonly<Record<TLSVersion, Readonly<Record<Role, readonly number[]>>>> = {
  "TLSv1.2": { client: [messageType.helloRequest], server: [messageType.clientHello] },
  "TLSv1.3": { client: [messageType.newSessionTicket, messageType.keyUpdate], server: [messageType.keyUpdate] },
};

const malformed: readonly Said[] = [
  { name: "a KeyUpdate without content", message: update(), reason: "DECODE_ERROR", alert: 50 },
  { name: "a KeyUpdate of two bytes", message: update(0, 0), reason: "DECODE_ERROR", alert: 50 },
  { name: "a KeyUpdate that asks for something else", message: update(2), reason: "ILLEGAL_PARAMETER", alert: 47 },
  {
    name: "a KeyUpdate with another message behind it",
    message: joined([update(0), update(0)]),
    reason: "UNEXPECTED_MESSAGE",
    alert: 10,
  },
  {
    name: "a ticket without content",
    message: encoded({ type: messageType.newSessionTicket, body: none }),
    reason: "UNEXPECTED_MESSAGE",
    alert: 10,
    to: ["client"],
  },
  ...[1, 5, 12, 16].map((size): Said => ({
    name: `a ticket cut to ${size} bytes`,
    message: encoded({ type: messageType.newSessionTicket, body: ticket.subarray(0, size) }),
    reason: "DECODE_ERROR",
    alert: 50,
    to: ["client"],
  })),
  {
    name: "a message that is longer than any may be",
    message: Uint8Array.of(messageType.newSessionTicket, 0, 64, 0, ...new Uint8Array(100)),
    reason: "MESSAGE_TOO_LONG",
    alert: 47,
    to: ["client"],
  },
];

describe.each(versions)("%s", (version) => {
  test("any message that does not belong behind the handshake is refused, and the peer is told", () => {
    for (const role of roles) {
      for (const type of kinds.filter((one) => !known[version][role].includes(one))) {
        for (const body of [none, new Uint8Array(12), new Uint8Array(16380)])
          inCase(`${role}, type ${type}, ${body.length} bytes`, () =>
            expectRefused(forged(version, role), encoded({ type, body }), "UNEXPECTED_MESSAGE", 10),
          );
      }
    }
  });

  test("data behind an unfinished message, and a message that goes on behind data, are refused", () => {
    for (const role of roles) {
      const peer = forged(version, role);
      const half = encoded({ type: messageType.newSessionTicket, body: ticket }).subarray(0, 9);
      peer.own.incoming.write(peer.record(handshake, half));
      peer.own.incoming.write(peer.record(applicationData, ascii("in between")));
      expectEnd(peer, { reason: "UNEXPECTED_MESSAGE", alert: 10 });
    }
  });
});

describe("TLSv1.3", () => {
  test.each(malformed)("$name is refused, and the peer is told", ({ message, reason, alert: number, to = roles }) => {
    for (const role of to) inCase(role, () => expectRefused(forged("TLSv1.3", role), message, reason, number));
  });

  test("a server asks for a certificate after the handshake: that was not offered, and is refused", () => {
    const body = Uint8Array.of(1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3);
    const request = encoded({ type: messageType.certificateRequest, body });
    expectRefused(forged("TLSv1.3", "client"), request, "UNEXPECTED_MESSAGE", 10);
  });
});

test("S41 a client that begins a new handshake in TLS 1.2 is told no_renegotiation, and the conversation goes on", () => {
  const { own, peer, record } = forged("TLSv1.2", "server");
  const hello = encoded({ type: messageType.clientHello, body: new Uint8Array(40) });
  own.incoming.write(joined([record(handshake, hello), record(applicationData, ascii("goes on"))]));
  expect(own.tls.read()).toEqual(ascii("goes on"));
  expect(own.outgoing.pending).toBeGreaterThan(0);
  deliver(own, peer);
  expect(unlessWant(() => peer.tls.read())).toBeUndefined();
  expect([own.tls.state, peer.tls.state]).toEqual(["open", "open"]);
});

interface Flood {
  readonly name: string;
  readonly content: Uint8Array | readonly number[];
  readonly type: number;
  readonly versions: readonly TLSVersion[];
  readonly to: readonly Role[];
  /** By a warning, each time. */
  readonly isAnswered?: boolean;
}

const floods: readonly Flood[] = [
  { name: "empty records", type: applicationData, content: [], versions, to: roles },
  { name: "warnings", type: alert, content: [1, 90], versions, to: roles },
  {
    name: "tickets",
    type: handshake,
    content: encoded({ type: messageType.newSessionTicket, body: ticket }),
    versions: ["TLSv1.3"],
    to: ["client"],
  },
  {
    name: "requests to renegotiate",
    type: handshake,
    content: [0, 0, 0, 0],
    versions: ["TLSv1.2"],
    to: ["client"],
    isAnswered: true,
  },
  {
    name: "hellos to renegotiate with",
    type: handshake,
    content: encoded({ type: messageType.clientHello, body: new Uint8Array(40) }),
    versions: ["TLSv1.2"],
    to: ["server"],
    isAnswered: true,
  },
];

describe.each(floods)("L11 $name", ({ type, content, versions: spoken, to, isAnswered }) => {
  test(`pass as long as ${nothingInARow} come in a row, and end the connection when it is one more`, () => {
    for (const version of spoken) {
      for (const role of to) {
        inCase(`${version}, ${role}`, () => {
          const peer = forged(version, role);
          const { own, record } = peer;
          for (const text of ["once", "again"]) {
            for (let i = 0; i < nothingInARow; i++) own.incoming.write(record(type, content));
            own.incoming.write(record(applicationData, ascii(text)));
            expect(own.tls.read()).toEqual(ascii(text));
          }
          for (let i = 0; i <= nothingInARow; i++) own.incoming.write(record(type, content));
          // Whoever asks for as many answers meets the same bound.
          expectEnd(peer, { reason: "TOO_MANY_EMPTY_FRAGMENTS", alert: isAnswered ? null : 10 });
        });
      }
    }
  });

  test("take no memory, whether they come one at a time or a thousand at once, and few answers", () => {
    const [version] = spoken;
    const [role] = to;
    for (const atOnce of [1, 1000]) {
      const { own, record } = forged(version!, role!);
      const { memoryBytes } = sharedRealm();
      const records = joined(Array.from({ length: atOnce }, () => record(type, content)));
      let error: unknown;
      for (let sent = 0; sent < 1000 && error === undefined; sent += atOnce) {
        own.incoming.write(atOnce === 1 && sent > 0 ? record(type, content) : records);
        error = thrownBy(() => unlessWant(() => own.tls.read()));
      }
      expect(error).toMatchObject({ reason: "TOO_MANY_EMPTY_FRAGMENTS" });
      expect(sharedRealm().memoryBytes).toBe(memoryBytes);
      // What waits for the peer: an answer for each at the most, and the alert.
      expect(drained(own).length).toBeLessThan((nothingInARow + 2) * 40);
    }
  });
});

test("thousands of records of one byte are read as they are, however they come", () => {
  for (const version of versions) {
    for (const role of roles) {
      const { own, record } = forged(version, role);
      const { memoryBytes } = sharedRealm();
      const many = 4000;
      own.incoming.write(joined(Array.from({ length: many }, (_, i) => record(applicationData, [i % 256]))));
      for (let i = 0; i < many; i++) expect(own.tls.read()[0]).toBe(i % 256);
      expect(sharedRealm().memoryBytes).toBe(memoryBytes);
      expect(own.tls.state).toBe("open");
    }
  }
});

function update(...body: readonly number[]): Uint8Array {
  return encoded({ type: messageType.keyUpdate, body: Uint8Array.from(body) });
}

function expectRefused(peer: Forged, message: Uint8Array, reason: string, number: number): void {
  for (let at = 0; at < message.length; at += 16384)
    peer.own.incoming.write(peer.record(handshake, message.subarray(at, at + 16384)));
  expectEnd(peer, { reason, alert: number });
}

interface End {
  readonly reason: string;
  /** What the peer is told; null when it comes to the same end. */
  readonly alert: number | null;
}

/** One typed error, repeated; an alert for the peer; nothing read of what comes behind it. */
function expectEnd({ own, peer, record }: Forged, expected: End): void {
  const error = thrownBy(() => own.tls.read());
  expect(error).toBeInstanceOf(SSLError);
  expect(error).not.toBeInstanceOf(SSLAlertError);
  expect(error).toMatchObject({ reason: expected.reason });
  own.incoming.write(record(applicationData, ascii("after it")));
  expect(thrownBy(() => own.tls.read())).toMatchObject({ cause: error });
  expect(own.tls.state).toBe("failed");
  deliver(own, peer);
  const told = thrownBy(() => peer.tls.read());
  if (expected.alert === null) expect(told).toMatchObject({ reason: expected.reason });
  else expect(told).toMatchObject({ name: "SSLAlertError", alert: expected.alert, sent: false });
}

// What arrives is no TLS, or TLS that no sane peer sends: other protocols, noise, records of odd sizes and versions, and
// records without end that mean nothing.
import { describe, expect, it, vi } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { SSLEOFError, SSLError, type TLSVersion } from "../../ts/ssl/index.ts";
import type { ConnectionPointer } from "../../ts/wasm/exports.gen.ts";
import {
  ascii,
  attempt,
  type Chunk,
  chunks,
  connected,
  cut,
  deliver,
  type End,
  forEachSide,
  forEachVersion,
  pairOf,
  plainAlert,
  receive,
  recordOf,
  recordsOf,
  recordType,
  type Role,
  roles,
  sides,
  thrownBy,
  unlessWant,
} from "../support/conversation.ts";
import { FixedRandom } from "../support/recording.ts";

const unexpectedMessage = 10;
const recordOverflow = 22;
const userCanceled = 90;
const warning = 1;

interface Stranger {
  readonly name: string;
  readonly says: Uint8Array | string;
  readonly to: readonly Role[];
  readonly reason: string;
  readonly hint: RegExp;
}

const wrongVersion = "WRONG_VERSION_NUMBER";
const startTls =
  /: the peer does not speak TLS but sent a line of SMTP, IMAP, POP3 or FTP: the protocol may need STARTTLS/;
const request = /: the peer does not speak TLS but seems to send an HTTP request$/;

const strangers: readonly Stranger[] = [
  {
    name: "an HTTP request",
    says: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    to: ["server"],
    reason: "HTTP_REQUEST",
    hint: request,
  },
  {
    name: "another HTTP request",
    says: "OPTIONS * HTTP/1.1\r\n",
    to: ["server"],
    reason: "HTTP_REQUEST",
    hint: request,
  },
  {
    name: "an HTTP/2 preface",
    says: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    to: ["server"],
    reason: "HTTP_REQUEST",
    hint: request,
  },
  {
    name: "a proxy request",
    says: "CONNECT a.test:443 HTTP/1.1\r\n",
    to: ["server"],
    reason: "HTTPS_PROXY_REQUEST",
    hint: /want an HTTP proxy$/,
  },
  {
    name: "an HTTP response",
    says: "HTTP/1.1 400 Bad Request\r\n\r\n",
    to: ["client"],
    reason: wrongVersion,
    hint: /sent an HTTP response: the port may be one for plain HTTP$/,
  },
  { name: "an SMTP greeting", says: "220 mail.test ESMTP\r\n", to: ["client"], reason: wrongVersion, hint: startTls },
  { name: "an FTP greeting", says: "220-Welcome\r\n220 \r\n", to: ["client"], reason: wrongVersion, hint: startTls },
  {
    name: "an IMAP greeting",
    says: "* OK [CAPABILITY IMAP4rev1 STARTTLS]\r\n",
    to: ["client"],
    reason: wrongVersion,
    hint: startTls,
  },
  { name: "a POP3 greeting", says: "+OK ready\r\n", to: ["client"], reason: wrongVersion, hint: startTls },
  { name: "an SMTP client", says: "EHLO localhost\r\n", to: ["server"], reason: wrongVersion, hint: startTls },
  {
    name: "an SSH banner",
    says: "SSH-2.0-OpenSSH_9.2\r\n",
    to: roles,
    reason: wrongVersion,
    hint: /sent an SSH banner$/,
  },
  {
    name: "a hello of SSL 2",
    says: Uint8Array.of(128, 46, 1, 0, 2, 0, 21, 0, 0, 0, 16),
    to: ["server"],
    reason: "UNSUPPORTED_PROTOCOL",
    hint: /a hello of SSL 2, which is forbidden/,
  },
  {
    name: "a hello of SSL 3 in the form of SSL 2",
    says: Uint8Array.of(128, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16),
    to: ["server"],
    reason: "UNSUPPORTED_PROTOCOL",
    hint: /a hello of SSL 2/,
  },
  {
    name: "text",
    says: "hello there",
    to: roles,
    reason: wrongVersion,
    hint: /sent something else, beginning with "hello"$/,
  },
  {
    name: "zeros",
    says: new Uint8Array(100),
    to: roles,
    reason: wrongVersion,
    hint: /beginning with the bytes 00 00 00 00 00$/,
  },
  {
    name: "a record of version 4",
    says: Uint8Array.of(22, 4, 0, 0, 1, 1),
    to: roles,
    reason: wrongVersion,
    hint: /the bytes 16 04 00 00 01$/,
  },
  {
    name: "a record of an unknown type",
    says: Uint8Array.of(25, 3, 3, 0, 1, 1),
    to: roles,
    reason: wrongVersion,
    hint: /the bytes 19 03 03 00 01$/,
  },
];

/** One side that has said its first words and waits. */
function waiting(role: Role, version?: TLSVersion): End {
  const end = pairOf({ version })[role];
  expect(unlessWant(() => end.tls.doHandshake())).toBeUndefined();
  end.outgoing.read();
  return end;
}

/** A server that has answered a ClientHello of TLS 1.3. */
function greeted(): End {
  const { client, server } = pairOf({ version: "TLSv1.3" });
  unlessWant(() => client.tls.doHandshake());
  expect(hear(server, client.outgoing.read())).toBeUndefined();
  expect(server.outgoing.read().length).toBeGreaterThan(0);
  return server;
}

/** Delivers the bytes and goes on with the handshake; what it threw, would-block left out. */
function hear(end: End, bytes: Uint8Array, chunk: Chunk = Infinity): unknown {
  for (const piece of cut(bytes, chunk)) {
    end.incoming.write(piece);
    const error = thrownBy(() => unlessWant(() => end.tls.doHandshake()));
    if (error !== undefined) return error;
  }
  return undefined;
}

interface PointedEnd extends End {
  readonly pointer: ConnectionPointer;
}

/** Both sides after the handshake, the peer with its address in the module. */
function connectedWithPointers(version: TLSVersion, role: Role): [own: End, peer: PointedEnd] {
  const make = vi.spyOn(sharedRealm().exports, "wt_connection_new");
  const [own, peer] = sides(connected({ version }), role);
  const [client, server] = make.mock.results.map(({ value }) => value as ConnectionPointer); // in this order made by pairOf
  make.mockRestore();
  return [own, { ...peer, pointer: (role === "client" ? server : client)! }];
}

/** Sends a warning, which no call of the public interface does. */
function warn(end: PointedEnd): void {
  sharedRealm().exports.wt_send_alert(end.pointer, warning, userCanceled);
  unlessWant(() => end.tls.read()); // takes it to the outgoing queue
}

function expectFailure(end: End, error: unknown, reason: string, sentence: RegExp, alert: number): void {
  expect(error).toBeInstanceOf(SSLError);
  expect((error as SSLError).reason).toBe(reason);
  expect((error as SSLError).message).toMatch(sentence);
  expect(end.tls.state).toBe("failed");
  expect(end.outgoing.read()).toEqual(plainAlert("fatal", alert));
  expect(() => end.tls.doHandshake()).toThrow(expect.objectContaining({ reason, cause: error }));
}

describe.each(strangers)("B20 $name", ({ says, to, reason, hint }) => {
  const bytes = typeof says === "string" ? ascii(says) : says;

  it.each(to)("is refused by a %s, which names what it looks like", (role) => {
    for (const chunk of chunks) {
      const end = waiting(role);
      expectFailure(end, hear(end, bytes, chunk), reason, hint, unexpectedMessage);
    }
  });

  it.each(to)("is an SSLEOFError for a %s when it ends within the first five bytes", (role) => {
    const end = waiting(role);
    end.incoming.write(bytes.subarray(0, 4));
    end.incoming.writeEof();
    expect(thrownBy(() => end.tls.doHandshake())).toBeInstanceOf(SSLEOFError);
  });
});

describe("Noise", () => {
  it("is an error of TLS, and an SSLEOFError at the latest when it ends", () => {
    for (const role of roles) {
      for (let seed = 0; seed < 200; seed++) {
        const noise = new Uint8Array(seed * 2);
        new FixedRandom(seed).feed(noise);
        expectErrorAtTheEnd(waiting(role), noise);
      }
    }
  });

  it("behind the header of a record is an error of TLS too", () => {
    for (const role of roles) {
      for (let seed = 0; seed < 200; seed++) {
        const noise = new Uint8Array(seed);
        new FixedRandom(seed).feed(noise);
        expectErrorAtTheEnd(waiting(role), recordOf(20 + (seed % 5), noise));
      }
    }
  });

  function expectErrorAtTheEnd(end: End, noise: Uint8Array): void {
    end.incoming.write(noise);
    end.incoming.writeEof();
    const error = thrownBy(() => end.tls.doHandshake());
    expect(error).toBeInstanceOf(SSLError);
    expect((error as SSLError).reason).not.toBe("INTERNAL_ERROR");
    expect(end.tls.state).toBe("failed");
  }
});

describe("A record of an odd size", () => {
  it("is refused by its header when it is longer than any plaintext, before the rest has come", () => {
    for (const role of roles) {
      for (const size of [16385, 16384 + 256, 16384 + 2048, 65535]) {
        const end = waiting(role);
        const error = hear(end, recordOf(recordType.handshake, new Uint8Array(size)).subarray(0, 5));
        const sentence = new RegExp(`the peer sent a record of ${size} bytes, more than TLS allows$`);
        expectFailure(end, error, "DATA_LENGTH_TOO_LONG", sentence, recordOverflow);
      }
    }
  });

  it("is refused by its header when it is longer than any ciphertext of its version", () => {
    forEachSide((version, role) => {
      const most = version === "TLSv1.3" ? 16384 + 256 : 16384 + 320;
      for (const [size, reason] of [
        [most, "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"],
        [most + 1, "DATA_LENGTH_TOO_LONG"],
      ] as const) {
        const end = connected({ version })[role];
        const error = thrownBy(() =>
          receive(end, recordOf(recordType.applicationData, new Uint8Array(size)), Infinity),
        );
        expect((error as SSLError).reason, `${size}`).toBe(reason);
      }
    });
  });

  it("carries data up to the largest plaintext", () => {
    forEachSide((version, role) => {
      const [own, peer] = sides(connected({ version }), role);
      const most = new Uint8Array(16384).fill(7);
      peer.tls.write(most);
      const record = peer.outgoing.read();
      expect(recordsOf(record)).toHaveLength(1);
      expect(receive(own, record, Infinity, 20_000)).toEqual([most]);
    });
  });

  it("is refused when it is empty", () => {
    for (const role of roles) {
      for (const type of Object.values(recordType)) {
        const error = hear(waiting(role), recordOf(type, []));
        expect(error, `type ${type}`).toBeInstanceOf(SSLError);
        expect((error as SSLError).message).toMatch(
          /^Cannot finish the handshake: the peer sent a (record|message) that /,
        );
      }
    }
  });
});

describe("A record with an odd version", () => {
  it("L3 is read when it is the first one, whatever its version (RFC 8446, section 5.1)", () => {
    forEachSide((version, role) => {
      for (const minor of [0, 1, 2, 3, 4, 5, 127, 255]) {
        let first = true;
        const outcome = attempt(pairOf({ version }), Infinity, (from, bytes) => {
          if (from === role || !first || bytes.length === 0) return bytes;
          first = false;
          return bytes.with(2, minor);
        });
        expect(outcome).toEqual({ client: undefined, server: undefined });
      }
    });
  });

  // Mbed TLS takes those that were ever in use.
  it("is refused in one sentence when it is a later one and no version of TLS has that number", () => {
    forEachSide((version, role) => {
      for (const minor of [5, 127, 255]) {
        let altered = false;
        const outcome = attempt(pairOf({ version }), Infinity, (from, bytes) => {
          if (from === role || bytes.length === 0 || bytes[5] === 1 || bytes[5] === 2) return bytes;
          altered = true;
          return bytes.with(2, minor);
        });
        const refused = altered ? { name: "SSLError", reason: "INVALID_RECORD" } : undefined;
        expect(outcome[role]).toEqual(refused === undefined ? undefined : expect.objectContaining(refused));
      }
    });
  });
});

describe("L11 Records that mean nothing", () => {
  it("end the handshake when there are more of them than any peer has reason to send", () => {
    const changeCipherSpec = recordOf(recordType.changeCipherSpec, [1]);
    const floods = [plainAlert("warning", userCanceled), changeCipherSpec];
    for (const role of roles) {
      // To a server that has answered, a warning in the clear is a record that was altered.
      for (const record of role === "client" ? floods : [changeCipherSpec]) {
        const end = role === "client" ? waiting(role, "TLSv1.3") : greeted();
        for (let count = 0; count < 4; count++) expect(hear(end, record)).toBeUndefined();
        expect(hear(end, record)).toMatchObject({
          reason: "TOO_MANY_WARN_ALERTS",
          message: "Cannot finish the handshake: the peer sent too many records that mean nothing",
        });
        expect(end.tls.state).toBe("failed");
        expect(end.outgoing.pending).toBeGreaterThan(0);
      }
    }
  });

  it("end the handshake when they are pieces of a message that is longer than any handshake", () => {
    for (const role of roles) {
      const end = waiting(role);
      const error = [
        Uint8Array.of(role === "server" ? 1 : 2, 255, 255, 255),
        ...Array.from({ length: 10 }, () => new Uint8Array(16384)),
      ]
        .map((piece) => hear(end, recordOf(recordType.handshake, piece)))
        .find((outcome) => outcome !== undefined);
      expect(error).toBeInstanceOf(SSLError);
      expect((error as SSLError).reason).not.toBe("INTERNAL_ERROR");
    }
  });

  it("end the conversation when more than 32 of them come in a row, and are counted anew after data", () => {
    forEachSide((version, role) => {
      const [own, peer] = connectedWithPointers(version, role);
      for (const text of ["once", "again"]) {
        for (let count = 0; count < 32; count++) warn(peer);
        peer.tls.write(ascii(text));
        deliver(peer, own);
        expect(own.tls.read()).toEqual(ascii(text));
      }
      for (let count = 0; count < 33; count++) warn(peer);
      deliver(peer, own);
      expect(() => own.tls.read()).toThrow(
        expect.objectContaining({
          reason: "TOO_MANY_EMPTY_FRAGMENTS",
          message: "Cannot read: the peer sent more than 32 records without data in a row",
        }),
      );
      expect(own.tls.state).toBe("failed");
    });
  });
});

describe("After any of these", () => {
  it("the next connection works", () => {
    forEachVersion((version) => {
      const { client, server } = connected({ version });
      client.tls.write(ascii("still here"));
      deliver(client, server);
      expect(server.tls.read()).toEqual(ascii("still here"));
    });
  });
});

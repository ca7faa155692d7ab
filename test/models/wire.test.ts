// What strangers send and TypeScript itself reads before, or instead of, Mbed TLS: records, ClientHellos, saved sessions and
// tickets. Whatever it is, it is read, refused with a typed error or waited for; and how it was cut makes no difference.
import fc from "fast-check";
import { describe, expect } from "vitest";
import { breaksRules } from "../../ts/engine/hello-rules.ts";
import { ClientHelloCollector, parseClientHello, type Reading } from "../../ts/engine/client-hello.ts";
import { Records } from "../../ts/engine/records.ts";
import { MemoryBIO, SSLContext, SSLError, SSLSession } from "../../ts/ssl/index.ts";
import { pack, unpack } from "../../ts/ssl/packing.ts";
import { readSession } from "../../ts/ssl/sealed-session.ts";
import { certs } from "../support/certs.ts";
import { cut, joined, recordOf, recordsOf, recordType } from "../support/conversation.ts";
import { edited, edits } from "../support/edits.ts";
import { explore } from "./effort.ts";

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });

describe("Records", () => {
  const record = fc
    .tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 300 }))
    .map(([type, fragment]) => recordOf(type, fragment));
  explore(
    "go into the engine whole and one at a time, however they come, and whatever was held back before",
    300,
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), pieces, fc.nat(3), (sent, sizes, holds) => {
      const fed: number[] = [];
      const headers: number[] = [];
      let room = new Uint8Array(0);
      const records = new Records({
        checkHeader: (header) => headers.push(...header),
        room: (size) => (room = new Uint8Array(size)),
        filled: (size) => fed.push(...room.subarray(0, size)),
      });
      const source = new MemoryBIO();
      let whole = 0;
      for (const [i, piece] of cut(joined(sent), sizes).entries()) {
        source.write(piece);
        if (i < holds && !records.midRecord) records.hold(source);
        while (records.feed(source)) {
          whole++;
          expect(fed, "nothing of the next record").toHaveLength(joined(sent.slice(0, whole)).length);
        }
        expect(source.pending, "bytes that nobody has looked at").toBe(0);
        expect(records.wholeIn(source)).toBe(false);
      }
      expect([whole, Uint8Array.from(fed)]).toEqual([sent.length, joined(sent)]);
      expect(headers).toEqual(sent.flatMap((one) => [...one.subarray(0, 5)]));
    }),
  );
});

const hellos = [
  {},
  { alpn: ["h2", "http/1.1"] },
  { maxVersion: "TLSv1.2" } as const,
  { minVersion: "TLSv1.3" } as const,
  { psk: { identity: "model", key: new Uint8Array(16) } },
].map(helloOf);

describe("ClientHellos", () => {
  explore(
    "that were changed are read, awaited or refused, the same whether they come whole or in pieces",
    500,
    fc.property(fc.constantFrom(...hellos), fc.oneof(edits, fc.constant([])), pieces, (hello, changes, sizes) => {
      const bytes = changes.reduce(edited, hello);
      const reading = inPieces(bytes, [bytes.length || 1]);
      expect(inPieces(bytes, sizes)).toEqual(reading);
      const answer = whatOf(() => parseClientHello(bytes)); // which takes the bare message, too
      if (bytes[0] !== 1) expect(answer).toEqual(simplified(reading));
      if (reading === null || typeof reading === "string") return;
      expect(parseClientHello(reading.raw)).toEqual(reading);
      expect(breaksRules(reading)).toBeTypeOf("boolean");
    }),
  );

  const size = fc.integer({ min: 1, max: 700 });
  explore(
    "can be spread over records in any way",
    150,
    fc.property(
      fc.constantFrom(...hellos),
      fc.array(size, { minLength: 1, maxLength: 6 }),
      pieces,
      (hello, parts, sizes) => {
        const message = joined(recordsOf(hello).map((one) => one.subarray(5)));
        const spread = joined(cut(message, parts).map((part) => recordOf(recordType.handshake, part, 1)));
        expect(inPieces(spread, sizes)).toEqual(parseClientHello(hello));
      },
    ),
  );
});

describe("Saved sessions", () => {
  explore(
    "are packed and unpacked without a difference, and what is not packed is refused",
    200,
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), edits, (parts, changes) => {
      const packed = pack(parts);
      expect(unpack(packed)).toEqual(parts.map((part) => Uint8Array.from(part)));
      expect(() => unpack(Uint8Array.of(...packed, 0, 0, 0, 9))).toThrow(RangeError);
      expect(readSession(changes.reduce(edited, packed)), "a ticket that nobody has sealed").toBeOneOf([
        null,
        expect.anything(),
      ]);
    }),
  );

  explore(
    "that are not as they were saved are refused",
    200,
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, named) => {
      const sessionKey = new Uint8Array(48).fill(7).subarray(0, 32);
      using context = SSLContext.client({ ca: certs.root.cert, sessionKey });
      const sealed = named ? Uint8Array.of(...sessionKey.subarray(0, 16), ...bytes) : bytes;
      expect(() => SSLSession.deserialize(sealed, context)).toThrow(expect.objectContaining({ reason: "BAD_SESSION" }));
    }),
  );
});

/** What the collector says in the end; nothing is asked of it once it has answered. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): Reading {
  const collector = new ClientHelloCollector();
  let reading: Reading = "incomplete";
  for (const piece of cut(bytes, sizes)) {
    reading = collector.add(piece);
    if (reading !== "incomplete") return reading;
  }
  return reading;
}

/** As `parseClientHello` answers it. */
function simplified(reading: Reading): unknown {
  if (reading === "incomplete") return null;
  return reading === null || reading === "malformed" ? "refused" : reading;
}

function whatOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof SSLError && error.reason === "DECODE_ERROR") return "refused";
    throw error;
  }
}

function helloOf(options: object): Uint8Array {
  using context = SSLContext.client({ ca: certs.root.cert, ...options });
  const outgoing = new MemoryBIO();
  using tls = context.wrapBio(new MemoryBIO(), outgoing, { serverHostname: "localhost" });
  tls.tryHandshake();
  return outgoing.read();
}

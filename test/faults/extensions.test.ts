// One extension of a hello, or of a server's EncryptedExtensions, is missing, doubled, empty, longer, shorter, filled with something else
// or in another place, under the right keys. Each handshake ends with one typed error, whose alert the peer understands: what is against
// the rules by itself with the side that hears it, and the rest at the latest when the two sides compare what they heard.
import { describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { SSLAlertError, SSLEngineError, SSLError, SSLMemoryError } from "../../ts/ssl/index.ts";
import { inCase, recordOf, recordType, type Role, thrownBy } from "../support/conversation.ts";
import { type FoundExtension, sixteen, withExtensions } from "../support/hello.ts";
import { conversationsWith, encoded, type Heard, hearFlight, type Message, messageType } from "../support/rewriter.ts";
import { everything } from "./replays.ts";

type Extension = Omit<FoundExtension, "at">;
type Extensions = readonly Extension[];

interface Harm {
  readonly name: string;
  readonly harm: (list: Extensions, i: number) => Extensions | null;
  /** What the side that hears it must say itself; left out: the handshake fails somewhere. */
  readonly reasons?: readonly string[];
}

const alpn = { client: { alpn: ["h2"] }, server: { alpn: ["h2"] } } as const;

const harms: readonly Harm[] = [
  { name: "missing", harm: (list, i) => list.toSpliced(i, 1) },
  { name: "doubled", harm: (list, i) => list.toSpliced(i, 0, list[i]!), reasons: ["ILLEGAL_PARAMETER"] },
  {
    name: "last instead of here",
    harm: (list, i) => (i + 1 === list.length ? null : [...list.toSpliced(i, 1), list[i]!]),
  },
  { name: "empty", harm: changed(() => new Uint8Array(0)) },
  { name: "a byte shorter", harm: changed((body) => body.subarray(0, -1)) },
  { name: "a byte longer", harm: changed((body) => Uint8Array.of(...body, 0)) },
  { name: "full of ones", harm: changed((body) => body.slice().fill(255)) },
  { name: "full of zeros", harm: changed((body) => body.slice().fill(0)) },
  {
    name: "longer than a message",
    harm: changed((body) => Uint8Array.of(...body, ...new Uint8Array(17_000))),
    reasons: ["MESSAGE_TOO_LONG", "DECODE_ERROR"],
  },
];

describe.each(conversationsWith(alpn))("$name", ({ version, speaker, pair }) => {
  const hear = (rewrite: (message: Message, flight: number) => Message): Heard => {
    const all = (messages: readonly Message[], flight: number): Message[] =>
      messages.map((message) => rewrite(message, flight));
    return hearFlight({ version, speaker, pair, rewritePlain: all, rewrite: all });
  };

  test("each extension, harmed in each way, ends the handshake with one typed error", { timeout: 600_000 }, () => {
    const found: { readonly type: number; readonly flight: number; readonly list: Extensions }[] = [];
    inCase("unharmed", () => {
      const { own } = hear((message, flight) => {
        if (hasExtensions(message)) found.push({ type: message.type, flight, list: extensionsOf(message) });
        return message;
      });
      expect(own.tls.state).toBe("open");
    });
    expect(found.length).toBeGreaterThan(0);
    const clean = sharedRealm().liveBlocks();
    for (const { type, flight, list } of found) {
      for (const [i, one] of list.entries()) {
        for (const [kind, { name, harm, reasons }] of harms.entries()) {
          if (harm(list, i) === null || (!everything && (i + kind) % 2 === 0)) continue;
          inCase(`extension ${one.type} of message ${type} in flight ${flight}, ${name}`, () => {
            const heard = hear((message, when) =>
              message.type === type && when === flight ? withList(message, harm(extensionsOf(message), i)!) : message,
            );
            expectError(heard, speaker, reasons);
          });
          expect(sharedRealm().liveBlocks()).toBe(clean);
        }
      }
    }
  });
});

function expectError(
  { error: ofClient, server: ofServer, own, peer }: Heard,
  speaker: Role,
  reasons?: readonly string[],
): void {
  const [error, told] = speaker === "server" ? [ofClient, ofServer] : [ofServer, ofClient];
  const both = [error, told ?? thrownBy(() => peer.tls.read())].filter((one) => one !== undefined);
  for (const one of both) {
    expect(one).toBeInstanceOf(SSLError);
    for (const trouble of [SSLEngineError, SSLMemoryError]) expect(one).not.toBeInstanceOf(trouble);
    expect((one as SSLError).reason).not.toBe("INTERNAL_ERROR");
  }
  expect([own.tls.state, peer.tls.state]).toContain("failed");
  if (reasons !== undefined) expect(reasons).toContain((error as SSLError | undefined)?.reason);
  if (error instanceof SSLAlertError || error === undefined) return;
  // Whoever found the fault has told the other, unless they have no keys in common, for want of the same hellos.
  const isTold = both[1] instanceof SSLAlertError;
  expect(isTold || (both[1] as SSLError | undefined)?.reason === "DECRYPTION_FAILED_OR_BAD_RECORD_MAC").toBe(true);
}

function changed(change: (body: Uint8Array) => Uint8Array): Harm["harm"] {
  return (list, i) => {
    const { type, body } = list[i]!;
    const other = change(body);
    return String(other) === String(body) ? null : list.with(i, { type, body: other });
  };
}

function hasExtensions({ type }: Message): boolean {
  return [messageType.clientHello, messageType.serverHello, messageType.encryptedExtensions].some(
    (one) => one === type,
  );
}

function extensionsOf(message: Message): Extensions {
  let found: Extensions = [];
  withList(message, (list) => (found = list));
  return found;
}

/** The message with these extensions, or with what is made of those it has. */
function withList(message: Message, list: Extensions | ((old: Extensions) => Extensions)): Message {
  const change = typeof list === "function" ? list : (): Extensions => list;
  if (message.type !== messageType.encryptedExtensions) {
    const record = withExtensions(recordOf(recordType.handshake, encoded(message)), change);
    return { type: message.type, body: record.subarray(5 + 4) };
  }
  const old: Extension[] = [];
  const number = (at: number): number => message.body[at]! * 256 + message.body[at + 1]!;
  for (let at = 2; at < message.body.length; at += 4 + number(at + 2))
    old.push({ type: number(at), body: message.body.slice(at + 4, at + 4 + number(at + 2)) });
  const bytes = change(old).flatMap(({ type, body }) => [...sixteen(type), ...sixteen(body.length), ...body]);
  return { type: message.type, body: Uint8Array.of(...sixteen(bytes.length), ...bytes) };
}

// One message of a handshake is missing, doubled, out of its turn, another one, too long or too short, under keys and with proofs that are
// right: what only a peer can do. Each is one typed error of the side that hears it, with the alert that is due, and nothing stays behind.
// Both versions, both roles, with client certificates, with and without a HelloRetryRequest.
import { describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { SSLAlertError, SSLError, type TLSVersion } from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import { identityOf, inCase, type Role, thrownBy } from "../support/conversation.ts";
import {
  conversationsWith,
  type Heard,
  hearFlight,
  isRetry,
  type Message,
  messageType,
  type Play,
} from "../support/rewriter.ts";
import { everything } from "./replays.ts";

/** One message where it stands. */
interface Place {
  readonly message: Message;
  /** All that is said with it. */
  readonly messages: readonly Message[];
  readonly flight: number;
  readonly at: number;
  readonly sealed: boolean;
}

interface Harm {
  readonly name: string;
  /** The messages with the one at `i` harmed, null where that makes no sense. */
  readonly harm: (messages: readonly Message[], i: number) => readonly Message[] | null;
  readonly expected: (place: Place, version: TLSVersion) => Expected;
}

/** What the hearing side must say: a reason and its alert; or that it waits for what never comes. */
type Expected = readonly (readonly [reason: string, alert: number])[] | "waits";

const mutual = {
  client: { identities: [identityOf("client")] },
  server: { verifyMode: "required", ca: certs.root.cert },
} as const;

const unexpected = [["UNEXPECTED_MESSAGE", 10]] as const;
const malformed = [
  ["DECODE_ERROR", 50],
  ["ILLEGAL_PARAMETER", 47],
] as const;
const tooLong = [["MESSAGE_TOO_LONG", 47]] as const;
/** A record in the clear where the next one must be encrypted. */
const notUnderKeys = [["DECRYPTION_FAILED_OR_BAD_RECORD_MAC", 20]] as const;

const foreign = [...Object.values(messageType), 21, 25, 99, 255];

const harms: readonly Harm[] = [
  {
    name: "missing",
    harm: (messages, i) => (isOptional(messages[i]!) ? null : messages.toSpliced(i, 1)),
    expected: ({ message }) => (endsFlight(message) ? "waits" : unexpected),
  },
  {
    name: "doubled",
    harm: (messages, i) => messages.toSpliced(i, 0, messages[i]!),
    expected: doubled,
  },
  {
    name: "behind the next one",
    harm: (messages, i) =>
      i + 1 < messages.length && !isOptional(messages[i]!)
        ? messages.toSpliced(i, 2, messages[i + 1]!, messages[i]!)
        : null,
    expected: () => unexpected,
  },
  ...[
    ["empty", () => new Uint8Array(0)] as const,
    ["a byte shorter", (body: Uint8Array) => body.slice(0, -1)] as const,
    ["a byte longer", (body: Uint8Array) => Uint8Array.of(...body, 0)] as const,
    ["filled up to 16 KiB", (body: Uint8Array) => filled(body, 16380)] as const,
  ].map(([name, change]) => ({
    name,
    harm: (messages: readonly Message[], i: number) => changed(messages, i, change),
    expected: () => malformed,
  })),
  ...[16381, 70_000].map((size) => ({
    name: `filled up to ${size} bytes`,
    harm: (messages: readonly Message[], i: number) => changed(messages, i, (body) => filled(body, size)),
    // A server looks at the whole of the first ClientHello before anything else.
    expected: ({ message, flight }: Place) =>
      message.type === messageType.clientHello && flight === 0 ? malformed : tooLong,
  })),
  ...foreign.flatMap((type): Harm[] => [
    {
      name: `behind one of type ${type}`,
      harm: (messages, i) =>
        mayStandFor(messages[i]!, type) ? null : messages.toSpliced(i, 0, { type, body: new Uint8Array(4) }),
      expected: () => unexpected,
    },
    {
      name: `called one of type ${type}`,
      harm: (messages, i) =>
        mayStandFor(messages[i]!, type) ? null : messages.with(i, { type, body: messages[i]!.body.slice() }),
      expected: () => unexpected,
    },
  ]),
];

describe.each(conversationsWith(mutual))("$name", (conversation) => {
  const { speaker, version, pair } = conversation;
  const play = { speaker, version, pair };
  test("each message, harmed in each way, is one error with the right alert", { timeout: 600_000 }, () => {
    const places = placesIn(play);
    const clean = sharedRealm().liveBlocks();
    let done = 0;
    for (const [index, place] of places.entries()) {
      for (const [kind, { name, harm, expected }] of harms.entries()) {
        const isSampled = everything || (index + kind) % 3 === 0;
        if (!isSampled || harm(place.messages, place.at) === null) continue;
        const rewrite = (messages: readonly Message[], flight: number): readonly Message[] =>
          flight === place.flight ? harm(messages, place.at)! : messages;
        inCase(`message ${place.message.type} of flight ${place.flight}, ${name}`, () => {
          const heard = hearFlight({ ...play, ...(place.sealed ? { rewrite } : { rewritePlain: rewrite }) });
          expectRefused(heard, speaker, expected(place, version));
        });
        expect(sharedRealm().liveBlocks(), name).toBe(clean);
        done++;
      }
    }
    expect(done).toBeGreaterThan(places.length * (everything ? 40 : 12));
  });
});

test("a server that presents no certificate at all is refused with decode_error (RFC 8446, section 4.4.2.4)", () => {
  const empty = (messages: readonly Message[]): Message[] =>
    messages.map((one) => (one.type === messageType.certificate ? { type: one.type, body: new Uint8Array(4) } : one));
  expectRefused(hearFlight({ rewrite: empty }), "server", [["DECODE_ERROR", 50]]);
});

test("a server that presents no certificate at all is refused in TLS 1.2 too", () => {
  const empty = (messages: readonly Message[]): Message[] =>
    messages.map((one) => (one.type === messageType.certificate ? { type: one.type, body: new Uint8Array(3) } : one));
  expectRefused(hearFlight({ version: "TLSv1.2", rewritePlain: empty }), "server", malformed);
});

/** Every message of the speaker. */
function placesIn(play: Play): Place[] {
  const places: Place[] = [];
  const note = (sealed: boolean) => (messages: readonly Message[], flight: number) => {
    places.push(...messages.map((message, at) => ({ message, messages, flight, at, sealed })));
    return messages;
  };
  inCase("unharmed", () => {
    const { own } = hearFlight({ ...play, rewritePlain: note(false), rewrite: note(true) });
    expect(own.tls.state).toBe("open");
  });
  return places;
}

function expectRefused(
  { error: ofClient, server: ofServer, own, peer }: Heard,
  speaker: Role,
  expected: Expected,
): void {
  const [error, told] = speaker === "server" ? [ofClient, ofServer] : [ofServer, ofClient];
  if (expected === "waits") {
    expect([error, own.tls.state]).toEqual([undefined, "handshaking"]);
    own.incoming.writeEof();
    expect(thrownBy(() => own.tls.doHandshake())).toMatchObject({ name: "SSLEOFError" });
    return;
  }
  expect(error).toBeInstanceOf(SSLError);
  expect(error).not.toBeInstanceOf(SSLAlertError);
  const { reason } = error as SSLError;
  const alert = expected.find(([one]) => one === reason)?.[1];
  expect(alert, `${reason} is none of ${expected.join(", ")}`).toBeDefined();
  expect(own.tls.state).toBe("failed");
  expect(told ?? thrownBy(() => peer.tls.read())).toMatchObject({ name: "SSLAlertError", alert, sent: false });
}

/** A ClientHello again after a HelloRetryRequest lacks the share that was asked for. */
function doubled({ message }: Place, version: TLSVersion): Expected {
  const { clientHello, serverHello } = messageType;
  if (version === "TLSv1.2" || isRetry(message)) return unexpected;
  if (message.type === clientHello) return [...notUnderKeys, ...malformed];
  return message.type === serverHello ? notUnderKeys : unexpected;
}

/** Whether nothing follows before the other side has spoken. */
function endsFlight(message: Message): boolean {
  const { clientHello, serverHelloDone, finished } = messageType;
  return isRetry(message) || [clientHello, serverHelloDone, finished].some((type) => type === message.type);
}

/** A server need not ask for a certificate, so that what follows may stand in the place of that. */
function isOptional({ type }: Message): boolean {
  return type === messageType.certificateRequest;
}

/** Whether a message of that type may come there. */
function mayStandFor(message: Message, type: number): boolean {
  const { certificate, serverHelloDone } = messageType;
  return message.type === type || (isOptional(message) && (type === certificate || type === serverHelloDone));
}

/** The messages, with another body for the one at `i`; null when it stays as it is. */
function changed(messages: readonly Message[], i: number, change: (body: Uint8Array) => Uint8Array): Message[] | null {
  const { type, body } = messages[i]!;
  const other = change(body);
  return other.length === body.length ? null : messages.with(i, { type, body: other });
}

function filled(body: Uint8Array, size: number): Uint8Array {
  const long = new Uint8Array(size);
  long.set(body);
  return long;
}

// Owns the scripts: what the parties call, what the wire and the application do in between, and under which settings.
import fc from "fast-check";
import { roles, type Role } from "../../socket/tls.ts";
import { questionNames } from "./questions.ts";

export type Kind = "socket" | "object";

/** A call that can be made on every connection, or on a socket only. */
export type Call =
  | { readonly do: "handshake" | "shutdownWrite" | "close" | "pending" }
  | { readonly do: "recv" | "recvInto" | "tryRecv" | "send" | "trySend"; readonly size: number }
  | { readonly do: "unwrap"; readonly discard: boolean }
  | { readonly do: "updateKeys"; readonly request: boolean }
  | { readonly do: "ask"; readonly question: string }
  | { readonly do: "misuse" }
  | { readonly do: "flush" | "abort" }
  | { readonly do: "sendAll"; readonly size: number }
  | { readonly do: "cancelSendAll" };

/** The call as it is made under these settings: through a narrow pipe only little goes, or it would take for ever. */
export function fitted(call: Call, { capacity }: Settings): Call {
  return call.do.toLowerCase().includes("send") && "size" in call
    ? { ...call, size: Math.min(call.size, capacity * 50) }
    : call;
}

/** What happens around the connections; `role` is who sends on that line. */
export type Event =
  | { readonly do: "carry"; readonly limit: number }
  /** As `carry`, with all that there is room for. */
  | { readonly do: "deliver" }
  | { readonly do: "cut" | "reset" }
  | { readonly do: "tamper"; readonly after: number }
  | { readonly do: "answer"; readonly accept: boolean }
  | { readonly do: "forgetContext" | "turn" };

export type Step = { readonly role: Role } & ({ readonly call: Call } | { readonly event: Event });

export interface Settings {
  readonly kinds: Readonly<Record<Role, Kind>>;
  /** Whether the script begins behind the handshake. */
  readonly connected: boolean;
  /** Whether the application takes its time when it is asked. */
  readonly asked: "never" | "at once" | "later";
  readonly tickets: number;
  readonly suppressRaggedEofs: boolean;
  /** Of the transports of sockets. */
  readonly capacity: number;
  /** The high-water mark of sockets. */
  readonly outgoing: number;
}

const kind: fc.Arbitrary<Kind> = fc.constantFrom("socket", "socket", "object");
const size = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 50_000 }));

export const settings: fc.Arbitrary<Settings> = fc.record({
  kinds: fc.record({ client: kind, server: kind }),
  connected: fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, fc.boolean()),
  asked: fc.constantFrom("never", "at once", "later"),
  tickets: fc.constantFrom(0, 2),
  suppressRaggedEofs: fc.boolean(),
  capacity: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 }), fc.constant(1 << 20)),
  outgoing: fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.constant(1 << 19)),
});

const call: fc.Arbitrary<Call> = fc.oneof(
  ...[
    [12, fc.record({ do: fc.constantFrom("recv", "recvInto", "tryRecv"), size })],
    [9, fc.record({ do: fc.constantFrom("send", "trySend"), size })],
    [3, fc.record({ do: fc.constantFrom("handshake", "flush", "pending") })],
    [2, fc.record({ do: fc.constant("sendAll"), size })],
    [1, fc.record({ do: fc.constant("cancelSendAll") })],
    [2, fc.record({ do: fc.constant("unwrap"), discard: fc.boolean() })],
    [1, fc.record({ do: fc.constantFrom("shutdownWrite", "misuse") })],
    [1, fc.record({ do: fc.constant("updateKeys"), request: fc.boolean() })],
    [3, fc.record({ do: fc.constant("ask"), question: fc.constantFrom(...questionNames) })],
  ].map(([weight, arbitrary]) => ({ weight, arbitrary }) as fc.WeightedArbitrary<Call>),
);

const limit = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20_000 }), fc.constant(1 << 20));

const event: fc.Arbitrary<Event> = fc.oneof(
  ...[
    [8, fc.record({ do: fc.constant("carry"), limit })],
    [16, fc.record({ do: fc.constant("deliver") })],
    [3, fc.record({ do: fc.constant("turn") })],
    [2, fc.record({ do: fc.constant("answer"), accept: fc.constantFrom(true, true, true, false) })],
    [1, fc.record({ do: fc.constant("forgetContext") })],
  ].map(([weight, arbitrary]) => ({ weight, arbitrary }) as fc.WeightedArbitrary<Event>),
);

/** What ends a conversation, or spoils it; rare, or nothing else would ever be seen. */
const blow: fc.Arbitrary<{ readonly call: Call } | { readonly event: Event }> = fc.oneof(
  fc.record({ call: fc.record({ do: fc.constantFrom("close" as const, "abort" as const) }) }),
  fc.record({ event: fc.record({ do: fc.constantFrom("cut" as const, "reset" as const) }) }),
  fc.record({ event: fc.record({ do: fc.constant("tamper" as const), after: fc.nat(3000) }) }),
);

function steps(blows: number): fc.Arbitrary<Step[]> {
  const what = fc.oneof(
    { weight: 550, arbitrary: fc.record({ call }) },
    { weight: 450, arbitrary: fc.record({ event }) },
    { weight: blows, arbitrary: blow },
  );
  const step = fc.tuple(fc.constantFrom(...roles), what).map(([role, one]) => ({ role, ...one }));
  return fc.array(step, { minLength: 1, maxLength: 80, size: "max" });
}

export const script: fc.Arbitrary<Step[]> = fc.oneof(steps(0), steps(15));

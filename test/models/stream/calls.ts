// Owns the scripts for connections with promises: what is begun, what is given up, and what the transports below come to.
import fc from "fast-check";
import { roles, type Role } from "../../socket/tls.ts";

/** A call that answers a promise. With a signal it can be given up later. */
export type Begun =
  | { readonly do: "read" | "write"; readonly size: number; readonly signal: boolean }
  | { readonly do: "closeWrite" | "close"; readonly signal: boolean }
  | { readonly do: "stopTls"; readonly discard: boolean; readonly signal: boolean };

export type Step = { readonly role: Role } & (
  { readonly begin: Begun } | { readonly now: "cancel" | "abort" | "cut" | "wait" | "look" }
);

const size = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 40_000 }));
const signal = fc.boolean();

const talking: fc.Arbitrary<Begun> = fc.record({
  do: fc.constantFrom("read" as const, "write" as const),
  size,
  signal,
});

const ending: fc.Arbitrary<Begun> = fc.oneof(
  fc.record({ do: fc.constantFrom("closeWrite" as const, "close" as const), signal }),
  fc.record({ do: fc.constant("stopTls" as const), discard: fc.boolean(), signal }),
);

function steps(ends: number, blows: number): fc.Arbitrary<Step[]> {
  const what = fc.oneof(
    { weight: 50, arbitrary: fc.record({ begin: talking }) },
    {
      weight: 50,
      arbitrary: fc.record({
        now: fc.constantFrom("wait" as const, "wait" as const, "cancel" as const, "look" as const),
      }),
    },
    { weight: ends, arbitrary: fc.record({ begin: ending }) },
    { weight: blows, arbitrary: fc.record({ now: fc.constantFrom("abort" as const, "cut" as const) }) },
  );
  const step = fc.tuple(fc.constantFrom(...roles), what).map(([role, one]) => ({ role, ...one }));
  return fc.array(step, { minLength: 1, maxLength: 50, size: "max" });
}

/** Some scripts only talk, some say goodbye as well, and some break the connection. */
export const script: fc.Arbitrary<Step[]> = fc.oneof(steps(0, 0), steps(4, 0), steps(4, 2));

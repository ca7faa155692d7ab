// Random harm to recorded conversations: bytes changed, put in, taken out, the end cut off, delivered in random pieces. A
// failure prints its seed and the smallest harm that brings it about.
import fc from "fast-check";
import { it } from "vitest";
import { everything, forEachReplay } from "./replays.ts";

type Edit =
  | { readonly kind: "overwrite"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly size: number }
  | { readonly kind: "copy"; readonly at: number; readonly from: number; readonly size: number }
  | { readonly kind: "truncate"; readonly at: number };

const at = fc.nat(2000);
const size = fc.integer({ min: 1, max: 40 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("overwrite" as const), at, bytes }),
  fc.record({ kind: fc.constant("insert" as const), at, bytes }),
  fc.record({ kind: fc.constant("remove" as const), at, size }),
  fc.record({ kind: fc.constant("copy" as const), at, from: at, size }),
  fc.record({ kind: fc.constant("truncate" as const), at }),
);

forEachReplay("Random harm", 50_000, (replay) => {
  it("is an error or goes unnoticed, and never changes what is read", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.array(size, { maxLength: 20 }),
        (edits, pieces) => {
          const harmed = edits.reduce(edited, replay().bytes);
          replay().expectHarmless(replay().side.playAgainst(harmed, pieces), JSON.stringify(edits));
        },
      ),
      { numRuns: everything ? 2000 : 20 },
    );
  });
});

/** The stream after the edit; places beyond its end count from its beginning again. */
function edited(stream: Uint8Array, change: Edit): Uint8Array {
  const place = change.at % (stream.length + 1);
  const [before, after] = [stream.subarray(0, place), stream.subarray(place)];
  if (change.kind === "truncate") return before;
  if (change.kind === "remove") return Uint8Array.of(...before, ...after.subarray(change.size));
  if (change.kind === "overwrite")
    return Uint8Array.of(...before, ...change.bytes, ...after.subarray(change.bytes.length));
  if (change.kind === "insert") return Uint8Array.of(...before, ...change.bytes, ...after);
  const from = change.from % (stream.length + 1);
  return Uint8Array.of(...before, ...stream.subarray(from, from + change.size), ...after);
}

// Harm to bytes and texts, for properties: places overwritten, put in, taken out, copied elsewhere, the end cut off. Knows
// nothing of what they mean.
import fc from "fast-check";

export type Edit =
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

/** One to four of them. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(edit, { minLength: 1, maxLength: 4 });

/** The stream after the edit; places beyond its end count from its beginning again. */
export function edited(stream: Uint8Array, change: Edit): Uint8Array {
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

// Random harm to recorded conversations: bytes changed, put in, taken out, the end cut off, delivered in random pieces. A
// failure prints its seed and the smallest harm that brings it about.
import fc from "fast-check";
import { it } from "vitest";
import { edited, edits } from "../support/edits.ts";
import { everything, forEachReplay } from "./replays.ts";

const size = fc.integer({ min: 1, max: 40 });

forEachReplay("Random harm", 50_000, (replay) => {
  it("is an error or goes unnoticed, and never changes what is read", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(edits, fc.array(size, { maxLength: 20 }), (changes, pieces) => {
        const harmed = changes.reduce(edited, replay().bytes);
        replay().expectHarmless(replay().side.playAgainst(harmed, pieces), JSON.stringify(changes));
      }),
      { numRuns: everything ? 2000 : 20 },
    );
  });
});

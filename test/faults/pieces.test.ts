// A conversation arrives whole, though in other pieces than it was sent in: what comes of it is the same to the byte, on both sides. One
// byte at a time is tested in every-byte.test.ts.
import { it } from "vitest";
import { FixedRandom } from "../support/recording.ts";
import { everything, forEachReplay } from "./replays.ts";

/** Random divisions of each conversation. */
const seeds = everything ? 200 : 5;

forEachReplay("Cut into pieces", 20_000, (replay) => {
  it("two of them, cut at any place, make no difference", { timeout: 600_000 }, () => {
    const { bytes, side } = replay();
    for (const at of replay().places(7))
      replay().expectSame(side.playAgainst(bytes, [at]), `in two pieces, the first of ${at} bytes`);
  });

  it("any number of them of any sizes make no difference", { timeout: 600_000 }, () => {
    const { bytes, side } = replay();
    for (let seed = 0; seed < seeds; seed++)
      replay().expectSame(side.playAgainst(bytes, randomSizes(seed)), `in random pieces, seed ${seed}`);
  });
});

/** Sizes from 0 on; what is left over after the last comes at once. */
function randomSizes(seed: number): number[] {
  const bytes = new Uint8Array(60);
  new FixedRandom(seed).feed(bytes);
  return Array.from(bytes, (byte) => (seed % 3 === 0 ? byte % 8 : byte));
}

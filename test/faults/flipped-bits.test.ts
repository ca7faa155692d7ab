// One bit is flipped in every byte of a conversation. Of each byte one bit, another from byte to byte; of long encrypted
// records every eighth byte behind the first sixteen, as one altered byte of a ciphertext is like the other. All bits of
// all bytes with WANTTLS_FAULTS=all.
import { expect, it } from "vitest";
import { recordType } from "../support/conversation.ts";
import { everything, forEachReplay, type Replay } from "./replays.ts";

const headerSize = 5;

forEachReplay("One bit flipped in every byte", 200_000, (replay) => {
  it("B49 is an error, with an alert for the peer, unless nobody protects that byte", { timeout: 600_000 }, () => {
    const { bytes, side, offsets } = replay();
    const unnoticed: string[] = [];
    for (const at of replay().places()) {
      if (!everything && isBulk(replay(), at)) continue;
      for (const bit of everything ? [0, 1, 2, 3, 4, 5, 6, 7] : [(at * 5) % 8]) {
        const harmed = bytes.slice();
        harmed[at]! ^= 1 << bit;
        const outcome = side.playAgainst(harmed);
        const harm = `bit ${bit} of byte ${at}`;
        // The version in the header of a record that is not encrypted: RFC 8446, section 5.1, has it ignored.
        const isProtected = at - offsets[replay().recordAt(at)]! !== 2;
        if (replay().expectHarmless(outcome, harm) && isProtected) unnoticed.push(harm);
      }
    }
    expect(unnoticed).toEqual([]);
  });
});

function isBulk(replay: Replay, at: number): boolean {
  const start = replay.offsets[replay.recordAt(at)]!;
  return replay.bytes[start] === recordType.applicationData && at - start > headerSize + 16 && at % 8 !== 0;
}

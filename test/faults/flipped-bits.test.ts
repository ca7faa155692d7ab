// One bit is flipped in every byte of a conversation. Of each byte one bit, another from byte to byte; of long encrypted
// records every eighth byte behind the first sixteen, as one altered byte of a ciphertext is like the other. All bits of
// all bytes with WANTTLS_FAULTS=all.
import { expect, it } from "vitest";
import { SSLError } from "../../ts/ssl/index.ts";
import { recordType } from "../support/conversation.ts";
import { splitRecords } from "../support/recording.ts";
import { everything, forEachReplay, isOwnFinding, type Replay } from "./replays.ts";

const headerSize = 5;

forEachReplay("One bit flipped in every byte", (replay) => {
  it("B49 is an error, with an alert for the peer, unless nobody protects that byte", { timeout: 600_000 }, () => {
    const { bytes, side, offsets } = replay();
    const unnoticed: string[] = [];
    for (let at = 0; at < bytes.length; at++) {
      if (!everything && isBulk(replay(), at)) continue;
      for (const bit of everything ? [0, 1, 2, 3, 4, 5, 6, 7] : [(at * 5) % 8]) {
        const harmed = bytes.slice();
        harmed[at]! ^= 1 << bit;
        const outcome = side.playAgainst(harmed);
        const harm = `bit ${bit} of byte ${at}`;
        // The version in the header of a record that is not encrypted: RFC 8446, section 5.1, has it ignored.
        const isProtected = at - offsets[replay().recordAt(at)]! !== 2;
        if (replay().expectHarmless(outcome, harm) && isProtected) unnoticed.push(harm);
        if (outcome.end instanceof SSLError && isOwnFinding(outcome.end)) expectAlert(outcome.said, harm);
      }
    }
    expect(unnoticed).toEqual([]);
    replay().expectUnharmed();
  });
});

function isBulk(replay: Replay, at: number): boolean {
  const start = replay.offsets[replay.recordAt(at)]!;
  return replay.bytes[start] === recordType.applicationData && at - start > headerSize + 16 && at % 8 !== 0;
}

/** An encrypted alert of TLS 1.3 looks like data; its length is that of an alert, its type and the tag. */
function expectAlert(said: Uint8Array, harm: string): void {
  const last = splitRecords(said).at(-1) ?? new Uint8Array(0);
  const encrypted = last[0] === recordType.applicationData && last.length === headerSize + 2 + 1 + 16;
  expect(last[0] === recordType.alert || encrypted, `${harm}: no alert`).toBe(true);
}

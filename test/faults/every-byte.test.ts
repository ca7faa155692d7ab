// The transport ends, or stands still, after every single byte of a conversation: handshake, data and goodbye. No offset
// is left out. (Which conversations: replays.ts.)
import { expect, it } from "vitest";
import { SSLEOFError } from "../../ts/ssl/index.ts";
import type { Actor } from "../support/recording.ts";
import { forEachReplay, type Replay } from "./replays.ts";

forEachReplay("Cut off after every byte", 20_000, (replay) => {
  it(
    "B19 B45 B47 the end of the transport is an SSLEOFError everywhere but behind the close_notify",
    { timeout: 600_000 },
    () => {
      const { bytes, side } = replay();
      for (const at of replay().places()) {
        const actor = side.enter();
        actor.hear(bytes.subarray(0, at));
        expectToWait(actor, at);
        actor.hearEnd();
        expectEof(replay(), actor, at);
        actor.leave();
        side.checkClean();
      }
    },
  );

  it("B16 without the end, a side asks for more for ever and has read all that came whole", () => {
    const { bytes, side } = replay();
    const actor = side.enter();
    for (let at = 0; at < bytes.length; at++) {
      if (replay().takes(at)) {
        expectToWait(actor, at);
        expect(actor.outcome().heard, `after ${at} bytes`).toBe(replay().heardBefore(at));
      }
      actor.hear(bytes.subarray(at, at + 1));
    }
    replay().expectSame(actor.outcome(), "byte by byte");
    actor.leave();
    side.checkClean();
  });
});

/** Nothing new comes of asking again. */
function expectToWait(actor: Actor, at: number): void {
  const { end, said } = actor.outcome();
  expect(end, `after ${at} bytes`).toBe("wants");
  for (let again = 0; again < 3; again++) actor.advance();
  expect(actor.outcome().end, `after ${at} bytes`).toBe("wants");
  expect(actor.outcome().said.length, `after ${at} bytes`).toBe(said.length);
}

function expectEof(replay: Replay, actor: Actor, at: number): void {
  const cut = `cut after ${at} bytes`;
  const { end, heard } = actor.outcome();
  expect(end, cut).toBeInstanceOf(SSLEOFError);
  expect((end as SSLEOFError).partialRecord, cut).toBe(!replay.offsets.includes(at));
  expect(heard, cut).toBe(replay.heardBefore(at));
  expect(actor.tls.state, cut).toBe("failed");
  if (replay.offsets.includes(at)) expectRepeated(actor, end as SSLEOFError, cut);
}

/** B2: the error is latched. */
function expectRepeated(actor: Actor, first: SSLEOFError, cut: string): void {
  const calls = [
    () => actor.tls.doHandshake(),
    () => actor.tls.read(),
    () => actor.tls.write(Uint8Array.of(1)),
    () => actor.tls.unwrap(),
    () => actor.tls.shutdownWrite(),
  ];
  for (const call of calls) expect(call, cut).toThrow(expect.objectContaining({ name: "SSLEOFError", cause: first }));
}

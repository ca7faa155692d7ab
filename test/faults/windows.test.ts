// A conversation over an SSLSocket whose transport takes and gives a few bytes at a time: what comes of it is the same to the byte. And
// the transport is reset at any place: that is an SSLSyscallError behind what was heard before, never an end.
import { expect, it } from "vitest";
import { SSLSyscallError } from "../../ts/ssl/index.ts";
import { everything, forEachReplay } from "./replays.ts";

forEachReplay("Over a transport of a few bytes", 20_000, (replay) => {
  it("each way, the conversation is the same", { timeout: 600_000 }, () => {
    for (const window of everything ? [1, 2, 3, 5, 50, 500] : [1, 50]) {
      const actor = replay().side.enterSocket(window);
      actor.hear(replay().bytes);
      replay().expectSame(actor.outcome(), `${window} bytes`);
      actor.leave();
      replay().side.checkClean();
    }
  });

  it("B48 a reset at any place is an SSLSyscallError, behind all that was heard before", { timeout: 600_000 }, () => {
    const { bytes, side } = replay();
    for (const at of replay().places(5)) {
      const actor = side.enterSocket(65_536);
      actor.hear(bytes.subarray(0, at));
      expect(actor.outcome().end, `after ${at} bytes`).toBe("wants");
      actor.reset();
      const { end, heard } = actor.outcome();
      expect(end, `after ${at} bytes`).toBeInstanceOf(SSLSyscallError);
      expect(end).toMatchObject({ code: "ECONNRESET" });
      expect(heard, `after ${at} bytes`).toBe(replay().heardBefore(at));
      expect(actor.tls.state).toBe("failed");
      actor.leave();
      side.checkClean();
    }
  });
});

// A line that keeps changing its mind: two transports joined by something that moves a few bytes at a time, now at once, now a
// little later, and by a seed, so that what it did can be repeated. Knows nothing of TLS.
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { waitUntil } from "../../ts/socket/event-loop.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import type { Pair } from "../socket/pairs.ts";

/** Numbers from 0 to below `end`, the same for the same seed (mulberry32's step). */
export type Dice = (end: number) => number;

export function diceOf(seed: number): Dice {
  let state = seed;
  return (end) => {
    state = (state + 1831565813) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}

/** Waits for a microtask or a few, a turn of the event loop, or a millisecond. */
export async function dawdle(dice: Dice): Promise<void> {
  const kind = dice(8);
  if (kind === 0) return new Promise((resolve) => setTimeout(resolve, dice(2)));
  if (kind < 3) return new Promise((resolve) => setImmediate(resolve));
  for (let left = dice(4); left > 0; left--) await Promise.resolve();
}

export interface Relay {
  readonly ends: Pair;
  /** How often bytes were moved. */
  moves(): number;
}

/** Ends of at most `capacity` bytes each way, with the relay between them. */
export function relayed(dice: Dice, capacity: number): Relay {
  const [left, innerLeft] = memoryTransportPair({ capacity });
  const [right, innerRight] = memoryTransportPair({ capacity });
  let moves = 0;
  const moved = (): void => void moves++;
  void move(innerLeft, innerRight, dice, moved);
  void move(innerRight, innerLeft, dice, moved);
  return { ends: [left, right], moves: () => moves };
}

async function move(
  from: NonBlockingTransport,
  to: NonBlockingTransport,
  dice: Dice,
  moved: () => void,
): Promise<void> {
  const into = new Uint8Array(4000);
  try {
    for (;;) {
      await waitUntil(from, () => from.readable);
      await dawdle(dice);
      const got = from.recvInto(into.subarray(0, 1 + dice(dice(2) === 0 ? 10 : into.length)));
      if (got === "eof") return to.shutdownWrite();
      if (got === "would-block") continue;
      moved();
      for (let rest = into.slice(0, got); rest.length > 0;) {
        await waitUntil(to, () => to.writable);
        rest = rest.subarray(to.send(rest));
      }
    }
  } catch {
    to.shutdownWrite(); // one end was cut or closed
  }
}

// Owns the handshake of the command: the one thing that it waits for with a limit in time and before anything is piped.
import type { SSLSocket } from "../index.ts";
import { TimeLimit } from "../socket/time-limit.ts";
import { pump } from "../stream/pump.ts";

/** Does the handshake. Throws what `doHandshake` throws, and `SSLTimeoutError`. */
export async function shakeHands(socket: SSLSocket, timeoutMs: number): Promise<void> {
  const late = `Cannot finish the handshake: the peer took more than ${timeoutMs / 1000} seconds`;
  using limit = new TimeLimit(timeoutMs, late);
  await pump(socket, () => socket.tryHandshake(), limit.signal);
}

// Owns a whole handshake for those who only want to wait for it: the classic loop of non-blocking sockets, with an end in time.
import { isWant, SSLTimeoutError, SSLWantWriteError } from "../ssl/index.ts";
import { select } from "./select.ts";
import type { SSLSocket } from "./ssl-socket.ts";

/** Does the handshake. Throws what `doHandshake` throws, and `SSLTimeoutError`. */
export async function finishHandshake(socket: SSLSocket, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      socket.doHandshake();
      return;
    } catch (error) {
      const left = end - performance.now();
      if (left <= 0) throw tooLate(timeoutMs);
      if (error instanceof SSLWantWriteError) await select([], [socket], [], left);
      else if (isWant(error))
        await select([socket], [], [], left); // readable means answered while a hook is asked
      else throw error;
    }
  }
}

function tooLate(timeoutMs: number): SSLTimeoutError {
  return new SSLTimeoutError(`Cannot finish the handshake: the peer took more than ${timeoutMs / 1000} seconds`);
}

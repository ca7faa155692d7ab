// Owns waiting for a transport that is being opened, no longer than allowed. Refuses to know who opens it.
import { SSLTimeoutError } from "../ssl/index.ts";
import type { NonBlockingTransport } from "./transport.ts";

/**
 * The transport, if it comes in time; one that comes later is thrown away. Rejects with SSLTimeoutError, which says `late`,
 * and with the reason of the signal.
 */
export async function inTime(
  opening: NonBlockingTransport | Promise<NonBlockingTransport>,
  timeoutMs: number,
  late: string,
  signal?: AbortSignal,
): Promise<NonBlockingTransport> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = (): void => {};
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SSLTimeoutError(late)), timeoutMs);
    abort = () => reject(signal!.reason as Error);
    signal?.addEventListener("abort", abort);
  });
  const opened = Promise.resolve(opening);
  try {
    return await Promise.race([opened, ended]);
  } catch (error) {
    opened.then(
      (transport) => transport.abort(),
      () => {}, // it is told by the race
    );
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

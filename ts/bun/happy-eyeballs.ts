// Owns the choice between the addresses of a name (RFC 8305): one after the other, without waiting long for any of them. Bun
// itself tries four at once and no further one before one of those has failed, which takes minutes when the network swallows
// what is sent there. Refuses to know sockets.
import type { NonBlockingTransport } from "../socket/transport.ts";

/** RFC 8305, section 5: the delay that it recommends between the beginnings of two attempts. */
const attemptDelayMs = 250;

/** RFC 8305, section 4: the families take turns, beginning with the one that the resolver put first. */
export function inTurns(addresses: readonly string[]): string[] {
  const isFirstFamily = (address: string): boolean => address.includes(":") === addresses[0]?.includes(":");
  const first = addresses.filter(isFirstFamily);
  const second = addresses.filter((address) => !isFirstFamily(address));
  const turns = Array.from({ length: addresses.length }, (_, i) => [first[i], second[i]]);
  return turns.flat().filter((address) => address !== undefined);
}

/**
 * The first connection that `open` makes to one of `addresses`, in their order: the next is tried when one has failed or
 * `delayMs` are over. Connections that come later are cut. Rejects with what the first address has come to when all have failed,
 * and with the reason of the signal, after which no more are tried.
 */
export function connectToOne(
  addresses: readonly string[],
  open: (address: string) => Promise<NonBlockingTransport>,
  delayMs: number = attemptDelayMs,
  signal?: AbortSignal,
): Promise<NonBlockingTransport> {
  return new Promise((resolve, reject) => {
    const failures: Error[] = [];
    let [begun, over] = [0, false];
    let timer: ReturnType<typeof setTimeout> | undefined;

    const end = (): void => {
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    };
    const giveUp = (): void => {
      end();
      reject(signal!.reason as Error);
    };
    const attempt = async (address: string, at: number): Promise<void> => {
      try {
        const transport = await open(address);
        if (over) return transport.abort();
        end();
        resolve(transport);
      } catch (error) {
        failures[at] = error as Error;
        if (Object.keys(failures).length < addresses.length) return next();
        end();
        reject(failures[0]!);
      }
    };
    const next = (): void => {
      clearTimeout(timer);
      const address = addresses[begun];
      if (over || address === undefined) return;
      void attempt(address, begun++);
      timer = setTimeout(next, delayMs);
    };
    if (signal?.aborted === true) return giveUp(); // while the name was looked up, perhaps
    signal?.addEventListener("abort", giveUp);
    next();
  });
}

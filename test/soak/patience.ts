// Waiting for what must come sooner or later: only a hang is ever reported, never slowness.
import { setTimeout as sleep } from "node:timers/promises";

const patienceMs = 120_000;

/** Whether the condition comes true. */
export async function comesTrue(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

/** What the promise comes to; rejects when it hangs. */
export async function unlessHung<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot see the end of ${what}: it hangs`)), patienceMs);
  });
  try {
    return await Promise.race([promise, hung]);
  } finally {
    clearTimeout(timer);
  }
}

// Writes the text that ts/wasm/compact-text.ts reads.
import { leads, letters } from "../ts/wasm/compact-text.ts";

/** All bytes there are, the most frequent first. */
export function orderOf(bytes: Uint8Array): number[] {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]! += 1;
  return [...counts.keys()].toSorted((a, b) => counts[b]! - counts[a]! || a - b);
}

/** The text of bytes, for those who know the order. */
export function toCompactText(bytes: Uint8Array, order: readonly number[]): string {
  const words: string[] = [];
  for (const [rank, byte] of order.entries()) words[byte] = wordOf(rank);
  return Array.from(bytes, (byte) => words[byte]).join("");
}

function wordOf(rank: number): string {
  const pair = rank - (letters.length - leads);
  if (pair < 0) return letters[leads + rank]!;
  return letters[Math.floor(pair / letters.length)]! + letters[pair % letters.length]!;
}

// Moving bytes through transports in tests, waiting for readiness instead of for time.
import { createHash } from "node:crypto";
import { select } from "../../ts/socket/select.ts";
import type { Selectable, NonBlockingTransport } from "../../ts/socket/transport.ts";

/** Bytes that differ at every place from their neighbours, so that nothing can be lost or swapped unseen. */
export function pattern(length: number, seed: number = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export async function readable(socket: Selectable): Promise<void> {
  await select([socket], []);
}

export async function writable(socket: Selectable): Promise<void> {
  await select([], [socket]);
}

/** Receives until the peer's end, or until `count` bytes are there. */
export async function receive(transport: NonBlockingTransport, count: number = Infinity): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(64 * 1024);
  let total = 0;
  while (total < count) {
    const got = transport.recvInto(into.subarray(0, Math.min(into.length, count - total)));
    if (got === "eof") break;
    if (got === "would-block") await readable(transport);
    else {
      parts.push(into.slice(0, got));
      total += got;
    }
  }
  return concat(parts);
}

/** Sends all of `bytes`, waiting whenever the transport would block; `chunk` bytes at a time. */
export async function sendAll(
  transport: NonBlockingTransport,
  bytes: Uint8Array,
  chunk: number = Infinity,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    const taken = transport.send(bytes.subarray(sent, Math.min(bytes.length, sent + chunk)));
    sent += taken;
    if (taken === 0) await writable(transport);
  }
}

/** Sends until the transport would block and goes on doing so over many turns of the event loop; answers the count. */
export async function fill(transport: NonBlockingTransport, bytes: Uint8Array): Promise<number> {
  let sent = 0;
  for (let idle = 0; idle < 100 && sent < bytes.length; idle += 1) {
    for (let taken; (taken = transport.send(bytes.subarray(sent))) > 0; idle = 0) sent += taken;
    await select([], [transport], [], 1);
  }
  return sent;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

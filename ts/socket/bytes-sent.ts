// Owns what an error of a long write tells: how many bytes were taken before it. Refuses to know who writes.
import { SSLError } from "../ssl/index.ts";

/** The error, with `bytesSent`; the reason of an aborted signal is the caller's own, so it becomes the cause of an SSLError. */
export function withBytesSent(error: unknown, bytesSent: number, signal?: AbortSignal): unknown {
  if (error instanceof SSLError) return Object.assign(error, { bytesSent });
  if (signal?.aborted !== true) return error instanceof TypeError ? Object.assign(error, { bytesSent }) : error;
  const aborted = new SSLError("Cannot send everything: the signal was aborted", { reason: "ABORTED", cause: error });
  return Object.assign(aborted, { name: "AbortError", bytesSent });
}

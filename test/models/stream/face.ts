// Owns the two ways to read from and write to a connection with promises: its calls, and its streams. Refuses to know what is said.
import type { TLSConnection } from "../../../ts/index.ts";

interface Options {
  readonly signal?: AbortSignal;
}

export interface Face {
  /** Whether several reads wait behind each other, instead of being refused. */
  readonly queues: boolean;
  /** Bytes, or null at the end. */
  read(into: Uint8Array<ArrayBuffer>, options: Options): Promise<Uint8Array | null>;
  write(bytes: Uint8Array<ArrayBuffer>, options: Options): Promise<void>;
  closeWrite(options: Options): Promise<void>;
}

export function callsOf(tls: TLSConnection): Face {
  return {
    queues: false,
    read: async (into, options) => {
      const size = await tls.read(into, options);
      return size === null ? null : into.subarray(0, size);
    },
    write: (bytes, options) => tls.write(bytes, options),
    closeWrite: (options) => tls.closeWrite(options),
  };
}

/** One reader and one writer, for good; a stream is closed once. */
export function streamsOf(tls: TLSConnection): Face {
  const reader = tls.readable.getReader();
  const writer = tls.writable.getWriter();
  let closing: Promise<void> | null = null;
  reader.closed.catch(() => {});
  writer.closed.catch(() => {});
  writer.ready.catch(() => {});
  return {
    queues: true,
    read: async () => (await reader.read()).value ?? null,
    write: (bytes) => writer.write(bytes),
    closeWrite: () => (closing ??= writer.close()),
  };
}

// Owns how the module lays out a session that can be resumed later (wasm/sessions.c). Refuses to know who keeps it, and for how long.
import type { ConnectionPointer } from "../wasm/exports.gen.ts";
import type { Handle } from "./handle.ts";

/** What a client keeps of a session. */
export interface SavedSession {
  readonly version: number;
  readonly extendedMasterSecret: boolean;
  readonly hasTicket: boolean;
  /** In seconds; 0 when the server did not say. */
  readonly lifetime: number;
  readonly id: Uint8Array;
  /** For the engine alone. */
  readonly bytes: Uint8Array;
}

/** What a server keeps of a session that has no ticket. */
export interface CachedSession {
  readonly id: Uint8Array;
  /** Sealed. */
  readonly session: Uint8Array;
}

const largestId = 32; // RFC 5246, section 7.4.1.2

/** Client: takes the session that wt_keep_session has laid out. */
export function takeSaved(handle: Handle): SavedSession {
  const bytes = takeBytes(handle, handle.live());
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    version: view.getUint16(0),
    extendedMasterSecret: bytes[2] === 1,
    hasTicket: bytes[3] === 1,
    lifetime: view.getUint32(4),
    id: bytes.slice(9, 9 + bytes[8]!),
    bytes: bytes.slice(9 + largestId),
  };
}

/** Server: takes the session of TLS 1.2 that is due for the cache, if there is one. */
export function takeCached(handle: Handle): CachedSession | null {
  const pointer = handle.tryLive();
  if (pointer === undefined) return null;
  const bytes = takeBytes(handle, pointer);
  return bytes.length === 0 ? null : { id: bytes.slice(1, 1 + bytes[0]!), session: bytes.slice(1 + largestId) };
}

function takeBytes({ realm }: Handle, pointer: ConnectionPointer): Uint8Array {
  const bytes = realm.copyOut(realm.exports.wt_session(pointer), realm.exports.wt_session_size(pointer));
  realm.exports.wt_forget_session(pointer);
  return bytes;
}

// What is inside a ticket or a cached session of a server, as wasm/sessions.c lays it out, and what this side adds to it.
import { pack, unpack } from "./packing.ts";

/** What a server seals beside the engine's own bytes. */
export interface SessionOrigin {
  /** When the session, or the ticket that goes on with it, was made; milliseconds since 1970. */
  readonly time: number;
  /** The name that the client asked for. */
  readonly serverName: string | null;
  /** The digest of the context, in hexadecimal digits. */
  readonly context: string;
}

export interface SealedSession extends SessionOrigin {
  readonly version: number;
  readonly extendedMasterSecret: boolean;
  /** For the engine alone. */
  readonly bytes: Uint8Array;
  /** What the client presented when the session began, DER. */
  readonly chain: readonly Uint8Array[];
}

const format = 1;

/** The bytes that come back with the session; `chain` when the connection is itself a resumed one. */
export function sessionExtra(origin: SessionOrigin, chain: readonly Uint8Array[]): Uint8Array {
  return pack([encoder.encode(JSON.stringify({ format, ...origin })), ...chain]);
}

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

/** The parts of an opened session; null when another edition of this code has sealed it. */
export function readSession(plain: Uint8Array): SealedSession | null {
  try {
    const [extra, bytes, ...presented] = unpack(plain.subarray(3));
    const [head, ...carried] = unpack(extra!);
    const origin = JSON.parse(decoder.decode(head)) as SessionOrigin & { readonly format: number };
    if (origin.format !== format) return null;
    const { time, serverName, context } = origin;
    const chain = presented.length > 0 ? presented : carried;
    const version = plain[0]! * 256 + plain[1]!;
    return { time, serverName, context, version, extendedMasterSecret: plain[2] === 1, bytes: bytes!, chain };
  } catch {
    return null;
  }
}

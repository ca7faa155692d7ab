// Owns what there is to say to a server that has read the ClientHello. Refuses to know who says it, and what becomes of it.
import type { Settings } from "./settings.ts";

/** How a server answers a ClientHello. */
export interface Decision {
  /** The configuration to go on with, perhaps in another realm; null: the one that there is. */
  readonly settings: Settings | null;
  readonly now: () => number;
  /** The one protocol to agree on, null for none; left out: as the settings say. */
  readonly alpn?: Uint8Array | null;
  /** How sessions are sealed for later; null: none can be resumed. */
  readonly seal: SessionSeal | null;
  /** The session that is resumed, by the ticket or the id that the client has named. */
  readonly resume: {
    readonly name: Uint8Array;
    readonly session: Uint8Array;
    /** What the peer presented when the session began. */
    readonly chain: readonly Uint8Array[];
  } | null;
  /** TLS 1.3: the pre-shared key that the client has named. */
  readonly psk: PreSharedKey | null;
}

export interface SessionSeal {
  /** Name (16 bytes) and secret (32). */
  readonly key: Uint8Array;
  /** Comes back with the session. */
  readonly extra: Uint8Array;
  /** In seconds. */
  readonly lifetime: number;
  readonly tickets: number;
  /** Whether sessions of TLS 1.2 without a ticket are kept for `takeCached`. */
  readonly cache: boolean;
}

export interface PreSharedKey {
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
}

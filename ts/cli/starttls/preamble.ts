// Owns what the protocols have in common: what each of them must be able to do.
import type { Plaintext } from "./plaintext.ts";

/** How one protocol gets from its first byte to TLS. */
export interface Preamble {
  /** As people write it. */
  readonly protocol: string;
  /** Plays the client: asks for TLS, and takes the go-ahead of the server up to its last byte. `domain` is whom we want to reach. */
  client(plain: Plaintext, domain: string): Promise<void>;
  /**
   * Plays the server up to the request for TLS and answers the go-ahead, which is sent when nothing lies behind the request;
   * null when the protocol has none, and TLS follows the request at once.
   */
  server(plain: Plaintext): Promise<string | Uint8Array | null>;
}

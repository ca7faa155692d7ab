// The keys that a server seals its sessions with: one to seal, those before it only to open. Knows no sessions.
import { randomBytes } from "../engine/randomness.ts";
import { sealKeySize } from "../engine/sealing.ts";
import { type Bytes, describe, toBytes } from "./bytes.ts";
import { wrong } from "./option-values.ts";
import { sameBytes } from "./x509/certificate.ts";

const keysKept = 3;

/**
 * Keys for session tickets (RFC 5077; RFC 8446, section 4.6.1), to be shared by contexts, and by processes that serve the
 * same clients. Each is 48 bytes: a public name (16) and a secret (32), like Node's `ticketKeys`. Whoever has one can read
 * the traffic of TLS 1.2 sessions that it sealed, so change it regularly: `rotate`.
 *
 * A context that is given none makes one of its own that nobody else has.
 *
 * @example
 * const ticketKeys = new TicketKeys([secretFromYourVault]);
 * const context = SSLContext.server({ identities, ticketKeys });
 * setInterval(() => ticketKeys.rotate(), 86_400_000);
 */
export class TicketKeys {
  #keys: readonly Uint8Array[];

  /** The first seals, all open; left out: one of random bytes. Throws SSLConfigError for one that has not 48 bytes. */
  constructor(keys: readonly Bytes[] = []) {
    const given: unknown = keys;
    if (!Array.isArray(given))
      throw new TypeError(`Cannot use ticketKeys: expected an array of keys, got ${describe(given)}`);
    this.#keys = keys.length === 0 ? [randomKey()] : keys.map((key, i) => checked(key, `ticketKeys[${i}]`));
  }

  /** All of them, to give them to another process. */
  get keys(): Uint8Array[] {
    return this.#keys.map((key) => key.slice());
  }

  /** From now on seals with this key, or a random one; what the two before it sealed can still be opened. */
  rotate(key?: Bytes): void {
    const next = key === undefined ? randomKey() : checked(key, "key");
    this.#keys = [next, ...this.#keys].slice(0, keysKept);
  }

  /** @internal The one that seals. */
  get current(): Uint8Array {
    return this.#keys[0]!;
  }

  /** @internal The one with this name. */
  named(name: Uint8Array): Uint8Array | undefined {
    return this.#keys.find((key) => sameBytes(key.subarray(0, name.length), name));
  }
}

function checked(key: Bytes, name: string): Uint8Array {
  const bytes = toBytes(key, name).slice();
  if (bytes.length === sealKeySize) return bytes;
  throw wrong(name, `expected ${sealKeySize} bytes, got ${bytes.length}`);
}

function randomKey(): Uint8Array {
  return randomBytes(sealKeySize, "make a ticket key");
}

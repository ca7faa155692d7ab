// How much of a peer is too much: the size of a record, the length of a handshake, and records that bring nothing
// forward, of which Mbed TLS would take any number. Counts; does not know what the records say.
import { alert } from "./alerts.ts";
import { type Failure, SSLError } from "./errors.ts";

const largestPlaintext = 16384; // RFC 8446, section 5.1
const overhead13 = 256; // RFC 8446, section 5.2
const overhead12 = 320; // RFC 5246, section 6.2.3, allows 2048, but no cipher suite adds more than this
const largestHandshake = 65536;
const mostIgnored = 4;
const mostIdle = 32;
const changeCipherSpec = 20;
const alertType = 21;

export class Limits {
  #records = 0;
  #handshakeBytes = 0;
  #ignored = 0;
  #idle = 0;

  /** True from the end of the first record's header on. */
  get recordSeen(): boolean {
    return this.#records > 0;
  }

  /** Counts a record by its header; answers what to fail with when it is too long. */
  checkSize(length: number, isTls13: boolean, doing: string): Failure | null {
    // The first record cannot be encrypted, and what comes later mostly is.
    const overhead = this.#records === 0 ? 0 : isTls13 ? overhead13 : overhead12;
    this.#records++;
    if (length <= largestPlaintext + overhead) return null;
    const message = `Cannot ${doing}: the peer sent a record of ${length} bytes, more than TLS allows`;
    return { error: new SSLError(message, { reason: "DATA_LENGTH_TOO_LONG" }), alert: alert.record_overflow };
  }

  /** Counts a record of the handshake. RFC 8446, section 5, has a ChangeCipherSpec ignored; Mbed TLS ignores warnings too. */
  checkHandshake(type: number, length: number): Failure | null {
    this.#handshakeBytes += length;
    if (type === changeCipherSpec || type === alertType) this.#ignored++;
    if (this.#handshakeBytes > largestHandshake)
      return tooMuch("finish the handshake", "EXCESSIVE_MESSAGE_SIZE", "more bytes than any handshake needs");
    if (this.#ignored > mostIgnored)
      return tooMuch("finish the handshake", "TOO_MANY_WARN_ALERTS", "too many records that mean nothing");
    return null;
  }

  /** A record after the handshake had data in it. */
  dataCame(): void {
    this.#idle = 0;
  }

  /** A record after the handshake had none: it was a warning, empty, or about keys and tickets. */
  checkIdle(): Failure | null {
    if (++this.#idle <= mostIdle) return null;
    return tooMuch("read", "TOO_MANY_EMPTY_FRAGMENTS", `more than ${mostIdle} records without data in a row`);
  }
}

function tooMuch(doing: string, reason: string, what: string): Failure {
  return { error: new SSLError(`Cannot ${doing}: the peer sent ${what}`, { reason }), alert: alert.unexpected_message };
}

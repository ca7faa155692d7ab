// Owns the sentences and the classes of what goes wrong before TLS. Refuses to know what led there.
import { SSLEOFError, SSLError, SSLSyscallError } from "../../index.ts";

/** Why TLS was not started; the time, the end of the stream and the system have classes of their own. */
export type StartTlsReason =
  "STARTTLS_NOT_OFFERED" | "STARTTLS_REFUSED" | "STARTTLS_BAD_ANSWER" | "STARTTLS_TOO_LONG" | "STARTTLS_INJECTION";

/** Characters of the peer that a sentence quotes. */
const LONGEST_QUOTE = 100;

/** The errors of one conversation; each sentence names its protocol and its peer. */
export class Failures {
  readonly #protocol: string;
  readonly #peer: string;

  constructor(protocol: string, peer: string) {
    this.#protocol = protocol;
    this.#peer = peer;
  }

  /** The peer does not know about TLS, at least not here and now. */
  notOffered(answer: string): SSLError {
    return this.#failure("STARTTLS_NOT_OFFERED", `it does not offer TLS, only ${quote(answer)}`);
  }

  /** The peer was asked, and would rather not. */
  refused(answer: string): SSLError {
    return this.#failure("STARTTLS_REFUSED", `it refused with ${quote(answer)}`);
  }

  /** The peer does not keep to the protocol. */
  unexpected(answer: string): SSLError {
    return this.#failure("STARTTLS_BAD_ANSWER", `it sent ${quote(answer)}, which means nothing here`);
  }

  tooLong(mostBytes: number): SSLError {
    return this.#failure("STARTTLS_TOO_LONG", `it has more to say than ${mostBytes} bytes`);
  }

  /** Plaintext where TLS must begin, or the error of TLS that has met it. */
  injected(what: string | SSLError): SSLError {
    const [text, cause] = typeof what === "string" ? [quote(what), undefined] : ["plaintext", what];
    const why = `${text} came where TLS must begin, somebody may have injected it`;
    return this.#failure("STARTTLS_INJECTION", why, cause);
  }

  ended(): SSLEOFError {
    return new SSLEOFError(this.sentence("the connection ended before TLS began"));
  }

  broken(error: SSLSyscallError): SSLSyscallError {
    const { code } = error;
    return new SSLSyscallError(this.sentence(`the connection failed with ${code}`), { code, cause: error });
  }

  sentence(why: string): string {
    return `Cannot start TLS over ${this.#protocol} with ${this.#peer}: ${why}`;
  }

  #failure(reason: StartTlsReason, why: string, cause?: SSLError): SSLError {
    return new SSLError(this.sentence(why), { reason, cause });
  }
}

/** What a peer sent, fit for a terminal: nothing but printable ASCII, and not too much of it. */
function quote(text: string): string {
  const printable = text.replaceAll(/[^ -~]+/g, " ").trim();
  const cut = printable.length > LONGEST_QUOTE ? `${printable.slice(0, LONGEST_QUOTE)}...` : printable;
  return `"${cut}"`;
}

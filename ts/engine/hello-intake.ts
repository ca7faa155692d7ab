// Owns what a server has of the ClientHello: its bytes while they come, what was read from them, and where the server stands
// with it. Refuses to know who decides on it, and what follows.
import { type ClientHello, ClientHelloCollector, parseClientHello } from "./client-hello.ts";
import * as code from "./error-codes.gen.ts";
import { breaksRules } from "./hello-rules.ts";
import type { CiphertextSource, Records } from "./records.ts";

/**
 * `awaited`: it is not whole yet. `undecided`: it is. `unheard`: what came is none; Mbed TLS may say why, but must not pass over it
 * and take one that nobody has decided on. `over`: it was decided on, or is one that no client may send, or will never be whole.
 */
type HelloState = "awaited" | "undecided" | "unheard" | "over";

const largestHello = 65536;

export class HelloIntake {
  #state: HelloState = "awaited";
  #collector: ClientHelloCollector | null = new ClientHelloCollector();
  /** Once its bytes alone are kept, only when somebody has asked for it. */
  #hello: ClientHello | null = null;
  #bytes: Uint8Array | null = null;

  get state(): HelloState {
    return this.#state;
  }

  /** Null before it is whole, and when it could not be read. */
  get hello(): ClientHello | null {
    if (this.#bytes !== null) this.#hello ??= parseClientHello(this.#bytes);
    return this.#hello;
  }

  /** Takes what there is of it from the source and has `records` hold it; answers the number of what is wrong with it, or 0. */
  take(source: CiphertextSource, records: Records): number {
    const reading = this.#collector!.add(records.hold(source));
    const tooLong = records.held.length >= largestHello;
    if (reading === "incomplete" && !tooLong && !source.eof) return 0;
    this.#collector = null;
    if (reading !== null && reading !== "incomplete") return this.#judge(reading);
    this.#state = reading === null || tooLong ? "unheard" : "over";
    return 0;
  }

  decided(): void {
    this.#state = "over";
  }

  /** They are a fraction of what was read from them, which few look at again. */
  keepBytes(): void {
    this.#bytes = this.#hello?.raw ?? null;
    this.#hello = null;
  }

  #judge(reading: ClientHello | "malformed"): number {
    this.#state = "over";
    if (reading === "malformed") return code.SSL_DECODE_ERROR;
    if (breaksRules(reading)) return code.SSL_ILLEGAL_PARAMETER;
    this.#state = "undecided";
    this.#hello = reading;
    return 0;
  }
}

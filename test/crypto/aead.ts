// AES-GCM, AES-CCM and ChaCha20-Poly1305 of Mbed TLS's entry points in build/evidence.wasm, with bytes in and bytes out. Judges nothing.
import type { Evidence } from "./evidence.ts";

export interface Message {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly aad: Uint8Array;
  readonly text: Uint8Array;
}

export interface Sealed {
  readonly status: number;
  readonly text: Uint8Array;
  readonly tag: Uint8Array;
}

export type Mode = "gcm" | "ccm" | "chachapoly";

/** In place, unless `apart`. */
export class Aead {
  readonly #evidence: Evidence;
  readonly #mode: Mode;
  readonly #gcm: number;
  readonly #areas: Readonly<Record<keyof Message | "tag" | "out", number>>;

  /** For texts and additional data of up to `limit` bytes. */
  constructor(evidence: Evidence, mode: Mode, limit: number) {
    const room = (size: number): number => evidence.room(size);
    this.#evidence = evidence;
    this.#mode = mode;
    this.#gcm = room(evidence.call("gcm_context_size"));
    this.#areas = {
      key: room(64),
      iv: room(limit),
      aad: room(limit),
      text: room(limit),
      out: room(limit),
      tag: room(64),
    };
  }

  seal(message: Message, tagSize = 16, apart = false): Sealed {
    const { tag, text, out } = this.#areas;
    const to = apart ? out : text;
    const status = this.#call("seal", message, to, tagSize);
    return { status, text: this.#evidence.read(to, message.text.length), tag: this.#evidence.read(tag, tagSize) };
  }

  open(message: Message, tag: Uint8Array, apart = false): Omit<Sealed, "tag"> {
    const to = apart ? this.#areas.out : this.#areas.text;
    this.#evidence.write(this.#areas.tag, tag);
    const status = this.#call("open", message, to, tag.length);
    return { status, text: this.#evidence.read(to, message.text.length) };
  }

  #call(what: "seal" | "open", message: Message, to: number, tagSize: number): number {
    const { key, iv, aad, text, tag } = this.#areas;
    for (const name of ["key", "iv", "aad", "text"] as const) this.#evidence.write(this.#areas[name], message[name]);
    const bits = message.key.length * 8;
    const rest = [iv, message.iv.length, aad, message.aad.length, text, to, message.text.length, tag, tagSize] as const;
    if (this.#mode === "chachapoly") return this.#evidence.call(`chachapoly_${what}`, key, ...rest.slice(0, -1));
    if (this.#mode === "ccm") return this.#evidence.call(`ccm_${what}`, key, bits, ...rest);
    const status = this.#evidence.call("gcm_set_key", this.#gcm, key, bits);
    return status === 0 ? this.#evidence.call(`gcm_${what}`, this.#gcm, ...rest) : status;
  }
}

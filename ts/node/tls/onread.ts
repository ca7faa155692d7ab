// Owns the option `onread` of `net.Socket`: data goes into buffers of the application. Refuses to know where it comes from.

/** Where data goes instead of into the stream. */
export interface OnRead {
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** Answers false to pause. */
  readonly callback: (size: number, buffer: Uint8Array) => boolean | undefined;
}

/** Copies into one buffer after the other. */
export class ReadBuffer {
  readonly #onread: OnRead;
  #into: Uint8Array | undefined;

  constructor(onread: OnRead) {
    this.#onread = onread;
  }

  /** False when the application wants a pause. */
  take(data: Buffer): boolean {
    let goOn = true;
    for (let at = 0; at < data.length;) {
      const into = (this.#into ??= this.#next());
      const size = data.copy(into, 0, at);
      at += size;
      if (this.#onread.callback(size, into) === false) goOn = false;
      this.#into = this.#next(); // one ahead, as Node asks for them
    }
    return goOn;
  }

  #next(): Uint8Array {
    const { buffer } = this.#onread;
    return typeof buffer === "function" ? buffer() : buffer;
  }
}

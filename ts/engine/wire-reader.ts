// Reads the presentation language of TLS (RFC 8446, section 3). Knows bytes and lengths, not what they are for.

/** Big-endian numbers and length-prefixed vectors; throws RangeError past the end. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw past();
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  number(size: 1 | 2 | 3 | 4): number {
    if (size > this.left) throw past();
    let number = 0;
    for (const end = this.#at + size; this.#at < end; this.#at++) number = number * 256 + this.#bytes[this.#at]!;
    return number;
  }

  vector(lengthSize: 1 | 2 | 3): WireReader {
    return new WireReader(this.bytes(this.number(lengthSize)));
  }

  /** A vector that is all there is. */
  only(lengthSize: 1 | 2 | 3): WireReader {
    const vector = this.vector(lengthSize);
    this.end();
    return vector;
  }

  end(): void {
    if (this.left > 0) throw new RangeError("Cannot read on: there are bytes behind the end");
  }

  /** All that is left, as numbers of that size. */
  numbers(size: 1 | 2): number[] {
    const numbers: number[] = [];
    while (this.left > 0) numbers.push(this.number(size));
    return numbers;
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }
}

function past(): RangeError {
  return new RangeError("Cannot read past the end of the message");
}

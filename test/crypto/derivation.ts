// HMAC and HKDF of the module under test, through PSA as TLS has them. Knows no vectors.
import { Evidence, evidenceFile, moduleUnderTest } from "./evidence.ts";

/** Bits of SHA-256, SHA-384 or SHA-512. */
export type Hash = 256 | 384 | 512;

const room = 16_384;
const algorithms: Readonly<Record<Hash, number>> = { 256: 0x02000009, 384: 0x0200000a, 512: 0x0200000b };

/** One instance of the module. Every function answers PSA's status where it refuses. */
export class Derivation {
  readonly #evidence = new Evidence(evidenceFile(moduleUnderTest()), { wt_random: () => 0 });
  readonly #inputs: readonly number[];
  readonly #out: number;

  constructor() {
    this.#evidence.call("_initialize");
    if (this.#evidence.call("wt_start") !== 0) throw new Error("Cannot start the module");
    this.#inputs = [0, 1, 2].map(() => this.#evidence.room(room));
    this.#out = this.#evidence.room(room);
  }

  /** The tag, cut to `size` bytes. */
  hmac(hash: Hash, key: Uint8Array, data: Uint8Array, size: number): Uint8Array | number {
    return this.#answer("hmac", [algorithms[hash], ...this.#placed([key, data])], size);
  }

  /** Whether the tag is taken. */
  verifies(hash: Hash, key: Uint8Array, data: Uint8Array, tag: Uint8Array): boolean {
    const status = this.#evidence.call("hmac_verify", algorithms[hash], ...this.#placed([key, data, tag]));
    return status === 0;
  }

  /** `size` bytes, by HKDF-Extract and HKDF-Expand (RFC 5869). */
  hkdf(
    hash: Hash,
    { salt, secret, info }: { readonly salt: Uint8Array; readonly secret: Uint8Array; readonly info: Uint8Array },
    size: number,
  ): Uint8Array | number {
    return this.#answer("hkdf", [algorithms[hash], ...this.#placed([salt, secret, info])], size);
  }

  #answer(name: string, parameters: readonly number[], size: number): Uint8Array | number {
    if (size > room) throw new RangeError(`Cannot compute ${size} bytes: there is room for ${room}`);
    const status = this.#evidence.call(name, ...parameters, this.#out, size);
    return status === 0 ? this.#evidence.read(this.#out, size) : status;
  }

  /** Address and size of each. */
  #placed(all: readonly Uint8Array[]): readonly number[] {
    return all.flatMap((bytes, i) => {
      this.#evidence.write(this.#inputs[i]!, bytes);
      return [this.#inputs[i]!, bytes.length];
    });
  }
}

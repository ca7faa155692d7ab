// Everything in the module that handles secrets and can be called by itself, with the secrets to compare. Owns what is secret in each,
// and which functions may differ, with the reason; does not know how it is looked at. What only a whole conversation
// does (the key schedules, Finished, binders, tickets, the record layer) is in conversations.ts.
import { certs } from "../support/certs.ts";
import * as records from "./cbc-records.ts";
import { type Evidence, psa, randomBytes, unit } from "./evidence.ts";
import { curves, type Listed, rsa } from "./listed-differences.ts";
import { type Amount, byteSecrets, type NistCurve, scalars } from "./secrets.ts";

export interface Primitive {
  readonly name: string;
  /** Each is handed to `work`; all have one size. */
  readonly secrets: readonly Uint8Array[];
  readonly work: (secret: Uint8Array) => unknown;
  /** Goes before `work` and is not looked at. */
  readonly prepare?: (secret: Uint8Array) => void;
  /** Functions that may show differences, and why that is no harm or how much it is. */
  readonly except?: Listed;
}

const limit = 4096;

export class Primitives {
  readonly #evidence: Evidence;
  readonly #amount: Amount;
  readonly #key: number;
  readonly #iv: number;
  readonly #aad: number;
  readonly #text: number;
  readonly #tag: number;
  readonly #context: number;

  constructor(evidence: Evidence, amount: Amount) {
    this.#evidence = evidence;
    this.#amount = amount;
    const room = (): number => evidence.room(limit);
    [this.#key, this.#iv, this.#aad, this.#text, this.#tag, this.#context] = [
      room(),
      room(),
      room(),
      room(),
      room(),
      room(),
    ];
  }

  all(): Primitive[] {
    return [
      ...this.symmetric(),
      ...this.#keptKeys(),
      ...this.#hashes(),
      ...this.#comparison(),
      ...this.#curves(),
      ...this.#products(),
      ...this.#cbcRecords(),
      ...this.#rsa(),
    ];
  }

  /** The ciphers: our own, and Mbed TLS's modes over them. */
  symmetric(): Primitive[] {
    return [...this.#blocks(), this.#ghash(), ...this.#gcm(), ...this.#chacha(), this.#ccm(), this.#cbc()];
  }

  /** What leaks, and the only functions that must show it: Mbed TLS's AES with its tables, and a comparison that ends early. */
  leaking(): (Primitive & { readonly shows: readonly string[] })[] {
    return [
      {
        ...this.#bytes("Mbed TLS's own AES", () => this.#call("stock_aes", this.#key, 128, this.#text, this.#text)),
        shows: ["stock_aes_setkey_enc", "stock_internal_aes_encrypt"],
      },
      {
        ...this.#bytes("a comparison that ends early", () => this.#call("leaky_equal", this.#text, this.#aad, 100)),
        shows: ["leaky_equal"],
      },
    ];
  }

  /** A `select` that a secret decides. */
  choosing(): Primitive {
    return this.#bytes("a choice", (secret) => this.#call("leaky_choice", secret[0]!, 1, 2));
  }

  #blocks(): Primitive[] {
    return [16, 24, 32].map((size) =>
      this.#bytes(`AES-${size * 8}: key, eight blocks there and back, counter`, () => {
        this.#call("aes_set_key", this.#context, this.#key, size);
        this.#call("aes_encrypt", this.#context, this.#text);
        this.#call("aes_decrypt", this.#context, this.#text);
        this.#call("aes_ctr", this.#context, this.#iv, this.#text, this.#text, 8);
      }),
    );
  }

  #ghash(): Primitive {
    return this.#bytes("GHASH of 3 and of 60 blocks", () => {
      this.#call("ghash_set_key", this.#context, this.#key);
      this.#call("ghash", this.#context, this.#tag, this.#text, 3);
      this.#call("ghash", this.#context, this.#tag, this.#text, 60);
    });
  }

  /** Also with a wrong tag: which of its bytes is wrong is a secret as well. */
  #gcm(): Primitive[] {
    const lengths = this.#amount === "few" ? [0, 100, 1500] : [0, 1, 16, 100, 1500];
    return lengths.flatMap((size) =>
      [false, true].map((changed) =>
        this.#bytes(
          `AES-256-GCM: ${size} bytes sealed and opened, with a ${changed ? "changed" : "valid"} tag`,
          (secret) => {
            const where = [this.#iv, 12, this.#aad, 13, this.#text, this.#text, size, this.#tag, 16];
            this.#call("gcm_set_key", this.#context, this.#key, 256);
            this.#call("gcm_seal", this.#context, ...where);
            if (changed) this.#change(this.#tag + (secret[0]! & 15));
            this.#call("gcm_open", this.#context, ...where);
          },
        ),
      ),
    );
  }

  /** From 448 bytes on it is opened, and from 704 bytes on it is sealed, by the loop that encrypts and hashes at once. */
  #chacha(): Primitive[] {
    const lengths = this.#amount === "few" ? [0, 100, 1500] : [0, 1, 63, 192, 448, 704, 1500];
    return lengths.flatMap((size) =>
      [false, true].map((changed) =>
        this.#bytes(
          `ChaCha20-Poly1305: ${size} bytes sealed and opened, with a ${changed ? "changed" : "valid"} tag`,
          (secret) => {
            const where = [this.#key, this.#iv, 12, this.#aad, 13, this.#text, this.#text, size, this.#tag];
            this.#call("chachapoly_seal", ...where);
            if (changed) this.#change(this.#tag + (secret[0]! & 15));
            this.#call("chachapoly_open", ...where);
          },
        ),
      ),
    );
  }

  #ccm(): Primitive {
    return this.#bytes("AES-128-CCM: 100 bytes sealed and opened", () => {
      const where = [this.#key, 128, this.#iv, 12, this.#aad, 13, this.#text, this.#text, 100, this.#tag, 16];
      this.#call("ccm_seal", ...where);
      this.#call("ccm_open", ...where);
    });
  }

  #cbc(): Primitive {
    return this.#bytes("AES-256-CBC: 320 bytes there and back", () => {
      this.#call("cbc", this.#key, 256, 1, this.#iv, this.#text, this.#text, 320);
      this.#call("cbc", this.#key, 256, 0, this.#iv, this.#text, this.#text, 320);
    });
  }

  /** As TLS has them: the cipher is set up by the first message, and wiped with the key. */
  #keptKeys(): Primitive[] {
    const kinds = [
      ["AES-128-GCM", psa.aes, psa.gcm, 16],
      ["AES-128-CCM", psa.aes, psa.ccm, 16],
      ["ChaCha20-Poly1305", psa.chacha20, psa.chacha20Poly1305, 32],
    ] as const;
    return kinds.map(([name, type, algorithm, size]) =>
      this.#bytes(`a key of ${name} that is kept for two messages`, () => {
        const key = this.#call("key_import", type, algorithm, this.#key, size);
        for (const length of [700, 50]) {
          this.#call("key_seal", key, algorithm, this.#iv, this.#text, length, this.#text, limit);
          this.#call("key_open", key, algorithm, this.#iv, this.#text, length + 16, this.#text, limit);
        }
        this.#call("key_destroy", key);
      }),
    );
  }

  #hashes(): Primitive[] {
    return [
      ...[256, 384, 512].flatMap((hash) => [
        this.#bytes(`SHA-${hash} of 300 bytes`, () => this.#call("wt_hash", this.#text, 300, hash)),
        this.#bytes(`HMAC with SHA-${hash}: a key of 48 bytes over 200`, () =>
          this.#call("wt_hmac", this.#text, 48, 200, hash),
        ),
      ]),
      this.#bytes("PBKDF2 with SHA-256: a password of 20 bytes", () =>
        this.#call("wt_pbkdf2", this.#text, 20, 16, 3, 256, 32),
      ),
      this.#bytes("sealing of tickets and sessions, there and back", () => {
        this.#call("wt_seal", this.#text, 200, this.#key);
        this.#call("wt_unseal", this.#text, 216, this.#key);
      }),
    ];
  }

  /** Of tags, Finished messages and binders; where they differ is a secret. */
  #comparison(): Primitive[] {
    return [
      {
        name: "comparison of 32 bytes",
        secrets: Array.from({ length: 32 * 8 }, (_, bit) => unit(32, bit)),
        work: (secret) => {
          this.#evidence.write(this.#key, secret);
          this.#evidence.write(this.#text, new Uint8Array(32));
          return this.#call("ct_memcmp", this.#key, this.#text, 32);
        },
      },
    ];
  }

  #curves(): Primitive[] {
    return [
      this.#agreement(255, byteSecrets(32, this.#amount)),
      ...([256, 384, 521] as const).flatMap((curve) => [
        this.#agreement(curve, scalars(curve, this.#amount)),
        this.#signing(curve, "key"),
        this.#signing(curve, "nonce"),
      ]),
    ];
  }

  /** The public key of a private one, and the secret shared with a fixed peer. */
  #agreement(curve: 255 | NistCurve, secrets: readonly Uint8Array[]): Primitive {
    const peer = this.#publicKey(curve, secrets.at(-1)!);
    return {
      ...exceptions(curve),
      name: `${curve === 255 ? "X25519" : `P-${curve}`}: public key and shared secret`,
      secrets,
      work: (secret) => {
        this.#evidence.write(this.#text, Uint8Array.of(...secret, ...peer));
        this.#call("probe_public", curve, this.#text, secret.length);
        return this.#call("probe_agree", curve, this.#text, secret.length, peer.length);
      },
    };
  }

  #publicKey(curve: 255 | NistCurve, key: Uint8Array): Uint8Array {
    this.#evidence.write(this.#text, key);
    return this.#evidence.read(
      this.#evidence.call("wt_scratch"),
      this.#call("probe_public", curve, this.#text, key.length),
    );
  }

  /** Deterministic ECDSA: private keys of all kinds, or one key and several hashes, of which each has a nonce of its own. */
  #signing(curve: NistCurve, what: "key" | "nonce"): Primitive {
    const keys = scalars(curve, this.#amount);
    const hashes = byteSecrets(32, this.#amount);
    return {
      ...exceptions(curve),
      name: `P-${curve}: a signature, by ${what}`,
      secrets: what === "key" ? keys : hashes,
      work: (secret) => {
        const [key, hash] = what === "key" ? [secret, hashes.at(-1)!] : [keys.at(-1)!, secret];
        this.#evidence.write(this.#text, Uint8Array.of(...key, ...hash));
        return this.#call("probe_sign", curve, this.#text, key.length, hash.length);
      },
    };
  }

  /** Of the numbers of RSA and of the curves that are Mbed TLS's: all of them are secret, the modulus too. */
  #products(): Primitive[] {
    const lengths = this.#amount === "few" ? [6, 32] : [1, 2, 3, 6, 9, 16, 32, 33];
    return lengths.map((limbs) =>
      this.#bytes(`big numbers of ${limbs} limbs: a product, and a product modulo a third`, () => {
        const [a, b, modulus] = [this.#text, this.#text + 500, this.#text + 1000];
        this.#call("multiply", this.#context, a, limbs, b, limbs);
        // A lowest limb of one, so that the factor which goes with the modulus is -1.
        this.#evidence.write(modulus, unit(8, 0));
        this.#evidence.write(this.#aad, new Uint8Array(8).fill(0xff));
        this.#call("montgomery", this.#context, a, b, modulus, limbs, this.#aad);
      }),
    );
  }

  /** The private operation and what is decrypted with it, for several keys and for several numbers. Randomness is the same for all. */
  #rsa(): Primitive[] {
    const keys = [certs.localhostRsa, certs.clientRsa, certs.rsaRoot].map(({ key }) => derOf(key));
    const number = Uint8Array.of(0, ...randomBytes(255, 5));
    const parsed = (der: Uint8Array, input: Uint8Array): void => {
      this.#evidence.write(this.#text, der);
      this.#call("pk_parse", this.#context, this.#text, der.length);
      this.#evidence.write(this.#text, input);
    };
    const run = (): number => this.#call("rsa_private", this.#context, this.#text, this.#tag);
    return [
      {
        name: "RSA-2048: the private operation, by key",
        except: rsa,
        secrets: keys,
        prepare: (key) => parsed(key, number),
        work: run,
      },
      {
        name: "RSA-2048: the private operation, by number",
        except: rsa,
        secrets: byteSecrets(255, this.#amount).map((bytes) => Uint8Array.of(1, ...bytes)),
        prepare: (input) => parsed(keys[0]!, input),
        work: run,
      },
    ];
  }

  /** A record of TLS 1.2 with CBC, MAC inside: good ones with paddings of all lengths, and bad ones in all ways. */
  #cbcRecords(): Primitive[] {
    const kinds = [
      ["with the right MAC and paddings of several lengths", records.valid()],
      ["with a wrong MAC or padding, in several places", records.invalid()],
    ] as const;
    return kinds.map(([name, secrets]) => ({
      name: `a CBC record of TLS 1.2 ${name}`,
      secrets,
      prepare: (plaintext) => {
        this.#evidence.write(this.#key, records.keys);
        this.#evidence.write(this.#text, Uint8Array.of(...new Uint8Array(16), ...plaintext));
        this.#evidence.write(this.#iv, new Uint8Array(16));
        this.#call("cbc", this.#key, 128, 1, this.#iv, this.#text + 16, this.#text + 16, plaintext.length);
      },
      work: () => this.#call("cbc_record_open", this.#key, this.#text, 16 + records.size),
    }));
  }

  /** What takes any bytes: a key of up to 32, a text and a tag. */
  #bytes(name: string, work: (secret: Uint8Array) => void): Primitive {
    return {
      name,
      secrets: byteSecrets(limit, this.#amount),
      work: (secret) => {
        this.#evidence.write(this.#key, secret.subarray(0, 32));
        this.#evidence.write(this.#text, secret.subarray(100, 1600));
        this.#evidence.write(this.#tag, secret.subarray(16, 32));
        work(secret);
      },
    };
  }

  #call(name: string, ...parameters: readonly number[]): number {
    return this.#evidence.call(name, ...parameters);
  }

  #change(at: number): void {
    this.#evidence.write(at, this.#evidence.read(at, 1).map((byte) => byte ^ 1)); // prettier-ignore
  }
}

/** X25519 and P-256 are not Mbed TLS's. */
function exceptions(curve: 255 | NistCurve): { readonly except?: Listed } {
  return curve === 384 || curve === 521 ? { except: curves } : {};
}

export function derOf(pem: string): Uint8Array {
  return new Uint8Array(Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ""), "base64"));
}

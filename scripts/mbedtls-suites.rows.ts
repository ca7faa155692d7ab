// Which of Mbed TLS's own test suites, and which of their cases, do not pass on our module, each with its reason. Held to be exact by
// scripts/mbedtls-suites.ts.

/** The cryptography of a module: of our own, as shipped; vetted.wasm; Mbed TLS's. */
export type Crypto = "default" | "vetted" | "mbedtls";

/** The objects as shipped, or with what lets tests reach further. */
export type Form = "shipped" | "reach";

/** Cases that fail; only in the named form and with the named cryptographies, if any are named. */
export interface Exception {
  readonly suite: string;
  readonly cases: readonly string[];
  readonly form?: Form;
  readonly crypto?: readonly Crypto[];
  readonly why: string;
}

/** The suites that `make suites args=short` runs: ciphers, hashes, numbers, keys, certificates, TLS. */
export const short: readonly string[] = [
  ..."aes gcm ccm chacha20 chachapoly poly1305 cipher des md shax hkdf hmac_drbg".split(" "),
  ..."bignum bignum_core bignum_random ecp ecdh ecdsa rsa pkcs1_v15 pkcs1_v21 pk pkparse".split(" "),
  ..."psa_crypto psa_crypto_hash psa_crypto_util x509parse ssl ssl_decrypt".split(" "),
];

const absent = "the module does not have it";
const osPart = "a part for operating systems, which the module does not have";
const storage = "the module stores no keys";
const texts = "the module has no texts";

/** Suites none of whose cases has what it needs, in either form. */
export const empty: Readonly<Record<string, string>> = {
  aria: absent,
  bignum_mod: "not used by Mbed TLS's elliptic curves unless MBEDTLS_ECP_WITH_MPI_UINT, an experiment, is on",
  bignum_mod_raw: "likewise",
  block_cipher: "for modules with GCM or CCM but without the cipher layer",
  camellia: absent,
  cmac: absent,
  ctr_drbg: "randomness comes from the runtime",
  debug: texts,
  dhm: absent,
  ecjpake: absent,
  entropy: "randomness comes from the runtime",
  error: texts,
  lmots: absent,
  lms: absent,
  memory_buffer_alloc: "memory is malloc's",
  net: osPart,
  nist_kw: absent,
  oid: "only as texts, which the module does not have",
  pkcs12: "encrypted keys are opened in TypeScript (wasm/passwords.c)",
  pkcs5: "likewise",
  pkcs7: absent,
  platform_threading: "there is one thread",
  psa_crypto_driver_wrappers: "about a driver of upstream's own, for tests",
  psa_crypto_persistent_key: storage,
  psa_crypto_se_driver_hal: "about hardware",
  psa_crypto_se_driver_hal_mocks: "about hardware",
  psa_crypto_storage_format: storage,
  psa_its: storage,
  test_helpers: "about a sanitizer, which wasm does not have",
  timing: osPart,
  x509write: "no certificates are made",
};

/** Suites that test something only in the form that reaches further. */
export const emptyAsShipped: Readonly<Record<string, string>> = {
  base64: "Base64 is read in TypeScript",
  constant_time_hmac: "the function is private",
  pem: "PEM is read and written in TypeScript",
  pkwrite: "the keys are in files",
  psa_crypto_memory: "the functions are private",
};

export const exceptions: readonly Exception[] = [
  {
    suite: "psa_crypto_entropy",
    cases: ["PSA external RNG failure: deterministic ECDSA (software implementation)"],
    crypto: ["default", "vetted"],
    why: "a deterministic signature of wasm/crypto/p256.h needs no randomness; upstream's blinds with it",
  },
  {
    suite: "psa_crypto_util",
    cases: ["ECDSA DER -> Raw, 256bit, Valid r only 1 zero byte", "ECDSA DER -> Raw, 256bit, Valid s only 1 zero byte"],
    why: "a zero is in no valid signature, and wasm/patches/0006 refuses it sooner, with all that cannot be written back the same",
  },
  {
    suite: "rsa",
    cases: ["RSA Private (Correct)", "RSA Private (Data = 0 )"],
    form: "reach", // else nobody sees the way that it took
    crypto: ["default", "vetted"],
    why: "the test wants no exponentiation in variable time at all; the public exponent gets one (wasm/crypto/patches/0003)",
  },
  {
    suite: "ssl",
    cases: [1, 2, 3].map((size) => `Recombine server flight 1: TLS 1.3, split first at ${size} (bad)`),
    why:
      "the header of a handshake message may be cut (wasm/patches/0003); upstream refuses that. Its cases for TLS 1.2 notice only " +
      "another error, and pass",
  },
];

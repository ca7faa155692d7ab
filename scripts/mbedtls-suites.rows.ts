// Which of Mbed TLS's own test suites, and which of their cases, do not pass on our module, each with its reason. Held to be exact by
// scripts/mbedtls-suites.ts.

/** Cases that fail; only with the named cryptography, if one is named. */
export interface Exception {
  readonly suite: string;
  readonly cases: readonly string[];
  readonly crypto?: "ours" | "mbedtls";
  readonly why: string;
}

/** A suite none of whose cases has what it needs. `form`: in that form only. */
export interface Empty {
  readonly form?: "shipped";
  readonly why: string;
}

/** The suites that `make suites args=short` runs: ciphers, numbers, keys, certificates, TLS. */
export const short: readonly string[] = [
  "aes", "gcm", "ccm", "chacha20", "chachapoly", "poly1305", "cipher", "shax", "md", "hkdf", "hmac_drbg", "ecdsa", "ecdh", "ecp",
  "bignum", "bignum_core", "bignum_random", "rsa", "pkcs1_v15", "pkcs1_v21", "pk", "pkparse", "psa_crypto", "psa_crypto_hash", "ssl", "ssl_decrypt", "x509parse",
];

export const empty: Readonly<Record<string, Empty>> = {};

export const exceptions: readonly Exception[] = [];

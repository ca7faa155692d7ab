// Functions that handle secrets, and the conditional instructions that the compiler made of each, with the reason why none of them
// tells a secret. scripts/check-constant-time.ts holds the shipped module to it, and prints the new line when a change is due.

export type Conditional = "if" | "br_if" | "br_table" | "select" | "div";

/** How many there are of each kind; none of what is left out. */
export type Counts = Readonly<Partial<Record<Conditional, number>>> & { readonly why?: string };

const sizes = "sizes, and states of buffers";
const limbs = "counts limbs";
/** fiat-crypto makes the mask of a conditional subtraction from its borrow; LLVM makes that a choice between 0 and all ones. */
const mask = "the select makes a mask, 0 or all ones, of a borrow";

export const listed: Readonly<Record<string, Counts>> = {
  // Kernels of our own
  set_key: {
    div: 2,
    br_if: 10,
    if: 5,
    select: 1,
    why: "the size of the key and the number of the round; divided is the number of a word of the key schedule",
  },
  wt_aes_encrypt: { if: 1, br_if: 1, why: "counts rounds" },
  wt_aes_encrypt_block: { if: 1, br_if: 1, why: "counts rounds and rows of the S-box, all of which are read" },
  wt_aes_decrypt: { if: 1, br_if: 1, why: "counts rounds" },
  wt_aes_ctr: { if: 2, br_if: 2, why: "counts batches and rounds" },
  wt_ghash: {
    if: 1,
    br_if: 11,
    why: "counts blocks and the columns of a table, and looks whether the powers were made",
  },
  wt_ghash_set_key: { br_if: 1, why: "counts the columns of a table" },
  mbedtls_chacha20_setkey: {},
  mbedtls_chacha20_starts: {},
  mbedtls_chacha20_update: { if: 7, select: 2, br_if: 10, why: "counts batches, double rounds and bytes" },
  wt_chacha_refill: { br_if: 1, why: "counts double rounds" },
  wt_poly_need_square: { if: 1, why: "whether the square was made" },
  wt_poly_blocks: { if: 2, br_if: 4, why: "counts blocks, and looks whether there is a square" },
  crypt_and_hash: { if: 1, br_if: 2, why: "counts batches and steps" },
  crypt_bytes: { if: 4, br_if: 8, select: 2, why: "whether it is sealed or opened, and sizes" },
  // Modes and the authenticated ciphers
  mbedtls_aes_setkey_enc: { br_if: 3, if: 1, why: sizes },
  mbedtls_aes_crypt_cbc: { if: 7, br_if: 4, select: 1, why: sizes },
  mbedtls_gcm_setkey: { br_if: 3, why: sizes },
  mbedtls_gcm_starts: { if: 5, why: sizes },
  mbedtls_gcm_update: { if: 13, br_if: 23, select: 5, why: sizes },
  mbedtls_gcm_crypt_and_tag: { br_if: 6, if: 2, select: 1, why: sizes },
  mbedtls_chachapoly_update: { if: 4, br_if: 3, select: 1, why: sizes },
  whole: { if: 2, br_if: 4, why: "ChaCha20-Poly1305 from nonce to tag: sizes and states" },
  mbedtls_chachapoly_encrypt_and_tag: {},
  mbedtls_chachapoly_auth_decrypt: { br_if: 1, if: 1, why: "whether the tag is right, which the peer is told" },
  wt_seal: { if: 2, why: "whether a step failed" },
  wt_unseal: { if: 3, why: "sizes, and whether a step failed" },
  // Hashes
  mbedtls_internal_sha1_process: {},
  mbedtls_internal_sha256_process: { br_if: 1, why: "counts rounds" },
  mbedtls_internal_sha512_process: { br_if: 2, why: "counts words and rounds" },
  mbedtls_md_hmac_starts: { br_if: 22, if: 7, why: sizes },
  // Comparison and choice
  mbedtls_ct_memcmp: { if: 3, br_if: 1, why: sizes },
  mbedtls_ct_memcpy_if: { br_if: 8, select: 1, if: 1, why: sizes },
  mbedtls_ct_uint_ge: {},
  // X25519
  fe_loose_invert: { br_if: 3, why: "counts squarings" },
  fe_mul_impl: {},
  fe_tobytes: { select: 1, why: mask },
  fe_frombytes_strict: {},
  fiat_25519_carry_square: {},
  x25519_scalar_mult_generic_nohw: { br_if: 1, why: "counts bits" },
  x25519_ge_scalarmult_small_precomp: { br_if: 3, why: "counts bits and entries of the table, all of which are read" },
  x25519_ge_add: {},
  x25519_ge_p3_to_cached: {},
  x25519_public_from_private_nohw: {},
  wt_x25519_shared: { select: 1, why: "sizes, and whether the secret is zero, which ends the handshake" },
  // P-256
  fiat_p256_point_add: {},
  ec_nistp_point_add: {
    if: 8,
    br_if: 32,
    select: 3,
    why: "counts limbs; whether the points are the same one, which happens by chance only; masks",
  },
  fiat_p256_point_double: {},
  fiat_p256_nz: {},
  fiat_p256_opp: { select: 1, why: mask },
  fiat_p256_square: { select: 1, why: mask },
  fiat_p256_mul: { select: 1, why: mask },
  fiat_p256_sub: { select: 1, why: mask },
  fiat_p256_add: { select: 1, why: mask },
  fiat_p256_to_montgomery: { select: 1, why: mask },
  fiat_p256_from_montgomery: { select: 1, why: mask },
  fiat_p256_inv_square: { br_if: 1, why: "counts squarings" },
  ec_nistp_point_double: {},
  ec_nistp_scalar_mul: {
    if: 10,
    br_if: 27,
    div: 1,
    select: 2,
    why: "counts windows, limbs and entries of the table, all of which are read",
  },
  scalar_rwnaf: { div: 1, if: 6, br_if: 1, why: "counts windows" },
  ec_nistp_scalar_mul_base: {
    div: 1,
    if: 7,
    br_if: 21,
    select: 1,
    why: "counts windows, limbs and entries of the table, all of which are read; mask; divided is the number of a bit",
  },
  wt_p256_is_scalar: {},
  wt_p256_public: {},
  wt_p256_shared: {},
  wt_p256_sign: { select: 1, if: 1, why: "counts limbs; a nonce out of range, which begins anew" },
  p256_transparent_sign_hash: {
    br_if: 14,
    if: 6,
    why: "sizes, states and limbs; a nonce or a signature out of range, which begins anew",
  },
  psa_raw_key_agreement: {
    if: 2,
    br_if: 13,
    select: 1,
    why: "sizes and states",
  },
  // Big numbers of RSA and of the curves that are Mbed TLS's
  mbedtls_mpi_core_add: { if: 3, br_if: 1, why: limbs },
  mbedtls_mpi_core_sub: { if: 3, br_if: 1, why: limbs },
  mbedtls_mpi_core_mla: { select: 1, if: 3, br_if: 6, why: "counts limbs; the select takes the smaller of two sizes" },
  mbedtls_mpi_core_montmul: { if: 4, br_if: 4, why: limbs },
  mbedtls_mpi_core_montmul_init: {},
  mbedtls_mpi_core_cond_assign: { br_if: 4, if: 1, why: limbs },
  mbedtls_mpi_core_cond_swap: { br_if: 3, why: limbs },
  mbedtls_mpi_core_lt_ct: { if: 1, br_if: 1, why: limbs },
  mbedtls_mpi_core_check_zero_ct: { br_if: 4, if: 1, why: limbs },
  mbedtls_mpi_core_exp_mod_optionally_safe: {
    if: 7,
    br_if: 13,
    select: 4,
    why: "counts limbs, bits and windows; whether the exponent is public, and of a public one whether a window is zero",
  },
  mbedtls_mpi_core_gcd_modinv_odd: {
    select: 1,
    if: 37,
    br_if: 38,
    why: "counts limbs and rounds; the select takes the larger of two sizes",
  },
  ecp_select_comb: { br_if: 4, if: 1, select: 1, why: "counts limbs and entries of the table, all of which are read" },
  mbedtls_mpi_safe_cond_assign: { br_if: 5, if: 5, why: "counts limbs; the sign of a number" },
};

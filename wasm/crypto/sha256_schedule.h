/* The message schedule of SHA-256 (FIPS 180-4, 6.2.2, step 1), four words at a time. Included by sha256.c, and by the evidence, which
   looks at each word. */
#ifndef WANTTLS_CRYPTO_SHA256_SCHEDULE_H
#define WANTTLS_CRYPTO_SHA256_SCHEDULE_H

#include <stdint.h>
#include <wasm_simd128.h>

#define WT_SHA static inline __attribute__((always_inline))

WT_SHA v128_t wt_sha256_rotate(v128_t x, int by) { return wasm_v128_or(wasm_u32x4_shr(x, by), wasm_i32x4_shl(x, 32 - by)); }

WT_SHA v128_t wt_sha256_sigma0(v128_t x) {
  return wasm_v128_xor(wasm_v128_xor(wt_sha256_rotate(x, 7), wt_sha256_rotate(x, 18)), wasm_u32x4_shr(x, 3));
}

/* sigma1 of two words, each of which comes twice: shifted as 64 bits, the lower half of such a pair is rotated. The upper halves
   are of no use. */
WT_SHA v128_t wt_sha256_sigma1(v128_t pairs) {
  v128_t rotated = wasm_v128_xor(wasm_u64x2_shr(pairs, 17), wasm_u64x2_shr(pairs, 19));
  return wasm_v128_xor(rotated, wasm_u32x4_shr(pairs, 10));
}

/* Words 4 i to 4 i + 3 of a block, which has them with the highest byte first. */
WT_SHA v128_t wt_sha256_load(const uint8_t *block, int i) {
  v128_t bytes = wasm_v128_load(block + 16 * i);
  return wasm_i8x16_shuffle(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/* w[t] = sigma1(w[t - 2]) + w[t - 7] + sigma0(w[t - 15]) + w[t - 16] for four t, of the sixteen words before them. The latter two
   need the former two, so sigma1 is added in two halves. */
WT_SHA v128_t wt_sha256_next(v128_t w0, v128_t w4, v128_t w8, v128_t w12) {
  v128_t zero = wasm_i64x2_const_splat(0);
  v128_t after15 = wasm_i32x4_shuffle(w0, w4, 1, 2, 3, 4), after7 = wasm_i32x4_shuffle(w8, w12, 1, 2, 3, 4);
  v128_t sum = wasm_i32x4_add(wasm_i32x4_add(w0, after7), wt_sha256_sigma0(after15));
  v128_t former = wt_sha256_sigma1(wasm_i32x4_shuffle(w12, w12, 2, 2, 3, 3));
  sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(former, zero, 0, 2, 4, 4));
  v128_t latter = wt_sha256_sigma1(wasm_i32x4_shuffle(sum, sum, 0, 0, 1, 1));
  return wasm_i32x4_add(sum, wasm_i32x4_shuffle(zero, latter, 0, 0, 4, 6));
}

#endif

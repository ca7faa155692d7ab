/* The rounds of ChaCha20 (RFC 8439, 2.3), four blocks side by side. Owns the representation and what makes keystream of a state; knows
   nothing of keys, sizes and what else is done meanwhile. Included by chacha20.c and chachapoly.c.

   Each of the sixteen words of the state is a vector, of which lane k belongs to block k of a batch; so a round is the same
   instructions as for one block, and only the counter differs. There are additions modulo 2^32, XORs and rotations by fixed
   amounts: no table, no branch, no carry. */
#ifndef WANTTLS_CRYPTO_CHACHA20_ROUNDS_H
#define WANTTLS_CRYPTO_CHACHA20_ROUNDS_H

#include <stdint.h>
#include <wasm_simd128.h>

#include "chacha20_alt.h"

#define WT_CHACHA static inline __attribute__((always_inline))
#define WT_CHACHA_COUNTER 12 /* its place in the state */

/* By whole bytes a rotation is a shuffle; V8 has an instruction for it where 16 bits move. */
WT_CHACHA v128_t wt_rotate16(v128_t x) { return wasm_i8x16_shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13); }
WT_CHACHA v128_t wt_rotate8(v128_t x) { return wasm_i8x16_shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14); }
WT_CHACHA v128_t wt_rotate12(v128_t x) { return wasm_v128_or(wasm_i32x4_shl(x, 12), wasm_u32x4_shr(x, 20)); }
WT_CHACHA v128_t wt_rotate7(v128_t x) { return wasm_v128_or(wasm_i32x4_shl(x, 7), wasm_u32x4_shr(x, 25)); }

WT_CHACHA void wt_chacha_quarter_round(v128_t x[16], int a, int b, int c, int d) {
  x[a] = wasm_i32x4_add(x[a], x[b]);
  x[d] = wt_rotate16(wasm_v128_xor(x[d], x[a]));
  x[c] = wasm_i32x4_add(x[c], x[d]);
  x[b] = wt_rotate12(wasm_v128_xor(x[b], x[c]));
  x[a] = wasm_i32x4_add(x[a], x[b]);
  x[d] = wt_rotate8(wasm_v128_xor(x[d], x[a]));
  x[c] = wasm_i32x4_add(x[c], x[d]);
  x[b] = wt_rotate7(wasm_v128_xor(x[b], x[c]));
}

WT_CHACHA void wt_chacha_columns(v128_t x[16]) {
  for (int i = 0; i < 4; i++) wt_chacha_quarter_round(x, i, 4 + i, 8 + i, 12 + i);
}

WT_CHACHA void wt_chacha_diagonals(v128_t x[16]) {
  for (int i = 0; i < 4; i++) wt_chacha_quarter_round(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
}

WT_CHACHA void wt_chacha_double_round(v128_t x[16]) {
  wt_chacha_columns(x);
  wt_chacha_diagonals(x);
}

/* Four words of four blocks, from one vector per word to one per block. */
WT_CHACHA void wt_chacha_transpose(v128_t x[4]) {
  v128_t low01 = wasm_i32x4_shuffle(x[0], x[1], 0, 4, 1, 5), high01 = wasm_i32x4_shuffle(x[0], x[1], 2, 6, 3, 7);
  v128_t low23 = wasm_i32x4_shuffle(x[2], x[3], 0, 4, 1, 5), high23 = wasm_i32x4_shuffle(x[2], x[3], 2, 6, 3, 7);
  x[0] = wasm_i64x2_shuffle(low01, low23, 0, 2);
  x[1] = wasm_i64x2_shuffle(low01, low23, 1, 3);
  x[2] = wasm_i64x2_shuffle(high01, high23, 0, 2);
  x[3] = wasm_i64x2_shuffle(high01, high23, 1, 3);
}

WT_CHACHA v128_t wt_chacha_initial(const uint32_t state[16], int word) {
  v128_t x = wasm_v128_load32_splat(&state[word]);
  return word == WT_CHACHA_COUNTER ? wasm_i32x4_add(x, wasm_i32x4_make(0, 1, 2, 3)) : x;
}

WT_CHACHA void wt_chacha_begin(v128_t x[16], const uint32_t state[16]) {
  for (int i = 0; i < 16; i++) x[i] = wt_chacha_initial(state, i);
}

#define WT_CHACHA_AT(block, row) (64 * (block) + 16 * (row))

/* After ten double rounds: keystream, of which x[4 row + block] has WT_CHACHA_AT(block, row). The counter is that of the next batch. */
WT_CHACHA void wt_chacha_end(v128_t x[16], uint32_t state[16]) {
  for (int i = 0; i < 16; i++) x[i] = wasm_i32x4_add(x[i], wt_chacha_initial(state, i));
  for (int row = 0; row < 4; row++) wt_chacha_transpose(x + 4 * row);
  state[WT_CHACHA_COUNTER] += 4;
}

/* out = in ^ keystream, for one batch; may be in place. */
WT_CHACHA void wt_chacha_mask(const v128_t x[16], const uint8_t *in, uint8_t *out) {
  for (int i = 0; i < 16; i++) {
    int at = WT_CHACHA_AT(i % 4, i / 4);
    wasm_v128_store(out + at, wasm_v128_xor(x[i], wasm_v128_load(in + at)));
  }
}

#endif

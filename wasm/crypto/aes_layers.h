/* The layers of AES on eight blocks at once, as bit planes. Owns the representation and what one round is made of; knows
   nothing of keys, block counts and modes. Included by aes.c, and by the evidence, which tests each layer by itself.

   Bit planes. Plane b is a vector of 16 bytes; bit j of its byte i is bit b of byte i of block j. The S-box is then a circuit of
   ANDs and XORs on whole planes, and everything else permutes bytes within planes or adds planes: no table, no branch.

   Fixslicing (Adomnicai and Peyrin, "Fixslicing AES-like Ciphers", 2020). ShiftRows R is never carried out. After round r we hold
   T = R^-r(S) in place of the state S. SubBytes does not care where a byte is; MixColumns M has become R^-r M R^r and round
   key K has become R^-r(K). R has order four, so r counts modulo four. M adds to a byte the ones one, two and three rows below,
   in the same column; as R moves row i by i columns, below means after it: one row down and r columns to the right. That is
   `steps`. */
#ifndef WANTTLS_CRYPTO_AES_LAYERS_H
#define WANTTLS_CRYPTO_AES_LAYERS_H

#include <stdint.h>
#include "vectors.h"

#define WT_LAYER static inline __attribute__((always_inline))

/* Byte 4 c + i of a block is row i of column c (FIPS 197, 3.4). */
#define WT_AT(row, column) (4 * ((column) & 3) + ((row) & 3))
#define WT_COLUMN(row, column, slope)                                                                          \
  WT_AT(row, column), WT_AT((row) + 1, (column) + (slope)), WT_AT((row) + 2, (column) + 2 * (slope)),          \
      WT_AT((row) + 3, (column) + 3 * (slope))
#define WT_GRID(row, column, slope)                                                                            \
  { WT_COLUMN(row, column, slope), WT_COLUMN(row, (column) + 1, slope), WT_COLUMN(row, (column) + 2, slope),   \
    WT_COLUMN(row, (column) + 3, slope) }

/* Constants are read from memory through a pointer that the compiler cannot see through (wt_opaque). As literals they would be
   put together anew, from immediates, in each turn of the loop, in LLVM and in V8; that costs a third of the speed. */
typedef struct {
  uint8_t swap[3][16];       /* masks of the transposition */
  uint8_t steps[4][2][16];   /* one and two rows down, for r modulo four */
  uint8_t shift_rows[4][16]; /* R^0 .. R^3 */
  uint32_t ordinals[2][4];   /* of eight blocks, the even and the odd ones */
  uint8_t big_endian[16];    /* four words the other way about */
} wt_aes_constants;

#define WT_16(byte) { byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte }

static const wt_aes_constants wt_constants = {
  .swap = { WT_16(0x55), WT_16(0x33), WT_16(0x0f) },
  .steps = { { WT_GRID(1, 0, 0), WT_GRID(2, 0, 0) },
             { WT_GRID(1, 1, 0), WT_GRID(2, 2, 0) },
             { WT_GRID(1, 2, 0), WT_GRID(2, 0, 0) },
             { WT_GRID(1, 3, 0), WT_GRID(2, 2, 0) } },
  .shift_rows = { WT_GRID(0, 0, 0), WT_GRID(0, 0, 1), WT_GRID(0, 0, 2), WT_GRID(0, 0, 3) },
  .ordinals = { { 0, 2, 4, 6 }, { 1, 3, 5, 7 } },
  .big_endian = { 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 },
};

WT_LAYER const wt_aes_constants *wt_opaque(void) {
  const wt_aes_constants *constants = &wt_constants;
  __asm__ volatile("" : "+r"(constants));
  return constants;
}

WT_LAYER v128_t wt_xor(v128_t a, v128_t b) { return wasm_v128_xor(a, b); }
WT_LAYER v128_t wt_and(v128_t a, v128_t b) { return wasm_v128_and(a, b); }

/* The compiler may not see through it. */
#define WT_HIDE(vector) __asm__("" : WT_IN_VECTOR(vector))

/* The bits of x that `mask` has, `distance` further up, change places with those of y. Of an exchange that it sees through, LLVM
   makes a bitselect, which is three instructions more in V8. */
#define WT_SWAP(x, y, distance, mask)                                              \
  do {                                                                             \
    v128_t changed = wt_and(wt_xor(wasm_u64x2_shr(x, distance), y), mask);         \
    WT_HIDE(changed);                                                              \
    y = wt_xor(y, changed);                                                        \
    x = wt_xor(x, wasm_i64x2_shl(changed, distance));                              \
  } while (0)

/* Eight blocks to eight planes, and back: it is its own inverse. Each byte position is an 8 x 8 matrix of bits; its quadrants
   change places at three sizes. Shifts by less than eight cross bytes, but the masks drop what came across. */
WT_LAYER void wt_transpose(v128_t q[8], const wt_aes_constants *constants) {
  v128_t one = wasm_v128_load(constants->swap[0]), two = wasm_v128_load(constants->swap[1]),
         four = wasm_v128_load(constants->swap[2]);
  WT_SWAP(q[0], q[1], 1, one);
  WT_SWAP(q[2], q[3], 1, one);
  WT_SWAP(q[4], q[5], 1, one);
  WT_SWAP(q[6], q[7], 1, one);
  WT_SWAP(q[0], q[2], 2, two);
  WT_SWAP(q[1], q[3], 2, two);
  WT_SWAP(q[4], q[6], 2, two);
  WT_SWAP(q[5], q[7], 2, two);
  WT_SWAP(q[0], q[4], 4, four);
  WT_SWAP(q[1], q[5], 4, four);
  WT_SWAP(q[2], q[6], 4, four);
  WT_SWAP(q[3], q[7], 4, four);
}

/* The planes of eight equal blocks: each bit fills a byte. */
WT_LAYER void wt_spread(v128_t q[8], v128_t bytes) {
  for (int b = 0; b < 8; b++) {
    v128_t bit = wasm_i8x16_splat((int8_t)(1 << b));
    q[b] = wasm_i8x16_eq(wt_and(bytes, bit), bit);
  }
}

/* The planes of eight blocks that have all but their last word from `common`, and there count big-endian, from `count` on. Only
   these words are transposed, four in a vector; names tell which blocks, and at last which planes, are in there. */
WT_LAYER void wt_counter_planes(v128_t q[8], const v128_t common[8], uint32_t count, const wt_aes_constants *constants) {
  v128_t first = wasm_i32x4_splat((int32_t)count), order = wasm_v128_load(constants->big_endian);
  v128_t at_0246 = wasm_i8x16_swizzle(wasm_i32x4_add(first, wasm_v128_load(constants->ordinals[0])), order);
  v128_t at_1357 = wasm_i8x16_swizzle(wasm_i32x4_add(first, wasm_v128_load(constants->ordinals[1])), order);
  WT_SWAP(at_0246, at_1357, 1, wasm_v128_load(constants->swap[0]));
  v128_t at_0123 = wasm_i32x4_shuffle(at_0246, at_1357, 0, 4, 1, 5);
  v128_t at_4567 = wasm_i32x4_shuffle(at_0246, at_1357, 2, 6, 3, 7);
  WT_SWAP(at_0123, at_4567, 4, wasm_v128_load(constants->swap[2]));
  v128_t at_0145 = wasm_i64x2_shuffle(at_0123, at_4567, 0, 2);
  v128_t at_2367 = wasm_i64x2_shuffle(at_0123, at_4567, 1, 3);
  WT_SWAP(at_0145, at_2367, 2, wasm_v128_load(constants->swap[1]));
  q[0] = wasm_i32x4_shuffle(common[0], at_0145, 0, 1, 2, 4);
  q[1] = wasm_i32x4_shuffle(common[1], at_0145, 0, 1, 2, 5);
  q[2] = wasm_i32x4_shuffle(common[2], at_2367, 0, 1, 2, 4);
  q[3] = wasm_i32x4_shuffle(common[3], at_2367, 0, 1, 2, 5);
  q[4] = wasm_i32x4_shuffle(common[4], at_0145, 0, 1, 2, 6);
  q[5] = wasm_i32x4_shuffle(common[5], at_0145, 0, 1, 2, 7);
  q[6] = wasm_i32x4_shuffle(common[6], at_2367, 0, 1, 2, 6);
  q[7] = wasm_i32x4_shuffle(common[7], at_2367, 0, 1, 2, 7);
}

/* SubBytes without its constant: S(x) + 0x63. The circuit of Boyar and Peralta ("A new combinational logic minimization
   technique with applications to cryptology", 2010), names as there: inputs x0 (bit 7) to x7, 23 XORs on top, the inversion in
   GF(2^8) by way of GF(2^4) in the middle, and linear again below. Its four NOTs are the constant, which is in the round keys:
   MixColumns and ShiftRows leave a state of sixteen equal bytes as it is. */
WT_LAYER void wt_sub_bytes(v128_t q[8]) {
  v128_t x0 = q[7], x1 = q[6], x2 = q[5], x3 = q[4], x4 = q[3], x5 = q[2], x6 = q[1], x7 = q[0];

  v128_t y14 = wt_xor(x3, x5), y13 = wt_xor(x0, x6), y9 = wt_xor(x0, x3), y8 = wt_xor(x0, x5);
  v128_t t0 = wt_xor(x1, x2);
  v128_t y1 = wt_xor(t0, x7), y4 = wt_xor(y1, x3), y12 = wt_xor(y13, y14), y2 = wt_xor(y1, x0), y5 = wt_xor(y1, x6);
  v128_t y3 = wt_xor(y5, y8);
  v128_t t1 = wt_xor(x4, y12);
  v128_t y15 = wt_xor(t1, x5), y20 = wt_xor(t1, x1), y6 = wt_xor(y15, x7), y10 = wt_xor(y15, t0), y11 = wt_xor(y20, y9);
  v128_t y7 = wt_xor(x7, y11), y17 = wt_xor(y10, y11), y19 = wt_xor(y10, y8), y16 = wt_xor(t0, y11);
  v128_t y21 = wt_xor(y13, y16), y18 = wt_xor(x0, y16);

  v128_t t2 = wt_and(y12, y15), t3 = wt_and(y3, y6), t4 = wt_xor(t3, t2), t5 = wt_and(y4, x7), t6 = wt_xor(t5, t2);
  v128_t t7 = wt_and(y13, y16), t8 = wt_and(y5, y1), t9 = wt_xor(t8, t7), t10 = wt_and(y2, y7), t11 = wt_xor(t10, t7);
  v128_t t12 = wt_and(y9, y11), t13 = wt_and(y14, y17), t14 = wt_xor(t13, t12), t15 = wt_and(y8, y10), t16 = wt_xor(t15, t12);
  v128_t t17 = wt_xor(t4, t14), t18 = wt_xor(t6, t16), t19 = wt_xor(t9, t14), t20 = wt_xor(t11, t16);
  v128_t t21 = wt_xor(t17, y20), t22 = wt_xor(t18, y19), t23 = wt_xor(t19, y21), t24 = wt_xor(t20, y18);
  v128_t t25 = wt_xor(t21, t22), t26 = wt_and(t21, t23), t27 = wt_xor(t24, t26), t28 = wt_and(t25, t27), t29 = wt_xor(t28, t22);
  v128_t t30 = wt_xor(t23, t24), t31 = wt_xor(t22, t26), t32 = wt_and(t31, t30), t33 = wt_xor(t32, t24), t34 = wt_xor(t23, t33);
  v128_t t35 = wt_xor(t27, t33), t36 = wt_and(t24, t35), t37 = wt_xor(t36, t34), t38 = wt_xor(t27, t36), t39 = wt_and(t29, t38);
  v128_t t40 = wt_xor(t25, t39), t41 = wt_xor(t40, t37), t42 = wt_xor(t29, t33), t43 = wt_xor(t29, t40), t44 = wt_xor(t33, t37);
  v128_t t45 = wt_xor(t42, t41);
  v128_t z0 = wt_and(t44, y15), z1 = wt_and(t37, y6), z2 = wt_and(t33, x7), z3 = wt_and(t43, y16), z4 = wt_and(t40, y1);
  v128_t z5 = wt_and(t29, y7), z6 = wt_and(t42, y11), z7 = wt_and(t45, y17), z8 = wt_and(t41, y10), z9 = wt_and(t44, y12);
  v128_t z10 = wt_and(t37, y3), z11 = wt_and(t33, y4), z12 = wt_and(t43, y13), z13 = wt_and(t40, y5), z14 = wt_and(t29, y2);
  v128_t z15 = wt_and(t42, y9), z16 = wt_and(t45, y14), z17 = wt_and(t41, y8);

  v128_t t46 = wt_xor(z15, z16), t47 = wt_xor(z10, z11), t48 = wt_xor(z5, z13), t49 = wt_xor(z9, z10), t50 = wt_xor(z2, z12);
  v128_t t51 = wt_xor(z2, z5), t52 = wt_xor(z7, z8), t53 = wt_xor(z0, z3), t54 = wt_xor(z6, z7), t55 = wt_xor(z16, z17);
  v128_t t56 = wt_xor(z12, t48), t57 = wt_xor(t50, t53), t58 = wt_xor(z4, t46), t59 = wt_xor(z3, t54), t60 = wt_xor(t46, t57);
  v128_t t61 = wt_xor(z14, t57), t62 = wt_xor(t52, t58), t63 = wt_xor(t49, t58), t64 = wt_xor(z4, t59), t65 = wt_xor(t61, t62);
  v128_t t66 = wt_xor(z1, t63), t67 = wt_xor(t64, t65);
  v128_t s3 = wt_xor(t53, t66), s1 = wt_xor(t64, s3);
  q[7] = wt_xor(t59, t63);
  q[6] = s1;
  q[5] = wt_xor(t55, t67);
  q[4] = s3;
  q[3] = wt_xor(t51, t66);
  q[2] = wt_xor(t47, t65);
  q[1] = wt_xor(t56, t62);
  q[0] = wt_xor(t48, t60);
}

/* The inverse of the affine map of SubBytes, without its constant: bit b becomes the sum of bits b + 2, b + 5 and b + 7. */
WT_LAYER void wt_undo_affine(v128_t q[8]) {
  v128_t p[8];
  for (int b = 0; b < 8; b++) p[b] = q[b];
  for (int b = 0; b < 8; b++) q[b] = wt_xor(wt_xor(p[(b + 2) % 8], p[(b + 5) % 8]), p[(b + 7) % 8]);
}

/* The inverse of wt_sub_bytes. With A the affine map, S = A(x^-1), and inversion is its own inverse, so that x = A^-1(S(A^-1(y))),
   as far as constants are left out of all of them. */
WT_LAYER void wt_undo_sub_bytes(v128_t q[8]) {
  wt_undo_affine(q);
  wt_sub_bytes(q);
  wt_undo_affine(q);
}

/* sum += 2 x in GF(2^8), by planes: each moves up, and the last comes back as 0x1b. */
WT_LAYER void wt_add_double(v128_t sum[8], const v128_t x[8]) {
  sum[0] = wt_xor(sum[0], x[7]);
  sum[1] = wt_xor(sum[1], wt_xor(x[0], x[7]));
  sum[2] = wt_xor(sum[2], x[1]);
  sum[3] = wt_xor(sum[3], wt_xor(x[2], x[7]));
  sum[4] = wt_xor(sum[4], wt_xor(x[3], x[7]));
  sum[5] = wt_xor(sum[5], x[4]);
  sum[6] = wt_xor(sum[6], x[5]);
  sum[7] = wt_xor(sum[7], x[6]);
}

/* MixColumns: 2 x + 3 x1 + x2 + x3 = x1 + (x + x1)2 + 2 (x + x1). A digit behind x or the bracket says how many rows below. */
WT_LAYER void wt_mix_columns(v128_t q[8], const uint8_t steps[2][16]) {
  v128_t one = wasm_v128_load(steps[0]), two = wasm_v128_load(steps[1]), sum[8];
  for (int b = 0; b < 8; b++) {
    v128_t below = wasm_i8x16_swizzle(q[b], one);
    sum[b] = wt_xor(q[b], below);
    q[b] = wt_xor(below, wasm_i8x16_swizzle(sum[b], two));
  }
  wt_add_double(q, sum);
}

/* The inverse of MixColumns: its polynomial is that of MixColumns times 4 t^2 + 5, so x + 4 (x + x2) comes first. */
WT_LAYER void wt_undo_mix_columns(v128_t q[8], const uint8_t steps[2][16]) {
  v128_t two = wasm_v128_load(steps[1]), zero = wasm_i64x2_const_splat(0), sum[8], twice[8];
  for (int b = 0; b < 8; b++) {
    sum[b] = wt_xor(q[b], wasm_i8x16_swizzle(q[b], two));
    twice[b] = zero;
  }
  wt_add_double(twice, sum);
  wt_add_double(q, twice);
  wt_mix_columns(q, steps);
}

WT_LAYER void wt_add_key(v128_t q[8], const uint8_t planes[8][16]) {
  for (int b = 0; b < 8; b++) q[b] = wt_xor(q[b], wasm_v128_load(planes[b]));
}

WT_LAYER void wt_permute(v128_t q[8], const uint8_t order[16]) {
  v128_t indices = wasm_v128_load(order);
  for (int b = 0; b < 8; b++) q[b] = wasm_i8x16_swizzle(q[b], indices);
}

#endif

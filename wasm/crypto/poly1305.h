/* Poly1305 (RFC 8439, 2.5) over whole blocks: sum = (sum + block) r modulo p = 2^130 - 5. Owns the numbers and their bounds; knows
   nothing of ciphers and padding. Included by poly1305.c, by chachapoly.c, which does a step amid the rounds of ChaCha20, and by
   the evidence.

   Numbers are five limbs of 26 bits, a = a0 + a1 2^26 + ... + a4 2^104, of which each may be a little larger; as 2^130 = 5, limb
   k of a product is the sum of a_i b_(k-i), and of 5 a_i b_(k-i+5) where k < i. Two blocks at a time: (sum + m) r^2 + n r, so that
   the carries are made once for both, and one product need not wait for the other.

   Bounds, of which each line follows from those above it; M = 2^26 - 1.
     r       r_i <= M, by clamping. r^2 comes out of wt_poly_carry.
     carry   Its input d_i < 2^59. What it leaves: limbs 0, 2 and 3 <= M, limb 1 <= M + 2^10, limb 4 <= M + 2^8: into d0 go less than
             5 * 2^33.1 < 2^35.5, so that into limb 1 go less than 2^9.6, and into d3 less than 2^33.1, of which less than 2^7.2 go on.
     block   Limbs 0 to 3 <= M, limb 4 < 2^25, with the bit 2^128.
     sum + m  Limbs <= 2 M + 2^10 < 2^27.01.
     d_i     Five products of sum + m and r^2, and five of n and r, of which up to four each count five times, so
             < 21 * 2^27.01 * 2^26.01 + 21 * 2^26 * 2^26 < 2^58.1.
   test/crypto/poly1305.test.ts does not believe this: products are bilinear and checked on all pairs of units, and all sums only
   grow with each limb, so the largest limbs of all decide that nothing is lost. There is no branch and no address that depends
   on a number; i64.mul takes as long for any. */
#ifndef WANTTLS_CRYPTO_POLY1305_H
#define WANTTLS_CRYPTO_POLY1305_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WT_POLY static inline __attribute__((always_inline))
#define WT_POLY_MASK 0x3ffffffu
#define WT_POLY_STEP 32 /* two blocks */

/* A factor, and five times it. */
typedef struct {
  uint64_t limb[5], five[5];
} wt_poly_factor;

typedef struct {
  uint64_t sum[5];
  wt_poly_factor r, square;
  int has_square;
  uint8_t pad[16];
} wt_poly1305;

void wt_poly_start(wt_poly1305 *poly, const uint8_t key[32]);
void wt_poly_need_square(wt_poly1305 *poly); /* before steps of two blocks */
void wt_poly_blocks(wt_poly1305 *poly, const uint8_t *data, size_t blocks);

/* The tag; what was hashed is forgotten, and the key too. */
void wt_poly_finish(wt_poly1305 *poly, uint8_t tag[16]);

WT_POLY uint64_t wt_poly_load(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, 8);
  return value;
}

/* to += the number of a block with 2^128 on top. */
WT_POLY void wt_poly_add_block(uint64_t to[5], const uint8_t block[16]) {
  uint64_t low = wt_poly_load(block), high = wt_poly_load(block + 8);
  to[0] += low & WT_POLY_MASK;
  to[1] += low >> 26 & WT_POLY_MASK;
  to[2] += (low >> 52 | high << 12) & WT_POLY_MASK;
  to[3] += high >> 14 & WT_POLY_MASK;
  to[4] += high >> 40 | 1u << 24;
}

/* d += a b, without carries */
WT_POLY void wt_poly_add_product(uint64_t d[5], const uint64_t a[5], const wt_poly_factor *b) {
#pragma clang loop unroll(full)
  for (int k = 0; k < 5; k++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 5; i++) d[k] += a[i] * (i <= k ? b->limb[k - i] : b->five[k - i + 5]);
  }
}

/* out = d with small limbs. Two chains at once, 0 1 2 and 3 4 0 1, then 2 3 4. */
WT_POLY void wt_poly_carry(uint64_t out[5], uint64_t d[5]) {
  d[1] += d[0] >> 26, d[0] &= WT_POLY_MASK;
  d[4] += d[3] >> 26, d[3] &= WT_POLY_MASK;
  d[2] += d[1] >> 26, d[1] &= WT_POLY_MASK;
  d[0] += (d[4] >> 26) * 5, d[4] &= WT_POLY_MASK;
  d[3] += d[2] >> 26, d[2] &= WT_POLY_MASK;
  d[1] += d[0] >> 26, d[0] &= WT_POLY_MASK;
  d[4] += d[3] >> 26, d[3] &= WT_POLY_MASK;
#pragma clang loop unroll(full)
  for (int i = 0; i < 5; i++) out[i] = d[i];
}

/* sum = (sum + m) r^2 + n r, for the blocks m and n. */
WT_POLY void wt_poly_step(uint64_t sum[5], const wt_poly_factor *r, const wt_poly_factor *square, const uint8_t data[WT_POLY_STEP]) {
  uint64_t d[5] = { 0 }, second[5] = { 0 };
  wt_poly_add_block(sum, data);
  wt_poly_add_block(second, data + 16);
  wt_poly_add_product(d, sum, square);
  wt_poly_add_product(d, second, r);
  wt_poly_carry(sum, d);
}

#endif

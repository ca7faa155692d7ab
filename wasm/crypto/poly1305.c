/* Poly1305 from key to tag; how a step works and why nothing is lost is in poly1305.h. */
#include "poly1305.h"

#include "mbedtls/platform_util.h"

/* Blocks in one call from which on the square pays for itself. Only speed depends on it. */
#define WORTH_SQUARE 12

static void set_factor(wt_poly_factor *factor, const uint64_t limbs[5]) {
  for (int i = 0; i < 5; i++) {
    factor->limb[i] = limbs[i];
    factor->five[i] = 5 * limbs[i];
  }
}

/* RFC 8439, 2.5: r without the 22 bits that it must not have, and what is added at last. */
void wt_poly_start(wt_poly1305 *poly, const uint8_t key[32]) {
  uint64_t low = wt_poly_load(key) & 0x0ffffffc0fffffff, high = wt_poly_load(key + 8) & 0x0ffffffc0ffffffc;
  uint64_t r[5] = { low & WT_POLY_MASK, low >> 26 & WT_POLY_MASK, (low >> 52 | high << 12) & WT_POLY_MASK,
                    high >> 14 & WT_POLY_MASK, high >> 40 };
  set_factor(&poly->r, r);
  poly->has_square = 0;
  memset(poly->sum, 0, sizeof poly->sum);
  memcpy(poly->pad, key + 16, 16);
}

void wt_poly_need_square(wt_poly1305 *poly) {
  if (poly->has_square) return;
  uint64_t square[5] = { 0 };
  wt_poly_add_product(square, poly->r.limb, &poly->r);
  wt_poly_carry(square, square);
  set_factor(&poly->square, square);
  poly->has_square = 1;
}

void wt_poly_blocks(wt_poly1305 *poly, const uint8_t *data, size_t blocks) {
  uint64_t sum[5];
  memcpy(sum, poly->sum, sizeof sum);
  if (blocks >= WORTH_SQUARE) wt_poly_need_square(poly);
  for (; blocks >= 2 && poly->has_square; blocks -= 2, data += WT_POLY_STEP) {
    wt_poly_step(sum, &poly->r, &poly->square, data);
  }
  for (; blocks > 0; blocks--, data += 16) {
    uint64_t d[5] = { 0 };
    wt_poly_add_block(sum, data);
    wt_poly_add_product(d, sum, &poly->r);
    wt_poly_carry(sum, d);
  }
  memcpy(poly->sum, sum, sizeof sum);
}

/* Carries once around. Of limbs as wt_poly_carry leaves them, less than 2^27, the first time leaves all below 2^26 but limb 0, which has
   five more at most. If the second time carries out of limb 4 again, then it came from limb 0, which is below five then: so all
   limbs are below 2^26, and the number is below 2^130. */
static void carry_around(uint64_t h[5]) {
  for (int i = 0; i < 4; i++) h[i + 1] += h[i] >> 26, h[i] &= WT_POLY_MASK;
  h[0] += 5 * (h[4] >> 26), h[4] &= WT_POLY_MASK;
}

/* h - p if that is not negative, which is so just if h + 5 reaches 2^130. */
static void subtract_prime(uint64_t h[5]) {
  uint64_t less[5], carry = 5;
  for (int i = 0; i < 5; i++) {
    less[i] = h[i] + carry;
    carry = less[i] >> 26, less[i] &= WT_POLY_MASK;
  }
  uint64_t take = 0 - carry;
  for (int i = 0; i < 5; i++) h[i] ^= take & (h[i] ^ less[i]);
}

/* (h + pad) modulo 2^128. */
static void add_pad(uint8_t tag[16], const uint64_t h[5], const uint8_t pad[16]) {
  uint64_t low = h[0] | h[1] << 26 | h[2] << 52, high = h[2] >> 12 | h[3] << 14 | h[4] << 40;
  uint64_t sum = low + wt_poly_load(pad);
  uint64_t carry = ((low & wt_poly_load(pad)) | ((low | wt_poly_load(pad)) & ~sum)) >> 63;
  uint64_t top = high + wt_poly_load(pad + 8) + carry;
  memcpy(tag, &sum, 8);
  memcpy(tag + 8, &top, 8);
}

void wt_poly_finish(wt_poly1305 *poly, uint8_t tag[16]) {
  carry_around(poly->sum);
  carry_around(poly->sum);
  subtract_prime(poly->sum);
  add_pad(tag, poly->sum, poly->pad);
  mbedtls_platform_zeroize(poly, sizeof *poly);
}

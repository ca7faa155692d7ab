/* Numbers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, for verification on P-256. Owns how they are kept and what is done with
   them; knows nothing of points and signatures. Time depends on the numbers: all of them must be public.

   A number is nine limbs of 29 bits, a = a0 + a1 2^29 + ... + a8 2^232, each with a sign and with room to spare, so that sums and
   differences need no carries. Products are Montgomery's ("Modular multiplication without trial division", 1985) with 2^261: so
   numbers are kept times 2^261, and a product of two of them is again one. In digits of 29 bits with signs p is
   (-1, 0, 0, 2^9, 0, 0, 2^18, -2^21, 2^24): it is -1 modulo 2^29, so that what a step of the reduction adds is the lowest limb times p,
   and that product is shifts.

   What a product leaves is called carried: limbs 0 to 7 in [-2^28, 2^28), with which a number has one form only, limb 8 in what
   the rest of the number needs. test/crypto/p256-proof.test.ts proves of the instructions in the shipped module that each function
   does what it says here, and of all places where one is called that no sum, product or limb goes beyond its bits. */
#ifndef WANTTLS_P256_FIELD_H
#define WANTTLS_P256_FIELD_H

#include <stdint.h>

#define WT_P256_LIMBS 9
#define WT_P256_LIMB_BITS 29

/* Before a loop that is to leave no branch. */
#define WT_P256_UNROLLED _Pragma("clang loop unroll(full)")

typedef struct {
  int32_t limb[WT_P256_LIMBS];
} wt_p256_number;

/* out = a b / 2^261 + k c, carried. `out` may be any of the others, here and below. */
void wt_p256_multiply_add(wt_p256_number *out, const wt_p256_number *a, const wt_p256_number *b, int32_t k, const wt_p256_number *c);

/* out = a^2 / 2^261 + k c, carried. */
void wt_p256_square_add(wt_p256_number *out, const wt_p256_number *a, int32_t k, const wt_p256_number *c);

/* out = j a + k b, limb by limb, not carried. */
void wt_p256_combine(wt_p256_number *out, int32_t j, const wt_p256_number *a, int32_t k, const wt_p256_number *b);

/* Whether a carried number is 0 modulo p. */
int wt_p256_is_zero(const wt_p256_number *a);

static inline void wt_p256_multiply(wt_p256_number *out, const wt_p256_number *a, const wt_p256_number *b) {
  wt_p256_multiply_add(out, a, b, 0, a);
}

static inline void wt_p256_square(wt_p256_number *out, const wt_p256_number *a) { wt_p256_square_add(out, a, 0, a); }

#endif

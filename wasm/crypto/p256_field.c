/* See p256_field.h. Loops are unrolled in full: what is proven are instructions without a branch. */
#include "crypto/p256_field.h"

#define LIMBS WT_P256_LIMBS
#define BITS WT_P256_LIMB_BITS
#define MASK ((1 << BITS) - 1)
#define HALF (1 << (BITS - 1))
#define COLUMNS (2 * LIMBS - 1)
#define UNROLLED WT_P256_UNROLLED
#define INLINED inline __attribute__((always_inline))

static INLINED void reduce(wt_p256_number *out, const int64_t column[COLUMNS], int64_t k, const wt_p256_number *c);
static INLINED int64_t step(const int64_t u[LIMBS], int i, int shift);

void wt_p256_multiply_add(wt_p256_number *out, const wt_p256_number *a, const wt_p256_number *b, int32_t k, const wt_p256_number *c) {
  int64_t column[COLUMNS] = {0};
  UNROLLED for (int i = 0; i < LIMBS; i++) {
    UNROLLED for (int j = 0; j < LIMBS; j++) column[i + j] += (int64_t) a->limb[i] * b->limb[j];
  }
  reduce(out, column, k, c);
}

void wt_p256_square_add(wt_p256_number *out, const wt_p256_number *a, int32_t k, const wt_p256_number *c) {
  int64_t column[COLUMNS] = {0};
  UNROLLED for (int i = 0; i < LIMBS; i++) {
    column[2 * i] += (int64_t) a->limb[i] * a->limb[i];
    UNROLLED for (int j = i + 1; j < LIMBS; j++) column[i + j] += 2 * (int64_t) a->limb[i] * a->limb[j];
  }
  reduce(out, column, k, c);
}

void wt_p256_combine(wt_p256_number *out, int32_t j, const wt_p256_number *a, int32_t k, const wt_p256_number *b) {
  wt_p256_number sum;
  UNROLLED for (int i = 0; i < LIMBS; i++) sum.limb[i] = j * a->limb[i] + k * b->limb[i];
  *out = sum;
}

/* The number is below 2^6 p, up or down, so if it is m p, then that has the digits of p times m: they are within the bounds of a
   carried number, which has one form only. Its lowest digit is -m. */
int wt_p256_is_zero(const wt_p256_number *a) {
  const int64_t m = -(int64_t) a->limb[0];
  const int64_t multiple[LIMBS] = {-m, 0, 0, m * (1 << 9), 0, 0, m * (1 << 18), -m * (1 << 21), m * (1 << 24)};
  for (int i = LIMBS - 1; i > 0; i--) {
    if (a->limb[i] != multiple[i]) return 0;
  }
  return 1;
}

/* out = columns / 2^261 + k c. To each of the lower columns i comes u_i p with u_i in [0, 2^29), the column's own remainder, so that it
   is zero modulo 2^29 and all of it is carried. Of the upper ones remainders with a sign are left: half of 2^29 is added
   before, and taken off after. */
static INLINED void reduce(wt_p256_number *out, const int64_t column[COLUMNS], int64_t k, const wt_p256_number *c) {
  int64_t u[LIMBS], carry = 0;
  int32_t limb[LIMBS];
  UNROLLED for (int i = 0; i < COLUMNS; i++) {
    int64_t sum = column[i] + carry + (step(u, i - 3, 9) + step(u, i - 6, 18) - step(u, i - 7, 21) + step(u, i - 8, 24));
    if (i < LIMBS) {
      u[i] = sum & MASK;
    } else {
      sum += k * c->limb[i - LIMBS] + HALF;
      limb[i - LIMBS] = (int32_t) (sum & MASK) - HALF;
    }
    carry = sum >> BITS; /* in lower columns of sum - u, as the lowest digit of p is -1 */
  }
  limb[LIMBS - 1] = (int32_t) (carry + k * c->limb[LIMBS - 1]);
  UNROLLED for (int i = 0; i < LIMBS; i++) out->limb[i] = limb[i];
}

/* What step i adds by one digit of p. */
static INLINED int64_t step(const int64_t u[LIMBS], int i, int shift) { return i < 0 || i >= LIMBS ? 0 : u[i] << shift; }

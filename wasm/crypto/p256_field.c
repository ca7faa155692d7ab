/* See p256_field.h. Loops are unrolled in full: what is proven are instructions without a branch. */
#include "crypto/p256_field.h"

#define LIMBS WT_P256_LIMBS
#define BITS WT_P256_LIMB_BITS
#define MASK ((1 << BITS) - 1)
#define HALF (1 << (BITS - 1))
#define COLUMNS (2 * LIMBS)
#define UNROLLED WT_P256_UNROLLED
#define INLINED inline __attribute__((always_inline))

static INLINED void begin(int64_t column[COLUMNS], int64_t k, const wt_p256_number *c);
static INLINED void reduce(int64_t column[COLUMNS], int i);
static INLINED void finish(wt_p256_number *out, const int64_t column[COLUMNS]);

void wt_p256_multiply_add(wt_p256_number *out, const wt_p256_number *a, const wt_p256_number *b, int32_t k, const wt_p256_number *c) {
  int64_t column[COLUMNS];
  begin(column, k, c);
  UNROLLED for (int i = 0; i < LIMBS; i++) {
    UNROLLED for (int j = 0; j < LIMBS; j++) column[i + j] += (int64_t) a->limb[i] * b->limb[j];
    reduce(column, i);
  }
  finish(out, column);
}

void wt_p256_square_add(wt_p256_number *out, const wt_p256_number *a, int32_t k, const wt_p256_number *c) {
  int64_t column[COLUMNS];
  begin(column, k, c);
  UNROLLED for (int i = 0; i < LIMBS; i++) {
    column[2 * i] += (int64_t) a->limb[i] * a->limb[i];
    UNROLLED for (int j = i + 1; j < LIMBS; j++) column[i + j] += 2 * (int64_t) a->limb[i] * a->limb[j];
    reduce(column, i); /* nothing is added to this one any more */
  }
  finish(out, column);
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

/* k c lies where it is when the lower half has gone. */
static INLINED void begin(int64_t column[COLUMNS], int64_t k, const wt_p256_number *c) {
  UNROLLED for (int i = 0; i < LIMBS; i++) {
    column[i] = 0;
    column[LIMBS + i] = k * c->limb[i];
  }
}

/* Adds u p in this place, with u in [0, 2^29) the remainder of the column, which is zero modulo 2^29 then, and is carried. */
static INLINED void reduce(int64_t column[COLUMNS], int i) {
  const int64_t u = column[i] & MASK;
  column[i + 1] += column[i] >> BITS; /* of column - u */
  column[i + 3] += u << 9;
  column[i + 6] += u << 18;
  column[i + 7] -= u << 21;
  column[i + 8] += u << 24;
}

/* Carries the upper half and leaves remainders with a sign: half of 2^29 is added before, and taken off after. */
static INLINED void finish(wt_p256_number *out, const int64_t column[COLUMNS]) {
  wt_p256_number carried;
  int64_t carry = 0;
  UNROLLED for (int i = 0; i < LIMBS - 1; i++) {
    const int64_t sum = column[LIMBS + i] + carry + HALF;
    carried.limb[i] = (int32_t) (sum & MASK) - HALF;
    carry = sum >> BITS;
  }
  carried.limb[LIMBS - 1] = (int32_t) (column[COLUMNS - 1] + carry);
  *out = carried;
}

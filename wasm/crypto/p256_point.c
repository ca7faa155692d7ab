/* See p256_point.h. What calculates has no branch and stays a function of its own: test/crypto/p256-proof.test.ts follows each through the
   shipped module, bounds and all, and compares what comes out with the law of the group, as polynomials in the coordinates. */
#include "crypto/p256_point.h"

#define STRAIGHT __attribute__((noinline))

/* How far the second point is from the first, both over one z. */
typedef struct {
  wt_p256_number x, y;
} difference;

STRAIGHT void wt_p256_double_finite(wt_p256_point *point);
STRAIGHT void wt_p256_align(wt_p256_point *aligned, difference *apart, const wt_p256_point *a, const wt_p256_point *b, int32_t sign);
STRAIGHT void wt_p256_align_affine(difference *apart, const wt_p256_point *a, const wt_p256_affine *b, int32_t sign);
STRAIGHT void wt_p256_join(wt_p256_point *sum, const wt_p256_point *aligned, const difference *apart);

static void settle(wt_p256_point *sum, const wt_p256_point *aligned, const difference *apart);
static void apply(int32_t sign, wt_p256_number *number);

/* 2^261 and 2^522 modulo p. */
static const wt_p256_number one = {{32, 0, 0, -16384, 0, 0, -8388608, 67108864, 0}};
static const wt_p256_number square = {{3072, 0, -65536, -2097152, -4194304, 0, 0, -1, 20}};

/* No point of the group has the order 2: what was finite stays so. */
void wt_p256_double(wt_p256_point *sum) {
  if (!sum->is_infinite) wt_p256_double_finite(sum);
}

/* In one, as doubling leaves the smaller numbers that adding needs here. */
void wt_p256_double_add(wt_p256_point *sum, const wt_p256_affine *other, int32_t sign) {
  if (sum->is_infinite) {
    wt_p256_set_affine(sum, other);
    apply(sign, &sum->y);
    return;
  }
  difference apart;
  wt_p256_double_finite(sum);
  wt_p256_align_affine(&apart, sum, other, sign);
  settle(sum, sum, &apart);
}

void wt_p256_add(wt_p256_point *sum, const wt_p256_point *other, int32_t sign) {
  if (sum->is_infinite) {
    *sum = *other;
    apply(sign, &sum->y);
    return;
  }
  wt_p256_point aligned;
  difference apart;
  wt_p256_align(&aligned, &apart, sum, other, sign);
  settle(sum, &aligned, &apart);
}

void wt_p256_set_affine(wt_p256_point *point, const wt_p256_affine *from) {
  *point = (wt_p256_point){.x = from->x, .y = from->y, .z = one};
}

STRAIGHT void wt_p256_read(wt_p256_number *out, int32_t times, const uint8_t bytes[WT_P256_BYTES]) {
  wt_p256_number plain;
  uint64_t bits = 0;
  int taken = 0;
  WT_P256_UNROLLED for (int i = 0; i < WT_P256_LIMBS; i++) {
    const int begin = WT_P256_LIMB_BITS * i, end = begin + WT_P256_LIMB_BITS;
    WT_P256_UNROLLED for (int j = 0; j < WT_P256_LIMB_BITS / 8 + 1; j++) {
      if (taken == WT_P256_BYTES || 8 * taken >= end) continue;
      bits |= (uint64_t) bytes[WT_P256_BYTES - 1 - taken] << (8 * taken - begin);
      taken++;
    }
    plain.limb[i] = (int32_t) (bits & ((1 << WT_P256_LIMB_BITS) - 1));
    bits >>= WT_P256_LIMB_BITS;
  }
  wt_p256_combine(&plain, times, &plain, 0, &plain);
  wt_p256_multiply(out, &plain, &square);
}

STRAIGHT int wt_p256_has_x(const wt_p256_point *point, const wt_p256_number *x) {
  wt_p256_number z_squared, apart;
  wt_p256_square(&z_squared, &point->z);
  wt_p256_multiply_add(&apart, x, &z_squared, -1, &point->x);
  return wt_p256_is_zero(&apart);
}

/* The exceptions: of the same x, points are the same or opposite to each other. */
static void settle(wt_p256_point *sum, const wt_p256_point *aligned, const difference *apart) {
  if (!wt_p256_is_zero(&apart->x)) {
    wt_p256_join(sum, aligned, apart);
  } else if (wt_p256_is_zero(&apart->y)) {
    wt_p256_double_finite(sum);
  } else {
    sum->is_infinite = 1;
  }
}

static void apply(int32_t sign, wt_p256_number *number) {
  for (int i = 0; i < WT_P256_LIMBS; i++) number->limb[i] *= sign;
}

/* Bernstein's dbl-2001-b of the Explicit-Formulas Database for curves y^2 = x^3 - 3 x + b, with 2 y in place of y. */
void wt_p256_double_finite(wt_p256_point *point) {
  wt_p256_number delta, gamma, beta, alpha, less, more;
  wt_p256_square(&delta, &point->z);
  wt_p256_square(&gamma, &point->y);
  wt_p256_multiply(&beta, &point->x, &gamma);
  wt_p256_combine(&less, 3, &point->x, -3, &delta);
  wt_p256_combine(&more, 1, &point->x, 1, &delta);
  wt_p256_multiply(&alpha, &less, &more);
  wt_p256_multiply(&point->z, &point->y, &point->z);
  wt_p256_square_add(&point->x, &alpha, -2, &beta);
  wt_p256_combine(&less, 2, &beta, -2, &point->x);
  wt_p256_square(&gamma, &gamma);
  wt_p256_multiply_add(&point->y, &alpha, &less, -1, &gamma);
}

/* a over the z of both, and the distance of sign * b from it (Cohen, Miyaji, Ono: "Efficient Elliptic Curve Exponentiation Using
   Mixed Coordinates", 1998). */
STRAIGHT void wt_p256_align(wt_p256_point *aligned, difference *apart, const wt_p256_point *a, const wt_p256_point *b, int32_t sign) {
  wt_p256_number square, cube;
  wt_p256_square(&square, &b->z);
  wt_p256_multiply(&cube, &square, &b->z);
  wt_p256_multiply(&aligned->x, &a->x, &square);
  wt_p256_multiply(&aligned->y, &a->y, &cube);
  wt_p256_multiply(&aligned->z, &a->z, &b->z);
  wt_p256_square(&square, &a->z);
  wt_p256_multiply(&cube, &square, &a->z);
  wt_p256_combine(&cube, sign, &cube, 0, &cube);
  wt_p256_multiply_add(&apart->x, &b->x, &square, -1, &aligned->x);
  wt_p256_multiply_add(&apart->y, &b->y, &cube, -1, &aligned->y);
}

/* a is over the z of both already, as b has none. */
STRAIGHT void wt_p256_align_affine(difference *apart, const wt_p256_point *a, const wt_p256_affine *b, int32_t sign) {
  wt_p256_number square, cube;
  wt_p256_square(&square, &a->z);
  wt_p256_multiply(&cube, &square, &a->z);
  wt_p256_combine(&cube, sign, &cube, 0, &cube);
  wt_p256_multiply_add(&apart->x, &b->x, &square, -1, &a->x);
  wt_p256_multiply_add(&apart->y, &b->y, &cube, -1, &a->y);
}

/* The sum of two points that are apart in x (Bernstein, Lange: add-2007-bl, with 2 y in place of y). */
void wt_p256_join(wt_p256_point *sum, const wt_p256_point *aligned, const difference *apart) {
  wt_p256_number twice, square, cube, x, y, rest;
  wt_p256_combine(&twice, 1, &apart->x, 1, &apart->x);
  wt_p256_square(&square, &twice);
  wt_p256_multiply(&cube, &apart->x, &square);
  wt_p256_multiply(&x, &aligned->x, &square);
  wt_p256_multiply(&y, &aligned->y, &cube);
  wt_p256_multiply(&sum->z, &aligned->z, &twice);
  wt_p256_combine(&rest, 1, &cube, 2, &x);
  wt_p256_square_add(&sum->x, &apart->y, -1, &rest);
  wt_p256_combine(&rest, 2, &x, -2, &sum->x);
  wt_p256_multiply_add(&sum->y, &apart->y, &rest, -2, &y);
}

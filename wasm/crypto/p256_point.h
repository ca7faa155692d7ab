/* Points of P-256 for verification: doubles, sums, and the comparison of an x. Owns the formulas and their exceptions; the numbers
   are p256_field.h's. Time depends on the points: all of them must be public.

   A point is (x / z^2, y / (2 z^3)): Jacobian coordinates with 2 y, so that formulas have no large factors. Numbers are in Montgomery
   form, carried or such times -1. */
#ifndef WANTTLS_P256_POINT_H
#define WANTTLS_P256_POINT_H

#include "crypto/p256_field.h"

#define WT_P256_BYTES 32

typedef struct {
  wt_p256_number x, y, z;
  int is_infinite; /* then x, y and z mean nothing; else z is not 0 modulo p */
} wt_p256_point;

typedef struct {
  wt_p256_number x, y; /* with z = 1 */
} wt_p256_affine;

/* sum = 2 sum */
void wt_p256_double(wt_p256_point *sum);

/* sum = 2 sum + sign * other; sign is 1 or -1. */
void wt_p256_double_add(wt_p256_point *sum, const wt_p256_affine *other, int32_t sign);

/* sum = sum + sign * other; the other is not infinite. */
void wt_p256_add(wt_p256_point *sum, const wt_p256_point *other, int32_t sign);

/* The point with z = 1 that has these coordinates. */
void wt_p256_set_affine(wt_p256_point *point, const wt_p256_affine *from);

/* 1 or 2 times the number of these bytes, the highest first, in Montgomery form; it need not be below p. */
void wt_p256_read(wt_p256_number *out, int32_t times, const uint8_t bytes[WT_P256_BYTES]);

/* Whether a point that is not infinite has this x; there is no division by z^2. */
int wt_p256_has_x(const wt_p256_point *point, const wt_p256_number *x);

#endif

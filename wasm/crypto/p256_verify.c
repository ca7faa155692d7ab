/* ECDSA's verification on P-256 (FIPS 186-5, 6.4.2), see p256.h. Owns the sum of the two multiples; points are p256_point.h's, what
   is modulo the order n p256.c's. In vetted.wasm stands vetted/p256_verify.c in its place.

   All is public here, and time depends on it: the multipliers are written with signed digits of which few are not 0 (wNAF), and both
   multiples are summed up in one pass over them (Moeller: "Algorithms for Multi-exponentiation", 2001, interleaving). */
#include "crypto/p256.h"

#include <string.h>

#include "crypto/p256_point.h"

#define KEY_WINDOW 4
#define KEY_MULTIPLES (1 << (KEY_WINDOW - 1))

/* p - n: x below it is that of r and of r + n too. */
static const uint8_t prime_less_order[WT_P256_SIZE] = {[16] = 0x43, 0x19, 0x05, 0x53, 0x58, 0xe8, 0x61, 0x7b,
                                                       0x0c, 0x46, 0x35, 0x3d, 0x03, 0x9c, 0xda, 0xae};
static const uint8_t order[WT_P256_SIZE] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static void add_multiples(wt_p256_point *sum, const uint8_t base_multiplier[WT_P256_SIZE],
                          const uint8_t key_multiplier[WT_P256_SIZE], const uint8_t key[WT_P256_POINT_SIZE]);
static void odd_multiples(wt_p256_point multiples[KEY_MULTIPLES], const wt_p256_affine *of);
static const wt_p256_affine *base_multiples(void);
static int has_x_modulo_order(const wt_p256_point *point, const uint8_t r[WT_P256_SIZE]);
static void read_point(wt_p256_affine *to, const uint8_t bytes[WT_P256_POINT_SIZE]);

int wt_p256_verify(const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_POINT_SIZE], const uint8_t *digest,
                   size_t size) {
  uint8_t base_multiplier[WT_P256_SIZE], key_multiplier[WT_P256_SIZE];
  if (wt_p256_multipliers(base_multiplier, key_multiplier, signature, digest, size) != 0) return -1;
  wt_p256_point sum;
  add_multiples(&sum, base_multiplier, key_multiplier, key);
  return !sum.is_infinite && has_x_modulo_order(&sum, signature) ? 0 : -1;
}

static void add_multiples(wt_p256_point *sum, const uint8_t base_multiplier[WT_P256_SIZE],
                          const uint8_t key_multiplier[WT_P256_SIZE], const uint8_t key[WT_P256_POINT_SIZE]) {
  int8_t base_digits[WT_P256_DIGITS], key_digits[WT_P256_DIGITS];
  wt_p256_recode(base_digits, base_multiplier, WT_P256_BASE_WINDOW);
  wt_p256_recode(key_digits, key_multiplier, KEY_WINDOW);
  wt_p256_affine point;
  wt_p256_point multiples[KEY_MULTIPLES];
  read_point(&point, key);
  odd_multiples(multiples, &point);
  const wt_p256_affine *base = base_multiples();

  sum->is_infinite = 1;
  for (int i = WT_P256_DIGITS - 1; i >= 0; i--) {
    const int of_base = base_digits[i], of_key = key_digits[i];
    if (of_base == 0) wt_p256_double(sum);
    if (of_base > 0) wt_p256_double_add(sum, &base[of_base / 2], 1);
    if (of_base < 0) wt_p256_double_add(sum, &base[-of_base / 2], -1);
    if (of_key > 0) wt_p256_add(sum, &multiples[of_key / 2], 1);
    if (of_key < 0) wt_p256_add(sum, &multiples[-of_key / 2], -1);
  }
}

/* 1, 3, 5, ... times the point; none of them is infinite, since the order is a prime beyond. */
static void odd_multiples(wt_p256_point multiples[KEY_MULTIPLES], const wt_p256_affine *of) {
  wt_p256_set_affine(&multiples[0], of);
  wt_p256_point twice = multiples[0];
  wt_p256_double(&twice);
  for (int i = 1; i < KEY_MULTIPLES; i++) {
    multiples[i] = multiples[i - 1];
    wt_p256_add(&multiples[i], &twice, 1);
  }
}

/* Of the base point, from AWS-LC's table; the same for all, and made when they are first needed. */
static const wt_p256_affine *base_multiples(void) {
  static wt_p256_affine multiples[WT_P256_BASE_MULTIPLES];
  static int is_made;
  for (int i = 0; i < WT_P256_BASE_MULTIPLES && !is_made; i++) {
    uint8_t point[WT_P256_POINT_SIZE];
    wt_p256_base_multiple(point, i);
    read_point(&multiples[i], point);
  }
  is_made = 1;
  return multiples;
}

/* Whether x is r or, where that is below p, r + n. */
static int has_x_modulo_order(const wt_p256_point *point, const uint8_t r[WT_P256_SIZE]) {
  wt_p256_number x;
  wt_p256_read(&x, 1, r);
  if (wt_p256_has_x(point, &x)) return 1;
  if (memcmp(r, prime_less_order, WT_P256_SIZE) >= 0) return 0;
  uint8_t larger[WT_P256_SIZE];
  int carry = 0;
  for (int i = WT_P256_SIZE - 1; i >= 0; i--) {
    carry += r[i] + order[i];
    larger[i] = (uint8_t) carry;
    carry >>= 8;
  }
  wt_p256_read(&x, 1, larger);
  return wt_p256_has_x(point, &x);
}

static void read_point(wt_p256_affine *to, const uint8_t bytes[WT_P256_POINT_SIZE]) {
  wt_p256_read(&to->x, 1, bytes);
  wt_p256_read(&to->y, 2, bytes + WT_P256_SIZE);
}

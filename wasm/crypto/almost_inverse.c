/* See almost_inverse.h. Kaliski, "The Montgomery inverse and its applications" (1995), the first phase, with all zeros at the lower end
   of a number taken off at once.

   Each row has rest * 2^shifts = sign * number * factor modulo the modulus, with the sign 1 for the number's row and -1 for the
   modulus's, so that what is subtracted from a rest is added to a factor. As one rest times the other factor, summed up both ways, stays
   the modulus, no factor is larger than that. */
#include "crypto/almost_inverse.h"

#include <string.h>

#define LIMBS WT_INVERSE_LIMBS

typedef struct {
  uint64_t rest[LIMBS], factor[LIMBS];
} row;

static int zeros_below(const uint64_t number[LIMBS]);
static void shift_right(uint64_t number[LIMBS], int bits);
static void shift_left(uint64_t number[LIMBS], int bits);
static int is_zero(const uint64_t number[LIMBS]);
static int is_less(const uint64_t a[LIMBS], const uint64_t b[LIMBS]);
static void add(uint64_t to[LIMBS], const uint64_t number[LIMBS]);
static void subtract(uint64_t from[LIMBS], const uint64_t number[LIMBS]);

int wt_almost_invert(uint64_t inverse[LIMBS], const uint64_t number[LIMBS], const uint64_t modulus[LIMBS]) {
  row rows[2] = {{.factor = {0}}, {.factor = {1}}};
  memcpy(rows[0].rest, modulus, sizeof rows[0].rest);
  memcpy(rows[1].rest, number, sizeof rows[1].rest);
  row *odd = &rows[0], *other = &rows[1];
  int shifts = 0;
  while (!is_zero(other->rest)) {
    const int zeros = zeros_below(other->rest);
    shift_right(other->rest, zeros);
    shift_left(odd->factor, zeros);
    shifts += zeros;
    if (other->rest[0] % 2 == 0) continue;
    if (is_less(other->rest, odd->rest)) {
      row *swapped = odd;
      odd = other;
      other = swapped;
    }
    subtract(other->rest, odd->rest);
    add(other->factor, odd->factor);
  }
  memcpy(inverse, odd->factor, sizeof odd->factor);
  if (odd != &rows[0]) return shifts;
  memcpy(inverse, modulus, sizeof odd->factor);
  subtract(inverse, odd->factor);
  return shifts;
}

/* Of a number that is not 0; at most 63 of them. */
static int zeros_below(const uint64_t number[LIMBS]) { return number[0] == 0 ? 63 : __builtin_ctzll(number[0]); }

/* By at most 63 bits, here and below. */
static void shift_right(uint64_t number[LIMBS], int bits) {
  for (int i = 0; i < LIMBS - 1; i++) number[i] = number[i] >> bits | number[i + 1] << 1 << (63 - bits);
  number[LIMBS - 1] >>= bits;
}

static void shift_left(uint64_t number[LIMBS], int bits) {
  for (int i = LIMBS - 1; i > 0; i--) number[i] = number[i] << bits | number[i - 1] >> 1 >> (63 - bits);
  number[0] <<= bits;
}

static int is_zero(const uint64_t number[LIMBS]) { return (number[0] | number[1] | number[2] | number[3]) == 0; }

static int is_less(const uint64_t a[LIMBS], const uint64_t b[LIMBS]) {
  int i = LIMBS - 1;
  while (i > 0 && a[i] == b[i]) i--;
  return a[i] < b[i];
}

static void add(uint64_t to[LIMBS], const uint64_t number[LIMBS]) {
  uint64_t carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    const uint64_t sum = to[i] + number[i], all = sum + carry;
    carry = (sum < number[i]) | (all < carry);
    to[i] = all;
  }
}

static void subtract(uint64_t from[LIMBS], const uint64_t number[LIMBS]) {
  uint64_t borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    const uint64_t rest = from[i] - number[i], all = rest - borrow;
    borrow = (from[i] < number[i]) | (rest < borrow);
    from[i] = all;
  }
}

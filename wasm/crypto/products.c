/* See products.h. Both take two rows of the schoolbook's product at a time: what one row makes of a limb goes on to the other
   before it is stored, and two chains of carries run side by side where one would wait for itself. */
#include "crypto/products.h"

#include <string.h>

#include "crypto/muladdc.h"

static void one_row(uint64_t *product, const uint64_t *a, size_t limbs, uint64_t row);
static void two_rows(uint64_t *product, const uint64_t *a, size_t limbs, const uint64_t rows[2]);

void wt_multiply(uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b, size_t b_limbs) {
  memset(product, 0, (a_limbs + b_limbs) * sizeof *product);
  if (a_limbs == 0) return;
  size_t i = 0;
  for (; i + 2 <= b_limbs; i += 2) two_rows(product + i, a, a_limbs, b + i);
  if (i < b_limbs) one_row(product + i, a, a_limbs, b[i]);
}

/* Operand scanning, the reduction in the same pass (Koc, Acar, Kaliski: "Analyzing and Comparing Montgomery Multiplication
   Algorithms", 1996, FIOS; its additions ripple, here each chain keeps its carry).

   Before and after each turn t < b + n < 2^(64 limbs + 1), so that its highest limb is 0 or 1: t = (t + x * b + m * n) / 2^64 with
   x and m below 2^64 is below (b + n + (2^64 - 1) (b + n)) / 2^64. */
void wt_montgomery(uint64_t *t, const uint64_t *a, const uint64_t *b, const uint64_t *n, size_t limbs, uint64_t mm) {
  memset(t, 0, (limbs + 1) * sizeof *t);
  for (size_t i = 0; i < limbs; i++) {
    const wt_halves x = wt_split(a[i]), m = wt_split((t[0] + a[i] * b[0]) * mm);
    uint64_t carry = 0, other_carry = 0;
    wt_multiply_add(n[0], m, wt_multiply_add(b[0], x, t[0], &carry), &other_carry); /* 0, by the choice of m */
    for (size_t j = 1; j < limbs; j++)
      t[j - 1] = wt_multiply_add(n[j], m, wt_multiply_add(b[j], x, t[j], &carry), &other_carry);
    const uint64_t carries = carry + other_carry;
    t[limbs - 1] = carries + t[limbs];
    t[limbs] = (carries < carry) + (t[limbs - 1] < carries);
  }
}

/* product += a * row, above which there is nothing yet. */
static void one_row(uint64_t *product, const uint64_t *a, size_t limbs, uint64_t row) {
  const wt_halves x = wt_split(row);
  uint64_t carry = 0;
  for (size_t j = 0; j < limbs; j++) product[j] = wt_multiply_add(a[j], x, product[j], &carry);
  product[limbs] = carry;
}

/* The same with rows[0] + 2^64 * rows[1]: one limb behind the first row follows the second. */
static void two_rows(uint64_t *product, const uint64_t *a, size_t limbs, const uint64_t rows[2]) {
  const wt_halves x = wt_split(rows[0]), y = wt_split(rows[1]);
  uint64_t carry = 0, other_carry = 0;
  product[0] = wt_multiply_add(a[0], x, product[0], &carry);
  for (size_t j = 1; j < limbs; j++)
    product[j] = wt_multiply_add(a[j - 1], y, wt_multiply_add(a[j], x, product[j], &carry), &other_carry);
  product[limbs] = wt_multiply_add(a[limbs - 1], y, carry, &other_carry);
  product[limbs + 1] = other_carry;
}

/* Products of big numbers, plain and Montgomery's, in place of the loops of Mbed TLS's bignum_core.c (patches/0001 beside this
   file). A number is limbs of 64 bits, the lowest first. Time depends on the numbers of limbs only. */
#ifndef WANTTLS_PRODUCTS_H
#define WANTTLS_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>

/* product = a * b, of a_limbs + b_limbs limbs, which must not be those of a or b. */
void wt_multiply(uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b, size_t b_limbs);

/* t = (a * b + m * n) / 2^(64 limbs) with the m that leaves no remainder: a * b / 2^(64 limbs) modulo n, and below b + n. Here t
   has limbs + 1 limbs, which must not be those of the others, and n is odd with mm = -1 / n modulo 2^64. */
void wt_montgomery(uint64_t *t, const uint64_t *a, const uint64_t *b, const uint64_t *n, size_t limbs, uint64_t mm);

#endif

/* The inner step of big numbers for a machine without a 64 x 64 -> 128 bit product: x * a + d + carry, as four products of 32-bit
   halves. Owns nothing else. Mbed TLS's bn_mul.h takes it in place of its own C; products.c is made of it.

   Why nothing is lost. Each line below is a product of two numbers below 2^32 plus two numbers below 2^32, so at most
   (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1. The lines have the weights 2^0, 2^32, 2^32 and 2^64. Every half of d and of the carry
   enters the line of its own weight once, and what a line leaves above its 32 bits enters the line of the next weight once; the
   low halves of `low` and `up` are the result's two halves. There is no comparison and no branch: time does not depend on the
   numbers. */
#ifndef WANTTLS_MULADDC_H
#define WANTTLS_MULADDC_H

#include <stdint.h>

/* A limb of 64 bits, as its low and its high 32 bits. */
typedef struct {
  uint64_t low, high;
} wt_halves;

static inline wt_halves wt_split(uint64_t limb) { return (wt_halves){(uint32_t) limb, limb >> 32}; }

/* x * a + d + *carry: the lower limb is answered, the upper one becomes the carry. */
static inline uint64_t wt_multiply_add(uint64_t x, wt_halves a, uint64_t d, uint64_t *carry) {
  const wt_halves s = wt_split(x), addend = wt_split(d), c = wt_split(*carry);
  const uint64_t low = s.low * a.low + addend.low + c.low;
  const uint64_t across = s.high * a.low + addend.high + (low >> 32);
  const uint64_t up = s.low * a.high + c.high + (uint32_t) across;
  *carry = s.high * a.high + (across >> 32) + (up >> 32);
  return (up << 32) | (uint32_t) low;
}

#define MULADDC_X1_INIT                                                       \
  {                                                                           \
    const wt_halves b_halves = wt_split(b);

#define MULADDC_X1_CORE                                                       \
    *d = wt_multiply_add(*s, b_halves, *d, &c);                               \
    s++;                                                                      \
    d++;

#define MULADDC_X1_STOP                                                       \
  }

#endif

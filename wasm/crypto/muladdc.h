/* The inner step of Mbed TLS's big numbers for a machine without a 64 x 64 -> 128 bit product: *d = *s * b + *d + c, with the
   upper half into c, as four products of 32-bit halves. Owns nothing else; bn_mul.h takes it in place of its own C.

   Why nothing is lost. Each line below is a product of two numbers below 2^32 plus two numbers below 2^32, so at most
   (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1. The lines have the weights 2^0, 2^32, 2^32 and 2^64. Every half of *d and of c enters
   the line of its own weight once, and what a line leaves above its 32 bits enters the line of the next weight once; the low
   halves of `low` and `up` are the result's two halves. There is no comparison and no branch: time does not depend on the numbers. */
#ifndef WANTTLS_MULADDC_H
#define WANTTLS_MULADDC_H

#define MULADDC_X1_INIT                                                       \
  {                                                                           \
    const uint64_t b_low = (uint32_t) b, b_high = b >> 32;

#define MULADDC_X1_CORE                                                       \
    {                                                                         \
      const uint64_t s_low = (uint32_t) *s, s_high = *s >> 32;                \
      const uint64_t low = s_low * b_low + (uint32_t) *d + (uint32_t) c;      \
      const uint64_t across = s_high * b_low + (*d >> 32) + (low >> 32);      \
      const uint64_t up = s_low * b_high + (c >> 32) + (uint32_t) across;     \
      c = s_high * b_high + (across >> 32) + (up >> 32);                      \
      *d = (up << 32) | (uint32_t) low;                                       \
      s++;                                                                    \
      d++;                                                                    \
    }

#define MULADDC_X1_STOP                                                       \
  }

#endif

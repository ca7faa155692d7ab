/* Inverses modulo odd numbers of four limbs, but for a power of two. Time depends on the number: it must be public. */
#ifndef WANTTLS_ALMOST_INVERSE_H
#define WANTTLS_ALMOST_INVERSE_H

#include <stdint.h>

#define WT_INVERSE_LIMBS 4

/* inverse * number = 2^answer modulo the modulus, which is odd, for a number in [1, modulus) that has no factor in common with it. */
int wt_almost_invert(uint64_t inverse[WT_INVERSE_LIMBS], const uint64_t number[WT_INVERSE_LIMBS], const uint64_t modulus[WT_INVERSE_LIMBS]);

#endif

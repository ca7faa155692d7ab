/* Functions that leak on purpose, each in one way: what every audit of constant time must find wanting. Nothing else uses them. */
#include "evidence.h"

/* A branch that depends on secrets: ends at the first byte that differs. */
EVIDENCE(int, leaky_equal, const uint8_t *a, const uint8_t *b, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (a[i] != b[i]) return 0;
  return 1;
}

/* A choice that the compiler makes a `select`, which an engine may turn into a branch. */
EVIDENCE(uint32_t, leaky_choice, uint32_t secret, uint32_t a, uint32_t b) { return secret & 1 ? a : b; }

/* A division, which takes longer for some numbers than for others. */
EVIDENCE(uint32_t, leaky_rest, uint32_t secret, uint32_t divisor) { return secret % divisor; }

/* products.h by Mbed TLS's own row, for vetted.wasm: what bignum_core.c does itself before wasm/crypto/patches/0001. */
#include "crypto/products.h"

#include <string.h>

#include "bignum_core.h"

void wt_multiply(uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b, size_t b_limbs) {
  memset(product, 0, (a_limbs + b_limbs) * sizeof *product);
  for (size_t i = 0; i < b_limbs; i++) mbedtls_mpi_core_mla(product + i, a_limbs + 1, a, a_limbs, b[i]);
}

/* Before and after each turn t < b + n, so that its highest limb is 0 or 1 (products.c), and the carries of both rows, which are
   the highest limb of the next t, have room in one. */
void wt_montgomery(uint64_t *t, const uint64_t *a, const uint64_t *b, const uint64_t *n, size_t limbs, uint64_t mm) {
  memset(t, 0, (limbs + 1) * sizeof *t);
  for (size_t i = 0; i < limbs; i++) {
    const uint64_t m = (t[0] + a[i] * b[0]) * mm;
    const uint64_t carry = mbedtls_mpi_core_mla(t, limbs + 1, b, limbs, a[i]) + mbedtls_mpi_core_mla(t, limbs + 1, n, limbs, m);
    memmove(t, t + 1, limbs * sizeof *t);
    t[limbs] = carry;
  }
}

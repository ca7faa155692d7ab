/* See inverse.h. By Fermat, number^(prime - 2): "unsafe" for the exponent only, which is public. Faster than Mbed TLS's constant-time
   greatest common divisor, which does not ask for a prime, since products have become fast (products.c). */
#include "crypto/inverse.h"

#include "bignum_internal.h"

int wt_invert(mbedtls_mpi *inverse, const mbedtls_mpi *number, const mbedtls_mpi *prime) {
  mbedtls_mpi exponent;
  mbedtls_mpi_init(&exponent);
  int error = mbedtls_mpi_sub_int(&exponent, prime, 2);
  if (error == 0) error = mbedtls_mpi_exp_mod_unsafe(inverse, number, &exponent, prime, NULL);
  mbedtls_mpi_free(&exponent);
  return error;
}

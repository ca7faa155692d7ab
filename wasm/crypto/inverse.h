/* The inverse modulo a prime, for curves that Mbed TLS calculates with (patches/0002 beside this file). */
#ifndef WANTTLS_INVERSE_H
#define WANTTLS_INVERSE_H

#include "mbedtls/bignum.h"

/* inverse = 1 / number, and 0 for 0, modulo an odd prime; the number is not negative. 0 or an error of Mbed TLS. */
int wt_invert(mbedtls_mpi *inverse, const mbedtls_mpi *number, const mbedtls_mpi *prime);

#endif

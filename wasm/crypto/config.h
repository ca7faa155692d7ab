/* What stands in for code of Mbed TLS's own, unless the module is built with CRYPTO=mbedtls. Included by wanttls_config.h. */
#ifndef WANTTLS_CRYPTO_CONFIG_H
#define WANTTLS_CRYPTO_CONFIG_H

#define MBEDTLS_HAVE_INT64 /* limbs of 64 bits, multiplied by muladdc.h */
#include "muladdc.h"
#define MBEDTLS_MPI_WINDOW_SIZE 5 /* of an exponent, so many bits at a time: 32 powers are kept in place of 8 */

#define MBEDTLS_PSA_P256M_DRIVER_ENABLED /* not p256-m: its entry points, which curves_driver.c has with other code behind */

#define MBEDTLS_AES_ALT /* aes.c: without tables */
#define MBEDTLS_GCM_ALT
#define MBEDTLS_CHACHA20_ALT /* chacha20.c: four blocks at a time */
#define MBEDTLS_CHACHAPOLY_ALT /* chachapoly.c: encrypts and hashes at once */

#define MBEDTLS_SHA256_PROCESS_ALT /* sha256.c: vector units make the schedule */

#endif

/* The little that AWS-LC's curves expect of the rest of AWS-LC, for a module of one thread. What nobody calls of the included
   files drops out at link time. */
#include "crypto/fipsmodule/bn/shift.c"
#include "crypto/fipsmodule/ec/wnaf.c"

#include "mbedtls/platform_util.h"

void CRYPTO_once(CRYPTO_once_t *once, void (*init)(void)) {
  if (*once) return;
  *once = 1;
  init();
}

void OPENSSL_cleanse(void *block, size_t size) { mbedtls_platform_zeroize(block, size); }

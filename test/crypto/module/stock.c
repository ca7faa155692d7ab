/* Mbed TLS's own AES, with its tables, beside ours: what the check of traces must find wanting. */
#include "mbedtls/build_info.h"

#undef MBEDTLS_AES_ALT
#define mbedtls_aes_context stock_aes_context
#define mbedtls_aes_init stock_aes_init
#define mbedtls_aes_free stock_aes_free
#define mbedtls_aes_setkey_enc stock_aes_setkey_enc
#define mbedtls_aes_setkey_dec stock_aes_setkey_dec
#define mbedtls_aes_crypt_ecb stock_aes_crypt_ecb
#define mbedtls_aes_crypt_cbc stock_aes_crypt_cbc
#define mbedtls_internal_aes_encrypt stock_internal_aes_encrypt
#define mbedtls_internal_aes_decrypt stock_internal_aes_decrypt

#include "../mbedtls/library/aes.c"

#include "shim.h"

int WT_EXPORT(stock_aes)(const uint8_t *key, size_t bits, const uint8_t *in, uint8_t *out);
int stock_aes(const uint8_t *key, size_t bits, const uint8_t *in, uint8_t *out) {
  stock_aes_context aes;
  stock_aes_init(&aes);
  int status = stock_aes_setkey_enc(&aes, key, (unsigned)bits);
  if (status == 0) status = stock_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, in, out);
  stock_aes_free(&aes);
  return status;
}

/* Mbed TLS's ChaCha20-Poly1305 context, by the name that its header includes (MBEDTLS_CHACHAPOLY_ALT). Its functions are in
   chachapoly.c. */
#ifndef WANTTLS_CRYPTO_CHACHAPOLY_ALT_H
#define WANTTLS_CRYPTO_CHACHAPOLY_ALT_H

#include "mbedtls/chacha20.h"
#include "poly1305.h"

typedef struct {
  mbedtls_chacha20_context chacha;
  wt_poly1305 poly;
  uint64_t additional_size, text_size;
  uint8_t partial[16]; /* bytes that wait until their block is full or their section ends */
  size_t partial_size;
  mbedtls_chachapoly_mode_t mode;
  int stage;
} mbedtls_chachapoly_context;

#endif

/* Mbed TLS's GCM context, by the name that its header includes (MBEDTLS_GCM_ALT). Its functions are in gcm.c. */
#ifndef WANTTLS_CRYPTO_GCM_ALT_H
#define WANTTLS_CRYPTO_GCM_ALT_H

#include "kernels.h"

typedef struct {
  wt_aes_key aes;
  wt_ghash_key ghash;
  uint64_t additional_size, text_size;
  uint8_t counter[WT_AES_BLOCK];
  uint8_t tag_mask[WT_AES_BLOCK];
  uint8_t keystream[WT_AES_BATCH]; /* ready, and used up to keystream_used */
  size_t keystream_used;
  uint8_t hash[16];
  uint8_t partial[16]; /* bytes that wait until their block is full or their section ends */
  size_t partial_size;
  int mode;
} mbedtls_gcm_context;

#endif

/* Mbed TLS's ChaCha20 context, by the name that its header includes (MBEDTLS_CHACHA20_ALT). Its functions are in chacha20.c. */
#ifndef WANTTLS_CRYPTO_CHACHA20_ALT_H
#define WANTTLS_CRYPTO_CHACHA20_ALT_H

#include <stddef.h>
#include <stdint.h>

#define WT_CHACHA20_BATCH 256 /* four blocks side by side */

typedef struct {
  uint32_t state[16];                    /* of RFC 8439, 2.3; the counter is that of the next batch */
  uint64_t remaining;                    /* bytes until the counter of 32 bits comes round */
  uint8_t keystream[WT_CHACHA20_BATCH];  /* ready, and used up to keystream_used */
  size_t keystream_used;
} mbedtls_chacha20_context;

/* A batch of keystream, none of it used. */
void wt_chacha_refill(mbedtls_chacha20_context *chacha);

#endif

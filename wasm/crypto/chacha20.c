/* ChaCha20 (RFC 8439, 2.3 and 2.4) behind Mbed TLS's entry points, in place of its chacha20.c: the same, four blocks at a time.
   Owns keystream and counter; the rounds are in chacha20_rounds.h, the AEAD in chachapoly.c. */
#include <string.h>

#include "chacha20_rounds.h"
#include "mbedtls/chacha20.h"
#include "mbedtls/platform_util.h"

/* out = in ^ keystream, for whole batches; may be in place. */
static void crypt_batches(uint32_t state[16], const uint8_t *in, uint8_t *out, size_t batches) {
  for (; batches > 0; batches--, in += WT_CHACHA20_BATCH, out += WT_CHACHA20_BATCH) {
    v128_t x[16];
    wt_chacha_begin(x, state);
    for (int i = 0; i < 10; i++) wt_chacha_double_round(x);
    wt_chacha_end(x, state);
    wt_chacha_mask(x, in, out);
  }
}

void wt_chacha_refill(mbedtls_chacha20_context *chacha) {
  v128_t x[16];
  wt_chacha_begin(x, chacha->state);
  for (int i = 0; i < 10; i++) wt_chacha_double_round(x);
  wt_chacha_end(x, chacha->state);
  for (int i = 0; i < 16; i++) wasm_v128_store(chacha->keystream + WT_CHACHA_AT(i % 4, i / 4), x[i]);
  chacha->keystream_used = 0;
}

static size_t use_rest(mbedtls_chacha20_context *chacha, const uint8_t *in, uint8_t *out, size_t size) {
  const uint8_t *keystream = chacha->keystream + chacha->keystream_used;
  size_t left = WT_CHACHA20_BATCH - chacha->keystream_used, now = size < left ? size : left, at = 0;
  for (; at + 16 <= now; at += 16) wasm_v128_store(out + at, wasm_v128_xor(wasm_v128_load(in + at), wasm_v128_load(keystream + at)));
  for (; at < now; at++) out[at] = in[at] ^ keystream[at];
  chacha->keystream_used += now;
  return now;
}

void mbedtls_chacha20_init(mbedtls_chacha20_context *chacha) { memset(chacha, 0, sizeof *chacha); }

void mbedtls_chacha20_free(mbedtls_chacha20_context *chacha) {
  if (chacha != NULL) mbedtls_platform_zeroize(chacha, sizeof *chacha);
}

int mbedtls_chacha20_setkey(mbedtls_chacha20_context *chacha, const unsigned char key[32]) {
  memcpy(chacha->state, "expand 32-byte k", 16);
  memcpy(chacha->state + 4, key, 32);
  return 0;
}

int mbedtls_chacha20_starts(mbedtls_chacha20_context *chacha, const unsigned char nonce[12], uint32_t counter) {
  chacha->state[WT_CHACHA_COUNTER] = counter;
  memcpy(chacha->state + 13, nonce, 12);
  chacha->remaining = (((uint64_t)1 << 32) - counter) * 64;
  chacha->keystream_used = WT_CHACHA20_BATCH;
  return 0;
}

int mbedtls_chacha20_update(mbedtls_chacha20_context *chacha, size_t size, const unsigned char *in, unsigned char *out) {
  if (size > chacha->remaining) return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
  chacha->remaining -= size;
  size_t done = use_rest(chacha, in, out, size);
  size_t batches = (size - done) / WT_CHACHA20_BATCH;
  crypt_batches(chacha->state, in + done, out + done, batches);
  done += batches * WT_CHACHA20_BATCH;
  if (done == size) return 0;
  wt_chacha_refill(chacha);
  use_rest(chacha, in + done, out + done, size - done);
  return 0;
}

int mbedtls_chacha20_crypt(const unsigned char key[32], const unsigned char nonce[12], uint32_t counter, size_t size,
                           const unsigned char *in, unsigned char *out) {
  mbedtls_chacha20_context chacha;
  mbedtls_chacha20_init(&chacha);
  mbedtls_chacha20_setkey(&chacha, key);
  mbedtls_chacha20_starts(&chacha, nonce, counter);
  int status = mbedtls_chacha20_update(&chacha, size, in, out);
  mbedtls_chacha20_free(&chacha);
  return status;
}

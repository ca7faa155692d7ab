/* Mbed TLS's entry points to AES: single blocks, which its CCM uses, and CBC. Owns them in place of Mbed TLS's aes.c, whose tables
   leak; knows nothing of what they are used for. CBC decryption takes eight blocks at once; its encryption, and CCM, go block after
   block and are slower than Mbed TLS's tables are. */
#include "kernels.h"

#include <string.h>
#include "mbedtls/aes.h"
#include "mbedtls/platform_util.h"

void mbedtls_aes_init(mbedtls_aes_context *key) { memset(key, 0, sizeof *key); }

void mbedtls_aes_free(mbedtls_aes_context *key) {
  if (key != NULL) mbedtls_platform_zeroize(key, sizeof *key);
}

int mbedtls_aes_setkey_enc(mbedtls_aes_context *key, const unsigned char *bytes, unsigned int bits) {
  if (bits != 128 && bits != 192 && bits != 256) return MBEDTLS_ERR_AES_INVALID_KEY_LENGTH;
  wt_aes_set_block_key(key, bytes, bits / 8);
  return 0;
}

int mbedtls_aes_setkey_dec(mbedtls_aes_context *key, const unsigned char *bytes, unsigned int bits) {
  return mbedtls_aes_setkey_enc(key, bytes, bits); /* one schedule serves both directions */
}

static void decrypt_block(const wt_aes_key *key, const uint8_t *in, uint8_t *out) {
  uint8_t batch[WT_AES_BATCH] = { 0 };
  memcpy(batch, in, WT_AES_BLOCK);
  wt_aes_decrypt(key, batch, batch);
  memcpy(out, batch, WT_AES_BLOCK);
  mbedtls_platform_zeroize(batch, sizeof batch);
}

int mbedtls_aes_crypt_ecb(mbedtls_aes_context *key, int mode, const unsigned char in[16], unsigned char out[16]) {
  if (mode != MBEDTLS_AES_ENCRYPT && mode != MBEDTLS_AES_DECRYPT) return MBEDTLS_ERR_AES_BAD_INPUT_DATA;
  if (mode == MBEDTLS_AES_ENCRYPT) wt_aes_encrypt_block(key, in, out);
  else decrypt_block(&key->batch, in, out);
  return 0;
}

static void add(uint8_t *to, const uint8_t *from) {
  for (size_t i = 0; i < WT_AES_BLOCK; i++) to[i] ^= from[i];
}

/* `iv` is the last ciphertext all the time; each block is read before it is written, since `out` may be `in`. */
static void encrypt_cbc(const wt_aes_block_key *key, size_t size, uint8_t iv[16], const uint8_t *in, uint8_t *out) {
  for (size_t at = 0; at < size; at += WT_AES_BLOCK) {
    add(iv, in + at);
    wt_aes_encrypt_block(key, iv, iv);
    memcpy(out + at, iv, WT_AES_BLOCK);
  }
}

/* Backwards within a batch, since `out` may be `in`: each block needs the ciphertext before it. */
static void decrypt_cbc(const wt_aes_key *key, size_t size, uint8_t iv[16], const uint8_t *in, uint8_t *out) {
  uint8_t batch[WT_AES_BATCH] = { 0 }, next_iv[WT_AES_BLOCK];
  while (size > 0) {
    size_t now = size < WT_AES_BATCH ? size : WT_AES_BATCH;
    memcpy(batch, in, now);
    wt_aes_decrypt(key, batch, batch);
    memcpy(next_iv, in + now - WT_AES_BLOCK, WT_AES_BLOCK);
    for (size_t at = now - WT_AES_BLOCK; at > 0; at -= WT_AES_BLOCK) add(batch + at, in + at - WT_AES_BLOCK);
    add(batch, iv);
    memcpy(out, batch, now);
    memcpy(iv, next_iv, WT_AES_BLOCK);
    size -= now, in += now, out += now;
  }
  mbedtls_platform_zeroize(batch, sizeof batch);
}

int mbedtls_aes_crypt_cbc(mbedtls_aes_context *key, int mode, size_t size, unsigned char iv[16], const unsigned char *in,
                          unsigned char *out) {
  if (mode != MBEDTLS_AES_ENCRYPT && mode != MBEDTLS_AES_DECRYPT) return MBEDTLS_ERR_AES_BAD_INPUT_DATA;
  if (size % WT_AES_BLOCK != 0) return MBEDTLS_ERR_AES_INVALID_INPUT_LENGTH;
  if (mode == MBEDTLS_AES_ENCRYPT) encrypt_cbc(key, size, iv, in, out);
  else decrypt_cbc(&key->batch, size, iv, in, out);
  return 0;
}

/* AES-GCM (NIST SP 800-38D) behind Mbed TLS's entry points, in place of its gcm.c. Owns the order of counter, text, hash and
   tag, over pieces of any size; the work is done in aes.c and ghash.c. Ciphers other than AES are refused.

   A context has its key for many messages (wasm/aead.c). Short ones are what costs most for each byte: the first batch of keystream serves
   both the tag and the first 112 bytes of text. */
#include "kernels.h"

#include <string.h>
#include <wasm_simd128.h>
#include "mbedtls/constant_time.h"
#include "mbedtls/gcm.h"
#include "mbedtls/platform_util.h"

/* Encrypted and hashed in turns, so that the bytes are still near. A whole number of batches. */
#define PIECE ((size_t)16 * WT_AES_BATCH)

/* Of text, in bytes: SP 800-38D, 5.2.1.1. */
#define MAX_TEXT (((uint64_t)1 << 36) - 32)

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void xor_bytes(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t size) {
  for (; size >= 16; size -= 16, out += 16, a += 16, b += 16) {
    wasm_v128_store(out, wasm_v128_xor(wasm_v128_load(a), wasm_v128_load(b)));
  }
  for (size_t i = 0; i < size; i++) out[i] = a[i] ^ b[i];
}

static void store_big_endian(uint8_t at[8], uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* Hashing of sections: additional data, text, lengths; each is filled up with zeros to whole blocks. */

static void hash_bytes(mbedtls_gcm_context *gcm, const uint8_t *data, size_t size) {
  if (gcm->partial_size > 0) {
    size_t now = smaller(size, 16 - gcm->partial_size);
    memcpy(gcm->partial + gcm->partial_size, data, now);
    gcm->partial_size += now;
    data += now, size -= now;
    if (gcm->partial_size < 16) return;
    wt_ghash(&gcm->ghash, gcm->hash, gcm->partial, 1);
    gcm->partial_size = 0;
  }
  wt_ghash(&gcm->ghash, gcm->hash, data, size / 16);
  if (size % 16 != 0) memcpy(gcm->partial, data + size / 16 * 16, size % 16);
  gcm->partial_size = size % 16;
}

static void end_section(mbedtls_gcm_context *gcm) {
  if (gcm->partial_size == 0) return;
  memset(gcm->partial + gcm->partial_size, 0, 16 - gcm->partial_size);
  wt_ghash(&gcm->ghash, gcm->hash, gcm->partial, 1);
  gcm->partial_size = 0;
}

static void hash_lengths(mbedtls_gcm_context *gcm, uint64_t first_size, uint64_t second_size) {
  uint8_t lengths[16];
  store_big_endian(lengths, first_size * 8);
  store_big_endian(lengths + 8, second_size * 8);
  wt_ghash(&gcm->ghash, gcm->hash, lengths, 1);
}

/* Keystream, across calls. */

static void refill(mbedtls_gcm_context *gcm) {
  memset(gcm->keystream, 0, sizeof gcm->keystream);
  wt_aes_ctr(&gcm->aes, gcm->counter, gcm->keystream, gcm->keystream, 1);
  gcm->keystream_used = 0;
}

static size_t use_rest(mbedtls_gcm_context *gcm, const uint8_t *in, uint8_t *out, size_t size) {
  size_t now = smaller(size, WT_AES_BATCH - gcm->keystream_used);
  xor_bytes(out, in, gcm->keystream + gcm->keystream_used, now);
  gcm->keystream_used += now;
  return now;
}

static void mask(mbedtls_gcm_context *gcm, const uint8_t *in, uint8_t *out, size_t size) {
  size_t done = use_rest(gcm, in, out, size);
  size_t batches = (size - done) / WT_AES_BATCH;
  wt_aes_ctr(&gcm->aes, gcm->counter, in + done, out + done, batches);
  done += batches * WT_AES_BATCH;
  if (done == size) return;
  refill(gcm);
  use_rest(gcm, in + done, out + done, size - done);
}

/* J0 of SP 800-38D, 7.1, step 2. */
static void first_counter(mbedtls_gcm_context *gcm, const uint8_t *iv, size_t size) {
  if (size == 12) {
    memcpy(gcm->counter, iv, 12);
    memcpy(gcm->counter + 12, "\0\0\0\1", 4);
    return;
  }
  hash_bytes(gcm, iv, size);
  end_section(gcm);
  hash_lengths(gcm, 0, size);
  memcpy(gcm->counter, gcm->hash, 16);
  memset(gcm->hash, 0, 16);
}

void mbedtls_gcm_init(mbedtls_gcm_context *gcm) { memset(gcm, 0, sizeof *gcm); }

void mbedtls_gcm_free(mbedtls_gcm_context *gcm) {
  if (gcm != NULL) mbedtls_platform_zeroize(gcm, sizeof *gcm);
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *gcm, mbedtls_cipher_id_t cipher, const unsigned char *key, unsigned int bits) {
  if (cipher != MBEDTLS_CIPHER_ID_AES) return MBEDTLS_ERR_GCM_BAD_INPUT;
  if (bits != 128 && bits != 192 && bits != 256) return MBEDTLS_ERR_GCM_BAD_INPUT;
  uint8_t batch[WT_AES_BATCH] = { 0 };
  wt_aes_set_key(&gcm->aes, key, bits / 8);
  wt_aes_encrypt(&gcm->aes, batch, batch);
  wt_ghash_set_key(&gcm->ghash, batch);
  mbedtls_platform_zeroize(batch, sizeof batch);
  return 0;
}

int mbedtls_gcm_starts(mbedtls_gcm_context *gcm, int mode, const unsigned char *iv, size_t iv_size) {
  if (iv_size == 0) return MBEDTLS_ERR_GCM_BAD_INPUT;
  gcm->mode = mode;
  gcm->additional_size = gcm->text_size = 0;
  gcm->partial_size = 0;
  memset(gcm->hash, 0, sizeof gcm->hash);
  first_counter(gcm, iv, iv_size);
  refill(gcm);
  memcpy(gcm->tag_mask, gcm->keystream, 16);
  gcm->keystream_used = 16;
  return 0;
}

int mbedtls_gcm_update_ad(mbedtls_gcm_context *gcm, const unsigned char *data, size_t size) {
  uint64_t total = gcm->additional_size + size;
  if (total >> 61 != 0) return MBEDTLS_ERR_GCM_BAD_INPUT;
  gcm->additional_size = total;
  hash_bytes(gcm, data, size);
  return 0;
}

int mbedtls_gcm_update(mbedtls_gcm_context *gcm, const unsigned char *in, size_t size, unsigned char *out, size_t out_size,
                       size_t *written) {
  if (out_size < size) return MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL;
  *written = size;
  if (size == 0) return 0;
  if (out > in && (size_t)(out - in) < size) return MBEDTLS_ERR_GCM_BAD_INPUT;
  if (gcm->text_size + size > MAX_TEXT) return MBEDTLS_ERR_GCM_BAD_INPUT;
  if (gcm->text_size == 0) end_section(gcm);
  gcm->text_size += size;
  while (size > 0) {
    size_t now = smaller(size, PIECE);
    if (gcm->mode == MBEDTLS_GCM_DECRYPT) hash_bytes(gcm, in, now);
    mask(gcm, in, out, now);
    if (gcm->mode == MBEDTLS_GCM_ENCRYPT) hash_bytes(gcm, out, now);
    in += now, out += now, size -= now;
  }
  return 0;
}

/* Everything was given out by `update`, so `out` stays empty. */
int mbedtls_gcm_finish(mbedtls_gcm_context *gcm, unsigned char *out, size_t out_size, size_t *written, unsigned char *tag,
                       size_t tag_size) {
  (void)out;
  (void)out_size;
  *written = 0;
  if (tag_size > 16 || tag_size < 4) return MBEDTLS_ERR_GCM_BAD_INPUT;
  end_section(gcm);
  hash_lengths(gcm, gcm->additional_size, gcm->text_size);
  xor_bytes(tag, gcm->hash, gcm->tag_mask, tag_size);
  return 0;
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *gcm, int mode, size_t size, const unsigned char *iv, size_t iv_size,
                              const unsigned char *additional, size_t additional_size, const unsigned char *in,
                              unsigned char *out, size_t tag_size, unsigned char *tag) {
  size_t written;
  int status = mbedtls_gcm_starts(gcm, mode, iv, iv_size);
  if (status == 0) status = mbedtls_gcm_update_ad(gcm, additional, additional_size);
  if (status == 0) status = mbedtls_gcm_update(gcm, in, size, out, size, &written);
  if (status == 0) status = mbedtls_gcm_finish(gcm, NULL, 0, &written, tag, tag_size);
  return status;
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *gcm, size_t size, const unsigned char *iv, size_t iv_size,
                             const unsigned char *additional, size_t additional_size, const unsigned char *tag, size_t tag_size,
                             const unsigned char *in, unsigned char *out) {
  uint8_t expected[16];
  int status = mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_DECRYPT, size, iv, iv_size, additional, additional_size, in, out,
                                         tag_size, expected);
  if (status != 0) return status;
  if (mbedtls_ct_memcmp(tag, expected, tag_size) == 0) return 0;
  mbedtls_platform_zeroize(out, size);
  return MBEDTLS_ERR_GCM_AUTH_FAILED;
}

/* ChaCha20-Poly1305 (RFC 8439, 2.8) behind Mbed TLS's entry points, in place of its chachapoly.c. Owns the order of key, additional
   data, text, lengths and tag, over pieces of any size, and the loop that does both at once.

   Both at once: ChaCha20 keeps the vector units busy and Poly1305 the multiplier of the scalar unit, and neither waits for the other. So
   in one loop 256 bytes are encrypted while 256 others are hashed, one step of 32 bytes amid each of eight double rounds: of a
   message that is opened the same, of one that is sealed those before. Where less than that remains, one follows the other.

   The first batch of keystream has the key of Poly1305 in its first 32 bytes, and 192 bytes for the text from byte 64 on. So
   whenever keystream is used up, the text is hashed up to a whole block: that is where the loop begins. */
#include <string.h>

#include "chacha20_rounds.h"
#include "kernels.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"

_Static_assert(sizeof(mbedtls_chacha20_context) >= WT_CHACHA20_ROOM, "see kernels.h");
_Static_assert(sizeof(mbedtls_chachapoly_context) >= WT_CHACHAPOLY_ROOM, "see kernels.h");

#define BLOCK 64 /* of ChaCha20 */

enum { NOT_STARTED, ADDITIONAL_DATA, TEXT, FINISHED };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Hashing of sections: additional data, text; each is filled up with zeros to whole blocks. */

static void hash_bytes(mbedtls_chachapoly_context *both, const uint8_t *data, size_t size) {
  if (both->partial_size > 0) {
    size_t now = smaller(size, 16 - both->partial_size);
    memcpy(both->partial + both->partial_size, data, now);
    both->partial_size += now;
    data += now, size -= now;
    if (both->partial_size < 16) return;
    wt_poly_blocks(&both->poly, both->partial, 1);
    both->partial_size = 0;
  }
  wt_poly_blocks(&both->poly, data, size / 16);
  if (size % 16 != 0) memcpy(both->partial, data + size / 16 * 16, size % 16);
  both->partial_size = size % 16;
}

static void end_section(mbedtls_chachapoly_context *both) {
  if (both->partial_size == 0) return;
  memset(both->partial + both->partial_size, 0, 16 - both->partial_size);
  wt_poly_blocks(&both->poly, both->partial, 1);
  both->partial_size = 0;
}

/* out = in ^ keystream for whole batches, and as many bytes from `hashed` on into the sum. Where `hashed` is `in`, it is read
   before `out` is written. */
static void crypt_and_hash(uint32_t state[16], wt_poly1305 *poly, const uint8_t *in, uint8_t *out, const uint8_t *hashed, size_t batches) {
  wt_poly_need_square(poly);
  const wt_poly_factor r = poly->r, square = poly->square;
  uint64_t sum[5];
  memcpy(sum, poly->sum, sizeof sum);
  for (; batches > 0; batches--, in += WT_CHACHA20_BATCH, out += WT_CHACHA20_BATCH) {
    v128_t x[16];
    wt_chacha_begin(x, state);
    for (int i = 0; i < WT_CHACHA20_BATCH / WT_POLY_STEP; i++, hashed += WT_POLY_STEP) {
      wt_chacha_columns(x);
      wt_poly_step(sum, &r, &square, hashed);
      wt_chacha_diagonals(x);
    }
    wt_chacha_double_round(x);
    wt_chacha_double_round(x);
    wt_chacha_end(x, state);
    wt_chacha_mask(x, in, out);
  }
  memcpy(poly->sum, sum, sizeof sum);
}

/* Whole batches, where no keystream and no partial block is left over. */
static void crypt_batches(mbedtls_chachapoly_context *both, const uint8_t *in, uint8_t *out, size_t batches) {
  size_t size = batches * WT_CHACHA20_BATCH, first = WT_CHACHA20_BATCH;
  if (batches == 0) return;
  if (both->mode == MBEDTLS_CHACHAPOLY_DECRYPT) {
    crypt_and_hash(both->chacha.state, &both->poly, in, out, in, batches);
    both->chacha.remaining -= size;
    return;
  }
  mbedtls_chacha20_update(&both->chacha, first, in, out);
  crypt_and_hash(both->chacha.state, &both->poly, in + first, out + first, out, batches - 1);
  both->chacha.remaining -= size - first;
  wt_poly_blocks(&both->poly, out + size - first, first / 16);
}

/* Any bytes, one after the other. */
static void crypt_bytes(mbedtls_chachapoly_context *both, const uint8_t *in, uint8_t *out, size_t size) {
  if (both->mode == MBEDTLS_CHACHAPOLY_DECRYPT) hash_bytes(both, in, size);
  mbedtls_chacha20_update(&both->chacha, size, in, out);
  if (both->mode == MBEDTLS_CHACHAPOLY_ENCRYPT) hash_bytes(both, out, size);
}

void mbedtls_chachapoly_init(mbedtls_chachapoly_context *both) { memset(both, 0, sizeof *both); }

void mbedtls_chachapoly_free(mbedtls_chachapoly_context *both) {
  if (both != NULL) mbedtls_platform_zeroize(both, sizeof *both);
}

int mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *both, const unsigned char key[32]) {
  return mbedtls_chacha20_setkey(&both->chacha, key);
}

int mbedtls_chachapoly_starts(mbedtls_chachapoly_context *both, const unsigned char nonce[12], mbedtls_chachapoly_mode_t mode) {
  mbedtls_chacha20_starts(&both->chacha, nonce, 0);
  wt_chacha_refill(&both->chacha);
  wt_poly_start(&both->poly, both->chacha.keystream);
  both->chacha.keystream_used = BLOCK;
  both->chacha.remaining -= BLOCK;
  both->additional_size = both->text_size = 0;
  both->partial_size = 0;
  both->mode = mode;
  both->stage = ADDITIONAL_DATA;
  return 0;
}

int mbedtls_chachapoly_update_aad(mbedtls_chachapoly_context *both, const unsigned char *data, size_t size) {
  if (both->stage != ADDITIONAL_DATA) return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
  both->additional_size += size;
  hash_bytes(both, data, size);
  return 0;
}

int mbedtls_chachapoly_update(mbedtls_chachapoly_context *both, size_t size, const unsigned char *in, unsigned char *out) {
  if (both->stage != ADDITIONAL_DATA && both->stage != TEXT) return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
  if (size > both->chacha.remaining) return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
  if (both->stage == ADDITIONAL_DATA) end_section(both);
  both->stage = TEXT;
  both->text_size += size;
  size_t first = smaller(size, WT_CHACHA20_BATCH - both->chacha.keystream_used);
  size_t batches = (size - first) / WT_CHACHA20_BATCH, at = first + batches * WT_CHACHA20_BATCH;
  crypt_bytes(both, in, out, first);
  crypt_batches(both, in + first, out + first, batches);
  crypt_bytes(both, in + at, out + at, size - at);
  return 0;
}

int mbedtls_chachapoly_finish(mbedtls_chachapoly_context *both, unsigned char tag[16]) {
  if (both->stage != ADDITIONAL_DATA && both->stage != TEXT) return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
  uint64_t lengths[2] = { both->additional_size, both->text_size };
  end_section(both);
  hash_bytes(both, (const uint8_t *)lengths, sizeof lengths);
  wt_poly_finish(&both->poly, tag);
  both->stage = FINISHED;
  return 0;
}

static int whole(mbedtls_chachapoly_context *both, mbedtls_chachapoly_mode_t mode, size_t size, const uint8_t nonce[12],
                 const uint8_t *additional, size_t additional_size, const uint8_t *in, uint8_t *out, uint8_t tag[16]) {
  int status = mbedtls_chachapoly_starts(both, nonce, mode);
  if (status == 0) status = mbedtls_chachapoly_update_aad(both, additional, additional_size);
  if (status == 0) status = mbedtls_chachapoly_update(both, size, in, out);
  if (status == 0) status = mbedtls_chachapoly_finish(both, tag);
  return status;
}

int mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *both, size_t size, const unsigned char nonce[12],
                                       const unsigned char *additional, size_t additional_size, const unsigned char *in,
                                       unsigned char *out, unsigned char tag[16]) {
  return whole(both, MBEDTLS_CHACHAPOLY_ENCRYPT, size, nonce, additional, additional_size, in, out, tag);
}

int mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *both, size_t size, const unsigned char nonce[12],
                                    const unsigned char *additional, size_t additional_size, const unsigned char tag[16],
                                    const unsigned char *in, unsigned char *out) {
  uint8_t expected[16];
  int status = whole(both, MBEDTLS_CHACHAPOLY_DECRYPT, size, nonce, additional, additional_size, in, out, expected);
  if (status != 0) return status;
  if (mbedtls_ct_memcmp(tag, expected, sizeof expected) == 0) return 0;
  mbedtls_platform_zeroize(out, size);
  return MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
}

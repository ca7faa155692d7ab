/* AES and GHASH of AWS-LC behind the calls of kernels.h: what vetted.wasm has in place of aes.c and ghash.c. Owns the way between the two and
   no cipher: AWS-LC's are bitsliced and without tables (aes_nohw.c, gcm_nohw.c), included whole and unchanged.

   A key is AWS-LC's expanded schedule, made once; it has the very size of our own, so that all other objects are the same in
   both modules. It is copied before use, as our contexts have no alignment and AWS-LC's have, and the copy is wiped. */
#include <string.h>

#include "crypto/fipsmodule/aes/aes_nohw.c"
#include "crypto/fipsmodule/modes/gcm_nohw.c"

#include "kernels.h"
#include "mbedtls/platform_util.h"

_Static_assert(sizeof(AES_NOHW_SCHEDULE) == sizeof((wt_aes_key *)0)->planes, "a schedule has the room of the planes");
_Static_assert(sizeof(AES_NOHW_BATCH) == WT_AES_BATCH, "a batch is eight blocks");
_Static_assert(sizeof(u128) <= sizeof((wt_ghash_key *)0)->tables, "a factor has room in the tables");

/* What a call has on the stack: the key, and what is keystream or text before and after. */
typedef struct {
  AES_NOHW_SCHEDULE schedule;
  AES_NOHW_BATCH batch;
} desk;

static void take_key(desk *desk, const wt_aes_key *key) { memcpy(&desk->schedule, key->planes, sizeof desk->schedule); }
static void leave(desk *desk) { mbedtls_platform_zeroize(desk, sizeof *desk); }

void wt_aes_set_key(wt_aes_key *key, const uint8_t *bytes, size_t size) {
  AES_KEY compact;
  AES_NOHW_SCHEDULE schedule;
  aes_nohw_set_encrypt_key(bytes, (unsigned)size * 8, &compact);
  memset(&schedule, 0, sizeof schedule);
  aes_nohw_expand_round_keys(&schedule, &compact);
  key->rounds = (int)compact.rounds;
  memcpy(key->planes, &schedule, sizeof schedule);
  mbedtls_platform_zeroize(&compact, sizeof compact);
  mbedtls_platform_zeroize(&schedule, sizeof schedule);
}

void wt_aes_encrypt(const wt_aes_key *key, const uint8_t in[WT_AES_BATCH], uint8_t out[WT_AES_BATCH]) {
  desk work;
  take_key(&work, key);
  aes_nohw_to_batch(&work.batch, in, AES_NOHW_BATCH_SIZE);
  aes_nohw_encrypt_batch(&work.schedule, (size_t)key->rounds, &work.batch);
  aes_nohw_from_batch(out, AES_NOHW_BATCH_SIZE, &work.batch);
  leave(&work);
}

void wt_aes_set_block_key(wt_aes_block_key *key, const uint8_t *bytes, size_t size) { wt_aes_set_key(&key->batch, bytes, size); }

void wt_aes_encrypt_block(const wt_aes_block_key *key, const uint8_t in[WT_AES_BLOCK], uint8_t out[WT_AES_BLOCK]) {
  desk work;
  take_key(&work, &key->batch);
  aes_nohw_to_batch(&work.batch, in, 1);
  aes_nohw_encrypt_batch(&work.schedule, (size_t)key->batch.rounds, &work.batch);
  aes_nohw_from_batch(out, 1, &work.batch);
  leave(&work);
}

void wt_aes_decrypt(const wt_aes_key *key, const uint8_t in[WT_AES_BATCH], uint8_t out[WT_AES_BATCH]) {
  desk work;
  take_key(&work, key);
  aes_nohw_to_batch(&work.batch, in, AES_NOHW_BATCH_SIZE);
  aes_nohw_decrypt_batch(&work.schedule, (size_t)key->rounds, &work.batch);
  aes_nohw_from_batch(out, AES_NOHW_BATCH_SIZE, &work.batch);
  leave(&work);
}

/* As aes_nohw_ctr32_encrypt_blocks, but for the schedule, which that makes anew. */
void wt_aes_ctr(const wt_aes_key *key, uint8_t counter[WT_AES_BLOCK], const uint8_t *in, uint8_t *out, size_t batches) {
  alignas(AES_NOHW_WORD_SIZE) uint8_t blocks[WT_AES_BATCH];
  desk work;
  take_key(&work, key);
  uint32_t count = CRYPTO_load_u32_be(counter + 12);
  for (; batches > 0; batches--, in += WT_AES_BATCH, out += WT_AES_BATCH, count += AES_NOHW_BATCH_SIZE) {
    for (uint32_t i = 0; i < AES_NOHW_BATCH_SIZE; i++) {
      memcpy(blocks + 16 * i, counter, 12);
      CRYPTO_store_u32_be(blocks + 16 * i + 12, count + i);
    }
    aes_nohw_to_batch(&work.batch, blocks, AES_NOHW_BATCH_SIZE);
    aes_nohw_encrypt_batch(&work.schedule, (size_t)key->rounds, &work.batch);
    aes_nohw_from_batch(blocks, AES_NOHW_BATCH_SIZE, &work.batch);
    for (size_t i = 0; i < AES_NOHW_BATCH_SIZE; i++) aes_nohw_xor_block(out + 16 * i, in + 16 * i, blocks + 16 * i);
  }
  CRYPTO_store_u32_be(counter + 12, count);
  leave(&work);
  mbedtls_platform_zeroize(blocks, sizeof blocks);
}

void wt_ghash_set_key(wt_ghash_key *key, const uint8_t h[16]) {
  uint64_t swapped[2] = { CRYPTO_load_u64_be(h), CRYPTO_load_u64_be(h + 8) };
  u128 factor[16];
  gcm_init_nohw(factor, swapped);
  memcpy(key->tables, factor, sizeof factor[0]);
  mbedtls_platform_zeroize(swapped, sizeof swapped);
  mbedtls_platform_zeroize(factor, sizeof factor[0]);
}

void wt_ghash(wt_ghash_key *key, uint8_t hash[16], const uint8_t *data, size_t blocks) {
  u128 factor[16];
  memcpy(factor, key->tables, sizeof factor[0]);
  gcm_ghash_nohw(hash, factor, data, 16 * blocks);
  mbedtls_platform_zeroize(factor, sizeof factor[0]);
}

/* AES with keys of 128, 192 and 256 bits, eight blocks at a time or one. Owns the key schedule and the order of the layers; how a
   layer works is in aes_layers.h and aes_bytes.h, what a mode is in its callers. */
#include "kernels.h"
#include "aes_bytes.h"
#include "aes_layers.h"

#include <string.h>

#include "mbedtls/platform_util.h"

#define SUB_BYTES_CONSTANT 0x63

static uint32_t load32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t big_endian(uint32_t value) { return __builtin_bswap32(value); }

static uint32_t sub_word(uint32_t word, const wt_aes_byte_constants *constants) {
  return (uint32_t)wasm_i32x4_extract_lane(wt_substitute(wasm_i32x4_splat((int)word), constants), 0);
}

/* KeyExpansion of FIPS 197, 5.2, with words in the byte order of this machine: the first byte is the lowest, RotWord turns right. */
static void expand(uint32_t words[4 * (WT_AES_MAX_ROUNDS + 1)], const uint8_t *bytes, int key_words, int all_words) {
  const wt_aes_byte_constants *constants = wt_opaque_bytes();
  uint32_t round_constant = 1;
  for (int i = 0; i < key_words; i++) words[i] = load32(bytes + 4 * i);
  for (int i = key_words; i < all_words; i++) {
    uint32_t word = words[i - 1];
    if (i % key_words == 0) {
      word = sub_word(word >> 8 | word << 24, constants) ^ round_constant;
      round_constant = round_constant == 0x80 ? 0x1b : round_constant << 1;
    } else if (key_words == 8 && i % 8 == 4) {
      word = sub_word(word, constants);
    }
    words[i] = words[i - key_words] ^ word;
  }
}

/* One round key as planes: all eight blocks have the same. */
static void spread(uint8_t planes[8][16], const uint32_t words[4], int round, int last) {
  const wt_aes_constants *constants = wt_opaque();
  v128_t bytes = wasm_v128_load(words);
  if (round > 0) bytes = wt_xor(bytes, wasm_i8x16_splat(SUB_BYTES_CONSTANT));
  if (round < last) bytes = wasm_i8x16_swizzle(bytes, wasm_v128_load(constants->shift_rows[-round & 3]));
  v128_t q[8];
  wt_spread(q, bytes);
  for (int b = 0; b < 8; b++) wasm_v128_store(planes[b], q[b]);
}

/* Leaves the round keys in `words`, for the caller to use or to wipe. */
static void set_key(wt_aes_key *key, uint32_t words[4 * (WT_AES_MAX_ROUNDS + 1)], const uint8_t *bytes, size_t size) {
  int key_words = (int)size / 4;
  key->rounds = key_words + 6;
  expand(words, bytes, key_words, 4 * (key->rounds + 1));
  for (int round = 0; round <= key->rounds; round++) spread(key->planes[round], words + 4 * round, round, key->rounds);
}

void wt_aes_set_key(wt_aes_key *key, const uint8_t *bytes, size_t size) {
  uint32_t words[4 * (WT_AES_MAX_ROUNDS + 1)];
  set_key(key, words, bytes, size);
  mbedtls_platform_zeroize(words, sizeof words);
}

void wt_aes_set_block_key(wt_aes_block_key *key, const uint8_t *bytes, size_t size) {
  uint32_t words[4 * (WT_AES_MAX_ROUNDS + 1)];
  set_key(&key->batch, words, bytes, size);
  memcpy(key->round_keys, words, (size_t)WT_AES_BLOCK * (size_t)(key->batch.rounds + 1));
  mbedtls_platform_zeroize(words, sizeof words);
}

void wt_aes_encrypt_block(const wt_aes_block_key *key, const uint8_t in[WT_AES_BLOCK], uint8_t out[WT_AES_BLOCK]) {
  const wt_aes_byte_constants *constants = wt_opaque_bytes();
  int rounds = key->batch.rounds;
  v128_t block = wt_xor(wasm_v128_load(in), wasm_v128_load(key->round_keys[0]));
  for (int round = 1; round < rounds; round++) {
    block = wt_xor(wt_shift_and_mix(wt_substitute(block, constants), constants), wasm_v128_load(key->round_keys[round]));
  }
  block = wt_shift_rows_of_bytes(wt_substitute(block, constants), constants);
  wasm_v128_store(out, wt_xor(block, wasm_v128_load(key->round_keys[rounds])));
}

/* From planes to blocks. The last round has no MixColumns; ShiftRows, put off until here, is done at last. */
WT_LAYER void encrypt_planes(const wt_aes_key *key, v128_t q[8], const wt_aes_constants *constants) {
  int rounds = key->rounds;
  wt_add_key(q, key->planes[0]);
  for (int round = 1; round < rounds; round++) {
    wt_sub_bytes(q);
    wt_mix_columns(q, constants->steps[round & 3]);
    wt_add_key(q, key->planes[round]);
  }
  wt_sub_bytes(q);
  wt_permute(q, constants->shift_rows[rounds & 3]);
  wt_add_key(q, key->planes[rounds]);
  wt_transpose(q, constants);
}

/* The same backwards, from blocks to blocks. The keys carry the constant of SubBytes, so it is gone where SubBytes is undone. */
WT_LAYER void decrypt_batch(const wt_aes_key *key, v128_t q[8], const wt_aes_constants *constants) {
  int rounds = key->rounds;
  wt_transpose(q, constants);
  wt_add_key(q, key->planes[rounds]);
  wt_permute(q, constants->shift_rows[-rounds & 3]);
  wt_undo_sub_bytes(q);
  for (int round = rounds - 1; round > 0; round--) {
    wt_add_key(q, key->planes[round]);
    wt_undo_mix_columns(q, constants->steps[round & 3]);
    wt_undo_sub_bytes(q);
  }
  wt_add_key(q, key->planes[0]);
  wt_transpose(q, constants);
}

void wt_aes_encrypt(const wt_aes_key *key, const uint8_t in[WT_AES_BATCH], uint8_t out[WT_AES_BATCH]) {
  const wt_aes_constants *constants = wt_opaque();
  v128_t q[8];
  for (int i = 0; i < 8; i++) q[i] = wasm_v128_load(in + 16 * i);
  wt_transpose(q, constants);
  encrypt_planes(key, q, constants);
  for (int i = 0; i < 8; i++) wasm_v128_store(out + 16 * i, q[i]);
}

void wt_aes_decrypt(const wt_aes_key *key, const uint8_t in[WT_AES_BATCH], uint8_t out[WT_AES_BATCH]) {
  v128_t q[8];
  for (int i = 0; i < 8; i++) q[i] = wasm_v128_load(in + 16 * i);
  decrypt_batch(key, q, wt_opaque());
  for (int i = 0; i < 8; i++) wasm_v128_store(out + 16 * i, q[i]);
}

void wt_aes_ctr(const wt_aes_key *key, uint8_t counter[WT_AES_BLOCK], const uint8_t *in, uint8_t *out, size_t batches) {
  const wt_aes_constants *constants = wt_opaque();
  v128_t block = wasm_v128_load(counter), common[8];
  uint32_t count = big_endian((uint32_t)wasm_i32x4_extract_lane(block, 3));
  wt_spread(common, block);
  for (; batches > 0; batches--, in += WT_AES_BATCH, out += WT_AES_BATCH, count += 8) {
    v128_t q[8];
    wt_counter_planes(q, common, count, constants);
    encrypt_planes(key, q, constants);
    for (int i = 0; i < 8; i++) wasm_v128_store(out + 16 * i, wt_xor(q[i], wasm_v128_load(in + 16 * i)));
  }
  wasm_v128_store(counter, wasm_i32x4_replace_lane(block, 3, (int)big_endian(count)));
}

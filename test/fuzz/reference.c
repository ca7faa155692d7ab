#include "reference.h"

#include <string.h>

enum { BLOCK = 16, CHACHA_BLOCK = 64, POLY_SIZE = 17 };

int stock_aes(const uint8_t *key, size_t bits, const uint8_t *in, uint8_t *out);

static void put(uint8_t *at, uint64_t number, size_t size, int big_endian) {
  for (size_t i = 0; i < size; i++) at[big_endian ? size - 1 - i : i] = (uint8_t) (number >> 8 * i);
}

static uint32_t get(const uint8_t *at, int big_endian) {
  uint32_t number = 0;
  for (int i = 0; i < 4; i++) number |= (uint32_t) at[big_endian ? 3 - i : i] << 8 * i;
  return number;
}

/* hash = hash * h in the field of GHASH (SP 800-38D, 6.3). */
static void ghash_multiply(uint8_t *hash, const uint8_t *h) {
  uint8_t product[BLOCK] = { 0 }, v[BLOCK];
  memcpy(v, h, BLOCK);
  for (int bit = 0; bit < 128; bit++) {
    if (hash[bit / 8] >> (7 - bit % 8) & 1)
      for (int i = 0; i < BLOCK; i++) product[i] ^= v[i];
    int low = v[BLOCK - 1] & 1;
    for (int i = BLOCK - 1; i > 0; i--) v[i] = (uint8_t) (v[i] >> 1 | v[i - 1] << 7);
    v[0] = (uint8_t) (v[0] >> 1 ^ (low ? 0xe1 : 0));
  }
  memcpy(hash, product, BLOCK);
}

static void ghash_over(uint8_t *hash, const uint8_t *h, const uint8_t *data, size_t size) {
  for (size_t at = 0; at < size; at += BLOCK) {
    for (size_t i = 0; i < BLOCK && at + i < size; i++) hash[i] ^= data[at + i];
    ghash_multiply(hash, h);
  }
}

void plain_gcm(const uint8_t *key, size_t bits, const uint8_t *nonce, const uint8_t *aad, size_t aad_size, const uint8_t *text,
               size_t size, uint8_t *sealed, uint8_t *tag) {
  uint8_t h[BLOCK] = { 0 }, counter[BLOCK] = { 0 }, stream[BLOCK], sizes[BLOCK], hash[BLOCK] = { 0 };
  stock_aes(key, bits, h, h);
  memcpy(counter, nonce, 12);
  for (size_t at = 0; at < size; at++) {
    put(counter + 12, at / BLOCK + 2, 4, 1);
    stock_aes(key, bits, counter, stream);
    sealed[at] = text[at] ^ stream[at % BLOCK];
  }
  ghash_over(hash, h, aad, aad_size);
  ghash_over(hash, h, sealed, size);
  put(sizes, (uint64_t) aad_size * 8, 8, 1);
  put(sizes + 8, (uint64_t) size * 8, 8, 1);
  ghash_over(hash, h, sizes, BLOCK);
  put(counter + 12, 1, 4, 1);
  stock_aes(key, bits, counter, stream);
  for (int i = 0; i < BLOCK; i++) tag[i] = hash[i] ^ stream[i];
}

static uint32_t rotated(uint32_t x, int left) { return x << left | x >> (32 - left); }

static void quarter_round(uint32_t *s, int a, int b, int c, int d) {
  static const int turns[] = { 16, 12, 8, 7 };
  for (int i = 0; i < 2; i++) {
    s[a] += s[b], s[d] = rotated(s[d] ^ s[a], turns[2 * i]);
    s[c] += s[d], s[b] = rotated(s[b] ^ s[c], turns[2 * i + 1]);
  }
}

static void chacha_block(const uint8_t *key, const uint8_t *nonce, uint32_t counter, uint8_t *block) {
  uint32_t start[16], s[16];
  for (int i = 0; i < 4; i++) start[i] = get((const uint8_t *) "expand 32-byte k" + 4 * i, 0);
  for (int i = 0; i < 8; i++) start[4 + i] = get(key + 4 * i, 0);
  start[12] = counter;
  for (int i = 0; i < 3; i++) start[13 + i] = get(nonce + 4 * i, 0);
  memcpy(s, start, sizeof s);
  for (int i = 0; i < 80; i++) {
    int column = i % 4, diagonal = i / 4 % 2;
    quarter_round(s, column, 4 + (column + diagonal) % 4, 8 + (column + 2 * diagonal) % 4, 12 + (column + 3 * diagonal) % 4);
  }
  for (int i = 0; i < 16; i++) put(block + 4 * i, s[i] + start[i], 4, 0);
}

/* sum = (sum + block) * r modulo 2^130 - 5, as digits of eight bits; above 2^130 only as far as it has to. */
static void poly_step(uint32_t *sum, const uint8_t *r, const uint8_t *block, size_t size) {
  uint32_t product[POLY_SIZE] = { 0 }, carry = 0;
  for (size_t i = 0; i < size; i++) sum[i] += block[i];
  sum[size] += 1;
  for (int i = 0; i < POLY_SIZE; i++)
    for (int j = 0; j < POLY_SIZE - 1; j++) {
      uint32_t one = sum[i] * r[j];
      if (i + j < POLY_SIZE) product[i + j] += one;
      else product[i + j - POLY_SIZE] += 320 * one; /* 2^136 = 64 * 5 */
    }
  for (int turn = 0; turn < 2; turn++) {
    for (int i = 0; i < POLY_SIZE - 1; i++, carry >>= 8) carry += product[i], product[i] = carry & 255;
    carry += product[POLY_SIZE - 1];
    product[POLY_SIZE - 1] = carry & 3;
    carry = 5 * (carry >> 2);
  }
  product[0] += carry;
  memcpy(sum, product, sizeof product);
}

/* sum modulo 2^130 - 5, plus the pad, modulo 2^128. */
static void poly_finish(const uint32_t *sum, const uint8_t *pad, uint8_t *tag) {
  uint32_t whole[POLY_SIZE], less[POLY_SIZE], carry = 0;
  for (int i = 0; i < POLY_SIZE; i++, carry >>= 8) carry += sum[i], whole[i] = i < POLY_SIZE - 1 ? carry & 255 : carry;
  carry = 5;
  for (int i = 0; i < POLY_SIZE; i++, carry >>= 8) carry += whole[i], less[i] = carry & 255;
  const uint32_t *least = less[POLY_SIZE - 1] >= 4 ? less : whole;
  carry = 0;
  for (int i = 0; i < BLOCK; i++, carry >>= 8) carry += least[i] + pad[i], tag[i] = (uint8_t) carry;
}

static void poly_over(uint32_t *sum, const uint8_t *r, const uint8_t *data, size_t size) {
  for (size_t at = 0; at < size; at += BLOCK) {
    uint8_t block[BLOCK] = { 0 };
    memcpy(block, data + at, size - at < BLOCK ? size - at : BLOCK);
    poly_step(sum, r, block, BLOCK);
  }
}

void plain_chachapoly(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_size, const uint8_t *text, size_t size,
                      uint8_t *sealed, uint8_t *tag) {
  uint8_t block[CHACHA_BLOCK], r[BLOCK], sizes[BLOCK], pad[BLOCK];
  uint32_t sum[POLY_SIZE] = { 0 };
  chacha_block(key, nonce, 0, block);
  memcpy(r, block, BLOCK);
  memcpy(pad, block + BLOCK, BLOCK);
  for (int i = 3; i < BLOCK; i += 4) r[i] &= 15;
  for (int i = 4; i < BLOCK; i += 4) r[i] &= 252;
  for (size_t at = 0; at < size; at++) {
    if (at % CHACHA_BLOCK == 0) chacha_block(key, nonce, (uint32_t) (at / CHACHA_BLOCK + 1), block);
    sealed[at] = text[at] ^ block[at % CHACHA_BLOCK];
  }
  poly_over(sum, r, aad, aad_size);
  poly_over(sum, r, sealed, size);
  put(sizes, aad_size, 8, 0);
  put(sizes + 8, size, 8, 0);
  poly_over(sum, r, sizes, BLOCK);
  poly_finish(sum, pad, tag);
}

void plain_cbc(const uint8_t *key, size_t bits, const uint8_t *iv, const uint8_t *text, size_t size, uint8_t *encrypted) {
  uint8_t block[BLOCK];
  memcpy(block, iv, BLOCK);
  for (size_t at = 0; at < size; at += BLOCK) {
    for (int i = 0; i < BLOCK; i++) block[i] ^= text[at + i];
    stock_aes(key, bits, block, block);
    memcpy(encrypted + at, block, BLOCK);
  }
}

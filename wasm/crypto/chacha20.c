/* ChaCha20 (RFC 8439, 2.3 and 2.4) behind Mbed TLS's entry points, in place of its chacha20.c: the same, four blocks at a time.
   Owns keystream and counter; Poly1305 and their combination stay Mbed TLS's.

   Each of the sixteen words of the state is a vector, of which lane k belongs to block k of a batch; so a round is the same
   instructions as for one block, and only the counter differs. There are additions modulo 2^32, XORs and rotations by fixed
   amounts: no table, no branch, no carry.

   Mbed TLS's ChaCha20-Poly1305 takes one block for the key of Poly1305 first; the other three of that batch serve the text. */
#include <string.h>
#include <wasm_simd128.h>

#include "mbedtls/chacha20.h"
#include "mbedtls/platform_util.h"

#define INLINE static inline __attribute__((always_inline))
#define COUNTER 12

INLINE v128_t xor(v128_t a, v128_t b) { return wasm_v128_xor(a, b); }

/* By whole bytes a rotation is a shuffle; V8 has an instruction for it where 16 bits move. */
INLINE v128_t rotate16(v128_t x) { return wasm_i8x16_shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13); }
INLINE v128_t rotate8(v128_t x) { return wasm_i8x16_shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14); }
INLINE v128_t rotate12(v128_t x) { return wasm_v128_or(wasm_i32x4_shl(x, 12), wasm_u32x4_shr(x, 20)); }
INLINE v128_t rotate7(v128_t x) { return wasm_v128_or(wasm_i32x4_shl(x, 7), wasm_u32x4_shr(x, 25)); }

INLINE void quarter_round(v128_t x[16], int a, int b, int c, int d) {
  x[a] = wasm_i32x4_add(x[a], x[b]);
  x[d] = rotate16(xor(x[d], x[a]));
  x[c] = wasm_i32x4_add(x[c], x[d]);
  x[b] = rotate12(xor(x[b], x[c]));
  x[a] = wasm_i32x4_add(x[a], x[b]);
  x[d] = rotate8(xor(x[d], x[a]));
  x[c] = wasm_i32x4_add(x[c], x[d]);
  x[b] = rotate7(xor(x[b], x[c]));
}

INLINE void double_round(v128_t x[16]) {
  for (int i = 0; i < 4; i++) quarter_round(x, i, 4 + i, 8 + i, 12 + i);
  for (int i = 0; i < 4; i++) quarter_round(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
}

/* Four words of four blocks, from one vector per word to one per block. */
INLINE void transpose(v128_t x[4]) {
  v128_t low01 = wasm_i32x4_shuffle(x[0], x[1], 0, 4, 1, 5), high01 = wasm_i32x4_shuffle(x[0], x[1], 2, 6, 3, 7);
  v128_t low23 = wasm_i32x4_shuffle(x[2], x[3], 0, 4, 1, 5), high23 = wasm_i32x4_shuffle(x[2], x[3], 2, 6, 3, 7);
  x[0] = wasm_i64x2_shuffle(low01, low23, 0, 2);
  x[1] = wasm_i64x2_shuffle(low01, low23, 1, 3);
  x[2] = wasm_i64x2_shuffle(high01, high23, 0, 2);
  x[3] = wasm_i64x2_shuffle(high01, high23, 1, 3);
}

INLINE v128_t initial(const uint32_t state[16], int word) {
  v128_t x = wasm_v128_load32_splat(&state[word]);
  return word == COUNTER ? wasm_i32x4_add(x, wasm_i32x4_make(0, 1, 2, 3)) : x;
}

/* out = in ^ keystream, for whole batches; may be in place. */
static void crypt_batches(uint32_t state[16], const uint8_t *in, uint8_t *out, size_t batches) {
  for (; batches > 0; batches--, in += WT_CHACHA20_BATCH, out += WT_CHACHA20_BATCH) {
    v128_t x[16];
    for (int i = 0; i < 16; i++) x[i] = initial(state, i);
    for (int i = 0; i < 10; i++) double_round(x);
    for (int i = 0; i < 16; i++) x[i] = wasm_i32x4_add(x[i], initial(state, i));
    for (int row = 0; row < 4; row++) {
      transpose(x + 4 * row);
      for (int block = 0; block < 4; block++) {
        int at = 64 * block + 16 * row;
        wasm_v128_store(out + at, xor(x[4 * row + block], wasm_v128_load(in + at)));
      }
    }
    state[COUNTER] += 4;
  }
}

static size_t use_rest(mbedtls_chacha20_context *chacha, const uint8_t *in, uint8_t *out, size_t size) {
  const uint8_t *keystream = chacha->keystream + chacha->keystream_used;
  size_t left = WT_CHACHA20_BATCH - chacha->keystream_used, now = size < left ? size : left, at = 0;
  for (; at + 16 <= now; at += 16) wasm_v128_store(out + at, xor(wasm_v128_load(in + at), wasm_v128_load(keystream + at)));
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
  chacha->state[COUNTER] = counter;
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
  memset(chacha->keystream, 0, sizeof chacha->keystream);
  crypt_batches(chacha->state, chacha->keystream, chacha->keystream, 1);
  chacha->keystream_used = 0;
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

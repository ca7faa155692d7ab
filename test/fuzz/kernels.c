/* Promise fuzzed: the ciphers, hashes and numbers in wasm/crypto give what plain implementations give (reference.h), for messages of any
   size, in any pieces and at any address, without a look beyond either end. An input is the kernel, a byte for sizes and one for
   addresses, the key and the nonce, and the message. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/inverse.h"
#include "crypto/p256.h"
#include "crypto/products.h"
#include "mbedtls/aes.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/gcm.h"
#include "mbedtls/sha256.h"
#include "side.h"

enum { GCM, CHACHAPOLY, CBC, SHA256, PRODUCT, MONTGOMERY, INVERSE, P256, KERNELS };
enum { HEAD_SIZE = 3, KEY_SIZE = 32, NONCE_SIZE = 16, TAG_SIZE = 16, HASH_SIZE = 32 };

typedef struct {
  uint8_t sizes, addresses;
  const uint8_t *key, *nonce;
  bytes message;
} task;

static void check_gcm(const task *task);
static void check_chachapoly(const task *task);
static void check_cbc(const task *task);
static void check_sha256(const task *task);
static void check_product(const task *task);
static void check_montgomery(const task *task);
static void check_inverse(const task *task);
static void check_p256(const task *task);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void) count, (void) arguments;
  start_module();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const checks[])(const task *) = { check_gcm,      check_chachapoly, check_cbc,     check_sha256,
                                                  check_product,  check_montgomery, check_inverse, check_p256 };
  size_t head = HEAD_SIZE + KEY_SIZE + NONCE_SIZE;
  if (size < head) return 0;
  task task = { data[1], data[2], data + HEAD_SIZE, data + HEAD_SIZE + KEY_SIZE, { data + head, size - head } };
  trial trial = begin_trial();
  checks[data[0] % KERNELS](&task);
  end_trial(trial);
  return 0;
}

static void expect(int so, const char *what) {
  if (!so) give_up(what);
}

static void must(int error) { expect(error == 0, "an error of Mbed TLS"); }

static int same(const void *a, const void *b, size_t size) { return size == 0 || memcmp(a, b, size) == 0; }

/* A block that ends with so many bytes, which begin `shift` behind its aligned beginning. */
typedef struct {
  uint8_t *block, *at;
} place;

static place place_for(const void *content, size_t size, int shift) {
  place made = { malloc((size_t) shift + size), NULL };
  made.at = made.block + shift;
  if (content != NULL && size > 0) memcpy(made.at, content, size);
  return made;
}

static void forget(place place) { free(place.block); }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The additional data is the front of the message. */
static bytes additional(const task *task) { return (bytes) { task->message.at, smaller(task->sizes, task->message.size) }; }

static bytes text_of(const task *task) {
  bytes aad = additional(task);
  return (bytes) { task->message.at + aad.size, task->message.size - aad.size };
}

static void check_gcm(const task *task) {
  bytes aad = additional(task), text = text_of(task);
  size_t bits = task->addresses & 1 ? 256 : 128, written;
  int shift = task->addresses >> 1 & 15;
  uint8_t tag[TAG_SIZE], right_tag[TAG_SIZE], *right = malloc(text.size + 1);
  plain_gcm(task->key, bits, task->nonce, aad.at, aad.size, text.at, text.size, right, right_tag);
  place in = place_for(text.at, text.size, shift), out = place_for(NULL, text.size, task->addresses >> 4);
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  must(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, task->key, (unsigned) bits));
  must(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, text.size, task->nonce, 12, aad.at, aad.size, in.at, out.at, TAG_SIZE, tag));
  expect(same(out.at, right, text.size) && same(tag, right_tag, TAG_SIZE), "GCM seals wrongly");
  must(mbedtls_gcm_auth_decrypt(&gcm, text.size, task->nonce, 12, aad.at, aad.size, tag, TAG_SIZE, out.at, out.at));
  expect(same(out.at, text.at, text.size), "GCM opens wrongly");
  must(mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, task->nonce, 12));
  must(mbedtls_gcm_update_ad(&gcm, aad.at, aad.size));
  for (size_t at = 0, piece = task->key[0] % 64u; at < text.size; at += piece, piece = piece * 7 % 61 + 1) {
    piece = smaller(piece, text.size - at);
    must(mbedtls_gcm_update(&gcm, in.at + at, piece, out.at + at, piece, &written));
  }
  must(mbedtls_gcm_finish(&gcm, NULL, 0, &written, tag, TAG_SIZE));
  expect(same(out.at, right, text.size) && same(tag, right_tag, TAG_SIZE), "GCM seals wrongly in pieces");
  tag[task->sizes % TAG_SIZE] ^= 1;
  int error = mbedtls_gcm_auth_decrypt(&gcm, text.size, task->nonce, 12, aad.at, aad.size, tag, TAG_SIZE, out.at, out.at);
  expect(error == MBEDTLS_ERR_GCM_AUTH_FAILED, "GCM opens what was changed");
  mbedtls_gcm_free(&gcm);
  forget(in), forget(out), free(right);
}

static void check_chachapoly(const task *task) {
  bytes aad = additional(task), text = text_of(task);
  uint8_t tag[TAG_SIZE], right_tag[TAG_SIZE], *right = malloc(text.size + 1);
  plain_chachapoly(task->key, task->nonce, aad.at, aad.size, text.at, text.size, right, right_tag);
  place in = place_for(text.at, text.size, task->addresses & 15), out = place_for(NULL, text.size, task->addresses >> 4);
  mbedtls_chachapoly_context both;
  mbedtls_chachapoly_init(&both);
  must(mbedtls_chachapoly_setkey(&both, task->key));
  must(mbedtls_chachapoly_encrypt_and_tag(&both, text.size, task->nonce, aad.at, aad.size, in.at, out.at, tag));
  expect(same(out.at, right, text.size) && same(tag, right_tag, TAG_SIZE), "ChaCha20-Poly1305 seals wrongly");
  must(mbedtls_chachapoly_auth_decrypt(&both, text.size, task->nonce, aad.at, aad.size, tag, out.at, out.at));
  expect(same(out.at, text.at, text.size), "ChaCha20-Poly1305 opens wrongly");
  must(mbedtls_chachapoly_starts(&both, task->nonce, MBEDTLS_CHACHAPOLY_ENCRYPT));
  must(mbedtls_chachapoly_update_aad(&both, aad.at, aad.size));
  for (size_t at = 0, piece = task->key[0]; at < text.size; at += piece, piece = piece * 7 % 131 + 1) {
    piece = smaller(piece, text.size - at);
    must(mbedtls_chachapoly_update(&both, piece, in.at + at, out.at + at));
  }
  must(mbedtls_chachapoly_finish(&both, tag));
  expect(same(out.at, right, text.size) && same(tag, right_tag, TAG_SIZE), "ChaCha20-Poly1305 seals wrongly in pieces");
  tag[task->sizes % TAG_SIZE] ^= 1;
  int error = mbedtls_chachapoly_auth_decrypt(&both, text.size, task->nonce, aad.at, aad.size, tag, out.at, out.at);
  expect(error == MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED, "ChaCha20-Poly1305 opens what was changed");
  mbedtls_chachapoly_free(&both);
  forget(in), forget(out), free(right);
}

static void check_cbc(const task *task) {
  size_t size = task->message.size / 16 * 16, bits = 128 + 64 * (size_t) (task->sizes % 3);
  uint8_t iv[16], *right = malloc(size + 1);
  plain_cbc(task->key, bits, task->nonce, task->message.at, size, right);
  place text = place_for(task->message.at, size, task->addresses & 15);
  mbedtls_aes_context aes;
  mbedtls_aes_init(&aes);
  must(mbedtls_aes_setkey_enc(&aes, task->key, (unsigned) bits));
  must(mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, size, memcpy(iv, task->nonce, 16), text.at, text.at));
  expect(same(text.at, right, size), "CBC encrypts wrongly");
  must(mbedtls_aes_setkey_dec(&aes, task->key, (unsigned) bits));
  must(mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_DECRYPT, size, memcpy(iv, task->nonce, 16), text.at, text.at));
  expect(same(text.at, task->message.at, size), "CBC decrypts wrongly");
  mbedtls_aes_free(&aes);
  forget(text), free(right);
}

static void check_sha256(const task *task) {
  uint8_t hash[HASH_SIZE], right[HASH_SIZE];
  size_t size = task->message.size;
  place data = place_for(task->message.at, size, task->addresses & 15);
  stock_sha256(task->message.at, size, right);
  must(mbedtls_sha256(data.at, size, hash, 0));
  expect(same(hash, right, HASH_SIZE), "SHA-256 hashes wrongly");
  mbedtls_sha256_context sha;
  mbedtls_sha256_init(&sha);
  must(mbedtls_sha256_starts(&sha, 0));
  for (size_t at = 0, piece = task->sizes; at < size; at += piece, piece = piece * 7 % 131 + 1) {
    piece = smaller(piece, size - at);
    must(mbedtls_sha256_update(&sha, data.at + at, piece));
  }
  must(mbedtls_sha256_finish(&sha, hash));
  expect(same(hash, right, HASH_SIZE), "SHA-256 hashes wrongly in pieces");
  mbedtls_sha256_free(&sha);
  forget(data);
}

/* Numbers from the message, as limbs of 64 bits. */
static uint64_t *limbs_of(bytes from, size_t limbs) {
  uint64_t *made = calloc(limbs + 1, sizeof *made);
  memcpy(made, from.at, smaller(from.size, limbs * sizeof *made));
  return made;
}

static bytes behind(bytes whole, size_t size) {
  size = smaller(size, whole.size);
  return (bytes) { whole.at + size, whole.size - size };
}

/* Digit by digit of 16 bits. */
static void plain_multiply(uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b, size_t b_limbs) {
  size_t digits = 4 * (a_limbs + b_limbs);
  uint16_t *to = calloc(digits + 1, sizeof *to);
  for (size_t i = 0; i < 4 * a_limbs; i++) {
    uint32_t carry = 0, digit = (uint16_t) (a[i / 4] >> i % 4 * 16);
    for (size_t j = 0; j < 4 * b_limbs; j++, carry >>= 16) {
      carry += digit * (uint32_t) (uint16_t) (b[j / 4] >> j % 4 * 16) + to[i + j];
      to[i + j] = (uint16_t) carry;
    }
    to[i + 4 * b_limbs] = (uint16_t) carry;
  }
  memset(product, 0, (a_limbs + b_limbs) * sizeof *product);
  for (size_t i = 0; i < digits; i++) product[i / 4] |= (uint64_t) to[i] << i % 4 * 16;
  free(to);
}

static void check_product(const task *task) {
  size_t a_limbs = task->sizes % 36u, b_limbs = task->addresses % 36u, limbs = a_limbs + b_limbs;
  uint64_t *a = limbs_of(task->message, a_limbs), *b = limbs_of(behind(task->message, 8 * a_limbs), b_limbs);
  uint64_t *product = malloc(limbs * 8 + 1), *right = malloc(limbs * 8 + 1);
  wt_multiply(product, a, a_limbs, b, b_limbs);
  plain_multiply(right, a, a_limbs, b, b_limbs);
  expect(same(product, right, limbs * 8), "a product is wrong");
  free(a), free(b), free(product), free(right);
}

/* -1 / n modulo 2^64, each turn twice as many bits. */
static uint64_t negative_inverse(uint64_t n) {
  uint64_t inverse = 1;
  for (int i = 0; i < 6; i++) inverse *= 2 - n * inverse;
  return 0 - inverse;
}

/* t 2^(64 limbs) = a b + m n, with the m of digit after digit. */
static void check_montgomery(const task *task) {
  size_t limbs = task->sizes % 33u + 1, size = limbs * 8;
  uint64_t *n = limbs_of(task->message, limbs), *a = limbs_of(behind(task->message, size), limbs);
  uint64_t *b = limbs_of(behind(task->message, 2 * size), limbs), *t = malloc(size + 8), *whole = calloc(2 * limbs + 2, 8);
  n[0] |= 1;
  uint64_t mm = negative_inverse(n[0]);
  wt_montgomery(t, a, b, n, limbs, mm);
  plain_multiply(whole, a, limbs, b, limbs);
  for (size_t i = 0; i < limbs; i++) {
    uint64_t m = whole[i] * mm, carry = 0, *row = calloc(limbs + 1, 8);
    plain_multiply(row, n, limbs, &m, 1);
    for (size_t j = 0; i + j <= 2 * limbs; j++) {
      uint64_t digit = j <= limbs ? row[j] : 0, sum = whole[i + j] + digit, more = sum < digit;
      whole[i + j] = sum + carry;
      carry = more + (whole[i + j] < carry);
    }
    free(row);
  }
  expect(same(t, whole + limbs, size + 8), "a product of Montgomery's is wrong");
  free(n), free(a), free(b), free(t), free(whole);
}

static void check_inverse(const task *task) {
  mbedtls_ecp_group group;
  mbedtls_mpi number, inverse;
  mbedtls_ecp_group_init(&group);
  mbedtls_mpi_init(&number);
  mbedtls_mpi_init(&inverse);
  must(mbedtls_ecp_group_load(&group, task->sizes & 1 ? MBEDTLS_ECP_DP_SECP256R1 : MBEDTLS_ECP_DP_SECP384R1));
  const mbedtls_mpi *prime = task->sizes & 2 ? &group.P : &group.N;
  must(mbedtls_mpi_read_binary(&number, task->message.at, smaller(task->message.size, 60)));
  must(mbedtls_mpi_mod_mpi(&number, &number, prime));
  must(wt_invert(&inverse, &number, prime));
  must(mbedtls_mpi_mul_mpi(&inverse, &inverse, &number));
  must(mbedtls_mpi_mod_mpi(&inverse, &inverse, prime));
  expect(mbedtls_mpi_cmp_int(&inverse, mbedtls_mpi_cmp_int(&number, 0) != 0) == 0, "an inverse is wrong");
  mbedtls_mpi_free(&number);
  mbedtls_mpi_free(&inverse);
  mbedtls_ecp_group_free(&group);
}

/* Whether Mbed TLS has the same opinion of a point, and of a signature by it. */
static void check_p256(const task *task) {
  uint8_t point[1 + WT_P256_POINT_SIZE] = { 4 }, signature[WT_P256_POINT_SIZE];
  if (task->message.size < HASH_SIZE + 2 * WT_P256_POINT_SIZE) return;
  const uint8_t *digest = task->message.at, *given = digest + HASH_SIZE;
  memcpy(point + 1, given, WT_P256_POINT_SIZE);
  memcpy(signature, given + WT_P256_POINT_SIZE, WT_P256_POINT_SIZE);
  if (wt_p256_is_scalar(task->key) && task->sizes & 1) wt_p256_public(point + 1, task->key);
  if (wt_p256_is_scalar(task->key) && wt_p256_is_scalar(given) && task->sizes & 2) must(wt_p256_sign(signature, task->key, given, digest, HASH_SIZE));
  if (task->sizes & 4) signature[task->addresses % WT_P256_POINT_SIZE] ^= 1;
  mbedtls_ecp_group group;
  mbedtls_ecp_point their_point;
  mbedtls_mpi r, s;
  mbedtls_ecp_group_init(&group);
  mbedtls_ecp_point_init(&their_point);
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  must(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1));
  must(mbedtls_mpi_read_binary(&r, signature, WT_P256_SIZE));
  must(mbedtls_mpi_read_binary(&s, signature + WT_P256_SIZE, WT_P256_SIZE));
  int readable = mbedtls_ecp_point_read_binary(&group, &their_point, point, sizeof point) == 0;
  int good = readable && mbedtls_ecp_check_pubkey(&group, &their_point) == 0;
  expect(wt_p256_is_point(point + 1) == good, "a point of P-256 is judged wrongly");
  if (good) {
    int theirs = mbedtls_ecdsa_verify(&group, digest, HASH_SIZE, &their_point, &r, &s) == 0;
    int ours = wt_p256_verify(signature, point + 1, digest, HASH_SIZE) == 0;
    expect(ours == theirs, "a signature of P-256 is judged wrongly");
    if ((task->sizes & 7) == 3 && wt_p256_is_scalar(task->key) && wt_p256_is_scalar(given)) expect(ours, "an own signature is refused");
  }
  mbedtls_mpi_free(&r);
  mbedtls_mpi_free(&s);
  mbedtls_ecp_point_free(&their_point);
  mbedtls_ecp_group_free(&group);
}

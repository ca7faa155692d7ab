/* Keys from passwords and what they open: the arithmetic below encrypted private keys and PKCS#12 files. What those files
   look like, which scheme stands in them and how much work is too much is known in TypeScript only. */
#include "internal.h"

#include <string.h>

#include "mbedtls/aes.h"
#include "mbedtls/des.h"
#include "mbedtls/error.h"
#include "mbedtls/md.h"
#include "mbedtls/platform_util.h"

#define MOST_BLOCK_SIZE 128 /* of SHA-384 and SHA-512 */

/* HMAC with one key (RFC 2104): both halves have taken in the key, so that each further use costs two blocks only. */
typedef struct keyed_hash {
  mbedtls_md_context_t inner, outer, work;
  size_t size;
} keyed_hash;

static size_t block_size_of(const mbedtls_md_info_t *info);
static int keyed_start(keyed_hash *mac, const mbedtls_md_info_t *info, const uint8_t *key, size_t size);
static int keyed_hash_of(keyed_hash *mac, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *into);
static void keyed_end(keyed_hash *mac);
static int hash_repeatedly(const mbedtls_md_info_t *info, uint32_t iterations, const uint8_t *data, size_t size, uint8_t *into);
static int decrypt(uint8_t *data, const uint8_t *key, size_t key_size, size_t block, size_t size);
static void fill(uint8_t *into, size_t size, const uint8_t *from, size_t from_size);
static void add(uint8_t *number, const uint8_t *other, size_t size);

/* HMAC (RFC 2104) of the data behind the key into the scratch area; its size, or an error. `hash` as for wt_hash. */
int wt_hmac(const uint8_t *at, size_t key_size, size_t data_size, int hash) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  keyed_hash mac;
  int error = keyed_start(&mac, info, at, key_size);
  if (error == 0) error = keyed_hash_of(&mac, at + key_size, data_size, NULL, 0, wt_scratch());
  keyed_end(&mac);
  return error != 0 ? error : (int) mac.size;
}

/* PBKDF2 (RFC 8018, section 5.2) with the salt behind the password: `size` bytes in the scratch area. */
int wt_pbkdf2(const uint8_t *at, size_t password_size, size_t salt_size, uint32_t iterations, int hash, size_t size) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  uint8_t *into = wt_scratch(), u[MBEDTLS_MD_MAX_SIZE], sum[MBEDTLS_MD_MAX_SIZE];
  keyed_hash mac;
  int error = keyed_start(&mac, info, at, password_size);
  for (uint32_t number = 1; error == 0 && size > 0; number++) {
    uint8_t counter[4] = {number >> 24, number >> 16, number >> 8, number};
    error = keyed_hash_of(&mac, at + password_size, salt_size, counter, sizeof counter, u);
    memcpy(sum, u, mac.size);
    for (uint32_t i = 1; error == 0 && i < iterations; i++) {
      error = keyed_hash_of(&mac, u, mac.size, NULL, 0, u);
      for (size_t j = 0; j < mac.size; j++) sum[j] ^= u[j];
    }
    size_t part = size < mac.size ? size : mac.size;
    memcpy(into, sum, part);
    into += part;
    size -= part;
  }
  keyed_end(&mac);
  mbedtls_platform_zeroize(u, sizeof u);
  mbedtls_platform_zeroize(sum, sizeof sum);
  return error;
}

/* PBKDF1 (RFC 8018, section 5.1): one hash into the scratch area; its size, or an error. */
int wt_pbkdf1(const uint8_t *at, size_t size, uint32_t iterations, int hash) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  int error = hash_repeatedly(info, iterations, at, size, wt_scratch());
  return error != 0 ? error : mbedtls_md_get_size(info);
}

/* The derivation of PKCS#12 (RFC 7292, appendix B.2) with the salt behind the password, into the scratch area: two hashes
   for a `purpose` of 1 (key), one for 2 (IV) and 3 (MAC). Answers 0 or an error. */
int wt_pkcs12_key(const uint8_t *at, size_t password_size, size_t salt_size, uint32_t iterations, int hash, int purpose) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  size_t v = block_size_of(info), u = mbedtls_md_get_size(info);
  size_t salt = (salt_size + v - 1) / v * v, password = (password_size + v - 1) / v * v;
  size_t size = v + salt + password;
  uint8_t *text = wt_calloc(1, size), *into = wt_scratch(), stretched[MOST_BLOCK_SIZE];
  if (text == NULL) return MBEDTLS_ERR_MD_ALLOC_FAILED;
  memset(text, purpose, v);
  fill(text + v, salt, at + password_size, salt_size);
  fill(text + v + salt, password, at, password_size);
  int error = 0;
  for (int i = 0; error == 0 && i < (purpose == 1 ? 2 : 1); i++, into += u) {
    error = hash_repeatedly(info, iterations, text, size, into);
    fill(stretched, v, into, u);
    for (size_t block = v; block < size; block += v) add(text + block, stretched, v);
  }
  mbedtls_platform_zeroize(stretched, sizeof stretched);
  wt_free(text);
  return error;
}

/* Decrypts in place: AES (`block` 16) or DES in its three forms (`block` 8), in CBC mode and with the padding of PKCS#7.
   Key, IV and data lie one behind the other at `at`. Answers the size without the padding; an error when that is wrong. */
int wt_decrypt(uint8_t *at, size_t key_size, size_t block, size_t size) {
  uint8_t *data = at + key_size + block;
  if (size == 0 || size % block != 0) return MBEDTLS_ERR_CIPHER_FULL_BLOCK_EXPECTED;
  int error = decrypt(data, at, key_size, block, size);
  if (error != 0) return error;
  size_t padding = data[size - 1];
  if (padding == 0 || padding > block) return MBEDTLS_ERR_CIPHER_INVALID_PADDING;
  for (size_t i = 1; i <= padding; i++)
    if (data[size - i] != padding) return MBEDTLS_ERR_CIPHER_INVALID_PADDING;
  return size - padding;
}

static int decrypt(uint8_t *data, const uint8_t *key, size_t key_size, size_t block, size_t size) {
  uint8_t *iv = data - block;
  int error;
  if (block == 16) {
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    error = mbedtls_aes_setkey_dec(&aes, key, key_size * 8);
    if (error == 0) error = mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_DECRYPT, size, iv, data, data);
    mbedtls_aes_free(&aes);
  } else if (key_size == 8) {
    mbedtls_des_context des;
    mbedtls_des_init(&des);
    error = mbedtls_des_setkey_dec(&des, key);
    if (error == 0) error = mbedtls_des_crypt_cbc(&des, MBEDTLS_DES_DECRYPT, size, iv, data, data);
    mbedtls_des_free(&des);
  } else {
    mbedtls_des3_context des;
    mbedtls_des3_init(&des);
    error = key_size == 16 ? mbedtls_des3_set2key_dec(&des, key) : mbedtls_des3_set3key_dec(&des, key);
    if (error == 0) error = mbedtls_des3_crypt_cbc(&des, MBEDTLS_DES_DECRYPT, size, iv, data, data);
    mbedtls_des3_free(&des);
  }
  return error;
}

static size_t block_size_of(const mbedtls_md_info_t *info) { return mbedtls_md_get_size(info) > 32 ? 128 : 64; }

static int keyed_start(keyed_hash *mac, const mbedtls_md_info_t *info, const uint8_t *key, size_t size) {
  uint8_t pad[MOST_BLOCK_SIZE] = {0};
  size_t block = block_size_of(info);
  mac->size = mbedtls_md_get_size(info);
  mbedtls_md_init(&mac->inner);
  mbedtls_md_init(&mac->outer);
  mbedtls_md_init(&mac->work);
  int error = mbedtls_md_setup(&mac->inner, info, 0);
  if (error == 0) error = mbedtls_md_setup(&mac->outer, info, 0);
  if (error == 0) error = mbedtls_md_setup(&mac->work, info, 0);
  if (error == 0 && size > block) error = mbedtls_md(info, key, size, pad);
  else if (error == 0 && size > 0) memcpy(pad, key, size);
  for (size_t i = 0; i < block; i++) pad[i] ^= 0x36;
  if (error == 0) error = mbedtls_md_starts(&mac->inner);
  if (error == 0) error = mbedtls_md_update(&mac->inner, pad, block);
  for (size_t i = 0; i < block; i++) pad[i] ^= 0x36 ^ 0x5c;
  if (error == 0) error = mbedtls_md_starts(&mac->outer);
  if (error == 0) error = mbedtls_md_update(&mac->outer, pad, block);
  mbedtls_platform_zeroize(pad, sizeof pad);
  return error;
}

static int keyed_hash_of(keyed_hash *mac, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *into) {
  uint8_t hash[MBEDTLS_MD_MAX_SIZE];
  int error = mbedtls_md_clone(&mac->work, &mac->inner);
  if (error == 0) error = mbedtls_md_update(&mac->work, a, a_size);
  if (error == 0) error = mbedtls_md_update(&mac->work, b, b_size);
  if (error == 0) error = mbedtls_md_finish(&mac->work, hash);
  if (error == 0) error = mbedtls_md_clone(&mac->work, &mac->outer);
  if (error == 0) error = mbedtls_md_update(&mac->work, hash, mac->size);
  return error != 0 ? error : mbedtls_md_finish(&mac->work, into);
}

static void keyed_end(keyed_hash *mac) {
  mbedtls_md_free(&mac->inner);
  mbedtls_md_free(&mac->outer);
  mbedtls_md_free(&mac->work);
}

static int hash_repeatedly(const mbedtls_md_info_t *info, uint32_t iterations, const uint8_t *data, size_t size, uint8_t *into) {
  int error = mbedtls_md(info, data, size, into);
  for (uint32_t i = 1; error == 0 && i < iterations; i++) error = mbedtls_md(info, into, mbedtls_md_get_size(info), into);
  return error;
}

/* Copies of `from`, one behind the other, the last one cut. */
static void fill(uint8_t *into, size_t size, const uint8_t *from, size_t from_size) {
  for (size_t i = 0; i < size; i++) into[i] = from[i % from_size];
}

/* number + other + 1, big-endian, modulo its size. */
static void add(uint8_t *number, const uint8_t *other, size_t size) {
  unsigned carry = 1;
  for (size_t i = size; i-- > 0; carry >>= 8) {
    carry += number[i] + other[i];
    number[i] = carry;
  }
}

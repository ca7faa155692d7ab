/* P-256 and X25519 for PSA, and so for TLS 1.2, TLS 1.3, certificates and keys alike: a driver by the entry points that Mbed
   TLS has for p256-m (patches/0013 lets it see X25519 and deterministic signatures too). Owns which keys are taken and what
   they must be; the curves are in p256.c and x25519.c. What is not taken (PSA_ERROR_NOT_SUPPORTED) Mbed TLS does itself,
   among it whatever has an odd length, so that its errors stay what they were. */
#include "3rdparty/p256-m/p256-m_driver_entrypoints.h"

#include <string.h>

#include "crypto/p256.h"
#include "crypto/x25519.h"

#include "mbedtls/hmac_drbg.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/psa_util.h"
#include "psa/crypto.h"
#include "psa_crypto_core.h"

#define P256_KEY PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)
#define P256_PUBLIC_KEY PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1)
#define X25519_KEY PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY)
#define P256_BITS 256
#define X25519_BITS 255
#define UNCOMPRESSED 4 /* the first byte of a point (SEC 1, section 2.3.3) */
#define ENCODED_POINT_SIZE (1 + WT_P256_POINT_SIZE)
#define NONCE_ATTEMPTS 30

static int is_encoded_point(const uint8_t *bytes, size_t size);
static int is_p256_key(const psa_key_attributes_t *attributes);
static int is_x25519_key(const psa_key_attributes_t *attributes);
static psa_status_t hold(const uint8_t *bytes, size_t size, uint8_t *room, size_t room_size, size_t *held);
static int begin_nonces(mbedtls_hmac_drbg_context *nonces, psa_algorithm_t alg, const uint8_t *key, const uint8_t *hash,
                        size_t hash_size);
static int next_nonce(mbedtls_hmac_drbg_context *nonces, uint8_t nonce[WT_P256_SIZE]);

psa_status_t p256_transparent_import_key(const psa_key_attributes_t *attributes, const uint8_t *data, size_t size,
                                         uint8_t *room, size_t room_size, size_t *held, size_t *bits) {
  psa_key_type_t type = psa_get_key_type(attributes);
  size_t expected = *bits;
  if (type == P256_KEY && size == WT_P256_SIZE && (expected == 0 || expected == P256_BITS)) {
    if (!wt_p256_is_scalar(data)) return PSA_ERROR_INVALID_ARGUMENT;
    *bits = P256_BITS;
    return hold(data, size, room, room_size, held);
  }
  if (type == P256_PUBLIC_KEY && is_encoded_point(data, size) && (expected == 0 || expected == P256_BITS)) {
    if (!wt_p256_is_point(data + 1)) return PSA_ERROR_INVALID_ARGUMENT;
    *bits = P256_BITS;
    return hold(data, size, room, room_size, held);
  }
  if (type == X25519_KEY && size == WT_X25519_SIZE && (expected == 0 || expected == X25519_BITS)) {
    psa_status_t status = hold(data, size, room, room_size, held);
    if (status != PSA_SUCCESS) return status;
    wt_x25519_clamp(room);
    *bits = X25519_BITS;
    return PSA_SUCCESS;
  }
  return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t p256_transparent_export_public_key(const psa_key_attributes_t *attributes, const uint8_t *key, size_t key_size,
                                                uint8_t *data, size_t data_size, size_t *data_length) {
  if (is_p256_key(attributes) && key_size == WT_P256_SIZE) {
    if (data_size < ENCODED_POINT_SIZE) return PSA_ERROR_BUFFER_TOO_SMALL;
    data[0] = UNCOMPRESSED;
    wt_p256_public(data + 1, key);
    *data_length = ENCODED_POINT_SIZE;
    return PSA_SUCCESS;
  }
  if (is_x25519_key(attributes) && key_size == WT_X25519_SIZE) {
    if (data_size < WT_X25519_SIZE) return PSA_ERROR_BUFFER_TOO_SMALL;
    wt_x25519_public(data, key);
    *data_length = WT_X25519_SIZE;
    return PSA_SUCCESS;
  }
  return PSA_ERROR_NOT_SUPPORTED;
}

/* Mbed TLS only draws a number in range, which is as good. */
psa_status_t p256_transparent_generate_key(const psa_key_attributes_t *attributes, uint8_t *key, size_t key_size, size_t *held) {
  (void) attributes, (void) key, (void) key_size, (void) held;
  return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t p256_transparent_key_agreement(const psa_key_attributes_t *attributes, const uint8_t *key, size_t key_size,
                                            psa_algorithm_t alg, const uint8_t *peer, size_t peer_size, uint8_t *secret,
                                            size_t secret_size, size_t *secret_length) {
  (void) alg;
  if (is_p256_key(attributes) && key_size == WT_P256_SIZE && is_encoded_point(peer, peer_size)) {
    if (secret_size < WT_P256_SIZE) return PSA_ERROR_BUFFER_TOO_SMALL;
    if (!wt_p256_is_point(peer + 1)) return PSA_ERROR_INVALID_ARGUMENT;
    wt_p256_shared(secret, key, peer + 1);
    *secret_length = WT_P256_SIZE;
    return PSA_SUCCESS;
  }
  if (is_x25519_key(attributes) && key_size == WT_X25519_SIZE && peer_size == WT_X25519_SIZE) {
    if (secret_size < WT_X25519_SIZE) return PSA_ERROR_BUFFER_TOO_SMALL;
    if (wt_x25519_shared(secret, key, peer) != 0) return PSA_ERROR_INVALID_ARGUMENT;
    *secret_length = WT_X25519_SIZE;
    return PSA_SUCCESS;
  }
  return PSA_ERROR_NOT_SUPPORTED;
}

/* Deterministic signatures only: nothing of ours asks for others. */
psa_status_t p256_transparent_sign_hash(const psa_key_attributes_t *attributes, const uint8_t *key, size_t key_size,
                                        psa_algorithm_t alg, const uint8_t *hash, size_t hash_size, uint8_t *signature,
                                        size_t signature_size, size_t *signature_length) {
  if (!is_p256_key(attributes) || key_size != WT_P256_SIZE) return PSA_ERROR_NOT_SUPPORTED;
  if (!PSA_ALG_ECDSA_IS_DETERMINISTIC(alg)) return PSA_ERROR_NOT_SUPPORTED;
  if (signature_size < WT_P256_POINT_SIZE) return PSA_ERROR_BUFFER_TOO_SMALL;
  mbedtls_hmac_drbg_context nonces;
  uint8_t nonce[WT_P256_SIZE];
  int error = begin_nonces(&nonces, alg, key, hash, hash_size);
  int answer = -1;
  for (int i = 0; error == 0 && answer != 0 && i < NONCE_ATTEMPTS; i++) {
    error = next_nonce(&nonces, nonce);
    if (error == 0) answer = wt_p256_sign(signature, key, nonce, hash, hash_size);
  }
  mbedtls_hmac_drbg_free(&nonces);
  mbedtls_platform_zeroize(nonce, sizeof nonce);
  if (error != 0) return mbedtls_to_psa_error(error);
  if (answer != 0) return PSA_ERROR_INSUFFICIENT_ENTROPY;
  *signature_length = WT_P256_POINT_SIZE;
  return PSA_SUCCESS;
}

psa_status_t p256_transparent_verify_hash(const psa_key_attributes_t *attributes, const uint8_t *key, size_t key_size,
                                          psa_algorithm_t alg, const uint8_t *hash, size_t hash_size, const uint8_t *signature,
                                          size_t signature_length) {
  (void) alg;
  uint8_t point[WT_P256_POINT_SIZE];
  if (is_p256_key(attributes) && key_size == WT_P256_SIZE) {
    wt_p256_public(point, key);
  } else if (is_encoded_point(key, key_size) && wt_p256_is_point(key + 1)) {
    memcpy(point, key + 1, sizeof point);
  } else {
    return PSA_ERROR_INVALID_ARGUMENT;
  }
  if (signature_length != WT_P256_POINT_SIZE) return PSA_ERROR_INVALID_SIGNATURE;
  return wt_p256_verify(signature, point, hash, hash_size) == 0 ? PSA_SUCCESS : PSA_ERROR_INVALID_SIGNATURE;
}

static int is_encoded_point(const uint8_t *bytes, size_t size) {
  return size == ENCODED_POINT_SIZE && bytes[0] == UNCOMPRESSED;
}

static int is_p256_key(const psa_key_attributes_t *attributes) {
  return psa_get_key_type(attributes) == P256_KEY && psa_get_key_bits(attributes) == P256_BITS;
}

static int is_x25519_key(const psa_key_attributes_t *attributes) {
  return psa_get_key_type(attributes) == X25519_KEY && psa_get_key_bits(attributes) == X25519_BITS;
}

static psa_status_t hold(const uint8_t *bytes, size_t size, uint8_t *room, size_t room_size, size_t *held) {
  if (room_size < size) return PSA_ERROR_BUFFER_TOO_SMALL;
  memcpy(room, bytes, size);
  *held = size;
  return PSA_SUCCESS;
}

/* The nonces of RFC 6979, section 3.2: HMAC_DRBG, seeded with the key and the digest modulo n. */
static int begin_nonces(mbedtls_hmac_drbg_context *nonces, psa_algorithm_t alg, const uint8_t *key, const uint8_t *hash,
                        size_t hash_size) {
  mbedtls_hmac_drbg_init(nonces);
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(mbedtls_md_type_from_psa_alg(PSA_ALG_SIGN_GET_HASH(alg)));
  if (info == NULL) return MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
  uint8_t seed[2 * WT_P256_SIZE];
  memcpy(seed, key, WT_P256_SIZE);
  wt_p256_digest_to_scalar(seed + WT_P256_SIZE, hash, hash_size);
  int error = mbedtls_hmac_drbg_seed_buf(nonces, info, seed, sizeof seed);
  mbedtls_platform_zeroize(seed, sizeof seed);
  return error;
}

static int next_nonce(mbedtls_hmac_drbg_context *nonces, uint8_t nonce[WT_P256_SIZE]) {
  for (int i = 0; i < NONCE_ATTEMPTS; i++) {
    int error = mbedtls_hmac_drbg_random(nonces, nonce, WT_P256_SIZE);
    if (error != 0) return error;
    if (wt_p256_is_scalar(nonce)) return 0;
  }
  return MBEDTLS_ERR_ECP_RANDOM_FAILED;
}

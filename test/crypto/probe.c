/* Exports for tests and benchmarks that the shipped module has no use for: raw key agreement, raw signatures, big numbers, a key that
   signs more than once, and ciphers and hashes over and over. Linked with the same objects into a module of its own
   (scripts/build-wasm.sh). Arguments lie one behind the other at `at`; results are in the scratch area, their size or an error is
   answered. */
#include "internal.h"

#include "mbedtls/bignum.h"
#include "mbedtls/pk.h"
#include "psa/crypto.h"

int WT_EXPORT(probe_public)(int curve, const uint8_t *at, size_t size);
int WT_EXPORT(probe_agree)(int curve, const uint8_t *at, size_t key_size, size_t peer_size);
int WT_EXPORT(probe_sign)(int curve, const uint8_t *at, size_t key_size, size_t hash_size);
/* Keeps the key (DER) for probe_sign_kept, in place of the one before; of no size, none. */
int WT_EXPORT(probe_keep_key)(const uint8_t *key, size_t size);
/* Of a digest of SHA-256, as a server does: ECDSA or PKCS#1 v1.5, or RSASSA-PSS. */
int WT_EXPORT(probe_sign_kept)(const uint8_t *digest, int pss);
int WT_EXPORT(probe_multiply)(const uint8_t *at, size_t a_size, size_t b_size);
int WT_EXPORT(probe_power)(const uint8_t *at, size_t base_size, size_t exponent_size, size_t modulus_size);
int WT_EXPORT(probe_repeat)(int work, uint8_t *data, size_t size, unsigned times);

static mbedtls_pk_context kept;

static psa_status_t import_key(int curve, const uint8_t *key, size_t size, mbedtls_svc_key_id_t *id);
static int to_scratch(int error, mbedtls_mpi *number);

int probe_public(int curve, const uint8_t *at, size_t size) {
  mbedtls_svc_key_id_t key;
  psa_status_t status = import_key(curve, at, size, &key);
  if (status != PSA_SUCCESS) return status;
  size_t length = 0;
  status = psa_export_public_key(key, wt_scratch(), WT_SCRATCH_SIZE, &length);
  psa_destroy_key(key);
  return status != PSA_SUCCESS ? status : (int) length;
}

int probe_agree(int curve, const uint8_t *at, size_t key_size, size_t peer_size) {
  mbedtls_svc_key_id_t key;
  psa_status_t status = import_key(curve, at, key_size, &key);
  if (status != PSA_SUCCESS) return status;
  size_t length = 0;
  status = psa_raw_key_agreement(PSA_ALG_ECDH, key, at + key_size, peer_size, wt_scratch(), WT_SCRATCH_SIZE, &length);
  psa_destroy_key(key);
  return status != PSA_SUCCESS ? status : (int) length;
}

/* ECDSA with SHA-256, deterministic as in TLS: both halves in full length, not DER. */
int probe_sign(int curve, const uint8_t *at, size_t key_size, size_t hash_size) {
  mbedtls_svc_key_id_t key;
  psa_status_t status = import_key(curve, at, key_size, &key);
  if (status != PSA_SUCCESS) return status;
  size_t length = 0;
  status = psa_sign_hash(key, PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_256), at + key_size, hash_size, wt_scratch(), WT_SCRATCH_SIZE, &length);
  psa_destroy_key(key);
  return status != PSA_SUCCESS ? status : (int) length;
}

int probe_keep_key(const uint8_t *key, size_t size) {
  mbedtls_pk_free(&kept);
  return size == 0 ? 0 : mbedtls_pk_parse_key(&kept, key, size, NULL, 0, wt_fill_random, NULL);
}

int probe_sign_kept(const uint8_t *digest, int pss) {
  size_t size = 0;
  mbedtls_pk_type_t type = pss ? MBEDTLS_PK_RSASSA_PSS : mbedtls_pk_get_type(&kept);
  int error = mbedtls_pk_sign_ext(type, &kept, MBEDTLS_MD_SHA256, digest, 32, wt_scratch(), WT_SCRATCH_SIZE, &size,
                                  wt_fill_random, NULL);
  return error != 0 ? error : (int) size;
}

int probe_multiply(const uint8_t *at, size_t a_size, size_t b_size) {
  mbedtls_mpi a, b;
  mbedtls_mpi_init(&a);
  mbedtls_mpi_init(&b);
  int error = mbedtls_mpi_read_binary(&a, at, a_size);
  if (error == 0) error = mbedtls_mpi_read_binary(&b, at + a_size, b_size);
  if (error == 0) error = mbedtls_mpi_mul_mpi(&a, &a, &b);
  mbedtls_mpi_free(&b);
  return to_scratch(error, &a);
}

int probe_power(const uint8_t *at, size_t base_size, size_t exponent_size, size_t modulus_size) {
  mbedtls_mpi base, exponent, modulus;
  mbedtls_mpi_init(&base);
  mbedtls_mpi_init(&exponent);
  mbedtls_mpi_init(&modulus);
  int error = mbedtls_mpi_read_binary(&base, at, base_size);
  if (error == 0) error = mbedtls_mpi_read_binary(&exponent, at + base_size, exponent_size);
  if (error == 0) error = mbedtls_mpi_read_binary(&modulus, at + base_size + exponent_size, modulus_size);
  if (error == 0) error = mbedtls_mpi_exp_mod(&base, &base, &exponent, &modulus, NULL);
  mbedtls_mpi_free(&exponent);
  mbedtls_mpi_free(&modulus);
  return to_scratch(error, &base);
}

static psa_status_t import_key(int curve, const uint8_t *key, size_t size, mbedtls_svc_key_id_t *id) {
  psa_ecc_family_t family = curve == 255 ? PSA_ECC_FAMILY_MONTGOMERY : PSA_ECC_FAMILY_SECP_R1;
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(family));
  psa_set_key_bits(&attributes, curve);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE | PSA_KEY_USAGE_SIGN_HASH);
  psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
  psa_set_key_enrollment_algorithm(&attributes, PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_256));
  return psa_import_key(&attributes, key, size, id);
}

static int to_scratch(int error, mbedtls_mpi *number) {
  int size = (int) mbedtls_mpi_size(number);
  if (error == 0) error = mbedtls_mpi_write_binary(number, wt_scratch(), size);
  mbedtls_mpi_free(number);
  return error != 0 ? error : size;
}

typedef struct {
  psa_key_type_t type;
  size_t key_size;
  psa_algorithm_t algorithm;
} wt_work;

/* In the order of test/bench/probe.ts. */
static const wt_work works[] = {
  { PSA_KEY_TYPE_AES, 16, PSA_ALG_GCM },
  { PSA_KEY_TYPE_AES, 32, PSA_ALG_GCM },
  { PSA_KEY_TYPE_CHACHA20, 32, PSA_ALG_CHACHA20_POLY1305 },
  { PSA_KEY_TYPE_AES, 16, PSA_ALG_CCM },
  { PSA_KEY_TYPE_AES, 16, PSA_ALG_CBC_NO_PADDING },
  { PSA_KEY_TYPE_NONE, 0, PSA_ALG_SHA_256 },
  { PSA_KEY_TYPE_NONE, 0, PSA_ALG_SHA_384 },
};

/* One message, as the record layer has it: sealed in place, with 13 bytes beside it. */
static psa_status_t once(const wt_work *work, mbedtls_svc_key_id_t key, int decrypt, uint8_t *data, size_t size) {
  static const uint8_t zeros[16];
  size_t length;
  if (PSA_ALG_IS_HASH(work->algorithm)) {
    /* no more room than the digest takes, since PSA fills all of it */
    return psa_hash_compute(work->algorithm, data, size, wt_scratch(), PSA_HASH_LENGTH(work->algorithm), &length);
  }
  if (PSA_ALG_IS_AEAD(work->algorithm)) {
    return psa_aead_encrypt(key, work->algorithm, zeros, 12, zeros, 13, data, size, data, size + 16, &length);
  }
  psa_cipher_operation_t cbc = PSA_CIPHER_OPERATION_INIT;
  psa_status_t status = decrypt ? psa_cipher_decrypt_setup(&cbc, key, work->algorithm) : psa_cipher_encrypt_setup(&cbc, key, work->algorithm);
  if (status == PSA_SUCCESS) status = psa_cipher_set_iv(&cbc, zeros, 16);
  if (status == PSA_SUCCESS) status = psa_cipher_update(&cbc, data, size, data, size, &length);
  if (status == PSA_SUCCESS) status = psa_cipher_finish(&cbc, data, 0, &length);
  psa_cipher_abort(&cbc);
  return status;
}

/* `work` + 100 decrypts where that is something else. `data` has room for 16 bytes more than `size`. */
int probe_repeat(int work, uint8_t *data, size_t size, unsigned times) {
  static const uint8_t zeros[32];
  const wt_work *chosen = &works[work % 100];
  mbedtls_svc_key_id_t key = MBEDTLS_SVC_KEY_ID_INIT;
  psa_status_t status = PSA_SUCCESS;
  if (chosen->key_size > 0) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, chosen->type);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
    psa_set_key_algorithm(&attributes, chosen->algorithm);
    status = psa_import_key(&attributes, zeros, chosen->key_size, &key);
  }
  for (; times > 0 && status == PSA_SUCCESS; times--) status = once(chosen, key, work >= 100, data, size);
  psa_destroy_key(key);
  return status;
}

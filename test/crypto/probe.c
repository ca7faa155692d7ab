/* Exports for tests that the shipped module has no use for: raw key agreement, raw signatures and big numbers. Linked with the same objects into a
   module of its own (scripts/build-wasm.sh). Arguments lie one behind the other at `at`; results are in the scratch area, their
   size or an error is answered. */
#include "internal.h"

#include "mbedtls/bignum.h"
#include "psa/crypto.h"

int WT_EXPORT(probe_public)(int curve, const uint8_t *at, size_t size);
int WT_EXPORT(probe_agree)(int curve, const uint8_t *at, size_t key_size, size_t peer_size);
int WT_EXPORT(probe_sign)(int curve, const uint8_t *at, size_t key_size, size_t hash_size);
int WT_EXPORT(probe_multiply)(const uint8_t *at, size_t a_size, size_t b_size);
int WT_EXPORT(probe_power)(const uint8_t *at, size_t base_size, size_t exponent_size, size_t modulus_size);

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

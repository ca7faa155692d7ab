/* Private keys outside of a handshake: made, signed with, and asked for their public half. Certificates are written in
   TypeScript. */
#include "internal.h"

#include <string.h>

#include "mbedtls/ecp.h"
#include "mbedtls/md.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/rsa.h"
#include "psa/crypto.h"

static int generate(mbedtls_pk_context *key, int kind);
static int generate_on_curve(mbedtls_pk_context *key, int bits);
static int to_scratch(const mbedtls_pk_context *key, int (*write)(const mbedtls_pk_context *, unsigned char *, size_t));

/* Makes a key: on the curve P-256, P-384 or P-521 when `kind` is that number, else RSA with so many bits. SEC 1 or PKCS#1
   (DER) at the front of the scratch area; answers its size, or an error. */
int wt_generate_key(int kind) {
  wt_forget_failed_allocation();
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  int result = generate(&key, kind);
  if (result == 0) result = to_scratch(&key, mbedtls_pk_write_key_der);
  mbedtls_pk_free(&key);
  return result;
}

/* The SubjectPublicKeyInfo of a private key (DER), at the front of the scratch area; answers its size, or an error. */
int wt_public_key(const uint8_t *der, size_t size) {
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  int result = mbedtls_pk_parse_key(&key, der, size, NULL, 0, wt_fill_random, NULL);
  if (result == 0) result = to_scratch(&key, mbedtls_pk_write_pubkey_der);
  mbedtls_pk_free(&key);
  return result;
}

/* Signs the data behind the key (DER), with ECDSA or PKCS#1 v1.5: the signature is in the scratch area, its size answered. */
int wt_sign(const uint8_t *at, size_t key_size, size_t data_size, int hash) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  unsigned char digest[MBEDTLS_MD_MAX_SIZE];
  size_t size = 0;
  int error = mbedtls_pk_parse_key(&key, at, key_size, NULL, 0, wt_fill_random, NULL);
  if (error == 0) error = mbedtls_md(info, at + key_size, data_size, digest);
  if (error == 0)
    error = mbedtls_pk_sign(&key, mbedtls_md_get_type(info), digest, mbedtls_md_get_size(info), wt_scratch(),
                            WT_SCRATCH_SIZE, &size, wt_fill_random, NULL);
  mbedtls_pk_free(&key);
  return error != 0 ? error : (int) size;
}

static int generate(mbedtls_pk_context *key, int kind) {
  if (kind <= 521) return generate_on_curve(key, kind);
  int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
  return error != 0 ? error : mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), wt_fill_random, NULL, kind, 65537);
}

/* Through PSA, whose drivers are faster than mbedtls_ecp_gen_key. */
static int generate_on_curve(mbedtls_pk_context *key, int bits) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
  psa_set_key_bits(&attributes, bits);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_EXPORT);
  mbedtls_svc_key_id_t id;
  psa_status_t status = psa_generate_key(&attributes, &id);
  if (status == PSA_ERROR_INSUFFICIENT_MEMORY) return MBEDTLS_ERR_PK_ALLOC_FAILED;
  if (status != PSA_SUCCESS) return MBEDTLS_ERR_ECP_RANDOM_FAILED;
  int error = mbedtls_pk_copy_from_psa(id, key);
  psa_destroy_key(id);
  return error;
}

/* Mbed TLS writes to the end of the space it gets. */
static int to_scratch(const mbedtls_pk_context *key, int (*write)(const mbedtls_pk_context *, unsigned char *, size_t)) {
  unsigned char *scratch = wt_scratch();
  int size = write(key, scratch, WT_SCRATCH_SIZE);
  if (size <= 0) return size;
  memmove(scratch, scratch + WT_SCRATCH_SIZE - size, size);
  mbedtls_platform_zeroize(scratch + size, WT_SCRATCH_SIZE - size);
  return size;
}

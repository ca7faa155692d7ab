/* Private keys outside of a handshake: made, signed with, and asked for their public half. Certificates are written in
   TypeScript. */
#include "internal.h"

#include <string.h>

#include "mbedtls/ecp.h"
#include "mbedtls/md.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/rsa.h"

static int generate(mbedtls_pk_context *key, int kind);
static int to_scratch(const mbedtls_pk_context *key, int (*write)(const mbedtls_pk_context *, unsigned char *, size_t));

/* Makes a key: on the curve P-256, P-384 or P-521 when `kind` is that number, else RSA with so many bits. SEC 1 or PKCS#1
   (DER) at the front of the scratch area; answers its size, or an error. */
int wt_generate_key(int kind) {
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
  mbedtls_ecp_group_id curve = kind == 256 ? MBEDTLS_ECP_DP_SECP256R1
                             : kind == 384 ? MBEDTLS_ECP_DP_SECP384R1
                             : kind == 521 ? MBEDTLS_ECP_DP_SECP521R1
                                           : MBEDTLS_ECP_DP_NONE;
  int error = mbedtls_pk_setup(
      key, mbedtls_pk_info_from_type(curve == MBEDTLS_ECP_DP_NONE ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY));
  if (error != 0) return error;
  if (curve == MBEDTLS_ECP_DP_NONE) return mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), wt_fill_random, NULL, kind, 65537);
  return mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(*key), wt_fill_random, NULL);
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

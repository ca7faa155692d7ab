/* Hashes and signatures over certificates and revocation lists: does this key say so. Which keys and algorithms are good enough, and
   what the certificate says, is decided in TypeScript. */
#include "internal.h"

#include "mbedtls/md.h"
#include "mbedtls/pk.h"
#include "mbedtls/psa_util.h"
#include "mbedtls/rsa.h"

static int verify_pss(const mbedtls_pk_context *key, mbedtls_md_type_t hash, const uint8_t *digest, int salt,
                      const uint8_t *signature, size_t size);

/* The number of the hash is the size of the SHA-2 digest, 1 for SHA-1, 5 for MD5. */
const mbedtls_md_info_t *wt_hash_info(int hash) {
  switch (hash) {
    case 5: return mbedtls_md_info_from_type(MBEDTLS_MD_MD5);
    case 1: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
    case 224: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA224);
    case 256: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    case 384: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA384);
    case 512: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA512);
    default: return NULL;
  }
}

/* The hash into the scratch area; its size, or an error. */
int wt_hash(const uint8_t *data, size_t size, int hash) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  int error = mbedtls_md(info, data, size, wt_scratch());
  return error != 0 ? error : mbedtls_md_get_size(info);
}

/* The key (a SubjectPublicKeyInfo, DER), the signed data and the signature lie one behind the other at `at`.
   `salt` is the salt length of RSASSA-PSS (with MGF1 of the same hash), -1 for
   PKCS#1 v1.5 and ECDSA. 0 when the signature is right, an error when it is not or the key cannot be used. */
int wt_verify_signature(const uint8_t *at, size_t key_size, size_t data_size, size_t signature_size, int hash, int salt) {
  const mbedtls_md_info_t *info = wt_hash_info(hash);
  if (info == NULL) return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
  const uint8_t *data = at + key_size, *signature = data + data_size;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  unsigned char digest[MBEDTLS_MD_MAX_SIZE];
  int error = mbedtls_pk_parse_public_key(&key, at, key_size);
  if (error == 0) error = mbedtls_md(info, data, data_size, digest);
  if (error == 0 && salt >= 0) {
    error = verify_pss(&key, mbedtls_md_get_type(info), digest, salt, signature, signature_size);
  } else if (error == 0) {
    error = mbedtls_pk_verify(&key, mbedtls_md_get_type(info), digest, mbedtls_md_get_size(info), signature, signature_size);
  }
  mbedtls_pk_free(&key);
  return error;
}

/* Not with mbedtls_pk_verify_ext: through PSA it takes salts of any length. */
static int verify_pss(const mbedtls_pk_context *key, mbedtls_md_type_t hash, const uint8_t *digest, int salt,
                      const uint8_t *signature, size_t size) {
  if (mbedtls_pk_get_type(key) != MBEDTLS_PK_RSA) return MBEDTLS_ERR_PK_TYPE_MISMATCH;
  if (size != mbedtls_pk_get_len(key)) return MBEDTLS_ERR_PK_SIG_LEN_MISMATCH;
  return mbedtls_rsa_rsassa_pss_verify_ext(mbedtls_pk_rsa(*key), hash, mbedtls_md_get_size_from_type(hash), digest, hash,
                                           salt, signature);
}

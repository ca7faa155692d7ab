/* What old cipher suites do with secrets, one step at a time: a record of TLS 1.2 with CBC and a MAC inside, and RSA. Owns nothing but
   how Mbed TLS is called. */
#include "evidence.h"

#include <string.h>

#include "internal.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/pk.h"
#include "mbedtls/rsa.h"
#include "psa/crypto.h"
#include "ssl_misc.h"

static psa_status_t import_key(psa_key_type_t type, psa_algorithm_t alg, psa_key_usage_t usage, const uint8_t *key, size_t size,
                               mbedtls_svc_key_id_t *id);

/* The key of AES-128 and that of HMAC with SHA-256 lie one behind the other. */
EVIDENCE(int, cbc_record_open, const uint8_t *keys, uint8_t *record, size_t size) {
  static mbedtls_ssl_context ssl;
  mbedtls_ssl_transform transform;
  memset(&transform, 0, sizeof transform);
  transform.ivlen = 16;
  transform.maclen = 32;
  transform.minlen = 48;
  transform.tls_version = MBEDTLS_SSL_VERSION_TLS1_2;
  transform.psa_alg = PSA_ALG_CBC_NO_PADDING;
  transform.psa_mac_alg = PSA_ALG_HMAC(PSA_ALG_SHA_256);
  psa_status_t status = import_key(PSA_KEY_TYPE_AES, PSA_ALG_CBC_NO_PADDING, PSA_KEY_USAGE_DECRYPT, keys, 16, &transform.psa_key_dec);
  if (status == PSA_SUCCESS)
    status = import_key(PSA_KEY_TYPE_HMAC, transform.psa_mac_alg, PSA_KEY_USAGE_EXPORT | PSA_KEY_USAGE_VERIFY_HASH, keys + 16, 32,
                        &transform.psa_mac_dec);
  mbedtls_record opened = { .type = MBEDTLS_SSL_MSG_APPLICATION_DATA, .ver = { 3, 3 }, .buf = record, .buf_len = size, .data_len = size };
  int error = status == PSA_SUCCESS ? mbedtls_ssl_decrypt_buf(&ssl, &transform, &opened) : (int) status;
  psa_destroy_key(transform.psa_key_dec);
  psa_destroy_key(transform.psa_mac_dec);
  return error != 0 ? error : (int) opened.data_len;
}

/* The comparison of tags, Finished messages and binders. */
EVIDENCE(int, ct_memcmp, const uint8_t *a, const uint8_t *b, size_t size) { return mbedtls_ct_memcmp(a, b, size); }

EVIDENCE(size_t, pk_context_size, void) { return sizeof(mbedtls_pk_context); }
EVIDENCE(int, pk_parse, mbedtls_pk_context *pk, const uint8_t *der, size_t size) {
  mbedtls_pk_init(pk);
  return mbedtls_pk_parse_key(pk, der, size, NULL, 0, wt_fill_random, NULL);
}
EVIDENCE(int, rsa_private, mbedtls_pk_context *pk, const uint8_t *in, uint8_t *out) {
  return mbedtls_rsa_private(mbedtls_pk_rsa(*pk), wt_fill_random, NULL, in, out);
}
EVIDENCE(int, rsa_decrypt, mbedtls_pk_context *pk, const uint8_t *in, uint8_t *out, size_t size) {
  size_t length = 0;
  return mbedtls_rsa_pkcs1_decrypt(mbedtls_pk_rsa(*pk), wt_fill_random, NULL, &length, in, out, size);
}

static psa_status_t import_key(psa_key_type_t type, psa_algorithm_t alg, psa_key_usage_t usage, const uint8_t *key, size_t size,
                               mbedtls_svc_key_id_t *id) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, type);
  psa_set_key_algorithm(&attributes, alg);
  psa_set_key_usage_flags(&attributes, usage);
  return psa_import_key(&attributes, key, size, id);
}

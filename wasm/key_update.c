/* TLS 1.3 KeyUpdate (RFC 8446, 4.6.3 and 7.2), which Mbed TLS 3.6 does not have: upstream issues 10881 and 10890.

   Both traffic secrets of the application phase stay in the session after the handshake, and one transform holds the
   keys of both directions, so an update replaces one half of that transform and starts its record counter anew. */
#include "internal.h"

#include <string.h>

#include "mbedtls/platform_util.h"
#include "ssl_misc.h"
#include "ssl_tls13_keys.h"

#define KEY_UPDATE 24
#define KEY_UPDATE_SIZE 5 /* type, three bytes of length, one of content */

enum { INBOUND, OUTBOUND };

static int renew(mbedtls_ssl_context *ssl, int direction);
static int install(mbedtls_ssl_context *ssl, psa_algorithm_t hash, const unsigned char *secret, int direction);
static unsigned char *secret_of(mbedtls_ssl_context *ssl, int direction);

int wt_is_key_update(mbedtls_ssl_context *ssl) {
  return ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 && mbedtls_ssl_is_handshake_over(ssl) &&
         ssl->in_msgtype == MBEDTLS_SSL_MSG_HANDSHAKE && ssl->in_hslen > 0 && ssl->in_msg[0] == KEY_UPDATE;
}

/* Keys never change in the middle of a record, so the message must end its record (RFC 8446, 5.1). */
int wt_receive_key_update(mbedtls_ssl_context *ssl, int *answer_wanted) {
  if (ssl->in_hslen != KEY_UPDATE_SIZE) return MBEDTLS_ERR_SSL_DECODE_ERROR;
  if (ssl->in_msglen != ssl->in_hslen) return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
  if (ssl->in_msg[4] > 1) return MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
  *answer_wanted = ssl->in_msg[4];
  return renew(ssl, INBOUND);
}

int wt_transmit_key_update(mbedtls_ssl_context *ssl, int request) {
  static const unsigned char message[KEY_UPDATE_SIZE] = {KEY_UPDATE, 0, 0, 1, 0};
  ssl->out_msgtype = MBEDTLS_SSL_MSG_HANDSHAKE;
  ssl->out_msglen = sizeof message;
  memcpy(ssl->out_msg, message, sizeof message);
  ssl->out_msg[4] = (unsigned char) request;
  int error = mbedtls_ssl_write_record(ssl, 1);
  return error != 0 ? error : renew(ssl, OUTBOUND);
}

static int renew(mbedtls_ssl_context *ssl, int direction) {
  const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(ssl->session->ciphersuite);
  if (suite == NULL) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  psa_algorithm_t hash = mbedtls_md_psa_alg_from_type((mbedtls_md_type_t) suite->mac);
  size_t size = PSA_HASH_LENGTH(hash);
  unsigned char *secret = secret_of(ssl, direction);
  unsigned char next[MBEDTLS_TLS1_3_MD_MAX_SIZE];
  int error = mbedtls_ssl_tls13_hkdf_expand_label(hash, secret, size, MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(traffic_upd), NULL,
                                                  0, next, size);
  if (error == 0) error = install(ssl, hash, next, direction);
  if (error == 0) memcpy(secret, next, size);
  mbedtls_platform_zeroize(next, sizeof next);
  return error;
}

static int install(mbedtls_ssl_context *ssl, psa_algorithm_t hash, const unsigned char *secret, int direction) {
  mbedtls_ssl_transform *keys = ssl->transform_application;
  mbedtls_svc_key_id_t *slot = direction == INBOUND ? &keys->psa_key_dec : &keys->psa_key_enc;
  unsigned char *iv = direction == INBOUND ? keys->iv_dec : keys->iv_enc;
  psa_key_attributes_t old = PSA_KEY_ATTRIBUTES_INIT, attributes = PSA_KEY_ATTRIBUTES_INIT;
  if (psa_get_key_attributes(*slot, &old) != PSA_SUCCESS) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  psa_set_key_usage_flags(&attributes, psa_get_key_usage_flags(&old));
  psa_set_key_algorithm(&attributes, psa_get_key_algorithm(&old));
  psa_set_key_type(&attributes, psa_get_key_type(&old));
  size_t size = PSA_HASH_LENGTH(hash), key_size = PSA_BITS_TO_BYTES(psa_get_key_bits(&old));
  unsigned char key[PSA_BITS_TO_BYTES(256)];
  if (key_size > sizeof key) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  int error = mbedtls_ssl_tls13_hkdf_expand_label(hash, secret, size, MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(key), NULL, 0, key,
                                                  key_size);
  if (error == 0)
    error = mbedtls_ssl_tls13_hkdf_expand_label(hash, secret, size, MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(iv), NULL, 0, iv,
                                                keys->ivlen);
  mbedtls_svc_key_id_t fresh = MBEDTLS_SVC_KEY_ID_INIT;
  if (error == 0 && psa_import_key(&attributes, key, key_size, &fresh) != PSA_SUCCESS) error = MBEDTLS_ERR_SSL_ALLOC_FAILED;
  mbedtls_platform_zeroize(key, sizeof key);
  if (error != 0) return error;
  psa_destroy_key(*slot);
  *slot = fresh;
  if (direction == INBOUND) mbedtls_ssl_set_inbound_transform(ssl, keys);
  else mbedtls_ssl_set_outbound_transform(ssl, keys);
  return 0;
}

static unsigned char *secret_of(mbedtls_ssl_context *ssl, int direction) {
  mbedtls_ssl_tls13_application_secrets *secrets = &ssl->session->app_secrets;
  int of_client = (ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT) == (direction == OUTBOUND);
  return of_client ? secrets->client_application_traffic_secret_N : secrets->server_application_traffic_secret_N;
}

/* Which of several identities a client presents: the first one that the server can take a signature of. Mbed TLS would
   present the first of all, whatever the server asked for; and where none fits, an empty list of certificates lets the
   server decide, as RFC 8446, 4.4.2 and RFC 5246, 7.4.6 want it. */
#include "internal.h"

#include "mbedtls/ssl_ciphersuites.h"
#include "ssl_misc.h"

#define HEADER_SIZE 4

/* What a CertificateRequest of TLS 1.2 takes: each kind of key with any hash, or with the hash that Mbed TLS signs with. */
#define RSA_SOMEHOW 1
#define ECDSA_SOMEHOW 2
#define RSA_AS_WE_DO 4
#define ECDSA_AS_WE_DO 8

static int fits(mbedtls_ssl_context *ssl, mbedtls_pk_context *key, int wanted, int exactly);
static int fits_tls13(mbedtls_ssl_context *ssl, mbedtls_pk_context *key);

/* The message with its header (RFC 5246, 7.4.4); how well it is formed is Mbed TLS's to say. */
void wt_note_certificate_request(wt_connection *connection, const unsigned char *message, size_t size) {
  int hash = connection->ssl.handshake->ciphersuite_info->mac == MBEDTLS_MD_SHA384 ? MBEDTLS_SSL_HASH_SHA384 : MBEDTLS_SSL_HASH_SHA256;
  size_t at = HEADER_SIZE + 1 + (size_t) message[HEADER_SIZE];
  if (at + 2 > size) return;
  size_t end = at + 2 + MBEDTLS_GET_UINT16_BE(message, at);
  connection->wanted_signatures = 0;
  for (at += 2; at + 2 <= end && at + 2 <= size; at += 2) {
    int ours = message[at] == hash;
    if (message[at + 1] == MBEDTLS_SSL_SIG_RSA) connection->wanted_signatures |= ours ? RSA_SOMEHOW | RSA_AS_WE_DO : RSA_SOMEHOW;
    if (message[at + 1] == MBEDTLS_SSL_SIG_ECDSA)
      connection->wanted_signatures |= ours ? ECDSA_SOMEHOW | ECDSA_AS_WE_DO : ECDSA_SOMEHOW;
  }
}

/* Before the client's Certificate is written. */
void wt_choose_identity(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (connection->conf.endpoint != MBEDTLS_SSL_IS_CLIENT || ssl->state != MBEDTLS_SSL_CLIENT_CERTIFICATE) return;
  if (ssl->handshake == NULL || !ssl->handshake->client_auth) return;
  for (int exactly = 1; exactly >= 0; exactly--) {
    for (mbedtls_ssl_key_cert *identity = connection->conf.key_cert; identity != NULL; identity = identity->next) {
      if (!fits(ssl, identity->key, connection->wanted_signatures, exactly)) continue;
      ssl->handshake->key_cert = identity;
      return;
    }
  }
  connection->conf.key_cert = NULL; /* the connection's own copy of the configuration */
  connection->own = NULL;
}

static int fits(mbedtls_ssl_context *ssl, mbedtls_pk_context *key, int wanted, int exactly) {
  if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3) return fits_tls13(ssl, key);
  if (mbedtls_ssl_sig_from_pk(key) == MBEDTLS_SSL_SIG_RSA) return wanted & (exactly ? RSA_AS_WE_DO : RSA_SOMEHOW);
  return wanted & (exactly ? ECDSA_AS_WE_DO : ECDSA_SOMEHOW);
}

static int fits_tls13(mbedtls_ssl_context *ssl, mbedtls_pk_context *key) {
  for (const uint16_t *scheme = ssl->handshake->received_sig_algs; *scheme != MBEDTLS_TLS1_3_SIG_NONE; scheme++) {
    if (mbedtls_ssl_sig_alg_is_offered(ssl, *scheme) && mbedtls_ssl_tls13_sig_alg_for_cert_verify_is_supported(*scheme) &&
        mbedtls_ssl_tls13_check_sig_alg_cert_key_match(*scheme, key))
      return 1;
  }
  return 0;
}

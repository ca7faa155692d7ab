/* Pre-shared keys (RFC 4279; RFC 5489; RFC 8446, 4.2.11). A client has one, which belongs to its settings. A server is asked
   for the key of an identity in TypeScript: for TLS 1.3 the identities are in the ClientHello, before there is an engine; for
   TLS 1.2 the handshake stands still when the ClientKeyExchange has come and Mbed TLS has not looked into it. */
#include "internal.h"

#include <string.h>

#include "mbedtls/ssl_ciphersuites.h"
#include "ssl_misc.h"

#define HEADER_SIZE 4 /* of a handshake message */

static int find_key(void *context, mbedtls_ssl_context *ssl, const unsigned char *identity, size_t size);

/* Client: its only key. Server, without a key: connections will be asked for one. */
int wt_settings_set_psk(wt_settings *settings, const uint8_t *identity, size_t identity_size, const uint8_t *key,
                        size_t key_size) {
  settings->psk = 1;
  if (key_size == 0) return 0;
  return mbedtls_ssl_conf_psk(&settings->conf, key, key_size, identity, identity_size);
}

/* A server's connection whose settings know keys by identity. */
void wt_expect_psk(wt_connection *connection) { mbedtls_ssl_conf_psk_cb(&connection->conf, find_key, connection); }

/* Server: the answer to an identity; without a key it is unknown. */
int wt_give_psk(wt_connection *connection, const uint8_t *identity, size_t identity_size, const uint8_t *key,
                size_t key_size) {
  connection->psk_answered = 1;
  int error = wt_block_set(&connection->psk_identity, identity, identity_size);
  return error != 0 ? error : wt_block_set(&connection->psk_key, key, key_size);
}

/* What the client of a server that stands still calls itself. */
const uint8_t *wt_psk_identity(wt_connection *connection) { return connection->psk_identity.data; }

size_t wt_psk_identity_size(wt_connection *connection) { return connection->psk_identity.size; }

/* Whether it was a pre-shared key, not a session's, that the peer proved to have. */
int wt_psk_used(wt_connection *connection) { return connection->psk_used; }

/* Whether the next message tells an identity whose key nobody has been asked for; notes it. 1, 0 or an error. The message is read here,
   however many records it takes, and stays for Mbed TLS, which says what is wrong with it. */
int wt_psk_is_asked_for(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (!connection->settings->psk || connection->psk_answered || ssl->state != MBEDTLS_SSL_CLIENT_KEY_EXCHANGE) return 0;
  if (ssl->conf->endpoint != MBEDTLS_SSL_IS_SERVER || ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_2) return 0;
  if (!mbedtls_ssl_ciphersuite_uses_psk(ssl->handshake->ciphersuite_info)) return 0;
  int error = mbedtls_ssl_read_record(ssl, 1);
  if (error != 0) return error;
  ssl->keep_current_message = 1;
  const size_t head = HEADER_SIZE + 2;
  if (ssl->in_msgtype != MBEDTLS_SSL_MSG_HANDSHAKE || ssl->in_hslen < head) return 0;
  size_t identity_size = MBEDTLS_GET_UINT16_BE(ssl->in_msg, HEADER_SIZE);
  if (ssl->in_msg[0] != MBEDTLS_SSL_HS_CLIENT_KEY_EXCHANGE || identity_size == 0 || head + identity_size > ssl->in_hslen) return 0;
  error = wt_block_set(&connection->psk_identity, ssl->in_msg + head, identity_size);
  return error != 0 ? error : 1;
}

static int find_key(void *context, mbedtls_ssl_context *ssl, const unsigned char *identity, size_t size) {
  wt_connection *connection = context;
  const wt_block *known = &connection->psk_identity;
  if (connection->psk_key.size == 0 || known->size != size || memcmp(known->data, identity, size) != 0) return -1;
  return mbedtls_ssl_set_hs_psk(ssl, connection->psk_key.data, connection->psk_key.size);
}

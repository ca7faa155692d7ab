/* What became of a connection: everything that can be asked about it without changing it. */
#include "internal.h"

#include <string.h>

#include "mbedtls/platform_util.h"
#include "ssl_misc.h"

int wt_received_alert(wt_connection *connection) { return connection->alert; }

int wt_alerted(wt_connection *connection) { return connection->alerted; }

int wt_protocol_version(wt_connection *connection) { return mbedtls_ssl_get_version_number(&connection->ssl); }

int wt_ciphersuite(wt_connection *connection) {
  return mbedtls_ssl_get_ciphersuite_id_from_ssl(&connection->ssl);
}

int wt_group(wt_connection *connection) { return connection->group; }

int wt_signature_scheme(wt_connection *connection, int server) {
  return server ? connection->server_signature : connection->client_signature;
}

const char *wt_alpn(wt_connection *connection) { return mbedtls_ssl_get_alpn_protocol(&connection->ssl); }

const uint8_t *wt_own_certificate(wt_connection *connection) {
  return connection->own == NULL ? NULL : connection->own->raw.p;
}

size_t wt_own_certificate_size(wt_connection *connection) {
  return connection->own == NULL ? 0 : connection->own->raw.len;
}

/* Whether no other connection can have the same keying material (RFC 8446, E.1.5; RFC 7627). */
int wt_unique_master_secret(wt_connection *connection) {
  return connection->ssl.tls_version == MBEDTLS_SSL_VERSION_TLS1_3 || connection->extended_ms;
}

/* Both Finished messages of TLS 1.2 into the scratch area, ours first, and the size of each; 0 when there are none. */
int wt_finished(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  size_t size = ssl->verify_data_len;
  if (ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_2 || size == 0) return 0;
  memcpy(wt_scratch(), ssl->own_verify_data, size);
  memcpy(wt_scratch() + size, ssl->peer_verify_data, size);
  return (int) size;
}

/* Keying material (RFC 5705; RFC 8446, 7.5) into the scratch area, which holds the label and behind it the context. */
int wt_export_keys(wt_connection *connection, size_t label_size, size_t context_size, int use_context, size_t size) {
  uint8_t *in = wt_allocate(label_size + context_size + 1);
  if (in == NULL) return WT_ERR_OUT_OF_MEMORY;
  memcpy(in, wt_scratch(), label_size + context_size);
  int error = mbedtls_ssl_export_keying_material(&connection->ssl, wt_scratch(), size, (const char *) in, label_size,
                                                 in + label_size, context_size, use_context);
  wt_release(in);
  return error;
}

size_t wt_logged_keys(wt_connection *connection) { return connection->logged_keys; }

const uint8_t *wt_key_log(wt_connection *connection) { return (const uint8_t *) connection->key_log; }

void wt_forget_logged_keys(wt_connection *connection) {
  mbedtls_platform_zeroize(connection->key_log, connection->logged_keys * sizeof *connection->key_log);
  connection->logged_keys = 0;
}

const mbedtls_x509_crt *wt_peer_chain(const wt_connection *connection) {
  const mbedtls_ssl_context *ssl = &connection->ssl;
  if (ssl->session_negotiate != NULL && ssl->session_negotiate->peer_cert != NULL)
    return ssl->session_negotiate->peer_cert;
  return ssl->session == NULL ? NULL : ssl->session->peer_cert;
}

/* What passes by on its way into the hash over the handshake: which signature scheme each side used, and which ones a
   server of TLS 1.2 takes.

   Mbed TLS decides on a scheme while it writes the message and forgets it at once; with TLS 1.3 the message is encrypted
   where it lies. Every handshake message is hashed in the clear, though, through a pointer in the handshake, the peer's
   no earlier than it was checked; so ours is put in between. */
#include "internal.h"

#include "mbedtls/ssl_ciphersuites.h"
#include "ssl_misc.h"

#define HEADER_SIZE 4

static int overhear(mbedtls_ssl_context *ssl, const unsigned char *bytes, size_t size);
static void note_tls12(wt_connection *connection, const unsigned char *message, size_t size);
static void note_tls13(wt_connection *connection, const unsigned char *body, size_t size);

/* Before each step: Mbed TLS replaces the pointer when the hash is known, and has a new one with each handshake. */
void wt_listen_to_transcript(wt_connection *connection) {
  mbedtls_ssl_handshake_params *handshake = connection->ssl.handshake;
  if (handshake == NULL || handshake->update_checksum == overhear) return;
  connection->update_checksum = handshake->update_checksum;
  handshake->update_checksum = overhear;
}

static int overhear(mbedtls_ssl_context *ssl, const unsigned char *bytes, size_t size) {
  wt_connection *connection = (wt_connection *) ssl; /* its first member */
  if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
    note_tls13(connection, bytes, size);
  } else if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_2) {
    note_tls12(connection, bytes, size);
  }
  return connection->update_checksum(ssl, bytes, size);
}

/* Whole messages. The parameters before the server's signature are a curve and a point (RFC 8422, 5.4). */
static void note_tls12(wt_connection *connection, const unsigned char *message, size_t size) {
  const mbedtls_ssl_ciphersuite_t *suite = connection->ssl.handshake->ciphersuite_info;
  size_t at = HEADER_SIZE;
  if (suite == NULL || size < HEADER_SIZE + 4) return;
  if (message[0] == MBEDTLS_SSL_HS_CERTIFICATE_REQUEST) {
    wt_note_certificate_request(connection, message, size);
  } else if (message[0] == MBEDTLS_SSL_HS_CERTIFICATE_VERIFY) {
    connection->client_signature = MBEDTLS_GET_UINT16_BE(message, at);
  } else if (message[0] == MBEDTLS_SSL_HS_SERVER_KEY_EXCHANGE && mbedtls_ssl_ciphersuite_uses_server_signature(suite)) {
    at += 4 + (size_t) message[HEADER_SIZE + 3];
    if (at + 2 <= size) connection->server_signature = MBEDTLS_GET_UINT16_BE(message, at);
  }
}

/* Headers and bodies come separately; only the body is longer than a header. */
static void note_tls13(wt_connection *connection, const unsigned char *body, size_t size) {
  if (size <= HEADER_SIZE) return;
  if (connection->ssl.state == MBEDTLS_SSL_CERTIFICATE_VERIFY) {
    connection->server_signature = MBEDTLS_GET_UINT16_BE(body, 0);
  } else if (connection->ssl.state == MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY) {
    connection->client_signature = MBEDTLS_GET_UINT16_BE(body, 0);
  }
}

/* What goes over the wire, in the clear: each record on its way in after it was decrypted, and on its way out before it is
   encrypted, with all the handshake messages and alerts in it; and which secrets were derived, by name. For people who want to
   look, so nothing depends on it, and nothing is noted unless the settings say so. Application data is counted only.

   TypeScript takes the notes after each call. That bounds them: a call is given one record, or what becomes one, and answers with one
   flight at most. A note that finds no memory is left out.

   An entry: kind (1), content type or Mbed TLS's type of secret (1), protection (1), whether the content could be read (1), the
   version of the record (2), its size on the wire without the header (2), the size of its content (2), and the content
   unless that is application data. */
#include "internal.h"

#include <string.h>

#include "ssl_misc.h"

#define ENTRY_HEAD_SIZE 10
#define WIRE_SIZE_AT 6

enum { SENT, RECEIVED, SECRET };
enum { IN_THE_CLEAR, HANDSHAKE_KEYS, APPLICATION_KEYS };

static void note(wt_connection *connection, int kind, int type, int protection, const unsigned char *version,
                 const unsigned char *content, size_t size);
static int protection_of(const mbedtls_ssl_context *ssl, const mbedtls_ssl_transform *keys);
static void set_wire_size(uint8_t *entry, size_t size);

/* The record that is about to be encrypted. */
void wt_note_sent(mbedtls_ssl_context *ssl) {
  wt_connection *connection = (wt_connection *) ssl; /* its first member */
  if (!connection->settings->trace) return;
  connection->sent_entry = wt_buffer_size(&connection->trace);
  note(connection, SENT, ssl->out_msgtype, protection_of(ssl, ssl->transform_out), ssl->out_hdr + 1, ssl->out_msg,
       ssl->out_msglen);
}

void wt_note_sent_size(mbedtls_ssl_context *ssl, size_t size) {
  wt_connection *connection = (wt_connection *) ssl;
  if (connection->sent_entry < wt_buffer_size(&connection->trace))
    set_wire_size(connection->trace.data + connection->sent_entry, size);
}

/* With `error` the content is still encrypted, unless the record never was: in TLS 1.3 those have the type of application data. */
void wt_note_received(mbedtls_ssl_context *ssl, int outer_type, size_t outer_size, int type, const unsigned char *content,
                      size_t size, int error) {
  wt_connection *connection = (wt_connection *) ssl;
  if (!connection->settings->trace) return;
  int plain = ssl->transform_in == NULL || (ssl->transform_in->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 &&
                                            outer_type != MBEDTLS_SSL_MSG_APPLICATION_DATA);
  int protection = plain ? IN_THE_CLEAR : protection_of(ssl, ssl->transform_in);
  size_t at = wt_buffer_size(&connection->trace);
  note(connection, RECEIVED, error != 0 && !plain ? outer_type : type, protection, ssl->in_hdr + 1,
       error != 0 && !plain ? NULL : content, size);
  if (at < wt_buffer_size(&connection->trace)) set_wire_size(connection->trace.data + at, outer_size);
}

void wt_note_key(wt_connection *connection, int type) {
  static const unsigned char no_version[2];
  if (connection->settings->trace) note(connection, SECRET, type, IN_THE_CLEAR, no_version, no_version, 0);
}

size_t wt_trace_size(wt_connection *connection) { return wt_buffer_size(&connection->trace); }

const uint8_t *wt_trace(wt_connection *connection) { return connection->trace.data; }

void wt_forget_trace(wt_connection *connection) {
  wt_buffer_consume(&connection->trace, wt_buffer_size(&connection->trace));
}

static void note(wt_connection *connection, int kind, int type, int protection, const unsigned char *version,
                 const unsigned char *content, size_t size) {
  size_t kept = content == NULL || type == MBEDTLS_SSL_MSG_APPLICATION_DATA ? 0 : size;
  uint8_t *at = wt_buffer_reserve(&connection->trace, ENTRY_HEAD_SIZE + kept);
  if (at == NULL) return;
  at[0] = (uint8_t) kind;
  at[1] = (uint8_t) type;
  at[2] = (uint8_t) protection;
  at[3] = content != NULL;
  memcpy(at + 4, version, 2);
  set_wire_size(at, 0);
  MBEDTLS_PUT_UINT16_BE(size, at, WIRE_SIZE_AT + 2);
  if (kept > 0) memcpy(at + ENTRY_HEAD_SIZE, content, kept);
  connection->trace.end += ENTRY_HEAD_SIZE + kept;
}

/* TLS 1.2 has one set of keys for a connection. */
static int protection_of(const mbedtls_ssl_context *ssl, const mbedtls_ssl_transform *keys) {
  if (keys == NULL) return IN_THE_CLEAR;
  return ssl->handshake != NULL && keys == ssl->handshake->transform_handshake ? HANDSHAKE_KEYS : APPLICATION_KEYS;
}

static void set_wire_size(uint8_t *entry, size_t size) { MBEDTLS_PUT_UINT16_BE(size, entry, WIRE_SIZE_AT); }

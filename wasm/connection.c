/* One side of one conversation: Mbed TLS between two byte buffers.

   The handshake is driven step by step, for three reasons: it can stand still right after the peer's certificate has come
   and before anything is sent; what Mbed TLS forgets with the handshake (the group, the own certificate) is noted in time;
   and the keys for an alert can be put in place, which Mbed TLS does later than RFC 8446 wants it. */
#include "internal.h"

#include <string.h>

#include "mbedtls/error.h"
#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/ssl_ciphersuites.h"
#include "ssl_misc.h"

#define MOST_TICKET_SIZE 12000 /* of a handshake message of 16 KiB */
#define MOST_KEY_UPDATES 32 /* in a row, without any data: each costs us more than it costs the peer */

static int receive(void *context, unsigned char *into, size_t size);
static int transmit(void *context, const unsigned char *bytes, size_t size);
static void note_key(void *context, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t size,
                     const unsigned char client_random[32], const unsigned char server_random[32],
                     mbedtls_tls_prf_types prf);
static int go_on(wt_connection *connection);
static void drop_handshake(mbedtls_ssl_context *ssl);
static int read_record(wt_connection *connection);
static int write_record(wt_connection *connection, size_t size);
static int send_alert(wt_connection *connection, int level, int description);
static int step(wt_connection *connection);
static int note_extended_master_secret(wt_connection *connection, int state);
static int note_resumption(wt_connection *connection, int state);
static int was_asked_to_retry(const mbedtls_ssl_context *ssl);
static int is_hello_state(const mbedtls_ssl_context *ssl, int state);
static void put_alert_keys_in_place(mbedtls_ssl_context *ssl);
static void note_group(wt_connection *connection);
static void note_own_certificate(wt_connection *connection);
static int is_certificate_state(const mbedtls_ssl_context *ssl, int state);
static int has_more_to_look_at(wt_connection *connection, size_t incoming_before);
static int renew_keys_in_time(wt_connection *connection);
static int take_key_update(wt_connection *connection);
static int meaning_in_tls13(const mbedtls_ssl_context *ssl, int result);
static int outcome(wt_connection *connection, int result, size_t queued_before);
static int ends_with_alert(const wt_connection *connection, size_t from);

wt_connection *wt_connection_new(wt_settings *settings, const char *server_name) {
  wt_connection *connection = wt_calloc(1, sizeof *connection);
  if (connection == NULL) return NULL;
  connection->settings = settings;
  connection->conf = settings->conf;
  connection->alert = -1;
  mbedtls_ssl_context *ssl = &connection->ssl;
  mbedtls_ssl_init(ssl);
  wt_settings_retain(settings);
  wt_object_made();
  if (mbedtls_ssl_setup(ssl, &connection->conf) != 0 || mbedtls_ssl_set_hostname(ssl, server_name) != 0) {
    wt_connection_free(connection);
    return NULL;
  }
  mbedtls_ssl_set_bio(ssl, connection, transmit, receive, NULL);
  if (settings->psk && connection->conf.endpoint == MBEDTLS_SSL_IS_SERVER) wt_expect_psk(connection);
  if (settings->log_keys || settings->trace) mbedtls_ssl_set_export_keys_cb(ssl, note_key, connection);
  if (!settings->log_keys) return connection;
  connection->key_log = wt_calloc(WT_MOST_LOGGED_KEYS, sizeof *connection->key_log);
  if (connection->key_log == NULL) {
    wt_connection_free(connection);
    return NULL;
  }
  return connection;
}

/* The only application protocol that a server knows on this connection, none at all when `size` is 0. */
int wt_choose_alpn(wt_connection *connection, const uint8_t *name, size_t size) {
  connection->conf.alpn_list = NULL;
  if (size == 0) return 0;
  int error = wt_block_set(&connection->alpn_name, NULL, size + 1);
  if (error != 0) return error;
  memcpy(connection->alpn_name.data, name, size);
  connection->alpn[0] = (const char *) connection->alpn_name.data;
  connection->conf.alpn_list = connection->alpn;
  return 0;
}

void wt_connection_free(wt_connection *connection) {
  wt_surrender_buffers(connection);
  mbedtls_ssl_free(&connection->ssl);
  wt_free(connection->incoming.data);
  wt_free(connection->outgoing.data);
  wt_free(connection->trace.data);
  wt_free(connection->key_log);
  wt_block *blocks[] = {&connection->alpn_name, &connection->seal_extra, &connection->accepted_name, &connection->accepted_session,
                        &connection->session, &connection->psk_identity, &connection->psk_key};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) wt_block_clear(blocks[i]);
  mbedtls_platform_zeroize(connection->seal_key, sizeof connection->seal_key);
  wt_settings_release(connection->settings);
  wt_free(connection);
  wt_object_gone();
}

/* `whole`: what is put there is one record from its header to its end, which the next call reads. */
uint8_t *wt_incoming_reserve(wt_connection *connection, size_t size, int whole) {
  uint8_t *place = whole ? wt_place_for_record(connection, size) : NULL;
  connection->record_in_place = place != NULL;
  return place != NULL ? place : wt_buffer_reserve(&connection->incoming, size);
}

void wt_incoming_commit(wt_connection *connection, size_t size) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (!connection->record_in_place) {
    connection->incoming.end += size;
    return;
  }
  ssl->in_left = size; /* as if Mbed TLS had fetched it */
  wt_note_in_use(connection, ssl->in_hdr + size);
}

size_t wt_incoming_size(wt_connection *connection) { return wt_buffer_size(&connection->incoming); }

const uint8_t *wt_outgoing_data(wt_connection *connection) {
  return connection->sent.size > 0 ? connection->sent.data : connection->outgoing.data + connection->outgoing.start;
}

size_t wt_outgoing_size(wt_connection *connection) { return connection->sent.size + wt_buffer_size(&connection->outgoing); }

void wt_outgoing_consume(wt_connection *connection, size_t size) {
  if (connection->sent.size > 0) wt_consume_sent(connection, size);
  else wt_buffer_consume(&connection->outgoing, size);
}

/* 0 when the handshake is over; MBEDTLS_ERR_SSL_WANT_READ only when Mbed TLS has looked at every byte there is. */
int wt_handshake(wt_connection *connection) {
  int result = wt_borrow_buffers(connection);
  if (result == 0) result = go_on(connection);
  if (result == 0) drop_handshake(&connection->ssl);
  wt_return_buffers(connection, result);
  return result;
}

/* Mbed TLS frees what it knows of a handshake at its end in TLS 1.2, in TLS 1.3 with the connection. A client must keep
   it for the tickets that are still to come, but not its keys. */
static void drop_handshake(mbedtls_ssl_context *ssl) {
  mbedtls_ssl_handshake_params *handshake = ssl->handshake;
  if (handshake == NULL || ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_3) return;
  if (ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER) {
    mbedtls_ssl_handshake_wrapup_free_hs_transform(ssl);
    return;
  }
  if (handshake->transform_handshake == NULL) return;
  mbedtls_ssl_transform_free(handshake->transform_handshake);
  mbedtls_free(handshake->transform_handshake);
  handshake->transform_handshake = NULL;
}

static int go_on(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  while (ssl->state != MBEDTLS_SSL_HANDSHAKE_OVER) { /* a TLS 1.3 server sends its tickets after what Mbed TLS calls over */
    if (connection->paused) return WT_PAUSED_AT_CERTIFICATE;
    size_t before = wt_incoming_size(connection);
    size_t queued = wt_outgoing_size(connection);
    int result = wt_psk_is_asked_for(connection);
    if (result > 0) return WT_PAUSED_AT_PSK;
    if (result == 0) result = step(connection);
    if (result == MBEDTLS_ERR_SSL_WANT_READ && has_more_to_look_at(connection, before)) continue;
    if (result != 0) return outcome(connection, result, queued);
  }
  return 0;
}

void wt_accept_certificate(wt_connection *connection) { connection->paused = 0; }

/* How much plaintext of one record lies at wt_plaintext. */
int wt_read(wt_connection *connection) {
  int result = wt_borrow_buffers(connection);
  if (result == 0) result = read_record(connection);
  wt_return_buffers(connection, result);
  return result;
}

const uint8_t *wt_plaintext(wt_connection *connection) { return connection->ssl.in_offt; }

/* What mbedtls_ssl_read does behind its copy. A buffer that is given back is wiped as a whole. */
void wt_plaintext_consume(wt_connection *connection, size_t size) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  unsigned char *plaintext = ssl->in_offt;
  if (plaintext == NULL) return;
  ssl->in_msglen -= size;
  ssl->in_offt = ssl->in_msglen > 0 ? plaintext + size : NULL;
  if (ssl->in_msglen == 0) {
    ssl->keep_current_message = 0;
    wt_return_buffers(connection, 1);
  }
  if (ssl->in_buf != NULL) mbedtls_platform_zeroize(plaintext, size);
}

static int read_record(wt_connection *connection) {
  for (;;) {
    size_t before = wt_incoming_size(connection);
    size_t queued = wt_outgoing_size(connection);
    int state = connection->ssl.state;
    int result = mbedtls_ssl_read(&connection->ssl, NULL, 0); /* decrypts, and leaves it where it is */
    if (result == 0 && connection->ssl.in_offt != NULL) result = (int) connection->ssl.in_msglen;
    result = meaning_in_tls13(&connection->ssl, result);
    /* Mbed TLS answers WANT_READ after a warning alert though more ciphertext lies ready, and when it has yet to look
       into the session ticket that it holds; and 0 for two empty records in a row. */
    if (result == MBEDTLS_ERR_SSL_WANT_READ && has_more_to_look_at(connection, before)) continue;
    if (result == MBEDTLS_ERR_SSL_WANT_READ && connection->ssl.state != state) continue;
    if (result == 0) continue;
    if (result == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE && wt_is_key_update(&connection->ssl)) {
      result = take_key_update(connection);
      if (result == 0) continue;
    }
    if (result > 0) connection->key_updates = 0;
    return outcome(connection, result, queued);
  }
}

/* The most that fits into one record; the peer may have asked for less than the 16 KiB that TLS allows. */
size_t wt_largest_plaintext(wt_connection *connection) {
  return (size_t) mbedtls_ssl_get_max_out_record_payload(&connection->ssl);
}

/* Where the `size` bytes are put that wt_write encrypts next; NULL when there is no memory, or they are too many for one record. */
uint8_t *wt_plaintext_reserve(wt_connection *connection, size_t size) {
  return size > wt_largest_plaintext(connection) ? NULL : wt_place_for_plaintext(connection, size);
}

/* Makes one record of them. */
int wt_write(wt_connection *connection, size_t size) {
  int result = wt_borrow_buffers(connection);
  if (result == 0) result = write_record(connection, size);
  wt_return_buffers(connection, result);
  return result;
}

/* As mbedtls_ssl_write, which would copy them there. */
static int write_record(wt_connection *connection, size_t size) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  int ready = ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER && ssl->out_left == 0 && size <= wt_largest_plaintext(connection);
  if (!ready) return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
  ssl->out_msgtype = MBEDTLS_SSL_MSG_APPLICATION_DATA;
  ssl->out_msglen = size;
  connection->send_in_place = 1;
  int error = mbedtls_ssl_write_record(ssl, 1);
  connection->send_in_place = 0;
  if (error == 0) error = renew_keys_in_time(connection);
  return error != 0 ? error : (int) size;
}

int wt_close_notify(wt_connection *connection) {
  connection->closed = 1;
  int result = wt_borrow_buffers(connection);
  if (result == 0) result = mbedtls_ssl_close_notify(&connection->ssl);
  wt_return_buffers(connection, result);
  return result;
}

/* New keys for what we send, and if `request` is 1 for what the peer sends. TLS 1.3 only. */
int wt_update_keys(wt_connection *connection, int request) {
  int result = wt_borrow_buffers(connection);
  if (result == 0) result = wt_transmit_key_update(&connection->ssl, request);
  wt_return_buffers(connection, result);
  return result;
}

int wt_send_alert(wt_connection *connection, int level, int description) {
  int result = wt_borrow_buffers(connection);
  if (result == 0) result = send_alert(connection, level, description);
  wt_return_buffers(connection, result);
  return result;
}

static int send_alert(wt_connection *connection, int level, int description) {
  /* Mbed TLS collects records of a flight, and instead of an alert sends what it has collected. */
  int error = mbedtls_ssl_flush_output(&connection->ssl);
  if (error != 0) return error;
  put_alert_keys_in_place(&connection->ssl);
  return mbedtls_ssl_send_alert_message(&connection->ssl, (unsigned char) level, (unsigned char) description);
}

static int receive(void *context, unsigned char *into, size_t size) {
  wt_connection *connection = context;
  size_t there = wt_buffer_size(&connection->incoming);
  if (there == 0) return MBEDTLS_ERR_SSL_WANT_READ;
  if (size > there) size = there;
  memcpy(into, connection->incoming.data + connection->incoming.start, size);
  wt_buffer_consume(&connection->incoming, size);
  wt_note_in_use(connection, into + size);
  return (int) size;
}

static int transmit(void *context, const unsigned char *bytes, size_t size) {
  wt_connection *connection = context;
  wt_note_out_use(connection, bytes + size);
  connection->sent = (wt_span) {bytes, size};
  if (connection->send_in_place && wt_buffer_size(&connection->outgoing) == 0) return (int) size;
  int error = wt_queue_sent(connection);
  if (error != 0) connection->sent = (wt_span) {NULL, 0};
  return error != 0 ? error : (int) size;
}

/* For the key log and the trace; TypeScript picks it up between calls. Secrets beyond the room are those of a renegotiation. */
static void note_key(void *context, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t size,
                     const unsigned char client_random[32], const unsigned char server_random[32],
                     mbedtls_tls_prf_types prf) {
  wt_connection *connection = context;
  (void) server_random;
  (void) prf;
  wt_note_key(connection, type);
  if (connection->key_log == NULL) return;
  if (connection->logged_keys == WT_MOST_LOGGED_KEYS || size > sizeof connection->key_log[0].secret) return;
  wt_logged_key *entry = &connection->key_log[connection->logged_keys++];
  entry->type = (uint8_t) type;
  entry->size = (uint8_t) size;
  memcpy(entry->client_random, client_random, sizeof entry->client_random);
  memcpy(entry->secret, secret, size);
}

static int step(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  int state = ssl->state;
  put_alert_keys_in_place(ssl);
  wt_listen_to_transcript(connection);
  wt_choose_identity(connection);
  if (state == MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET && !wt_ticket_fits(connection, MOST_TICKET_SIZE))
    ssl->handshake->new_session_tickets_count = 0;
  int result = mbedtls_ssl_handshake_step(ssl);
  if (result == 0) result = connection->seal_error;
  note_group(connection);
  note_own_certificate(connection);
  if (result != 0) return result;
  result = note_extended_master_secret(connection, state);
  if (result == 0) result = note_resumption(connection, state);
  /* With a pre-shared key TLS 1.2 goes through this state too, though there is no certificate to judge. */
  if (is_certificate_state(ssl, state) && ssl->state != state && !connection->psk_used) connection->paused = 1;
  return result;
}

/* RFC 7627 protects TLS 1.2 only when it is insisted on. Known once both hellos were seen. */
static int note_extended_master_secret(wt_connection *connection, int state) {
  const mbedtls_ssl_context *ssl = &connection->ssl;
  if (!is_hello_state(ssl, state) || ssl->state == state || ssl->handshake == NULL) return 0;
  if (ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_2) return 0;
  connection->extended_ms = ssl->handshake->extended_ms == MBEDTLS_SSL_EXTENDED_MS_ENABLED;
  return connection->settings->require_ems && !connection->extended_ms ? WT_ERR_NO_EXTENDED_MASTER_SECRET : 0;
}

/* Whether a session is resumed, or a pre-shared key used, is known once both hellos were seen. The peer of a resumed
   session shows no certificate now; who it is was said by the session, and may have to be judged again. */
static int note_resumption(wt_connection *connection, int state) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  const mbedtls_ssl_handshake_params *handshake = ssl->handshake;
  if (handshake == NULL || connection->resumed) return 0;
  int hello_state = state == MBEDTLS_SSL_CLIENT_HELLO || state == MBEDTLS_SSL_SERVER_HELLO;
  if (!hello_state || ssl->state == state) return 0;
  int client = ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT, tls13 = ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3;
  if (client && (state != MBEDTLS_SSL_SERVER_HELLO || was_asked_to_retry(ssl))) return 0;
  if (tls13) {
    int psk = handshake->key_exchange_mode & MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ALL;
    int ticket = handshake->resume && (!client || handshake->selected_identity == 0);
    connection->resumed = psk && ticket;
    connection->psk_used = psk && !ticket;
  } else {
    if (!client && handshake->resume) wt_drop_session_of_other_suite(connection);
    connection->resumed = handshake->resume;
    connection->psk_used =
        !handshake->resume && handshake->ciphersuite_info != NULL && mbedtls_ssl_ciphersuite_uses_psk(handshake->ciphersuite_info);
    if (client && connection->resumed && connection->extended_ms != connection->offered_ems)
      return WT_ERR_EXTENDED_MASTER_SECRET_CHANGED; /* RFC 7627, 5.3 */
  }
  if (client && !connection->resumed) wt_forget_ticket(ssl->session_negotiate);
  connection->paused = connection->resumed;
  return 0;
}

/* A client that has met a HelloRetryRequest in place of a ServerHello. */
static int was_asked_to_retry(const mbedtls_ssl_context *ssl) {
  return ssl->state == MBEDTLS_SSL_CLIENT_CCS_BEFORE_2ND_CLIENT_HELLO || ssl->state == MBEDTLS_SSL_CLIENT_HELLO;
}

static int is_hello_state(const mbedtls_ssl_context *ssl, int state) {
  return state == (ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT ? MBEDTLS_SSL_SERVER_HELLO : MBEDTLS_SSL_CLIENT_HELLO);
}

/* TLS 1.3: an alert goes out under the keys of the direction it travels in (RFC 8446, 6). Mbed TLS arms the client's
   handshake keys only with the client's first own message, and the server's application keys only at the end of the
   handshake. Nothing but alerts is sent in between, and installing the same keys again starts their counter anew, so
   doing it early changes nothing else. The dummy ChangeCipherSpec of the client, a plaintext record, is the exception. */
static void put_alert_keys_in_place(mbedtls_ssl_context *ssl) {
  if (ssl->handshake == NULL || ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_3) return;
  mbedtls_ssl_transform *keys = NULL;
  if (ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT) {
    if (ssl->state == MBEDTLS_SSL_CLIENT_CCS_AFTER_SERVER_FINISHED) {
      ssl->transform_out = NULL;
      return;
    }
    if (ssl->state == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS || ssl->state == MBEDTLS_SSL_CERTIFICATE_REQUEST ||
        ssl->state == MBEDTLS_SSL_SERVER_CERTIFICATE || ssl->state == MBEDTLS_SSL_CERTIFICATE_VERIFY ||
        ssl->state == MBEDTLS_SSL_SERVER_FINISHED)
      keys = ssl->handshake->transform_handshake;
  } else if (ssl->state == MBEDTLS_SSL_CLIENT_CERTIFICATE || ssl->state == MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY ||
             ssl->state == MBEDTLS_SSL_CLIENT_FINISHED) {
    keys = ssl->transform_application;
  }
  if (keys != NULL && ssl->transform_out != keys) mbedtls_ssl_set_outbound_transform(ssl, keys);
}

static void note_group(wt_connection *connection) {
  const mbedtls_ssl_handshake_params *handshake = connection->ssl.handshake;
  if (handshake == NULL) return;
  if (connection->ssl.tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
    if (handshake->offered_group_id != 0) connection->group = handshake->offered_group_id;
    return;
  }
  if (handshake->xxdh_psa_bits == 0) return;
  mbedtls_ecp_group_id id =
      mbedtls_ecc_group_from_psa(PSA_KEY_TYPE_ECC_GET_FAMILY(handshake->xxdh_psa_type), handshake->xxdh_psa_bits);
  connection->group = mbedtls_ssl_get_tls_id_from_ecp_group_id(id);
}

static void note_own_certificate(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (ssl->handshake == NULL) return;
  mbedtls_x509_crt *own = mbedtls_ssl_own_cert(ssl);
  if (own != NULL) connection->own = own;
}

static int is_certificate_state(const mbedtls_ssl_context *ssl, int state) {
  return ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT ? state == MBEDTLS_SSL_SERVER_CERTIFICATE
                                                      : state == MBEDTLS_SSL_CLIENT_CERTIFICATE;
}

static int has_more_to_look_at(wt_connection *connection, size_t incoming_before) {
  size_t incoming = wt_incoming_size(connection);
  return incoming > 0 && incoming != incoming_before;
}

/* Long before the cipher's limit for one key (RFC 8446, 5.5: 2^24.5 full records of AES-GCM). */
static int renew_keys_in_time(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_3) return 0;
  if (MBEDTLS_GET_UINT64_BE(ssl->cur_out_ctr, 0) < connection->settings->records_per_key) return 0;
  int error = wt_queue_sent(connection);
  return error != 0 ? error : wt_transmit_key_update(ssl, 0);
}

static int take_key_update(wt_connection *connection) {
  int answer_wanted = 0;
  if (++connection->key_updates > MOST_KEY_UPDATES) return WT_ERR_TOO_MANY_KEY_UPDATES;
  int error = wt_receive_key_update(&connection->ssl, &answer_wanted);
  if (error != 0 || !answer_wanted || connection->closed) return error;
  return wt_transmit_key_update(&connection->ssl, 0);
}

/* After a TLS 1.3 handshake all alerts but two end the connection, whatever their level says, one of the two properly,
   and there is no more place for a ChangeCipherSpec (RFC 8446, 6 and 5). Mbed TLS goes by the level, and skips the other. */
static int meaning_in_tls13(const mbedtls_ssl_context *ssl, int result) {
  if (ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_3 || ssl->in_msg == NULL) return result;
  int skipped = result == MBEDTLS_ERR_SSL_WANT_READ;
  if (skipped && ssl->in_msgtype == MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC) return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
  if (result != MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && !(skipped && ssl->in_msgtype == MBEDTLS_SSL_MSG_ALERT))
    return result;
  int description = ssl->in_msg[1];
  if (description == MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY) return MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
  return description == MBEDTLS_SSL_ALERT_MSG_USER_CANCELED ? result : MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
}

static int outcome(wt_connection *connection, int result, size_t queued_before) {
  connection->alerted = ends_with_alert(connection, queued_before);
  if (result == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && connection->ssl.in_msg != NULL)
    connection->alert = connection->ssl.in_msg[1];
  return result;
}

/* Whether the last record among what was queued behind the first `from` bytes is an alert. TLS 1.3 encrypts the type too
   (RFC 8446, 5.2); no handshake message is as short as an alert, though. */
static int ends_with_alert(const wt_connection *connection, size_t from) {
  const mbedtls_ssl_transform *keys = connection->ssl.transform_out;
  const uint8_t *at = connection->outgoing.data + connection->outgoing.start + from;
  const uint8_t *end = connection->outgoing.data + connection->outgoing.end;
  int alert = 0;
  while (end - at >= 5) {
    size_t length = (size_t) at[3] << 8 | at[4];
    int encrypted = at[0] == MBEDTLS_SSL_MSG_APPLICATION_DATA && keys != NULL && length == 2 + 1 + keys->taglen;
    alert = at[0] == MBEDTLS_SSL_MSG_ALERT || encrypted;
    at += 5 + length;
  }
  return alert;
}

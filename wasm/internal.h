/* What the shim's own files share; not part of the boundary. */
#ifndef WANTTLS_INTERNAL_H
#define WANTTLS_INTERNAL_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* what Mbed TLS has no getter for is read from its structures, in this folder only */

#include "shim.h"

#include "mbedtls/md.h"
#include "mbedtls/ssl.h"

typedef struct wt_identity {
  struct wt_identity *next;
  mbedtls_x509_crt chain;
  mbedtls_pk_context key;
} wt_identity;

struct wt_settings {
  size_t references;
  mbedtls_ssl_config conf;
  int *ciphersuites;
  uint16_t *groups;
  uint16_t *signature_algorithms;
  char *alpn_text;
  const char **alpn;
  wt_identity *identities;
  wt_identity *last_identity;
  int require_ems;
  uint32_t records_per_key;
  int log_keys;
  int trace; /* connections note what they send and receive, for wt_trace */
  int psk; /* keys are known, or can be asked for, by identity */
};

#define WT_MOST_LOGGED_KEYS 8

/* One secret for the key log, as it lies in memory for TypeScript: type, size, client random, secret. */
typedef struct wt_logged_key {
  uint8_t type, size;
  uint8_t client_random[32];
  uint8_t secret[48];
} wt_logged_key;

typedef struct wt_buffer {
  uint8_t *data;
  size_t start, end, capacity;
} wt_buffer;

/* Bytes of somebody else. */
typedef struct wt_span {
  const uint8_t *data;
  size_t size;
} wt_span;

/* Bytes of our own, wiped before they are freed. */
typedef struct wt_block {
  uint8_t *data;
  size_t size;
} wt_block;

#define WT_SEAL_KEY_SIZE 48

struct wt_connection {
  mbedtls_ssl_context ssl; /* first: transcript.c finds the connection by it */
  mbedtls_ssl_config conf; /* the settings', with what is this connection's own; what it points to is theirs, so it is never freed */
  wt_settings *settings;
  wt_block alpn_name;
  const char *alpn[2];
  wt_buffer incoming, outgoing;
  int record_in_place; /* what wt_incoming_reserve has answered last is where it is decrypted, and not `incoming` */
  int send_in_place; /* what is sent now may stay where it was encrypted */
  wt_span sent;      /* what has stayed there; `outgoing` is empty then */
  size_t in_used, out_used; /* as far as they have been written to, Mbed TLS's buffers: see record_buffers.c */
  uint8_t in_counter[8]; /* the number of the next record, while there is no buffer that has it */
  wt_buffer trace; /* see trace.c */
  size_t sent_entry; /* its place in `trace`, while the record is encrypted */
  int paused;      /* a verdict on the peer's certificate is due */
  int group;       /* the NamedGroup of the key exchange, 0 before it is known */
  int wanted_signatures; /* what a server takes from a client of TLS 1.2: see client_identity.c */
  uint16_t client_signature, server_signature; /* the SignatureScheme each side used in this handshake, 0 for none */
  int (*update_checksum)(mbedtls_ssl_context *ssl, const unsigned char *bytes, size_t size); /* Mbed TLS's own */
  int alert;       /* the fatal alert that the peer sent, -1 without one */
  int alerted;     /* the call that failed has queued an alert itself */
  int closed;      /* close_notify was queued: nothing else may follow */
  int key_updates; /* received since the last data */
  int resumed;     /* a session: decided once both hellos are known */
  int extended_ms; /* the extended master secret is used (RFC 7627) */
  int offered_ems; /* client: it was, in the session that is offered */
  uint8_t seal_key[WT_SEAL_KEY_SIZE];
  wt_block seal_extra;
  uint32_t ticket_lifetime;
  wt_block accepted_name, accepted_session;
  int accepted_suite;
  wt_block session; /* for TypeScript to fetch */
  int seal_error;   /* why a session could not be sealed, which Mbed TLS passes over in TLS 1.2 */
  wt_block psk_identity, psk_key;
  int psk_answered, psk_used;
  const mbedtls_x509_crt *own; /* the certificate that this side presented; it belongs to the settings */
  size_t logged_keys;
  wt_logged_key *key_log; /* NULL when nobody asked for it */
};

void wt_settings_retain(wt_settings *settings);

size_t wt_incoming_size(wt_connection *connection);
const mbedtls_x509_crt *wt_peer_chain(const wt_connection *connection);

/* buffer.c */
uint8_t *wt_buffer_reserve(wt_buffer *buffer, size_t size);
size_t wt_buffer_size(const wt_buffer *buffer);
void wt_buffer_consume(wt_buffer *buffer, size_t size);

/* record_buffers.c */
int wt_make_spare_buffers(void);
void wt_surrender_buffers(wt_connection *connection);
int wt_borrow_buffers(wt_connection *connection);
void wt_return_buffers(wt_connection *connection, int result);
uint8_t *wt_place_for_record(wt_connection *connection, size_t size);
uint8_t *wt_place_for_plaintext(wt_connection *connection, size_t size);
int wt_queue_sent(wt_connection *connection);
void wt_consume_sent(wt_connection *connection, size_t size);
void wt_note_in_use(wt_connection *connection, const unsigned char *end);
void wt_note_out_use(wt_connection *connection, const unsigned char *end);

int wt_block_set(wt_block *block, const uint8_t *bytes, size_t size);
void wt_block_clear(wt_block *block);

/* sessions.c */
void wt_drop_session_of_other_suite(wt_connection *connection);
void wt_forget_ticket(mbedtls_ssl_session *session);
int wt_ticket_fits(wt_connection *connection, size_t room);

/* psk.c */
void wt_expect_psk(wt_connection *connection);
int wt_psk_is_asked_for(wt_connection *connection);

/* key_update.c: is the message that mbedtls_ssl_read refused a KeyUpdate, and what to do about it. */
int wt_is_key_update(mbedtls_ssl_context *ssl);
int wt_receive_key_update(mbedtls_ssl_context *ssl, int *answer_wanted);
int wt_transmit_key_update(mbedtls_ssl_context *ssl, int request);

/* client_identity.c */
void wt_note_certificate_request(wt_connection *connection, const unsigned char *message, size_t size);
void wt_choose_identity(wt_connection *connection);

/* trace.c */
void wt_note_key(wt_connection *connection, int type);

/* transcript.c */
void wt_listen_to_transcript(wt_connection *connection);

const mbedtls_md_info_t *wt_hash_info(int hash);

_Noreturn void __stack_chk_fail(void);

void wt_object_made(void);
void wt_object_gone(void);
void wt_forget_failed_allocation(void);
void *wt_calloc(size_t count, size_t size);
void *wt_malloc(size_t size);
void wt_free(void *block);
int wt_fill_random(void *context, unsigned char *into, size_t size);

#endif

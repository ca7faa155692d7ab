/* The boundary between TypeScript and Mbed TLS: everything the module exports and imports is declared here.

   Two kinds of objects. A `wt_settings` is a TLS configuration with its identities, immutable
   once the first connection uses it and counted: it lives until TypeScript has released it and its last connection is
   gone. A `wt_connection` is one side of one conversation.

   A connection never does I/O. Ciphertext from the peer is written where `wt_incoming_reserve` says and acknowledged
   with `wt_incoming_commit`; Mbed TLS is called when a whole record is there; ciphertext for the peer lies at `wt_outgoing_data` and is acknowledged with
   `wt_outgoing_consume`. The outgoing side takes whatever Mbed TLS produces, so that Mbed TLS never sees a full pipe:
   it would otherwise insist on the same plaintext next time, and would silently drop a close_notify.

   Plaintext lies where the cipher works, since making copies and wiping them costs a good part of what encryption costs. What `wt_read`
   has decrypted is at `wt_plaintext` and is acknowledged with `wt_plaintext_consume`, which wipes it; what `wt_write` is to encrypt is
   written where `wt_plaintext_reserve` says.

   Arguments and results go through the scratch area (`wt_scratch`, WT_SCRATCH_SIZE bytes), which belongs to whoever
   is in the call; the caller wipes it. Addresses are good until the next call: any call may move what it points to.

   Results. Functions returning `int` answer 0 or a count when all is well, one of the positive WT_ codes for a state
   that is no error, and a negative number for an error: Mbed TLS's own, or one of the WT_ERR_ codes. What an error
   means for the conversation (which alert, which exception) is decided in TypeScript.

   Calls out of the module: randomness, the clock, and notice of grown memory. Nothing else, and never into user code,
   so no foreign frame ever lies under a frame of this module. */
#ifndef WANTTLS_SHIM_H
#define WANTTLS_SHIM_H

#include <stddef.h>
#include <stdint.h>

#define WT_ABI 1
#define WT_EXPORT(name) __attribute__((export_name(#name))) name
#define WT_IMPORT(name) __attribute__((import_module("env"), import_name(#name))) name

#define WT_SCRATCH_SIZE (64 * 1024)

/* The handshake stands still: the peer's certificates are there, or its session is resumed (wt_resumed), and a verdict is
   due (wt_accept_certificate). */
#define WT_PAUSED_AT_CERTIFICATE 1

/* TLS 1.2 server: it stands still, the key for wt_psk_identity is due (wt_give_psk). */
#define WT_PAUSED_AT_PSK 2

#define WT_ERR_NO_EXTENDED_MASTER_SECRET (-0x10001)
#define WT_ERR_OUT_OF_MEMORY (-0x10002)
#define WT_ERR_KEY_MISMATCH (-0x10003)
#define WT_ERR_TOO_MANY_KEY_UPDATES (-0x10004)
#define WT_ERR_EXTENDED_MASTER_SECRET_CHANGED (-0x10005)

typedef struct wt_settings wt_settings;
typedef struct wt_connection wt_connection;

/* Imports */
int WT_IMPORT(wt_random)(uint8_t *into, size_t size); /* 0, or anything else when no randomness is to be had */
double WT_IMPORT(wt_now)(void);                       /* milliseconds since 1970 */

/* The module */
int WT_EXPORT(wt_start)(void);
int WT_EXPORT(wt_abi)(void);
uint8_t *WT_EXPORT(wt_scratch)(void);
uint8_t *WT_EXPORT(wt_allocate)(size_t size);
void WT_EXPORT(wt_release)(uint8_t *block);
size_t WT_EXPORT(wt_live_blocks)(void);
int WT_EXPORT(wt_allocation_failed)(void);
size_t WT_EXPORT(wt_live_objects)(void);
const char *WT_EXPORT(wt_version_text)(void);

/* Settings */
wt_settings *WT_EXPORT(wt_settings_new)(int server);
void WT_EXPORT(wt_settings_release)(wt_settings *settings);
void WT_EXPORT(wt_settings_set_versions)(wt_settings *settings, int minimum, int maximum);
int WT_EXPORT(wt_settings_set_ciphersuites)(wt_settings *settings, const uint16_t *ids, size_t count);
int WT_EXPORT(wt_settings_set_groups)(wt_settings *settings, const uint16_t *ids, size_t count);
int WT_EXPORT(wt_settings_set_signature_algorithms)(wt_settings *settings, const uint16_t *ids, size_t count);
int WT_EXPORT(wt_settings_set_alpn)(wt_settings *settings, const uint8_t *names, size_t size);
void WT_EXPORT(wt_settings_set_flags)(wt_settings *settings, int request_certificate, int require_ems, int client_order);
void WT_EXPORT(wt_settings_log_keys)(wt_settings *settings);
void WT_EXPORT(wt_settings_trace)(wt_settings *settings);
void WT_EXPORT(wt_settings_set_records_per_key)(wt_settings *settings, uint32_t records);
int WT_EXPORT(wt_settings_add_identity)(wt_settings *settings);
int WT_EXPORT(wt_settings_identity_certificate)(wt_settings *settings, const uint8_t *der, size_t size);
int WT_EXPORT(wt_settings_identity_key)(wt_settings *settings, const uint8_t *key, size_t size);

/* Certificates */
int WT_EXPORT(wt_verify_signature)(const uint8_t *at, size_t key_size, size_t data_size, size_t signature_size, int hash,
                                   int salt);

int WT_EXPORT(wt_hash)(const uint8_t *data, size_t size, int hash);

/* Keys and passwords */
int WT_EXPORT(wt_generate_key)(int kind);
int WT_EXPORT(wt_public_key)(const uint8_t *der, size_t size);
int WT_EXPORT(wt_sign)(const uint8_t *at, size_t key_size, size_t data_size, int hash);
int WT_EXPORT(wt_hmac)(const uint8_t *at, size_t key_size, size_t data_size, int hash);
int WT_EXPORT(wt_pbkdf1)(const uint8_t *at, size_t size, uint32_t iterations, int hash);
int WT_EXPORT(wt_pbkdf2)(const uint8_t *at, size_t password_size, size_t salt_size, uint32_t iterations, int hash, size_t size);
int WT_EXPORT(wt_pkcs12_key)(const uint8_t *at, size_t password_size, size_t salt_size, uint32_t iterations, int hash, int purpose);
int WT_EXPORT(wt_decrypt)(uint8_t *at, size_t key_size, size_t block, size_t size);

/* Connections */
wt_connection *WT_EXPORT(wt_connection_new)(wt_settings *settings, const char *server_name);
int WT_EXPORT(wt_choose_alpn)(wt_connection *connection, const uint8_t *name, size_t size);
void WT_EXPORT(wt_connection_free)(wt_connection *connection);
uint8_t *WT_EXPORT(wt_incoming_reserve)(wt_connection *connection, size_t size, int whole);
void WT_EXPORT(wt_incoming_commit)(wt_connection *connection, size_t size);
const uint8_t *WT_EXPORT(wt_outgoing_data)(wt_connection *connection);
size_t WT_EXPORT(wt_outgoing_size)(wt_connection *connection);
void WT_EXPORT(wt_outgoing_consume)(wt_connection *connection, size_t size);

int WT_EXPORT(wt_handshake)(wt_connection *connection);
void WT_EXPORT(wt_accept_certificate)(wt_connection *connection);
int WT_EXPORT(wt_read)(wt_connection *connection);
const uint8_t *WT_EXPORT(wt_plaintext)(wt_connection *connection);
void WT_EXPORT(wt_plaintext_consume)(wt_connection *connection, size_t size);
size_t WT_EXPORT(wt_largest_plaintext)(wt_connection *connection);
uint8_t *WT_EXPORT(wt_plaintext_reserve)(wt_connection *connection, size_t size);
int WT_EXPORT(wt_write)(wt_connection *connection, size_t size);
int WT_EXPORT(wt_close_notify)(wt_connection *connection);
int WT_EXPORT(wt_update_keys)(wt_connection *connection, int request);
int WT_EXPORT(wt_send_alert)(wt_connection *connection, int level, int description);

/* Sessions */
int WT_EXPORT(wt_seal_sessions)(wt_connection *connection, const uint8_t *key, const uint8_t *extra, size_t extra_size,
                                uint32_t lifetime, int count);
void WT_EXPORT(wt_cache_session)(wt_connection *connection);
int WT_EXPORT(wt_accept_session)(wt_connection *connection, const uint8_t *name, size_t name_size,
                                 const uint8_t *session, size_t session_size);
int WT_EXPORT(wt_offer_session)(wt_connection *connection, const uint8_t *saved, size_t size, int extended_master_secret);
int WT_EXPORT(wt_keep_session)(wt_connection *connection);
const uint8_t *WT_EXPORT(wt_session)(wt_connection *connection);
size_t WT_EXPORT(wt_session_size)(wt_connection *connection);
void WT_EXPORT(wt_forget_session)(wt_connection *connection);
int WT_EXPORT(wt_resumed)(wt_connection *connection);
int WT_EXPORT(wt_seal)(uint8_t *at, size_t size, const uint8_t *key);
int WT_EXPORT(wt_unseal)(uint8_t *at, size_t size, const uint8_t *key);

/* Pre-shared keys */
int WT_EXPORT(wt_settings_set_psk)(wt_settings *settings, const uint8_t *identity, size_t identity_size,
                                   const uint8_t *key, size_t key_size);
int WT_EXPORT(wt_give_psk)(wt_connection *connection, const uint8_t *identity, size_t identity_size, const uint8_t *key,
                           size_t key_size);
const uint8_t *WT_EXPORT(wt_psk_identity)(wt_connection *connection);
size_t WT_EXPORT(wt_psk_identity_size)(wt_connection *connection);
int WT_EXPORT(wt_psk_used)(wt_connection *connection);

/* What became of it */
int WT_EXPORT(wt_received_alert)(wt_connection *connection);
int WT_EXPORT(wt_alerted)(wt_connection *connection);
int WT_EXPORT(wt_protocol_version)(wt_connection *connection);
int WT_EXPORT(wt_ciphersuite)(wt_connection *connection);
int WT_EXPORT(wt_group)(wt_connection *connection);
int WT_EXPORT(wt_signature_scheme)(wt_connection *connection, int server);
const char *WT_EXPORT(wt_alpn)(wt_connection *connection);
const uint8_t *WT_EXPORT(wt_peer_certificate)(wt_connection *connection, size_t index);
size_t WT_EXPORT(wt_peer_certificate_size)(wt_connection *connection, size_t index);
int WT_EXPORT(wt_unique_master_secret)(wt_connection *connection);
int WT_EXPORT(wt_finished)(wt_connection *connection);
int WT_EXPORT(wt_export_keys)(wt_connection *connection, size_t label_size, size_t context_size, int use_context,
                              size_t size);
size_t WT_EXPORT(wt_logged_keys)(wt_connection *connection);
/* Entries of 82 bytes: Mbed TLS's type, size, client random (32), secret (48). */
const uint8_t *WT_EXPORT(wt_key_log)(wt_connection *connection);
void WT_EXPORT(wt_forget_logged_keys)(wt_connection *connection);
/* What was sent, received and derived since it was last forgotten; trace.c tells how it is laid out. */
size_t WT_EXPORT(wt_trace_size)(wt_connection *connection);
const uint8_t *WT_EXPORT(wt_trace)(wt_connection *connection);
void WT_EXPORT(wt_forget_trace)(wt_connection *connection);
const uint8_t *WT_EXPORT(wt_own_certificate)(wt_connection *connection);
size_t WT_EXPORT(wt_own_certificate_size)(wt_connection *connection);

#endif

/* Sessions that are resumed: what a client keeps of one, what a server seals into a ticket or gives to its cache, and
   how either gets it back. Which session may be resumed by whom is decided in TypeScript before it is given here: a
   server's tickets are opened there too, so a ticket that was not given here is none.

   A sealed session: the key's name (16 bytes), a nonce (12), then under ChaCha20-Poly1305 with the name as additional
   data: version (2), extended master secret (1), size (4) and bytes that TypeScript wanted to have back, size (4) and
   bytes of Mbed TLS's session without certificates, and the peer's chain, each certificate behind its size (4). */
#include "internal.h"

#include <string.h>

#include "mbedtls/chachapoly.h"
#include "mbedtls/platform_util.h"
#include "ssl_misc.h"

#define NAME_SIZE 16
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define SESSION_HEAD_SIZE (2 + 1 + 1 + 4 + 1 + 32)

static int write_ticket(void *context, const mbedtls_ssl_session *session, unsigned char *start, const unsigned char *end,
                        size_t *size, uint32_t *lifetime);
static int parse_ticket(void *context, mbedtls_ssl_session *session, unsigned char *ticket, size_t size);
static int get_cached(void *context, unsigned char const *id, size_t id_size, mbedtls_ssl_session *session);
static int set_cached(void *context, unsigned char const *id, size_t id_size, const mbedtls_ssl_session *session);
static size_t sealed_size(const wt_connection *connection, size_t session_size);
static size_t saved_size(const mbedtls_ssl_session *session);
static int save(const mbedtls_ssl_session *session, uint8_t *at, size_t room, size_t *size);
static int seal_session(wt_connection *connection, const mbedtls_ssl_session *session, uint8_t *at, size_t session_size);
static int load_accepted(wt_connection *connection, const uint8_t *name, size_t size, mbedtls_ssl_session *session);
static uint8_t *put_number(uint8_t *at, size_t number);
static void withdraw_session(mbedtls_ssl_context *ssl);

/* Server, before the handshake: sessions of this connection are sealed with `key` (name and secret, 48 bytes) together
   with `extra`; `count` tickets in TLS 1.3, none at all when it is 0. */
int wt_seal_sessions(wt_connection *connection, const uint8_t *key, const uint8_t *extra, size_t extra_size,
                     uint32_t lifetime, int count) {
  memcpy(connection->seal_key, key, WT_SEAL_KEY_SIZE);
  connection->ticket_lifetime = lifetime;
  int error = wt_block_set(&connection->seal_extra, extra, extra_size);
  if (error != 0) return error;
  mbedtls_ssl_config *conf = &connection->conf;
  if (count > 0) {
    mbedtls_ssl_conf_session_tickets(conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
    mbedtls_ssl_conf_session_tickets_cb(conf, write_ticket, parse_ticket, connection);
    connection->ssl.handshake->new_session_tickets_count = (uint16_t) count;
    conf->new_session_tickets_count = (uint16_t) count;
  }
  return 0;
}

/* Server, after wt_seal_sessions: a session of TLS 1.2 without ticket is kept for wt_session, and resumed by its id. */
void wt_cache_session(wt_connection *connection) {
  mbedtls_ssl_conf_session_cache(&connection->conf, connection, get_cached, set_cached);
}

/* Server, before the handshake: a client that names this ticket or session id resumes this session. */
int wt_accept_session(wt_connection *connection, const uint8_t *name, size_t name_size, const uint8_t *session,
                      size_t session_size) {
  int error = wt_block_set(&connection->accepted_name, name, name_size);
  return error != 0 ? error : wt_block_set(&connection->accepted_session, session, session_size);
}

/* Client, before the handshake: in place of the session that was offered before. One that cannot be taken whole, for want of
   memory, must not be offered in part. */
int wt_offer_session(wt_connection *connection, const uint8_t *saved, size_t size, int extended_master_secret) {
  mbedtls_ssl_session session;
  mbedtls_ssl_session_init(&session);
  withdraw_session(&connection->ssl);
  int error = mbedtls_ssl_session_load(&session, saved, size);
  if (error == 0) error = mbedtls_ssl_set_session(&connection->ssl, &session);
  mbedtls_ssl_session_free(&session);
  if (error != 0) withdraw_session(&connection->ssl);
  connection->offered_ems = extended_master_secret;
  return error;
}

static void withdraw_session(mbedtls_ssl_context *ssl) {
  mbedtls_ssl_session_free(ssl->session_negotiate);
  ssl->handshake->resume = 0;
}

/* Client: keeps the session as it is now for wt_session: version (2), extended master secret (1), whether there is a
   ticket (1), its lifetime in seconds (4), size of the id (1), id (32), Mbed TLS's bytes. 1 when there is one, 0 when not. */
int wt_keep_session(wt_connection *connection) {
  const mbedtls_ssl_session *session = connection->ssl.session;
  if (session == NULL || (session->ticket == NULL && session->id_len == 0)) return 0;
  if (session->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 && session->ticket == NULL) return 0;
  size_t size = saved_size(session);
  int error = wt_block_set(&connection->session, NULL, SESSION_HEAD_SIZE + size);
  if (error != 0) return error;
  uint8_t *at = connection->session.data;
  MBEDTLS_PUT_UINT16_BE(session->tls_version, at, 0);
  at[2] = (uint8_t) connection->extended_ms;
  at[3] = session->ticket != NULL;
  MBEDTLS_PUT_UINT32_BE(session->ticket_lifetime, at, 4);
  at[8] = (uint8_t) session->id_len;
  memcpy(at + 9, session->id, session->id_len);
  error = save(session, at + SESSION_HEAD_SIZE, size, &size);
  return error != 0 ? error : 1;
}

/* What wt_keep_session kept, or for a server the id (size, 32 bytes) and the sealed session of TLS 1.2 for its cache. */
const uint8_t *wt_session(wt_connection *connection) { return connection->session.data; }

size_t wt_session_size(wt_connection *connection) { return connection->session.size; }

void wt_forget_session(wt_connection *connection) { wt_block_clear(&connection->session); }

int wt_resumed(wt_connection *connection) { return connection->resumed; }

/* Seals what lies at `at`, `size` bytes, in place and puts the tag behind it: key (32), nonce (12), additional data (16). */
int wt_seal(uint8_t *at, size_t size, const uint8_t *key) {
  mbedtls_chachapoly_context aead;
  mbedtls_chachapoly_init(&aead);
  int error = mbedtls_chachapoly_setkey(&aead, key);
  if (error == 0)
    error = mbedtls_chachapoly_encrypt_and_tag(&aead, size, key + 32, key + 44, NAME_SIZE, at, at, at + size);
  mbedtls_chachapoly_free(&aead);
  return error;
}

/* The opposite: `size` counts the tag. */
int wt_unseal(uint8_t *at, size_t size, const uint8_t *key) {
  if (size < TAG_SIZE) return MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
  mbedtls_chachapoly_context aead;
  mbedtls_chachapoly_init(&aead);
  int error = mbedtls_chachapoly_setkey(&aead, key);
  if (error == 0)
    error = mbedtls_chachapoly_auth_decrypt(&aead, size - TAG_SIZE, key + 32, key + 44, NAME_SIZE, at + size - TAG_SIZE,
                                            at, at);
  mbedtls_chachapoly_free(&aead);
  return error;
}

/* A resumed session keeps its cipher suite (RFC 5246, 7.4.1.3); with a ticket Mbed TLS does not look. Then there is a full
   handshake, which needs nothing of what was loaded. */
void wt_drop_session_of_other_suite(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_2 || ssl->session_negotiate->ciphersuite == connection->accepted_suite)
    return;
  ssl->handshake->resume = 0;
}

/* A client's full handshake makes a new session, to which the ticket that was offered does not belong. */
void wt_forget_ticket(mbedtls_ssl_session *session) {
  wt_free(session->ticket);
  session->ticket = NULL;
  session->ticket_len = 0;
  session->ticket_lifetime = 0;
}

static int write_ticket(void *context, const mbedtls_ssl_session *session, unsigned char *start, const unsigned char *end,
                        size_t *size, uint32_t *lifetime) {
  wt_connection *connection = context;
  size_t session_size = saved_size(session), needed = sealed_size(connection, session_size);
  *size = 0; /* in TLS 1.2 so many bytes are sent, whatever is answered: an empty ticket is none (RFC 5077, 3.3) */
  *lifetime = connection->ticket_lifetime;
  if (needed > (size_t) (end - start)) return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
  connection->seal_error = seal_session(connection, session, start, session_size);
  if (connection->seal_error == 0) *size = needed;
  return connection->seal_error;
}

/* With a chain of certificates that does not fit, no ticket is better than a handshake that fails. */
int wt_ticket_fits(wt_connection *connection, size_t room) {
  return sealed_size(connection, saved_size(connection->ssl.session)) <= room;
}

static int parse_ticket(void *context, mbedtls_ssl_session *session, unsigned char *ticket, size_t size) {
  return load_accepted(context, ticket, size, session);
}

static int get_cached(void *context, unsigned char const *id, size_t id_size, mbedtls_ssl_session *session) {
  return load_accepted(context, id, id_size, session);
}

static int set_cached(void *context, unsigned char const *id, size_t id_size, const mbedtls_ssl_session *session) {
  wt_connection *connection = context;
  wt_block *kept = &connection->session;
  size_t session_size = saved_size(session);
  int error = wt_block_set(kept, NULL, 1 + 32 + sealed_size(connection, session_size));
  if (error == 0) {
    kept->data[0] = (uint8_t) id_size;
    memcpy(kept->data + 1, id, id_size);
    error = seal_session(connection, session, kept->data + 1 + 32, session_size);
  }
  if (error != 0) wt_block_clear(kept);
  connection->seal_error = error;
  return error;
}

static size_t sealed_size(const wt_connection *connection, size_t session_size) {
  size_t size = NAME_SIZE + NONCE_SIZE + 2 + 1 + 4 + connection->seal_extra.size + 4 + session_size + TAG_SIZE;
  for (const mbedtls_x509_crt *at = wt_peer_chain(connection); at != NULL && at->raw.p != NULL; at = at->next)
    size += 4 + at->raw.len;
  return size;
}

static size_t saved_size(const mbedtls_ssl_session *session) {
  size_t size = 0;
  (void) save(session, NULL, 0, &size);
  return size;
}

/* Without certificates. The copy has the session's secrets, and does not stay on the stack. */
static int save(const mbedtls_ssl_session *session, uint8_t *at, size_t room, size_t *size) {
  mbedtls_ssl_session copy = *session;
  copy.peer_cert = NULL;
  int error = mbedtls_ssl_session_save(&copy, at, room, size);
  mbedtls_platform_zeroize(&copy, sizeof copy);
  return error;
}

static int seal_session(wt_connection *connection, const mbedtls_ssl_session *session, uint8_t *start,
                        size_t session_size) {
  uint8_t key[32 + NONCE_SIZE + NAME_SIZE];
  int error = wt_fill_random(NULL, key + 32, NONCE_SIZE);
  if (error != 0) return error;
  memcpy(key, connection->seal_key + NAME_SIZE, 32);
  memcpy(key + 32 + NONCE_SIZE, connection->seal_key, NAME_SIZE);
  memcpy(start, connection->seal_key, NAME_SIZE);
  memcpy(start + NAME_SIZE, key + 32, NONCE_SIZE);
  uint8_t *plain = start + NAME_SIZE + NONCE_SIZE, *at = plain;
  MBEDTLS_PUT_UINT16_BE(session->tls_version, at, 0);
  at[2] = (uint8_t) connection->extended_ms;
  at = put_number(at + 3, connection->seal_extra.size);
  if (connection->seal_extra.size > 0) memcpy(at, connection->seal_extra.data, connection->seal_extra.size);
  at = put_number(at + connection->seal_extra.size, session_size);
  error = save(session, at, session_size, &session_size);
  at += session_size;
  for (const mbedtls_x509_crt *certificate = wt_peer_chain(connection); certificate != NULL && certificate->raw.p != NULL;
       certificate = certificate->next) {
    at = put_number(at, certificate->raw.len);
    memcpy(at, certificate->raw.p, certificate->raw.len);
    at += certificate->raw.len;
  }
  if (error == 0) error = wt_seal(plain, (size_t) (at - plain), key);
  mbedtls_platform_zeroize(key, sizeof key);
  return error;
}

static int load_accepted(wt_connection *connection, const uint8_t *name, size_t size, mbedtls_ssl_session *session) {
  const wt_block *accepted = &connection->accepted_name;
  if (size != accepted->size || memcmp(name, accepted->data, size) != 0) return MBEDTLS_ERR_SSL_INVALID_MAC;
  int error = mbedtls_ssl_session_load(session, connection->accepted_session.data, connection->accepted_session.size);
  if (error != 0) return error;
  connection->accepted_suite = session->ciphersuite;
  if (session->tls_version == connection->ssl.tls_version) return 0;
  mbedtls_ssl_session_free(session);
  return MBEDTLS_ERR_SSL_INVALID_MAC;
}

static uint8_t *put_number(uint8_t *at, size_t number) {
  MBEDTLS_PUT_UINT32_BE(number, at, 0);
  return at + 4;
}

#include "side.h"

#include <sanitizer/asan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "scene.h"

/* RFC 8446, section 5.1, and the limits of ts/engine/limits.ts. */
enum { HEADER_SIZE = 5, LARGEST_PLAINTEXT = 16384, OVERHEAD_12 = 320, OVERHEAD_13 = 256 };
enum { LARGEST_HANDSHAKE = 65536, MOST_IGNORED = 4, MOST_IDLE = 32 };
enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HEARTBEAT = 24, FATAL = 2, INTERNAL_ERROR = 80, UNEXPECTED_MESSAGE = 10, RECORD_OVERFLOW = 22 };

static uint32_t *speaking, nobody;

static int is_bearable(side *side, const uint8_t *header, size_t size);
static void give_record(side *side, bytes record);
static void end_with(side *side, int alert);
static int go_on_with_handshake(side *side);
static int read_once(side *side);
static void answer_psk(side *side);
static void keep_session(side *side);
static void look_at_chain(side *side);
static void look_around(side *side);
static void forget_outgoing(side *side);

/* The imports of the module: the sequence of test/support/recording.ts (mulberry32), and 2026-01-01. */
int wt_random(uint8_t *into, size_t size) {
  uint32_t *state = speaking == NULL ? &nobody : speaking;
  for (size_t i = 0; i < size; i++) {
    *state += 0x6d2b79f5;
    uint32_t mixed = (*state ^ *state >> 15) * (*state | 1);
    mixed ^= mixed + (mixed ^ mixed >> 7) * (mixed | 61);
    into[i] = (uint8_t) (mixed ^ mixed >> 14);
  }
  return 0;
}
double wt_now(void) { return 1767225600000.0; }

/* The first conversation leaves the table of key slots behind. */
void start_module(void) {
  if (wt_start() != 0) give_up("the module does not start");
  side client = side_new(SCENE_TLS13, 0), server = side_new(SCENE_TLS13, 1);
  converse(&client, &server);
  if (!client.over || !server.over) give_up("there is no conversation");
  side_free(&client);
  side_free(&server);
}

static wt_settings *kept_settings(int scene, int server) {
  static wt_settings *kept[256][2];
  wt_settings **settings = &kept[scene & 255][server];
  side_speaks(NULL);
  if (*settings == NULL) *settings = settings_of(scene, server);
  return *settings;
}

void make_ready(int scene) {
  kept_settings(scene, 0);
  kept_settings(scene, 1);
  if (scene & SCENE_RESUMPTION) session_of(scene);
}

side side_new(int scene, int server) {
  wt_settings *settings = kept_settings(scene, server);
  side made = { .server = server, .random = server ? 2 : 1 };
  speaking = &made.random;
  made.connection = wt_connection_new(settings, server ? NULL : "localhost");
  if (made.connection == NULL) give_up("there is no connection");
  prepare(made.connection, scene, server);
  speaking = NULL;
  return made;
}

void side_speaks(side *side) { speaking = side == NULL ? NULL : &side->random; }

void side_hear(side *side, bytes stream) {
  size_t at = 0;
  side_go_on(side);
  while (!side->ended && stream.size - at >= HEADER_SIZE) {
    const uint8_t *header = stream.at + at;
    size_t size = (size_t) header[3] << 8 | header[4];
    if (!is_bearable(side, header, size)) return;
    if (stream.size - at - HEADER_SIZE < size) return;
    give_record(side, (bytes) { header, HEADER_SIZE + size });
    at += HEADER_SIZE + size;
    side_go_on(side);
  }
}

static int is_bearable(side *side, const uint8_t *header, size_t size) {
  int alert = 0, type = header[0];
  size_t overhead = wt_protocol_version(side->connection) == 0x304 ? OVERHEAD_13 : OVERHEAD_12;
  if (type < CHANGE_CIPHER_SPEC || type > HEARTBEAT || header[1] != 3) alert = UNEXPECTED_MESSAGE;
  else if (size > LARGEST_PLAINTEXT + (side->records == 0 ? 0 : overhead)) alert = RECORD_OVERFLOW;
  if (!side->over) side->handshake_bytes += size;
  if (!side->over && (type == CHANGE_CIPHER_SPEC || type == ALERT)) side->ignored++;
  if (side->handshake_bytes > LARGEST_HANDSHAKE || side->ignored > MOST_IGNORED) alert = UNEXPECTED_MESSAGE;
  if (alert != 0) end_with(side, alert);
  return alert == 0;
}

static void give_record(side *side, bytes record) {
  uint8_t *room = wt_incoming_reserve(side->connection, record.size, 1);
  memcpy(room, record.at, record.size);
  if (side->records++ == 0) room[2] = 3; /* the version of the first record means nothing */
  wt_incoming_commit(side->connection, record.size);
}

void side_go_on(side *side) {
  side_speaks(side);
  int more = 1;
  while (more && !side->ended) {
    more = side->over ? read_once(side) : go_on_with_handshake(side);
    look_around(side);
  }
}

/* Whether there is more to do without more bytes. */
static int go_on_with_handshake(side *side) {
  int result = wt_handshake(side->connection);
  side->over = result == 0;
  if (result == WT_PAUSED_AT_CERTIFICATE) {
    look_at_chain(side);
    wt_accept_certificate(side->connection);
  } else if (result == WT_PAUSED_AT_PSK) {
    answer_psk(side);
  } else if (result == MBEDTLS_ERR_SSL_WANT_READ) {
    return 0;
  } else if (result != 0) {
    end_with(side, INTERNAL_ERROR);
  } else {
    keep_session(side);
  }
  return 1;
}

static int read_once(side *side) {
  int result = wt_read(side->connection);
  if (result > 0) {
    size_t size = result < 1000 ? (size_t) result : 1000;
    look_at(wt_plaintext(side->connection), size);
    wt_plaintext_consume(side->connection, size);
    side->idle = 0;
    return 1;
  }
  if (result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
    keep_session(side);
    return 1;
  }
  if (result == MBEDTLS_ERR_SSL_WANT_READ) {
    if (++side->idle > MOST_IDLE) end_with(side, UNEXPECTED_MESSAGE);
    return 0;
  }
  if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) side->ended = 1;
  else end_with(side, INTERNAL_ERROR);
  return 0;
}

void side_writes(side *side, size_t size) {
  wt_connection *connection = side->connection;
  size_t most = wt_largest_plaintext(connection);
  for (size_t part; size > 0; size -= part) {
    part = size < most ? size : most;
    uint8_t *room = wt_plaintext_reserve(connection, part);
    if (room == NULL) return;
    memset(room, 'w', part);
    if (wt_write(connection, part) < 0) return;
  }
}

/* The first error is the last: an alert, unless there is one already. */
static void end_with(side *side, int alert) {
  side->ended = 1;
  wt_received_alert(side->connection);
  if (!wt_alerted(side->connection)) wt_send_alert(side->connection, FATAL, alert);
}

static void answer_psk(side *side) {
  const uint8_t *identity = wt_psk_identity(side->connection);
  size_t size = wt_psk_identity_size(side->connection);
  uint8_t *name = lent((bytes) { identity, size });
  int known = size == psk_identity.size && memcmp(name, psk_identity.at, size) == 0;
  if (wt_give_psk(side->connection, name, size, psk_key.at, known ? psk_key.size : 0) != 0) give_up("no key");
  wt_release(name);
}

static void keep_session(side *side) {
  if (!side->server) wt_keep_session(side->connection);
  look_at(wt_session(side->connection), wt_session_size(side->connection));
  wt_forget_session(side->connection);
}

static void look_at_chain(side *side) {
  size_t size;
  for (size_t i = 0; (size = wt_peer_certificate_size(side->connection, i)) > 0; i++)
    look_at(wt_peer_certificate(side->connection, i), size);
}

/* What TypeScript takes after each call. */
static void look_around(side *side) {
  wt_connection *connection = side->connection;
  look_at(wt_trace(connection), wt_trace_size(connection));
  if (wt_trace_size(connection) > 0) wt_forget_trace(connection);
  look_at(wt_key_log(connection), wt_logged_keys(connection) * sizeof(wt_logged_key));
  if (wt_logged_keys(connection) > 0) wt_forget_logged_keys(connection);
}

void side_free(side *side) {
  wt_connection *connection = side->connection;
  side_speaks(side);
  const char *alpn = wt_alpn(connection);
  if (alpn != NULL) look_at(alpn, strlen(alpn));
  look_at(wt_own_certificate(connection), wt_own_certificate_size(connection));
  look_at(wt_scratch(), 2 * (size_t) wt_finished(connection));
  wt_ciphersuite(connection), wt_group(connection), wt_signature_scheme(connection, side->server);
  wt_resumed(connection), wt_psk_used(connection);
  if (side->over && wt_unique_master_secret(connection)) wt_export_keys(connection, 5, 7, 1, 40);
  if (side->over && !side->ended) side_writes(side, 200);
  if (side->over && !side->ended) wt_close_notify(connection);
  look_around(side);
  forget_outgoing(side);
  wt_connection_free(connection);
  side_speaks(NULL);
}

static void forget_outgoing(side *side) {
  size_t size = wt_outgoing_size(side->connection);
  if (size == 0) return;
  look_at(wt_outgoing_data(side->connection), size);
  wt_outgoing_consume(side->connection, size);
}

/* Everything that one has for the other goes over; whether there was anything. */
static int carry(side *from, side *to) {
  size_t size = wt_outgoing_size(from->connection);
  if (size == 0) return 0;
  uint8_t *copy = malloc(size);
  memcpy(copy, wt_outgoing_data(from->connection), size);
  wt_outgoing_consume(from->connection, size);
  side_hear(to, (bytes) { copy, size });
  free(copy);
  return 1;
}

void converse(side *one, side *other) {
  side_go_on(one);
  side_go_on(other);
  for (int i = 0; i < 20 && (carry(one, other) | carry(other, one)); i++) continue;
}

static bytes copy_of(const void *at, size_t size) {
  uint8_t *copy = malloc(size + 1);
  if (size > 0) memcpy(copy, at, size);
  return (bytes) { copy, size };
}

/* As sessions.c seals it. */
static bytes unsealed(bytes ticket) {
  enum { NAME_SIZE = 16, NONCE_SIZE = 12, TAG_SIZE = 16, HEAD_SIZE = 2 + 1 };
  uint8_t key[60], *plain = (uint8_t *) copy_of(ticket.at, ticket.size).at, *at = plain + NAME_SIZE + NONCE_SIZE;
  memcpy(key, seal_key.at + NAME_SIZE, 32);
  memcpy(key + 32, ticket.at + NAME_SIZE, NONCE_SIZE);
  memcpy(key + 44, seal_key.at, NAME_SIZE);
  if (wt_unseal(at, ticket.size - NAME_SIZE - NONCE_SIZE, key) != 0) give_up("a ticket cannot be opened");
  at += HEAD_SIZE;
  at += 4 + ((size_t) at[2] << 8 | at[3]);
  bytes opened = copy_of(at + 4, (size_t) at[2] << 8 | at[3]);
  free(plain);
  return opened;
}

const session *session_of(int scene) {
  static session *sessions[256];
  scene &= 255 & ~(SCENE_SERVER | SCENE_RESUMPTION);
  if (sessions[scene] != NULL) return sessions[scene];
  enum { SAVED_HEAD_SIZE = 2 + 1 + 1 + 4 + 1 + 32 };
  side client = side_new(scene, 0), server = side_new(scene, 1);
  converse(&client, &server);
  wt_connection *connection = client.connection;
  session *made = calloc(1, sizeof *made);
  if (client.over && connection->ssl.session->ticket != NULL && wt_keep_session(connection) == 1) {
    made->saved = copy_of(wt_session(connection) + SAVED_HEAD_SIZE, wt_session_size(connection) - SAVED_HEAD_SIZE);
    made->name = copy_of(connection->ssl.session->ticket, connection->ssl.session->ticket_len);
    made->accepted = unsealed(made->name);
  }
  side_free(&client);
  side_free(&server);
  return sessions[scene] = made;
}

uint8_t *lent(bytes what) {
  uint8_t *block = wt_allocate(what.size > 0 ? what.size : 1);
  if (what.size > 0) memcpy(block, what.at, what.size);
  return block;
}

void look_at(const void *at, size_t size) {
  if (size > 0 && __asan_region_is_poisoned((void *) at, size) != NULL) give_up("something is handed out that must not be read");
}

static void overdue(int signal) {
  (void) signal;
  give_up("an input takes too long");
}

static void set_alarm(int seconds) {
  const struct itimerval timer = { .it_value = { .tv_sec = seconds } };
  setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

trial begin_trial(void) {
  signal(SIGVTALRM, overdue);
  set_alarm(1);
  return (trial) { wt_live_blocks(), wt_live_objects() };
}

void end_trial(trial before) {
  set_alarm(0);
  size_t blocks = wt_live_blocks() - before.blocks, objects = wt_live_objects() - before.objects;
  if (blocks == 0 && objects == 0) return;
  fprintf(stderr, "%zd blocks and %zd objects\n", (ssize_t) blocks, (ssize_t) objects);
  give_up("something was left behind");
}

_Noreturn void give_up(const char *why) {
  fprintf(stderr, "Cannot go on: %s\n", why);
  abort();
}

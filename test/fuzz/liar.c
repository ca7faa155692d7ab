/* Promise fuzzed: whatever a peer says that has the keys, in its handshake messages, between them and after the handshake, neither
   makes a client or a server write or read where it must not, nor leaves anything behind. What is said is encrypted and hashed as
   honest messages are, so that signatures and Finished hold and the conversation goes on as far as the tested side lets it.

   An input is the scene (side.h) and records in the clear, one after the other, each for one turn of the liar:
   22 is a handshake message in place of the one that it would send, 0 leaves that as it is; 20, 21, 23, 24 go out as they are before it,
   1 does so as a record of handshake type. After the handshake all of these go out as they are, and 2 to 6 let either side do something
   honest. The linker has the functions of Mbed TLS below call those with __wrap_ before their names. */
#include "liar.h"

#include <stdlib.h>
#include <string.h>

#include "ssl_misc.h"

enum { HONEST = 0, RAW_HANDSHAKE = 1, LIAR_RENEWS = 2, LIAR_WRITES = 3, TESTED_RENEWS = 4, TESTED_WRITES = 5, TESTED_CLOSES = 6 };
enum { HEADER_SIZE = 5, MESSAGE_HEADER_SIZE = 4, LONGEST = 16000 };

int __real_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *, int, int);
int __real_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *, unsigned, const unsigned char *, size_t);
int __real_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *, size_t, size_t);

static mbedtls_ssl_context *liar; /* whose messages are changed */
static bytes script;              /* what is left of the input */
static size_t hashed;             /* the size of the message of TLS 1.3 that was changed, hashed, and is to be sent; 0 for none */
static bytes *spelled, *heard;

static int next_record(uint8_t *type, bytes *content);
static void append(bytes *to, const uint8_t *header, size_t header_size, const uint8_t *at, size_t size);
static void append_record(bytes *to, uint8_t type, const uint8_t *at, size_t size);
static size_t change_message(mbedtls_ssl_context *ssl, size_t size);
static void send_record(mbedtls_ssl_context *ssl, int type, bytes content);
static void talk(side *tested, side *lying);
static void act(uint8_t type, bytes content, side *tested, side *lying);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void) count, (void) arguments;
  start_module();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 0) play_lies((bytes) { data, size }, NULL, NULL);
  return 0;
}

void play_lies(bytes input, bytes *spoken, bytes *sent) {
  int scene = input.at[0], tested_server = scene & SCENE_SERVER;
  make_ready(scene);
  spelled = spoken, heard = sent;
  append(spelled, input.at, 1, NULL, 0);
  append(heard, input.at, 1, NULL, 0);
  trial trial = begin_trial();
  side tested = side_new(scene, tested_server), lying = side_new(scene, !tested_server);
  side *client = tested_server ? &lying : &tested, *server = tested_server ? &tested : &lying;
  const session *session = scene & SCENE_RESUMPTION ? session_of(scene) : NULL;
  if (session != NULL && session->saved.size > 0) {
    wt_offer_session(client->connection, session->saved.at, session->saved.size, 1);
    wt_accept_session(server->connection, session->name.at, session->name.size, session->accepted.at, session->accepted.size);
    if (!tested_server) append_record(heard, 1, session->saved.at, session->saved.size);
    else append_record(heard, 2, session->name.at, session->name.size), append_record(heard, 3, session->accepted.at, session->accepted.size);
  }
  script = (bytes) { input.at + 1, input.size - 1 };
  liar = &lying.connection->ssl;
  hashed = 0;
  talk(&tested, &lying);
  liar = NULL;
  side_free(&lying);
  side_free(&tested);
  end_trial(trial);
}

static void say(side *from, side *to, bytes *noted) {
  size_t size = wt_outgoing_size(from->connection);
  if (size == 0) return;
  uint8_t *copy = malloc(size);
  memcpy(copy, wt_outgoing_data(from->connection), size);
  wt_outgoing_consume(from->connection, size);
  append(noted, NULL, 0, copy, size);
  side_hear(to, (bytes) { copy, size });
  free(copy);
}

static void exchange(side *tested, side *lying) {
  side_go_on(lying);
  side_go_on(tested);
  for (int turn = 0; turn < 20 && (wt_outgoing_size(tested->connection) > 0 || wt_outgoing_size(lying->connection) > 0); turn++) {
    say(lying, tested, heard);
    say(tested, lying, NULL);
  }
}

static void talk(side *tested, side *lying) {
  uint8_t type;
  bytes content;
  exchange(tested, lying);
  while (tested->over && lying->over && !tested->ended && next_record(&type, &content)) {
    act(type, content, tested, lying);
    exchange(tested, lying);
  }
}

static void act(uint8_t type, bytes content, side *tested, side *lying) {
  side *acting = type >= TESTED_RENEWS && type <= TESTED_CLOSES ? tested : lying;
  side_speaks(acting);
  size_t size = content.size < 3000 ? content.size : 3000;
  if (type == LIAR_WRITES || type == TESTED_WRITES) side_writes(acting, size);
  else if (type == TESTED_CLOSES) wt_close_notify(acting->connection);
  else if (type != LIAR_RENEWS && type != TESTED_RENEWS) {
    if (wt_borrow_buffers(acting->connection) != 0) give_up("there is no buffer");
    send_record(liar, type == RAW_HANDSHAKE ? MBEDTLS_SSL_MSG_HANDSHAKE : type, content);
    wt_return_buffers(acting->connection, 0);
  } else if (wt_protocol_version(acting->connection) == MBEDTLS_SSL_VERSION_TLS1_3) wt_update_keys(acting->connection, content.size & 1);
}

static int next_record(uint8_t *type, bytes *content) {
  if (script.size < HEADER_SIZE) return 0;
  size_t there = script.size - HEADER_SIZE, size = (size_t) script.at[3] << 8 | script.at[4];
  *type = script.at[0];
  *content = (bytes) { script.at + HEADER_SIZE, size < there ? size : there };
  script = (bytes) { content->at + content->size, there - content->size };
  if (content->size > LONGEST) content->size = LONGEST;
  return 1;
}

/* The message at the front of out_msg, `size` bytes with its header, which is about to be hashed and sent; answers its new size. */
static size_t change_message(mbedtls_ssl_context *ssl, size_t size) {
  uint8_t type;
  bytes content;
  while (next_record(&type, &content)) {
    if (type == HONEST) break;
    if (type != MBEDTLS_SSL_MSG_HANDSHAKE) {
      uint8_t *kept = malloc(size);
      memcpy(kept, ssl->out_msg, size);
      send_record(ssl, type == RAW_HANDSHAKE ? MBEDTLS_SSL_MSG_HANDSHAKE : type, content);
      memcpy(ssl->out_msg, kept, size);
      ssl->out_msgtype = MBEDTLS_SSL_MSG_HANDSHAKE;
      free(kept);
      continue;
    }
    if (content.size < MESSAGE_HEADER_SIZE) break;
    memcpy(ssl->out_msg, content.at, size = content.size);
    break;
  }
  append_record(spelled, MBEDTLS_SSL_MSG_HANDSHAKE, ssl->out_msg, size);
  return size;
}

static void send_record(mbedtls_ssl_context *ssl, int type, bytes content) {
  ssl->out_msgtype = type;
  ssl->out_msglen = content.size;
  if (content.size > 0) memcpy(ssl->out_msg, content.at, content.size);
  (void) mbedtls_ssl_write_record(ssl, 1 /* now */);
}

/* TLS 1.2: hashes and sends. */
int __wrap_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush) {
  if (ssl == liar && ssl->out_msgtype == MBEDTLS_SSL_MSG_HANDSHAKE) ssl->out_msglen = change_message(ssl, ssl->out_msglen);
  return __real_mbedtls_ssl_write_handshake_msg_ext(ssl, update_checksum, force_flush);
}

/* TLS 1.3: hashes, its own messages and the peer's. */
int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, const unsigned char *body, size_t size) {
  if (ssl == liar && ssl->out_msg != NULL && body == ssl->out_msg + MESSAGE_HEADER_SIZE) {
    hashed = change_message(ssl, size + MESSAGE_HEADER_SIZE);
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, ssl->out_msg[0], ssl->out_msg + MESSAGE_HEADER_SIZE, hashed - MESSAGE_HEADER_SIZE);
  }
  return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, body, size);
}

/* TLS 1.3: sends what was hashed before, or is not hashed, or was already in another way, which is the ClientHello. */
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t room, size_t size) {
  if (ssl == liar) {
    size = (hashed > 0 ? hashed : change_message(ssl, size + MESSAGE_HEADER_SIZE)) - MESSAGE_HEADER_SIZE;
    hashed = 0;
  }
  return __real_mbedtls_ssl_finish_handshake_msg(ssl, room, size);
}

static void append(bytes *to, const uint8_t *header, size_t header_size, const uint8_t *at, size_t size) {
  if (to == NULL) return;
  uint8_t *more = realloc((void *) to->at, to->size + header_size + size + 1);
  if (header_size > 0) memcpy(more + to->size, header, header_size);
  if (size > 0) memcpy(more + to->size + header_size, at, size);
  *to = (bytes) { more, to->size + header_size + size };
}

static void append_record(bytes *to, uint8_t type, const uint8_t *at, size_t size) {
  const uint8_t header[HEADER_SIZE] = { type, 3, 3, (uint8_t) (size >> 8), (uint8_t) size };
  append(to, header, sizeof header, at, size);
}

/* One side of a conversation under test, driven as ts/engine/connection.ts drives it: whole records one at a time, the same limits,
   each pause answered, everything that can be fetched looked at. Randomness and clock stand still, so that the same bytes lead to the
   same end. Refuses to know where the bytes come from. */
#ifndef WANTTLS_FUZZ_SIDE_H
#define WANTTLS_FUZZ_SIDE_H

#include <stddef.h>
#include <stdint.h>

#include "internal.h"

/* The first byte of an input: which of the two sides is put to the test, and how both are set up. The same bits as in
   test/fuzz/scenes.ts. */
enum {
  SCENE_SERVER = 1,        /* the server is tested */
  SCENE_TLS13 = 2,         /* with the next: 0 TLS 1.2, 1 TLS 1.3, 2 both, 3 TLS 1.2 with old cipher suites */
  SCENE_MORE_VERSIONS = 4,
  SCENE_CLIENT_CERTIFICATE = 8,
  SCENE_PSK = 16,
  SCENE_RESUMPTION = 32,   /* a session of the same two sides, unless the input brings one */
  SCENE_RETRY = 64,        /* the client's first group is none of the server's */
  SCENE_LISTENING = 128,   /* keys are logged and records traced; ALPN */
};

typedef struct {
  const uint8_t *at;
  size_t size;
} bytes;

typedef struct {
  wt_connection *connection;
  int server;
  uint32_t random; /* the state of its randomness */
  int over;        /* the handshake */
  int ended;       /* by an error, or by close_notify */
  size_t records, handshake_bytes, ignored, idle;
} side;

void start_module(void);

/* Makes what is made once for a scene, so that it does not count as left behind. */
void make_ready(int scene);

/* A new connection with the settings of the scene. */
side side_new(int scene, int server);

/* What the peer has sent; what is no record ends the side. */
void side_hear(side *side, bytes stream);

/* As far as it goes without more bytes. */
void side_go_on(side *side);

/* Makes the randomness that of this side, for calls to the module on its behalf. */
void side_speaks(side *side);

/* So many bytes of data, as TypeScript writes them: in records of what the peer takes. */
void side_writes(side *side, size_t size);

/* Asks everything that can be asked, says goodbye, and frees it. */
void side_free(side *side);

/* The session that both sides of the scene have after an undisturbed conversation: what the client saved, what the server calls it,
   and what the server knows. Made at its first use. */
typedef struct {
  bytes saved, name, accepted;
} session;
const session *session_of(int scene);

/* Both ends until neither has anything to say. */
void converse(side *one, side *other);

/* A copy in a block of exactly its size, as TypeScript lends it; wt_release is due. */
uint8_t *lent(bytes what);

/* Ends the program when not all of it may be read. */
void look_at(const void *at, size_t size);

/* Around what is done with one input: ends the program when anything lives that did not before, or when it takes longer than a second of
   the processor's time. */
typedef struct {
  size_t blocks, objects;
} trial;
trial begin_trial(void);
void end_trial(trial before);

_Noreturn void give_up(const char *why);

#endif

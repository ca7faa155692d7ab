/* Promise fuzzed: whatever a peer sends to a client or a server, in whole records and from the first byte on, neither writes nor
   reads where it must not, and leaves nothing behind. An input is the scene (side.h) and the peer's bytes; records with these types
   may stand before them: a session to offer, or the name of one and what a server knows of it. Inputs of this form are played to the
   shipped module too (corpus.test.ts). */
#include "side.h"

enum { OFFERED_SESSION = 1, SESSION_NAME = 2, ACCEPTED_SESSION = 3, HEADER_SIZE = 5 };

static bytes take_session(side *side, bytes input);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void) count, (void) arguments;
  start_module();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  make_ready(data[0]);
  trial trial = begin_trial();
  side tested = side_new(data[0], data[0] & SCENE_SERVER);
  side_hear(&tested, take_session(&tested, (bytes) { data + 1, size - 1 }));
  side_free(&tested);
  end_trial(trial);
  return 0;
}

/* Answers what comes behind. */
static bytes take_session(side *side, bytes input) {
  bytes name = { NULL, 0 };
  while (input.size >= HEADER_SIZE && input.at[0] >= OFFERED_SESSION && input.at[0] <= ACCEPTED_SESSION) {
    size_t there = input.size - HEADER_SIZE, size = (size_t) input.at[3] << 8 | input.at[4];
    bytes content = { input.at + HEADER_SIZE, size < there ? size : there };
    uint8_t *block = lent(content), *name_block = lent(name);
    side_speaks(side);
    if (input.at[0] == SESSION_NAME) name = content;
    else if (input.at[0] == OFFERED_SESSION && !side->server) wt_offer_session(side->connection, block, content.size, 1);
    else if (side->server) wt_accept_session(side->connection, name_block, name.size, block, content.size);
    wt_release(block);
    wt_release(name_block);
    input = (bytes) { content.at + content.size, there - content.size };
  }
  return input;
}

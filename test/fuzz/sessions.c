/* Promise fuzzed: whatever somebody has made of a saved session, or of what a server sealed and kept, a conversation that offers it or
   resumes it neither writes nor reads where it must not, and leaves nothing behind. An input is the scene (side.h), which is one with
   resumption, and what the tested side is given; the other side has the right session. */
#include "scene.h"

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void) count, (void) arguments;
  start_module();
  return 0;
}

static void unseal(bytes sealed) {
  uint8_t *block = lent(sealed), *key = lent((bytes) { (const uint8_t *) "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab", 60 });
  wt_unseal(block, sealed.size, key);
  wt_release(block);
  wt_release(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  int scene = data[0] | SCENE_RESUMPTION, tested_server = scene & SCENE_SERVER;
  make_ready(scene);
  const session *right = session_of(scene);
  bytes given = { data + 1, size - 1 };
  trial trial = begin_trial();
  side client = side_new(scene, 0), server = side_new(scene, 1);
  uint8_t *block = lent(given);
  if (tested_server) {
    if (right->saved.size > 0) wt_offer_session(client.connection, right->saved.at, right->saved.size, 1);
    wt_accept_session(server.connection, right->name.at, right->name.size, block, given.size);
  } else {
    wt_offer_session(client.connection, block, given.size, 1);
    if (right->name.size > 0)
      wt_accept_session(server.connection, right->name.at, right->name.size, right->accepted.at, right->accepted.size);
  }
  wt_release(block);
  unseal(given);
  converse(&client, &server);
  side_free(&client);
  side_free(&server);
  end_trial(trial);
  return 0;
}

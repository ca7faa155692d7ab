/* Writes inputs for liar.c, handshake.c and sessions.c. Arguments: a folder with one for each of these targets, then numbers of scenes, of
   which an undisturbed conversation and its session are written; and names of files with inputs for liar.c, of which is written what the
   tested side was sent, for handshake.c and the shipped module. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "liar.h"

static void write_to(const char *folder, const char *target, const char *name, bytes what) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(what.at, 1, what.size, file) != what.size || fclose(file) != 0) give_up("a file cannot be written");
}

static bytes read_from(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) give_up("a file cannot be read");
  uint8_t *input = malloc(1 << 20);
  size_t size = fread(input, 1, 1 << 20, file);
  fclose(file);
  return (bytes) { input, size };
}

/* After the handshake, in the terms of liar.c: data both ways, new keys, more data, an alert that says goodbye. */
static const uint8_t tail[] = { 3, 3, 3, 0, 3, 'o', 'n', 'e', 5, 3, 3, 0, 3, 't', 'w', 'o', 2, 3, 3, 0, 1, 0, 4, 3, 3, 0, 1, 0,
                                23, 3, 3, 0, 5, 't', 'h', 'r', 'e', 'e', 21, 3, 3, 0, 2, 1, 0 };

/* The undisturbed conversation of a scene, spelled out. */
static bytes conversation_in(uint8_t scene) {
  bytes spoken = { NULL, 0 };
  play_lies((bytes) { &scene, 1 }, &spoken, NULL);
  uint8_t *whole = realloc((void *) spoken.at, spoken.size + sizeof tail);
  memcpy(whole + spoken.size, tail, sizeof tail);
  return (bytes) { whole, spoken.size + sizeof tail };
}

static void write_session(const char *folder, const char *name, uint8_t scene) {
  const session *session = session_of(scene);
  bytes known = scene & SCENE_SERVER ? session->accepted : session->saved;
  if (known.size == 0) return;
  uint8_t *input = malloc(1 + known.size);
  input[0] = scene;
  memcpy(input + 1, known.at, known.size);
  write_to(folder, "sessions", name, (bytes) { input, 1 + known.size });
  free(input);
}

int main(int count, char **arguments) {
  start_module();
  for (int i = 2; i < count; i++) {
    char *end, *slash = strrchr(arguments[i], '/'), *name = slash != NULL ? slash + 1 : arguments[i];
    uint8_t scene = (uint8_t) strtol(arguments[i], &end, 10);
    bytes sent = { NULL, 0 }, input = *end == 0 ? conversation_in(scene) : read_from(arguments[i]);
    play_lies(input, NULL, &sent);
    if (*end == 0) write_to(arguments[1], "liar", name, input);
    if (*end == 0) write_session(arguments[1], name, scene);
    write_to(arguments[1], "handshake", name, sent);
    free((void *) input.at);
    free((void *) sent.at);
  }
  return 0;
}

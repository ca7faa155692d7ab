/* A peer that has all the keys and says something else than it should. */
#ifndef WANTTLS_FUZZ_LIAR_H
#define WANTTLS_FUZZ_LIAR_H

#include "side.h"

/* Plays an input (see liar.c). `spoken` gets, as an input for the same, each handshake message of the liar spelled out; `sent`, as an
   input for handshake.c, what the tested side was sent. Either may be NULL; blocks are the caller's to free. */
void play_lies(bytes input, bytes *spoken, bytes *sent);

#endif

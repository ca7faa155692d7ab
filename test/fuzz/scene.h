/* What both sides of a scene are set up with: certificates, keys, cipher suites, names. Refuses to know conversations. */
#ifndef WANTTLS_FUZZ_SCENE_H
#define WANTTLS_FUZZ_SCENE_H

#include "side.h"

/* Of the identity that servers have: the certificate, and its key. */
bytes own_certificate(void);
bytes own_key(void);

extern const bytes psk_identity, psk_key, seal_key;

wt_settings *settings_of(int scene, int server);

/* What is said to a connection before its handshake, by ts/engine/connection.ts in create and decide. */
void prepare(wt_connection *connection, int scene, int server);

#endif

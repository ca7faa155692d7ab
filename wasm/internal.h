/* What the shim's own files share; not part of the boundary. */
#ifndef WANTTLS_INTERNAL_H
#define WANTTLS_INTERNAL_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* what Mbed TLS has no getter for is read from its structures, in this folder only */

#include "shim.h"

#include "mbedtls/ssl.h"

typedef struct wt_identity {
  struct wt_identity *next;
  mbedtls_x509_crt chain;
  mbedtls_pk_context key;
} wt_identity;

struct wt_settings {
  size_t references;
  mbedtls_ssl_config conf;
  mbedtls_ssl_config conf_without_alpn; /* a shallow copy, made with each connection that wants it; never freed itself */
  int *ciphersuites;
  uint16_t *groups;
  uint16_t *signature_algorithms;
  char *alpn_text;
  const char **alpn;
  mbedtls_x509_crt ca;
  wt_identity *identities;
  wt_identity *last_identity;
  int require_ems;
  uint32_t records_per_key;
};

void wt_settings_retain(wt_settings *settings);

/* key_update.c: is the message that mbedtls_ssl_read refused a KeyUpdate, and what to do about it. */
int wt_is_key_update(mbedtls_ssl_context *ssl);
int wt_receive_key_update(mbedtls_ssl_context *ssl, int *answer_wanted);
int wt_transmit_key_update(mbedtls_ssl_context *ssl, int request);

void wt_object_made(void);
void wt_object_gone(void);
void *wt_calloc(size_t count, size_t size);
void wt_free(void *block);
int wt_fill_random(void *context, unsigned char *into, size_t size);

#endif

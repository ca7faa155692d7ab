/* A TLS configuration with all that Mbed TLS only points to: Mbed TLS keeps the addresses of the lists, the chains and
   the keys, so they live here, exactly as long as the configuration. */
#include "internal.h"

#include <string.h>

#include "mbedtls/error.h"

static void identity_free(wt_identity *identity);
static void *copy_list(const void *from, size_t count, size_t item);

wt_settings *wt_settings_new(int server) {
  wt_settings *settings = wt_calloc(1, sizeof *settings);
  if (settings == NULL) return NULL;
  settings->references = 1;
  settings->records_per_key = 1 << 24;
  mbedtls_ssl_config *conf = &settings->conf;
  mbedtls_ssl_config_init(conf);
  if (mbedtls_ssl_config_defaults(conf, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                  MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
    wt_free(settings);
    return NULL;
  }
  mbedtls_ssl_conf_rng(conf, wt_fill_random, NULL);
  /* Always with forward secrecy, also on top of a PSK. */
  mbedtls_ssl_conf_tls13_key_exchange_modes(
      conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL | MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
  /* A client takes tickets; what a server does is said by each connection. */
  mbedtls_ssl_conf_session_tickets(conf, server ? MBEDTLS_SSL_SESSION_TICKETS_DISABLED : MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
  if (!server)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
  wt_object_made();
  return settings;
}

void wt_settings_retain(wt_settings *settings) { settings->references++; }

void wt_settings_release(wt_settings *settings) {
  if (--settings->references > 0) return;
  mbedtls_ssl_config_free(&settings->conf);
  while (settings->identities != NULL) {
    wt_identity *identity = settings->identities;
    settings->identities = identity->next;
    identity_free(identity);
  }
  wt_free(settings->ciphersuites);
  wt_free(settings->groups);
  wt_free(settings->signature_algorithms);
  wt_free(settings->alpn_text);
  wt_free(settings->alpn);
  wt_free(settings);
  wt_object_gone();
}

void wt_settings_set_versions(wt_settings *settings, int minimum, int maximum) {
  mbedtls_ssl_conf_min_tls_version(&settings->conf, (mbedtls_ssl_protocol_version) minimum);
  mbedtls_ssl_conf_max_tls_version(&settings->conf, (mbedtls_ssl_protocol_version) maximum);
}

int wt_settings_set_ciphersuites(wt_settings *settings, const uint16_t *ids, size_t count) {
  int *list = wt_calloc(count + 1, sizeof *list);
  if (list == NULL) return WT_ERR_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) list[i] = ids[i];
  settings->ciphersuites = list;
  mbedtls_ssl_conf_ciphersuites(&settings->conf, list);
  return 0;
}

int wt_settings_set_groups(wt_settings *settings, const uint16_t *ids, size_t count) {
  settings->groups = copy_list(ids, count, sizeof *ids);
  if (settings->groups == NULL) return WT_ERR_OUT_OF_MEMORY;
  mbedtls_ssl_conf_groups(&settings->conf, settings->groups);
  return 0;
}

int wt_settings_set_signature_algorithms(wt_settings *settings, const uint16_t *ids, size_t count) {
  settings->signature_algorithms = copy_list(ids, count, sizeof *ids);
  if (settings->signature_algorithms == NULL) return WT_ERR_OUT_OF_MEMORY;
  mbedtls_ssl_conf_sig_algs(&settings->conf, settings->signature_algorithms);
  return 0;
}

/* `names` is a sequence of NUL-terminated names. */
int wt_settings_set_alpn(wt_settings *settings, const uint8_t *names, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += names[i] == 0;
  settings->alpn_text = copy_list(names, size, 1);
  settings->alpn = wt_calloc(count + 1, sizeof *settings->alpn);
  if (settings->alpn_text == NULL || settings->alpn == NULL) return WT_ERR_OUT_OF_MEMORY;
  const char *name = settings->alpn_text;
  for (size_t i = 0; i < count; i++, name += strlen(name) + 1) settings->alpn[i] = name;
  return mbedtls_ssl_conf_alpn_protocols(&settings->conf, settings->alpn);
}

/* OPTIONAL, with our patch, means: ask for a certificate and go on. The verdict is TypeScript's, at the pause. */
void wt_settings_set_flags(wt_settings *settings, int request_certificate, int require_ems, int client_order) {
  mbedtls_ssl_conf_authmode(&settings->conf,
                            request_certificate ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_NONE);
  settings->require_ems = require_ems;
  mbedtls_ssl_conf_preference_order(&settings->conf, client_order ? MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_CLIENT
                                                                  : MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_SERVER);
}

void wt_settings_log_keys(wt_settings *settings) { settings->log_keys = 1; }

void wt_settings_trace(wt_settings *settings) { settings->trace = 1; }

void wt_settings_set_records_per_key(wt_settings *settings, uint32_t records) { settings->records_per_key = records; }

int wt_settings_add_identity(wt_settings *settings) {
  wt_identity *identity = wt_calloc(1, sizeof *identity);
  if (identity == NULL) return WT_ERR_OUT_OF_MEMORY;
  mbedtls_x509_crt_init(&identity->chain);
  mbedtls_pk_init(&identity->key);
  if (settings->last_identity == NULL) settings->identities = identity;
  else settings->last_identity->next = identity;
  settings->last_identity = identity;
  return 0;
}

int wt_settings_identity_certificate(wt_settings *settings, const uint8_t *der, size_t size) {
  return wt_add_certificate(&settings->last_identity->chain, der, size);
}

/* The key (DER, not encrypted) ends the identity: it must fit the first certificate. */
int wt_settings_identity_key(wt_settings *settings, const uint8_t *key, size_t size) {
  wt_identity *identity = settings->last_identity;
  int error = mbedtls_pk_parse_key(&identity->key, key, size, NULL, 0, wt_fill_random, NULL);
  if (error != 0) return error;
  if (mbedtls_pk_check_pair(&identity->chain.pk, &identity->key, wt_fill_random, NULL) != 0) return WT_ERR_KEY_MISMATCH;
  return mbedtls_ssl_conf_own_cert(&settings->conf, &identity->chain, &identity->key);
}

static void identity_free(wt_identity *identity) {
  mbedtls_x509_crt_free(&identity->chain);
  mbedtls_pk_free(&identity->key);
  wt_free(identity);
}

/* A copy with one zero item at its end. */
static void *copy_list(const void *from, size_t count, size_t item) {
  void *copy = wt_calloc(count + 1, item);
  if (copy != NULL) memcpy(copy, from, count * item);
  return copy;
}

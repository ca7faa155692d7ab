/* What Mbed TLS's own test programs find below the library in place of TypeScript: randomness that they can turn off, the time, and
   nobody who listens to records (their connections are not ours, and so have no trace). Linked with the objects of the module but
   for wasm/trace.c; scripts/build-suites.sh compiles it. */
#include <stdlib.h>
#include <sys/time.h>

#include "internal.h"
#include "ssl_misc.h"
#include "test/fake_external_rng_for_test.h"

static int has_randomness;

void mbedtls_test_enable_insecure_external_rng(void) { has_randomness = 1; }

void mbedtls_test_disable_insecure_external_rng(void) { has_randomness = 0; }

int wt_random(uint8_t *into, size_t size) {
  if (!has_randomness) return -1;
  while (size-- > 0) *into++ = (uint8_t) rand();
  return 0;
}

double wt_now(void) {
  struct timeval now;
  gettimeofday(&now, NULL);
  return (double) now.tv_sec * 1000.0 + (double) now.tv_usec / 1000.0;
}

void wt_note_sent(mbedtls_ssl_context *ssl) { (void) ssl; }

void wt_note_sent_size(mbedtls_ssl_context *ssl, size_t size) { (void) ssl, (void) size; }

void wt_note_received(mbedtls_ssl_context *ssl, int outer_type, size_t outer_size, int type, const unsigned char *content,
                      size_t size, int error) {
  (void) ssl, (void) outer_type, (void) outer_size, (void) type, (void) content, (void) size, (void) error;
}

void wt_note_key(wt_connection *connection, int type) { (void) connection, (void) type; }

/* In the place of record_buffers.c, which lends a connection of ours its buffers: theirs keep a pair until mbedtls_ssl_free. */
int __real_mbedtls_ssl_setup(mbedtls_ssl_context *ssl, const mbedtls_ssl_config *configuration);
int __wrap_mbedtls_ssl_setup(mbedtls_ssl_context *ssl, const mbedtls_ssl_config *configuration) {
  int result = __real_mbedtls_ssl_setup(ssl, configuration);
  if (result != 0) return result;
  ssl->in_buf = wt_calloc(1, MBEDTLS_SSL_IN_BUFFER_LEN);
  ssl->out_buf = wt_calloc(1, MBEDTLS_SSL_OUT_BUFFER_LEN);
  if (ssl->in_buf == NULL || ssl->out_buf == NULL) return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  mbedtls_ssl_reset_in_pointers(ssl);
  mbedtls_ssl_reset_out_pointers(ssl);
  return 0;
}

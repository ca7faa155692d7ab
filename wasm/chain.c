/* Chains of certificates, the peer's and our own, as they came. Only the first is parsed, for the key that the handshake
   needs; what the others say, and whether any of it can be trusted, is read and decided in TypeScript. */
#include "internal.h"

#include <string.h>

#include "mbedtls/oid.h"
#include "mbedtls/rsa.h"

/* As for the keys of authorities (ts/ssl/x509/keys.ts): RSA with an exponent as long as its modulus would take seconds. */
#define LONGEST_RSA_EXPONENT 40 /* bits */

static int accept_extension(void *context, mbedtls_x509_crt const *certificate, mbedtls_x509_buf const *oid, int critical,
                            const unsigned char *at, const unsigned char *end);
static int add_unread(mbedtls_x509_crt *chain, const unsigned char *der, size_t size);
static int is_costly(const mbedtls_pk_context *key);

int wt_add_certificate(mbedtls_x509_crt *chain, const unsigned char *der, size_t size) {
  if (chain->raw.p != NULL) return add_unread(chain, der, size);
  int error = mbedtls_x509_crt_parse_der_with_ext_cb(chain, der, size, 1, accept_extension, NULL);
  if (error == 0 && is_costly(&chain->pk)) return MBEDTLS_ERR_PK_INVALID_PUBKEY;
  /* Mbed TLS would pass over a certificate that is signed with an unknown algorithm and take the next for the peer's. */
  return error == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG + MBEDTLS_ERR_OID_NOT_FOUND ? MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG : error;
}

const uint8_t *wt_peer_certificate(wt_connection *connection, size_t index) {
  const mbedtls_x509_crt *certificate = wt_peer_chain(connection);
  while (certificate != NULL && index-- > 0) certificate = certificate->next;
  return certificate == NULL ? NULL : certificate->raw.p;
}

size_t wt_peer_certificate_size(wt_connection *connection, size_t index) {
  const mbedtls_x509_crt *certificate = wt_peer_chain(connection);
  while (certificate != NULL && index-- > 0) certificate = certificate->next;
  return certificate == NULL ? 0 : certificate->raw.len;
}

/* Critical extensions that Mbed TLS does not know are for TypeScript to refuse. */
static int accept_extension(void *context, mbedtls_x509_crt const *certificate, mbedtls_x509_buf const *oid, int critical,
                            const unsigned char *at, const unsigned char *end) {
  (void) context, (void) certificate, (void) oid, (void) critical, (void) at, (void) end;
  return 0;
}

static int add_unread(mbedtls_x509_crt *chain, const unsigned char *der, size_t size) {
  mbedtls_x509_crt *last = chain, *next = wt_calloc(1, sizeof *next);
  if (next == NULL) return MBEDTLS_ERR_X509_ALLOC_FAILED;
  mbedtls_x509_crt_init(next);
  next->raw.p = wt_calloc(1, size);
  if (next->raw.p == NULL) {
    wt_free(next);
    return MBEDTLS_ERR_X509_ALLOC_FAILED;
  }
  memcpy(next->raw.p, der, size);
  next->raw.len = size;
  next->own_buffer = 1;
  while (last->next != NULL) last = last->next;
  last->next = next;
  return 0;
}

static int is_costly(const mbedtls_pk_context *key) {
  return mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA && mbedtls_mpi_bitlen(&mbedtls_pk_rsa(*key)->E) > LONGEST_RSA_EXPONENT;
}

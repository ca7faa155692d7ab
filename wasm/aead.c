/* The AEAD of a key of PSA's, set up once and kept with the key. Owns when a cipher is set up and wiped; what it does is Mbed
   TLS's, or what stands in for it. Called by our patch to PSA's one-shot functions (patches/0015), which is all that TLS
   uses: PSA itself sets the cipher up anew for every record, and for a short record that costs more than the record.

   A slot has at most one cipher. It is made by the first message, and made anew should another algorithm ask for it. */
#include "internal.h"

#include <stddef.h>
#include "mbedtls/ccm.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/gcm.h"
#include "mbedtls/platform.h"
#include "psa_crypto_core.h"

struct wt_aead {
  psa_algorithm_t algorithm; /* whatever the length of its tag */
  union {
    mbedtls_gcm_context gcm;
    mbedtls_ccm_context ccm;
    mbedtls_chachapoly_context chachapoly;
  } of; /* allocated as far as the algorithm needs it */
};

#define GCM PSA_ALG_AEAD_WITH_SHORTENED_TAG(PSA_ALG_GCM, 0)
#define CCM PSA_ALG_AEAD_WITH_SHORTENED_TAG(PSA_ALG_CCM, 0)
#define CHACHAPOLY PSA_ALG_AEAD_WITH_SHORTENED_TAG(PSA_ALG_CHACHA20_POLY1305, 0)

static size_t size_of(psa_algorithm_t algorithm) {
  switch (algorithm) {
    case GCM: return sizeof(mbedtls_gcm_context);
    case CCM: return sizeof(mbedtls_ccm_context);
    default: return sizeof(mbedtls_chachapoly_context);
  }
}

static int set_key(struct wt_aead *aead, const uint8_t *key, size_t size) {
  switch (aead->algorithm) {
    case GCM:
      mbedtls_gcm_init(&aead->of.gcm);
      return mbedtls_gcm_setkey(&aead->of.gcm, MBEDTLS_CIPHER_ID_AES, key, size * 8);
    case CCM:
      mbedtls_ccm_init(&aead->of.ccm);
      return mbedtls_ccm_setkey(&aead->of.ccm, MBEDTLS_CIPHER_ID_AES, key, size * 8);
    default:
      mbedtls_chachapoly_init(&aead->of.chachapoly);
      return mbedtls_chachapoly_setkey(&aead->of.chachapoly, key);
  }
}

/* As PSA has it: AES has GCM and CCM, ChaCha20 has Poly1305, whose tag is never shorter. */
static int fits(psa_key_type_t type, psa_algorithm_t algorithm) {
  psa_algorithm_t whole = PSA_ALG_AEAD_WITH_SHORTENED_TAG(algorithm, 0);
  if (whole == GCM || whole == CCM) return type == PSA_KEY_TYPE_AES;
  return algorithm == PSA_ALG_CHACHA20_POLY1305 && type == PSA_KEY_TYPE_CHACHA20;
}

static psa_status_t get_ready(psa_key_slot_t *slot, psa_algorithm_t algorithm) {
  psa_algorithm_t whole = PSA_ALG_AEAD_WITH_SHORTENED_TAG(algorithm, 0);
  if (slot->aead != NULL && slot->aead->algorithm == whole && fits(slot->attr.type, algorithm)) return PSA_SUCCESS;
  if (!fits(slot->attr.type, algorithm)) return PSA_ERROR_NOT_SUPPORTED;
  wt_aead_forget(&slot->aead);
  slot->aead = mbedtls_calloc(1, offsetof(struct wt_aead, of) + size_of(whole));
  if (slot->aead == NULL) return PSA_ERROR_INSUFFICIENT_MEMORY;
  slot->aead->algorithm = whole;
  psa_status_t status = mbedtls_to_psa_error(set_key(slot->aead, slot->key.data, slot->key.bytes));
  if (status != PSA_SUCCESS) wt_aead_forget(&slot->aead);
  return status;
}

void wt_aead_forget(struct wt_aead **at) {
  struct wt_aead *aead = *at;
  *at = NULL;
  if (aead == NULL) return;
  switch (aead->algorithm) {
    case GCM: mbedtls_gcm_free(&aead->of.gcm); break;
    case CCM: mbedtls_ccm_free(&aead->of.ccm); break;
    default: mbedtls_chachapoly_free(&aead->of.chachapoly);
  }
  mbedtls_free(aead);
}

static int seal(struct wt_aead *aead, const uint8_t *nonce, size_t nonce_size, const uint8_t *additional,
                size_t additional_size, const uint8_t *text, size_t size, uint8_t *out, size_t tag_size) {
  uint8_t *tag = out + size;
  switch (aead->algorithm) {
    case GCM:
      return mbedtls_gcm_crypt_and_tag(&aead->of.gcm, MBEDTLS_GCM_ENCRYPT, size, nonce, nonce_size, additional,
                                       additional_size, text, out, tag_size, tag);
    case CCM:
      return mbedtls_ccm_encrypt_and_tag(&aead->of.ccm, size, nonce, nonce_size, additional, additional_size, text, out,
                                         tag, tag_size);
    default:
      return mbedtls_chachapoly_encrypt_and_tag(&aead->of.chachapoly, size, nonce, additional, additional_size, text, out,
                                                tag);
  }
}

static int open(struct wt_aead *aead, const uint8_t *nonce, size_t nonce_size, const uint8_t *additional,
                size_t additional_size, const uint8_t *in, size_t size, uint8_t *text, size_t tag_size) {
  const uint8_t *tag = in + size;
  switch (aead->algorithm) {
    case GCM:
      return mbedtls_gcm_auth_decrypt(&aead->of.gcm, size, nonce, nonce_size, additional, additional_size, tag, tag_size,
                                      in, text);
    case CCM:
      return mbedtls_ccm_auth_decrypt(&aead->of.ccm, size, nonce, nonce_size, additional, additional_size, in, text, tag,
                                      tag_size);
    default:
      return mbedtls_chachapoly_auth_decrypt(&aead->of.chachapoly, size, nonce, additional, additional_size, tag, in,
                                             text);
  }
}

psa_status_t wt_aead_encrypt(psa_key_slot_t *slot, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonce_size,
                             const uint8_t *additional, size_t additional_size, const uint8_t *text, size_t size,
                             uint8_t *out, size_t room, size_t *written) {
  size_t tag_size = PSA_ALG_AEAD_GET_TAG_LENGTH(algorithm);
  psa_status_t status = get_ready(slot, algorithm);
  if (status != PSA_SUCCESS) return status;
  if (room < size + tag_size) return PSA_ERROR_BUFFER_TOO_SMALL;
  int error = seal(slot->aead, nonce, nonce_size, additional, additional_size, text, size, out, tag_size);
  if (error == 0) *written = size + tag_size;
  return mbedtls_to_psa_error(error);
}

psa_status_t wt_aead_decrypt(psa_key_slot_t *slot, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonce_size,
                             const uint8_t *additional, size_t additional_size, const uint8_t *in, size_t in_size,
                             uint8_t *text, size_t room, size_t *written) {
  size_t tag_size = PSA_ALG_AEAD_GET_TAG_LENGTH(algorithm);
  psa_status_t status = get_ready(slot, algorithm);
  if (status != PSA_SUCCESS) return status;
  if (in_size < tag_size) return PSA_ERROR_INVALID_ARGUMENT;
  size_t size = in_size - tag_size;
  if (room < size) return PSA_ERROR_BUFFER_TOO_SMALL;
  int error = open(slot->aead, nonce, nonce_size, additional, additional_size, in, size, text, tag_size);
  if (error == 0) *written = size;
  return mbedtls_to_psa_error(error);
}

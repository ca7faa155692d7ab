/* What the evidence calls: the layers and kernels of wasm/crypto one by one, and Mbed TLS's modes over them. Owns names and
   nothing else. Linked with the very objects of the shipped module into build/evidence.wasm, which is never shipped.

   A state is eight blocks; its layers work on planes, so that all but the transposition are put between two of them. */
#include "evidence.h"

#include "aes_layers.h"
#include "kernels.h"
#include "mbedtls/aes.h"
#include "mbedtls/ccm.h"
#include "mbedtls/chacha20.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/gcm.h"
#include "products.h"

static void load(v128_t q[8], const uint8_t *state) {
  for (int i = 0; i < 8; i++) q[i] = wasm_v128_load(state + 16 * i);
}

static void store(uint8_t *state, const v128_t q[8]) {
  for (int i = 0; i < 8; i++) wasm_v128_store(state + 16 * i, q[i]);
}

#define LAYER(name, work)                                         \
  EVIDENCE(void, name, uint8_t *state, uint32_t round) {          \
    const wt_aes_constants *constants = wt_opaque();              \
    v128_t q[8];                                                  \
    (void)round;                                                  \
    load(q, state);                                               \
    wt_transpose(q, constants);                                   \
    work;                                                         \
    wt_transpose(q, constants);                                   \
    store(state, q);                                              \
  }

LAYER(sub_bytes, wt_sub_bytes(q))
LAYER(undo_sub_bytes, wt_undo_sub_bytes(q))
LAYER(mix_columns, wt_mix_columns(q, constants->steps[round & 3]))
LAYER(undo_mix_columns, wt_undo_mix_columns(q, constants->steps[round & 3]))
LAYER(shift_rows, wt_permute(q, constants->shift_rows[round & 3]))

EVIDENCE(void, transpose, uint8_t *state) {
  v128_t q[8];
  load(q, state);
  wt_transpose(q, wt_opaque());
  store(state, q);
}

EVIDENCE(size_t, aes_key_size, void) { return sizeof(wt_aes_key); }
EVIDENCE(void, aes_set_key, wt_aes_key *key, const uint8_t *bytes, size_t size) { wt_aes_set_key(key, bytes, size); }
EVIDENCE(const uint8_t *, aes_planes, wt_aes_key *key) { return key->planes[0][0]; }
EVIDENCE(void, aes_encrypt, wt_aes_key *key, uint8_t *state) { wt_aes_encrypt(key, state, state); }
EVIDENCE(void, aes_decrypt, wt_aes_key *key, uint8_t *state) { wt_aes_decrypt(key, state, state); }
EVIDENCE(void, aes_ctr, wt_aes_key *key, uint8_t *counter, const uint8_t *in, uint8_t *out, size_t batches) {
  wt_aes_ctr(key, counter, in, out, batches);
}

EVIDENCE(size_t, ghash_key_size, void) { return sizeof(wt_ghash_key); }
EVIDENCE(void, ghash_set_key, wt_ghash_key *key, const uint8_t *h) { wt_ghash_set_key(key, h); }
EVIDENCE(void, ghash, wt_ghash_key *key, uint8_t *hash, const uint8_t *data, size_t blocks) { wt_ghash(key, hash, data, blocks); }

/* Any factor in the place of H^(power + 1), so that the four products of one step are four independent ones. */
EVIDENCE(void, ghash_set_power, wt_ghash_key *key, uint32_t power, const uint8_t *factor) {
  wt_ghash_table(key->tables[power], factor);
  key->has_powers = 1;
}

EVIDENCE(size_t, gcm_context_size, void) { return sizeof(mbedtls_gcm_context); }
EVIDENCE(int, gcm_set_key, mbedtls_gcm_context *gcm, const uint8_t *key, size_t bits) {
  mbedtls_gcm_init(gcm);
  return mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, (unsigned)bits);
}
EVIDENCE(int, gcm_other_cipher, mbedtls_gcm_context *gcm, const uint8_t *key) {
  return mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_CAMELLIA, key, 128);
}
EVIDENCE(int, gcm_seal, mbedtls_gcm_context *gcm, const uint8_t *iv, size_t iv_size, const uint8_t *aad, size_t aad_size,
         const uint8_t *in, uint8_t *out, size_t size, uint8_t *tag, size_t tag_size) {
  return mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, size, iv, iv_size, aad, aad_size, in, out, tag_size, tag);
}
EVIDENCE(int, gcm_open, mbedtls_gcm_context *gcm, const uint8_t *iv, size_t iv_size, const uint8_t *aad, size_t aad_size,
         const uint8_t *in, uint8_t *out, size_t size, const uint8_t *tag, size_t tag_size) {
  return mbedtls_gcm_auth_decrypt(gcm, size, iv, iv_size, aad, aad_size, tag, tag_size, in, out);
}
EVIDENCE(int, gcm_starts, mbedtls_gcm_context *gcm, int mode, const uint8_t *iv, size_t size) {
  return mbedtls_gcm_starts(gcm, mode, iv, size);
}
EVIDENCE(int, gcm_update_ad, mbedtls_gcm_context *gcm, const uint8_t *data, size_t size) {
  return mbedtls_gcm_update_ad(gcm, data, size);
}
EVIDENCE(int, gcm_update, mbedtls_gcm_context *gcm, const uint8_t *in, uint8_t *out, size_t size) {
  size_t written;
  int status = mbedtls_gcm_update(gcm, in, size, out, size, &written);
  return status == 0 ? (int)written : status;
}
EVIDENCE(int, gcm_finish, mbedtls_gcm_context *gcm, uint8_t *tag, size_t size) {
  size_t written;
  return mbedtls_gcm_finish(gcm, NULL, 0, &written, tag, size);
}

EVIDENCE(int, ccm_seal, const uint8_t *key, size_t bits, const uint8_t *iv, size_t iv_size, const uint8_t *aad, size_t aad_size,
         const uint8_t *in, uint8_t *out, size_t size, uint8_t *tag, size_t tag_size) {
  mbedtls_ccm_context ccm;
  mbedtls_ccm_init(&ccm);
  int status = mbedtls_ccm_setkey(&ccm, MBEDTLS_CIPHER_ID_AES, key, (unsigned)bits);
  if (status == 0) status = mbedtls_ccm_encrypt_and_tag(&ccm, size, iv, iv_size, aad, aad_size, in, out, tag, tag_size);
  mbedtls_ccm_free(&ccm);
  return status;
}
EVIDENCE(int, ccm_open, const uint8_t *key, size_t bits, const uint8_t *iv, size_t iv_size, const uint8_t *aad, size_t aad_size,
         const uint8_t *in, uint8_t *out, size_t size, const uint8_t *tag, size_t tag_size) {
  mbedtls_ccm_context ccm;
  mbedtls_ccm_init(&ccm);
  int status = mbedtls_ccm_setkey(&ccm, MBEDTLS_CIPHER_ID_AES, key, (unsigned)bits);
  if (status == 0) status = mbedtls_ccm_auth_decrypt(&ccm, size, iv, iv_size, aad, aad_size, in, out, tag, tag_size);
  mbedtls_ccm_free(&ccm);
  return status;
}

/* `mode` 1 encrypts, 0 decrypts. */
EVIDENCE(int, cbc, const uint8_t *key, size_t bits, int mode, uint8_t *iv, const uint8_t *in, uint8_t *out, size_t size) {
  mbedtls_aes_context aes;
  mbedtls_aes_init(&aes);
  int status = mode == MBEDTLS_AES_ENCRYPT ? mbedtls_aes_setkey_enc(&aes, key, (unsigned)bits)
                                           : mbedtls_aes_setkey_dec(&aes, key, (unsigned)bits);
  if (status == 0) status = mbedtls_aes_crypt_cbc(&aes, mode, size, iv, in, out);
  mbedtls_aes_free(&aes);
  return status;
}
EVIDENCE(int, ecb, const uint8_t *key, size_t bits, int mode, const uint8_t *in, uint8_t *out) {
  mbedtls_aes_context aes;
  mbedtls_aes_init(&aes);
  int status = mbedtls_aes_setkey_enc(&aes, key, (unsigned)bits);
  if (status == 0) status = mbedtls_aes_crypt_ecb(&aes, mode, in, out);
  mbedtls_aes_free(&aes);
  return status;
}

EVIDENCE(size_t, chacha20_context_size, void) { return sizeof(mbedtls_chacha20_context); }
EVIDENCE(void, chacha20_start, mbedtls_chacha20_context *chacha, const uint8_t *key, const uint8_t *nonce, uint32_t counter) {
  mbedtls_chacha20_init(chacha);
  mbedtls_chacha20_setkey(chacha, key);
  mbedtls_chacha20_starts(chacha, nonce, counter);
}
EVIDENCE(int, chacha20_update, mbedtls_chacha20_context *chacha, const uint8_t *in, uint8_t *out, size_t size) {
  return mbedtls_chacha20_update(chacha, size, in, out);
}

/* As PSA does it, which refuses other sizes of nonces. */
EVIDENCE(int, chachapoly_seal, const uint8_t *key, const uint8_t *iv, size_t iv_size, const uint8_t *aad, size_t aad_size,
         const uint8_t *in, uint8_t *out, size_t size, uint8_t *tag) {
  if (iv_size != 12) return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
  mbedtls_chachapoly_context both;
  mbedtls_chachapoly_init(&both);
  int status = mbedtls_chachapoly_setkey(&both, key);
  if (status == 0) status = mbedtls_chachapoly_encrypt_and_tag(&both, size, iv, aad, aad_size, in, out, tag);
  mbedtls_chachapoly_free(&both);
  return status;
}
EVIDENCE(int, chachapoly_open, const uint8_t *key, const uint8_t *iv, size_t iv_size, const uint8_t *aad, size_t aad_size,
         const uint8_t *in, uint8_t *out, size_t size, const uint8_t *tag) {
  if (iv_size != 12) return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
  mbedtls_chachapoly_context both;
  mbedtls_chachapoly_init(&both);
  int status = mbedtls_chachapoly_setkey(&both, key);
  if (status == 0) status = mbedtls_chachapoly_auth_decrypt(&both, size, iv, aad, aad_size, tag, in, out);
  mbedtls_chachapoly_free(&both);
  return status;
}

EVIDENCE(void, multiply, uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b, size_t b_limbs) {
  wt_multiply(product, a, a_limbs, b, b_limbs);
}

EVIDENCE(void, montgomery, uint64_t *t, const uint64_t *a, const uint64_t *b, const uint64_t *n, size_t limbs, const uint64_t *mm) {
  wt_montgomery(t, a, b, n, limbs, *mm);
}

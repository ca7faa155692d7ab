/* What the evidence calls of every module but that of Mbed TLS: the kernels of wasm/crypto one by one, and Mbed TLS's modes over
   them. Owns names and nothing else. Linked with the very objects of the shipped modules, for tests only; what is inside our
   own kernels is in inside.c. */
#include "evidence.h"

#include "almost_inverse.h"
#include "kernels.h"
#include "mbedtls/aes.h"
#include "mbedtls/ccm.h"
#include "mbedtls/chacha20.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/gcm.h"
#include "mbedtls/sha256.h"
#include "p256.h"
#include "products.h"
#include "psa/crypto.h"

EVIDENCE(size_t, aes_key_size, void) { return sizeof(wt_aes_key); }
EVIDENCE(void, aes_set_key, wt_aes_key *key, const uint8_t *bytes, size_t size) { wt_aes_set_key(key, bytes, size); }
EVIDENCE(void, aes_encrypt, wt_aes_key *key, uint8_t *state) { wt_aes_encrypt(key, state, state); }
EVIDENCE(void, aes_decrypt, wt_aes_key *key, uint8_t *state) { wt_aes_decrypt(key, state, state); }
EVIDENCE(void, aes_ctr, wt_aes_key *key, uint8_t *counter, const uint8_t *in, uint8_t *out, size_t batches) {
  wt_aes_ctr(key, counter, in, out, batches);
}

EVIDENCE(size_t, ghash_key_size, void) { return sizeof(wt_ghash_key); }
EVIDENCE(void, ghash_set_key, wt_ghash_key *key, const uint8_t *h) { wt_ghash_set_key(key, h); }
EVIDENCE(void, ghash, wt_ghash_key *key, uint8_t *hash, const uint8_t *data, size_t blocks) { wt_ghash(key, hash, data, blocks); }

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
EVIDENCE(int, chachapoly_pieces, const uint8_t *key, const uint8_t *iv, int mode, const uint8_t *aad, size_t aad_size, uint8_t *text,
         const uint32_t *sizes, size_t count, uint8_t *tag) {
  mbedtls_chachapoly_context both;
  mbedtls_chachapoly_init(&both);
  int status = mbedtls_chachapoly_setkey(&both, key);
  if (status == 0) status = mbedtls_chachapoly_starts(&both, iv, (mbedtls_chachapoly_mode_t)mode);
  size_t half = aad_size / 2;
  if (status == 0) status = mbedtls_chachapoly_update_aad(&both, aad, half);
  if (status == 0) status = mbedtls_chachapoly_update_aad(&both, aad + half, aad_size - half);
  for (size_t i = 0; i < count && status == 0; text += sizes[i], i++) {
    status = mbedtls_chachapoly_update(&both, sizes[i], text, text);
  }
  if (status == 0) status = mbedtls_chachapoly_finish(&both, tag);
  mbedtls_chachapoly_free(&both);
  return status;
}
/* Whether each call out of order is refused: the number of those that were not. */
EVIDENCE(int, chachapoly_order, const uint8_t *key, const uint8_t *iv, uint8_t *text, uint8_t *tag) {
  mbedtls_chachapoly_context both;
  mbedtls_chachapoly_init(&both);
  int taken = mbedtls_chachapoly_setkey(&both, key);
  taken += mbedtls_chachapoly_update_aad(&both, text, 1) == 0;
  taken += mbedtls_chachapoly_update(&both, 1, text, text) == 0;
  taken += mbedtls_chachapoly_finish(&both, tag) == 0;
  mbedtls_chachapoly_starts(&both, iv, MBEDTLS_CHACHAPOLY_ENCRYPT);
  mbedtls_chachapoly_update(&both, 1, text, text);
  taken += mbedtls_chachapoly_update_aad(&both, text, 1) == 0;
  mbedtls_chachapoly_finish(&both, tag);
  taken += mbedtls_chachapoly_update(&both, 1, text, text) == 0;
  mbedtls_chachapoly_free(&both);
  return taken;
}

/* Keys of PSA, whose ciphers are set up once (wasm/aead.c). */
EVIDENCE(int, key_import, psa_key_type_t type, psa_algorithm_t algorithm, const uint8_t *bytes, size_t size) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  mbedtls_svc_key_id_t key;
  psa_set_key_type(&attributes, type);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
  psa_set_key_algorithm(&attributes, algorithm);
  psa_status_t status = psa_import_key(&attributes, bytes, size, &key);
  return status == PSA_SUCCESS ? (int)key : status;
}
EVIDENCE(int, key_seal, int key, psa_algorithm_t algorithm, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out, size_t room) {
  size_t written;
  psa_status_t status = psa_aead_encrypt((mbedtls_svc_key_id_t)key, algorithm, iv, 12, iv, 12, in, size, out, room, &written);
  return status == PSA_SUCCESS ? (int)written : status;
}
EVIDENCE(int, key_open, int key, psa_algorithm_t algorithm, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out, size_t room) {
  size_t written;
  psa_status_t status = psa_aead_decrypt((mbedtls_svc_key_id_t)key, algorithm, iv, 12, iv, 12, in, size, out, room, &written);
  return status == PSA_SUCCESS ? (int)written : status;
}
EVIDENCE(int, key_destroy, int key) { return psa_destroy_key((mbedtls_svc_key_id_t)key); }

EVIDENCE(int, sha256, const uint8_t *data, size_t size, uint8_t *digest, int is_224) {
  return mbedtls_sha256(data, size, digest, is_224);
}

EVIDENCE(void, multiply, uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b, size_t b_limbs) {
  wt_multiply(product, a, a_limbs, b, b_limbs);
}

EVIDENCE(void, montgomery, uint64_t *t, const uint64_t *a, const uint64_t *b, const uint64_t *n, size_t limbs, const uint64_t *mm) {
  wt_montgomery(t, a, b, n, limbs, *mm);
}

/* As the record layer, Finished messages and the PRF of TLS 1.2 have it. Tags cut short are what PSA calls another algorithm. */
static psa_status_t mac_key(psa_algorithm_t mac, const uint8_t *key, size_t size, mbedtls_svc_key_id_t *id) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE);
  psa_set_key_algorithm(&attributes, mac);
  return psa_import_key(&attributes, key, size, id);
}
EVIDENCE(int, hmac, psa_algorithm_t hash, const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t *tag,
         size_t tag_size) {
  psa_algorithm_t mac = PSA_ALG_TRUNCATED_MAC(PSA_ALG_HMAC(hash), tag_size);
  mbedtls_svc_key_id_t id;
  psa_status_t status = mac_key(mac, key, key_size, &id);
  if (status != PSA_SUCCESS) return status;
  size_t length;
  status = psa_mac_compute(id, mac, data, size, tag, tag_size, &length);
  psa_destroy_key(id);
  return status;
}
EVIDENCE(int, hmac_verify, psa_algorithm_t hash, const uint8_t *key, size_t key_size, const uint8_t *data, size_t size,
         const uint8_t *tag, size_t tag_size) {
  psa_algorithm_t mac = PSA_ALG_TRUNCATED_MAC(PSA_ALG_HMAC(hash), tag_size);
  mbedtls_svc_key_id_t id;
  psa_status_t status = mac_key(mac, key, key_size, &id);
  if (status != PSA_SUCCESS) return status;
  status = psa_mac_verify(id, mac, data, size, tag, tag_size);
  psa_destroy_key(id);
  return status;
}

/* HKDF in two steps, as the key schedule of TLS 1.3 takes them; the pseudorandom key has the size of the hash. */
EVIDENCE(int, hkdf, psa_algorithm_t hash, const uint8_t *salt, size_t salt_size, const uint8_t *secret, size_t secret_size,
         const uint8_t *info, size_t info_size, uint8_t *out, size_t size) {
  uint8_t extracted[PSA_HASH_MAX_SIZE];
  psa_key_derivation_operation_t extract = PSA_KEY_DERIVATION_OPERATION_INIT, expand = PSA_KEY_DERIVATION_OPERATION_INIT;
  psa_status_t status = psa_key_derivation_setup(&extract, PSA_ALG_HKDF_EXTRACT(hash));
  if (status == PSA_SUCCESS) status = psa_key_derivation_input_bytes(&extract, PSA_KEY_DERIVATION_INPUT_SALT, salt, salt_size);
  if (status == PSA_SUCCESS) status = psa_key_derivation_input_bytes(&extract, PSA_KEY_DERIVATION_INPUT_SECRET, secret, secret_size);
  if (status == PSA_SUCCESS) status = psa_key_derivation_output_bytes(&extract, extracted, PSA_HASH_LENGTH(hash));
  psa_key_derivation_abort(&extract);
  if (status == PSA_SUCCESS) status = psa_key_derivation_setup(&expand, PSA_ALG_HKDF_EXPAND(hash));
  if (status == PSA_SUCCESS) {
    status = psa_key_derivation_input_bytes(&expand, PSA_KEY_DERIVATION_INPUT_SECRET, extracted, PSA_HASH_LENGTH(hash));
  }
  if (status == PSA_SUCCESS) status = psa_key_derivation_input_bytes(&expand, PSA_KEY_DERIVATION_INPUT_INFO, info, info_size);
  if (status == PSA_SUCCESS) status = psa_key_derivation_output_bytes(&expand, out, size);
  psa_key_derivation_abort(&expand);
  return status;
}

EVIDENCE(int, p256_verify, const uint8_t *signature, const uint8_t *key, const uint8_t *digest, size_t size) {
  return wt_p256_verify(signature, key, digest, size);
}
EVIDENCE(int, p256_verify_awslc, const uint8_t *signature, const uint8_t *key, const uint8_t *digest, size_t size) {
  return wt_p256_verify_awslc(signature, key, digest, size);
}
EVIDENCE(int, p256_multipliers, uint8_t *base, uint8_t *key, const uint8_t *signature, const uint8_t *digest, size_t size) {
  return wt_p256_multipliers(base, key, signature, digest, size);
}
EVIDENCE(void, p256_recode, int8_t *digits, const uint8_t *multiplier, int window) { wt_p256_recode(digits, multiplier, window); }
EVIDENCE(void, p256_base_multiple, uint8_t *point, int index) { wt_p256_base_multiple(point, index); }
EVIDENCE(int, almost_invert, uint64_t *inverse, const uint64_t *number, const uint64_t *modulus) {
  return wt_almost_invert(inverse, number, modulus);
}

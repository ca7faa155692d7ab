/* Promise fuzzed: whatever stands in a certificate, a key or a signature, and in what passwords open, the functions that TypeScript gives
   it to neither write nor read where they must not, and leave nothing behind. An input is the function, three bytes for it, and what it
   is given. PEM, PKCS#12 and all that a certificate says but its key are read in TypeScript; revocation lists too, so that Mbed TLS's
   parser of those is not in the module. */
#include <string.h>

#include "mbedtls/pk.h"
#include "mbedtls/rsa.h"
#include "scene.h"

enum { CERTIFICATE, PRIVATE_KEY, SIGNATURE, DECRYPTION, DERIVATION, FUNCTIONS };
enum { HEAD_SIZE = 4, LARGEST_RSA_KEY = 256, LARGEST_SALT = 64 };

static const int hashes[] = { 1, 5, 224, 256, 384, 512 };

static void use_certificate(bytes der);
static void use_private_key(const uint8_t *choices, bytes der);
static void check_signature(const uint8_t *choices, bytes given);
static void decrypt(const uint8_t *choices, bytes given);
static void derive(const uint8_t *choices, bytes given);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void) count, (void) arguments;
  start_module();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < HEAD_SIZE) return 0;
  const uint8_t *choices = data + 1;
  bytes given = { data + HEAD_SIZE, size - HEAD_SIZE };
  trial trial = begin_trial();
  switch (data[0] % FUNCTIONS) {
    case CERTIFICATE: use_certificate(given); break;
    case PRIVATE_KEY: use_private_key(choices, given); break;
    case SIGNATURE: check_signature(choices, given); break;
    case DECRYPTION: decrypt(choices, given); break;
    default: derive(choices, given);
  }
  end_trial(trial);
  return 0;
}

/* As the first and as a later one of a chain, with a key that does not fit, or does. */
static void use_certificate(bytes der) {
  bytes key = own_key();
  uint8_t *block = lent(der), *key_block = lent(key);
  wt_settings *settings = wt_settings_new(1);
  wt_settings_add_identity(settings);
  int error = wt_settings_identity_certificate(settings, block, der.size);
  if (error == 0 && wt_settings_identity_certificate(settings, block, der.size) != 0) give_up("a certificate is refused behind itself");
  if (error == 0) wt_settings_identity_key(settings, key_block, key.size);
  wt_release(block);
  wt_release(key_block);
  wt_settings_release(settings);
}

/* Whether signing with it takes less than a second here: the time is the cube of the size. */
static int is_quick(const uint8_t *der, size_t size) {
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  int quick = mbedtls_pk_parse_key(&key, der, size, NULL, 0, wt_fill_random, NULL) == 0 && mbedtls_pk_get_len(&key) <= LARGEST_RSA_KEY;
  mbedtls_pk_free(&key);
  return quick;
}

static void use_private_key(const uint8_t *choices, bytes der) {
  static const uint8_t text[] = "what is signed";
  uint8_t *block = lent(der), *at = wt_allocate(der.size + sizeof text);
  int size = wt_public_key(block, der.size);
  if (size > 0) look_at(wt_scratch(), (size_t) size);
  memcpy(at, der.at, der.size);
  memcpy(at + der.size, text, sizeof text);
  if (is_quick(block, der.size)) size = wt_sign(at, der.size, sizeof text, hashes[choices[0] % 6]);
  if (size > 0) look_at(wt_scratch(), (size_t) size);
  bytes certificate = own_certificate();
  wt_settings *settings = wt_settings_new(1);
  wt_settings_add_identity(settings);
  wt_settings_identity_certificate(settings, certificate.at, certificate.size);
  wt_settings_identity_key(settings, block, der.size);
  wt_settings_release(settings);
  wt_release(block);
  wt_release(at);
}

/* The last bytes are the signature, those before them the data. */
static void check_signature(const uint8_t *choices, bytes given) {
  size_t signature = given.size < choices[0] * 2u ? given.size : choices[0] * 2u;
  size_t data = given.size - signature < choices[1] % 32u ? 0 : choices[1] % 32u;
  uint8_t *block = lent(given);
  wt_verify_signature(block, given.size - signature - data, data, signature, hashes[choices[2] % 6], choices[2] / 6 % 2 ? -1 : choices[2] / 12);
  wt_release(block);
}

/* The sizes of keys and blocks are TypeScript's: AES, DES, Triple-DES. */
static void decrypt(const uint8_t *choices, bytes given) {
  static const size_t kinds[][2] = { { 16, 16 }, { 24, 16 }, { 32, 16 }, { 8, 8 }, { 16, 8 }, { 24, 8 } };
  const size_t *kind = kinds[choices[0] % 6], head = kind[0] + kind[1];
  if (given.size < head) return;
  uint8_t *block = lent(given);
  int size = wt_decrypt(block, kind[0], kind[1], given.size - head);
  if (size > (int) (given.size - head)) give_up("more was decrypted than there was");
  if (size > 0) look_at(block + head, (size_t) size);
  wt_release(block);
}

/* The first bytes are the salt. */
static void derive(const uint8_t *choices, bytes given) {
  size_t salt = given.size < choices[0] % LARGEST_SALT ? given.size : choices[0] % LARGEST_SALT;
  int hash = hashes[choices[1] % 6], iterations = choices[2] % 4 + 1;
  uint8_t *block = lent(given);
  switch (choices[2] / 4 % 4) {
    case 0: wt_pbkdf1(block, given.size, iterations, hash); break;
    case 1: wt_pbkdf2(block, given.size - salt, salt, iterations, hash, choices[1] + 1u); break;
    case 2: wt_pkcs12_key(block, given.size - salt, salt, iterations, hash, choices[2] / 16 % 3 + 1); break;
    default: wt_hmac(block, given.size - salt, salt, hash);
  }
  look_at(wt_scratch(), 300);
  wt_release(block);
}

/* The primitives and conversations of the module, compiled for this machine, with their secrets marked (secrets.h): valgrind reports
   each branch and each address that depends on one. Owns the scenarios and the verdict; what is published meanwhile says
   declassified.patch, what is known to depend on blinded secrets, blinded.supp.

   Arguments: an RSA key (PKCS#1, DER), then the scenarios to run, by the front of their names; all without any. Under valgrind only. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "mbedtls/pk.h"
#include "mbedtls/rsa.h"
#include "secrets.h"

/* The module's own imports: randomness that looks random, and a standing clock. */
int wt_random(uint8_t *into, size_t size) {
  static uint64_t state = 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < size; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    into[i] = (uint8_t) (state >> 56);
  }
  return 0;
}
double wt_now(void) { return 1767225600000.0; }

/* What the evidence module exports (test/crypto/module, test/crypto/probe.c). */
int gcm_set_key(void *, const uint8_t *, size_t);
int gcm_seal(void *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, uint8_t *, size_t);
int gcm_open(void *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, const uint8_t *, size_t);
size_t gcm_context_size(void);
int ccm_seal(const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, uint8_t *, size_t);
int ccm_open(const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, const uint8_t *, size_t);
int chachapoly_seal(const uint8_t *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, uint8_t *);
int chachapoly_open(const uint8_t *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, const uint8_t *);
int cbc(const uint8_t *, size_t, int, uint8_t *, const uint8_t *, uint8_t *, size_t);
int cbc_record_open(const uint8_t *, uint8_t *, size_t);
int pk_parse(mbedtls_pk_context *, const uint8_t *, size_t);
int rsa_private(mbedtls_pk_context *, const uint8_t *, uint8_t *);
int rsa_decrypt(mbedtls_pk_context *, const uint8_t *, uint8_t *, size_t);
int probe_public(int, const uint8_t *, size_t);
int probe_agree(int, const uint8_t *, size_t, size_t);
int probe_sign(int, const uint8_t *, size_t, size_t);
int stock_aes(const uint8_t *, size_t, const uint8_t *, uint8_t *);
int leaky_equal(const uint8_t *, const uint8_t *, size_t);

#define TEXT 1500
static uint8_t key[64], iv[16], aad[13], text[TEXT], tag[16];
static const char *rsa_file;

static void expect(int so, const char *what) {
  if (so) return;
  fprintf(stderr, "Cannot go on: %s\n", what);
  exit(2);
}

static void fresh_secrets(void) {
  wt_random(key, sizeof key);
  wt_random(iv, sizeof iv);
  wt_random(text, sizeof text);
  secret(key, sizeof key);
  secret(text, sizeof text);
}

/* What is sent may be seen. */
static void send_it(size_t size) {
  published(text, size);
  published(tag, sizeof tag);
}

static void check_gcm(void) {
  fresh_secrets();
  void *gcm = calloc(1, gcm_context_size());
  expect(gcm_set_key(gcm, key, 256) == 0, "no key");
  expect(gcm_seal(gcm, iv, 12, aad, 13, text, text, TEXT, tag, 16) == 0, "not sealed");
  send_it(TEXT);
  expect(gcm_open(gcm, iv, 12, aad, 13, text, text, TEXT, tag, 16) == 0, "not opened");
  tag[5] ^= 1;
  expect(gcm_open(gcm, iv, 12, aad, 13, text, text, TEXT, tag, 16) != 0, "opened");
  free(gcm);
}

static void check_ccm(void) {
  fresh_secrets();
  expect(ccm_seal(key, 128, iv, 12, aad, 13, text, text, TEXT, tag, 16) == 0, "not sealed");
  send_it(TEXT);
  expect(ccm_open(key, 128, iv, 12, aad, 13, text, text, TEXT, tag, 16) == 0, "not opened");
}

static void check_chacha(void) {
  fresh_secrets();
  expect(chachapoly_seal(key, iv, 12, aad, 13, text, text, TEXT, tag) == 0, "not sealed");
  send_it(TEXT);
  expect(chachapoly_open(key, iv, 12, aad, 13, text, text, TEXT, tag) == 0, "not opened");
  tag[5] ^= 1;
  expect(chachapoly_open(key, iv, 12, aad, 13, text, text, TEXT, tag) != 0, "opened");
}

static void check_sealing(void) {
  fresh_secrets();
  expect(wt_seal(text, 200, key) == 0, "not sealed");
  published(text, 216);
  expect(wt_unseal(text, 216, key) == 0, "not opened");
}

static void check_hashes(void) {
  static const int hashes[] = { 256, 384, 512 };
  for (int i = 0; i < 3; i++) {
    fresh_secrets();
    expect(wt_hash(text, 300, hashes[i]) > 0, "no hash");
    expect(wt_hmac(text, 48, 200, hashes[i]) > 0, "no code");
    expect(wt_pbkdf2(text, 20, 16, 3, hashes[i], 32) == 0, "no key");
  }
}

/* Records that nobody made with care: nearly all are wrong, in all ways. */
static void check_cbc(void) {
  for (int i = 0; i < 20; i++) {
    fresh_secrets();
    expect(cbc(key, 256, 1, iv, text, text, 320) == 0, "not encrypted");
    published(text, 320);
    int size = cbc_record_open(key, text, 320);
    published(&size, sizeof size);
  }
}

static int size_of(int curve) { return curve == 255 ? 32 : (curve + 7) / 8; }

static void check_curve(int curve) {
  uint8_t at[3 * 133];
  int size = size_of(curve);
  wt_random(at, size);
  if (curve == 521) at[0] &= 1;
  int public_size = probe_public(curve, at, size);
  expect(public_size > 0, "no public key");
  memcpy(at + size, wt_scratch(), public_size);
  secret(at, size);
  expect(probe_public(curve, at, size) == public_size, "no public key");
  published(wt_scratch(), public_size);
  expect(probe_agree(curve, at, size, public_size) > 0, "no agreement");
  if (curve == 255) return;
  wt_random(at + size, 32);
  expect(probe_sign(curve, at, size, 32) == 2 * size, "no signature");
}

static void check_x25519(void) { check_curve(255); }
static void check_p256(void) { check_curve(256); }
static void check_p384(void) { check_curve(384); }
static void check_p521(void) { check_curve(521); }

static void secret_number(const mbedtls_mpi *number) { secret(number->p, number->n * sizeof(mbedtls_mpi_uint)); }

static void check_rsa(void) {
  static uint8_t der[4096], number[256];
  FILE *file = fopen(rsa_file, "rb");
  expect(file != NULL, "the RSA key cannot be read");
  size_t size = fread(der, 1, sizeof der, file);
  fclose(file);
  mbedtls_pk_context pk;
  expect(pk_parse(&pk, der, size) == 0, "the RSA key is none");
  mbedtls_rsa_context *rsa = mbedtls_pk_rsa(pk);
  const mbedtls_mpi *numbers[] = { &rsa->D, &rsa->P, &rsa->Q, &rsa->DP, &rsa->DQ, &rsa->QP };
  for (int i = 0; i < 6; i++) secret_number(numbers[i]);
  wt_random(number, sizeof number);
  number[0] = 0;
  expect(rsa_private(&pk, number, text) == 0, "no private operation");
  int error = rsa_decrypt(&pk, number, text, 256);
  published(&error, sizeof error);
  mbedtls_pk_free(&pk);
}

/* Everything that one side has for the other goes over. */
static size_t carry(wt_connection *from, wt_connection *to) {
  size_t size = wt_outgoing_size(from);
  if (size == 0) return 0;
  uint8_t *into = wt_incoming_reserve(to, size, 0);
  published(wt_outgoing_data(from), size);
  memcpy(into, wt_outgoing_data(from), size);
  wt_incoming_commit(to, size);
  wt_outgoing_consume(from, size);
  return size;
}

static wt_connection *side(int server, int version, uint16_t suite) {
  static const uint8_t identity[] = "device 17";
  wt_settings *settings = wt_settings_new(server);
  wt_settings_set_versions(settings, version, version);
  expect(wt_settings_set_ciphersuites(settings, &suite, 1) == 0, "no cipher suite");
  expect(wt_settings_set_psk(settings, identity, sizeof identity, key, server ? 0 : 32) == 0, "no key");
  wt_connection *connection = wt_connection_new(settings, server ? NULL : "localhost");
  expect(connection != NULL, "no connection");
  if (server) expect(wt_give_psk(connection, identity, sizeof identity, key, 32) == 0, "no key");
  if (server) expect(wt_seal_sessions(connection, text, NULL, 0, 7200, 1) == 0, "no tickets");
  wt_settings_release(settings);
  return connection;
}

static void talk(int version, uint16_t suite) {
  fresh_secrets();
  wt_connection *client = side(0, version, suite), *server = side(1, version, suite);
  int left = 1, right = 1;
  do {
    left = wt_handshake(client);
    carry(client, server);
    right = wt_handshake(server);
  } while (carry(server, client) > 0);
  expect(wt_handshake(client) == 0 && left == 0 && right == 0, "no handshake");
  secret(wt_plaintext_reserve(client, 100), 100);
  expect(wt_write(client, 100) == 100, "not written");
  carry(client, server);
  expect(wt_read(server) == 100, "not read");
  wt_plaintext_consume(server, 100);
  wt_connection_free(client);
  wt_connection_free(server);
}

static void check_tls13(void) {
  talk(0x304, 0x1301);
  talk(0x304, 0x1303);
}
static void check_tls12(void) {
  talk(0x303, 0xc037); /* TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256 */
  talk(0x303, 0x00a9); /* TLS_PSK_WITH_AES_256_GCM_SHA384 */
}

static void leak_branch(void) {
  fresh_secrets();
  int equal = leaky_equal(key, text, 32);
  published(&equal, sizeof equal);
}

static void leak_table(void) {
  fresh_secrets();
  expect(stock_aes(key, 128, text, text) == 0, "not encrypted");
}

static const struct {
  const char *name;
  void (*run)(void);
  int leaks;
} scenarios[] = {
  { "gcm", check_gcm, 0 },       { "ccm", check_ccm, 0 },       { "chacha20-poly1305", check_chacha, 0 },
  { "sealing", check_sealing, 0 }, { "hashes", check_hashes, 0 }, { "cbc records", check_cbc, 0 },
  { "x25519", check_x25519, 0 }, { "p-256", check_p256, 0 },    { "p-384", check_p384, 0 },
  { "p-521", check_p521, 0 },    { "rsa", check_rsa, 0 },       { "tls 1.3", check_tls13, 0 },
  { "tls 1.2", check_tls12, 0 }, { "leaking branch", leak_branch, 1 }, { "leaking table", leak_table, 1 },
};

static int is_wanted(const char *name, int count, char **wanted) {
  for (int i = 0; i < count; i++)
    if (strncmp(name, wanted[i], strlen(wanted[i])) == 0) return 1;
  return count == 0;
}

int main(int count, char **arguments) {
  expect(count > 1 && RUNNING_ON_VALGRIND, "an RSA key is needed, and valgrind");
  rsa_file = arguments[1];
  expect(wt_start() == 0, "the module does not start");
  int failed = 0;
  for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
    if (!is_wanted(scenarios[i].name, count - 2, arguments + 2)) continue;
    unsigned before = VALGRIND_COUNT_ERRORS;
    scenarios[i].run();
    unsigned found = VALGRIND_COUNT_ERRORS - before;
    int good = scenarios[i].leaks ? found > 0 : found == 0;
    printf("native: %s: %u reports%s\n", scenarios[i].name, found, good ? "" : ", which is wrong");
    failed |= !good;
  }
  return failed;
}

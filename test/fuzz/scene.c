#include "scene.h"

#include <string.h>

/* A file beside the sources, as bytes. */
#define EMBEDDED(name, file)                                                          \
  __asm__(".section .rodata\n" #name ":\n.incbin \"" file "\"\n" #name "_end:\n.previous\n"); \
  extern const uint8_t name[], name##_end[];

EMBEDDED(server_certificate, "localhost.cert.der")
EMBEDDED(server_key, "localhost.key.der")
EMBEDDED(rsa_certificate, "localhost-rsa.cert.der")
EMBEDDED(rsa_key, "localhost-rsa.key.der")
EMBEDDED(client_certificate, "client.cert.der")
EMBEDDED(client_key, "client.key.der")

#define TEXT(text) { (const uint8_t *) (text), sizeof(text) - 1 }
const bytes psk_identity = TEXT("device 17"), psk_key = TEXT("0123456789abcdef0123456789abcdef");
const bytes seal_key = TEXT("name of the key.the secret of the key, 32 bytes.");
static const uint8_t alpn_names[] = "h2\0http/1.1";

static const uint16_t signatures[] = { 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601 };
static const uint16_t modern[] = { 0x1301, 0x1303, 0x1302, 0xc02b, 0xcca9, 0xc02f };
static const uint16_t old[] = { 0xc009, 0x009c, 0x003c, 0xc023, 0xc027, 0xc0ac };
static const uint16_t with_psk[] = { 0x1301, 0x1303, 0xccac, 0xc037, 0x00a8, 0x00ae };
static const uint16_t all_groups[] = { 0x001d, 0x0017, 0x0018 }, other_groups[] = { 0x0017, 0x001d };

static void add_identity(wt_settings *settings, bytes certificate, bytes key);
static void use_key(wt_settings *settings);
static void must(int error, const char *what);

#define BYTES(name) (bytes) { name, (size_t) (name##_end - name) }
#define LIST(name) name, sizeof name / sizeof *name

bytes own_certificate(void) { return BYTES(server_certificate); }

bytes own_key(void) { return BYTES(server_key); }

static int is_old(int scene) { return (~scene & (SCENE_TLS13 | SCENE_MORE_VERSIONS)) == 0; }

static int has_tls13(int scene) { return !is_old(scene) && (scene & (SCENE_TLS13 | SCENE_MORE_VERSIONS)); }

static void set_versions(wt_settings *settings, int scene) {
  int oldest = has_tls13(scene) && !(scene & SCENE_MORE_VERSIONS) ? 0x304 : 0x303;
  wt_settings_set_versions(settings, oldest, has_tls13(scene) ? 0x304 : 0x303);
}

static void set_suites(wt_settings *settings, int scene) {
  int error;
  if (scene & SCENE_PSK) error = wt_settings_set_ciphersuites(settings, LIST(with_psk));
  else if (is_old(scene)) error = wt_settings_set_ciphersuites(settings, LIST(old));
  else error = wt_settings_set_ciphersuites(settings, LIST(modern));
  must(error, "cipher suites");
}

static void set_groups(wt_settings *settings, int scene, int server) {
  if (!(scene & SCENE_RETRY)) must(wt_settings_set_groups(settings, LIST(all_groups)), "groups");
  else must(wt_settings_set_groups(settings, other_groups + server, server ? 1 : 2), "groups");
}

wt_settings *settings_of(int scene, int server) {
  wt_settings *settings = wt_settings_new(server);
  set_versions(settings, scene);
  wt_settings_set_flags(settings, !server || (scene & SCENE_CLIENT_CERTIFICATE), 0, 0);
  if (scene & SCENE_LISTENING) wt_settings_log_keys(settings);
  if (scene & SCENE_LISTENING) wt_settings_trace(settings);
  if (scene & SCENE_PSK)
    must(wt_settings_set_psk(settings, psk_identity.at, server ? 0 : psk_identity.size, psk_key.at, server ? 0 : psk_key.size), "psk");
  set_suites(settings, scene);
  set_groups(settings, scene, server);
  must(wt_settings_set_signature_algorithms(settings, LIST(signatures)), "signature algorithms");
  if (scene & SCENE_LISTENING) must(wt_settings_set_alpn(settings, alpn_names, sizeof alpn_names), "alpn");
  if (server) add_identity(settings, BYTES(server_certificate), BYTES(server_key));
  if (server && is_old(scene)) add_identity(settings, BYTES(rsa_certificate), BYTES(rsa_key)), use_key(settings);
  if (!server && scene & SCENE_CLIENT_CERTIFICATE) add_identity(settings, BYTES(client_certificate), BYTES(client_key));
  return settings;
}

void prepare(wt_connection *connection, int scene, int server) {
  if (!server) return;
  must(wt_seal_sessions(connection, seal_key.at, (const uint8_t *) "extra", 5, 7200, 2), "seal_sessions");
  if (scene & SCENE_PSK && has_tls13(scene))
    must(wt_give_psk(connection, psk_identity.at, psk_identity.size, psk_key.at, psk_key.size), "give_psk");
}

static void add_identity(wt_settings *settings, bytes certificate, bytes key) {
  must(wt_settings_add_identity(settings), "an identity");
  must(wt_settings_identity_certificate(settings, certificate.at, certificate.size), "a certificate");
  must(wt_settings_identity_key(settings, key.at, key.size), "a key");
}

/* An RSA key keeps what blinds it from its first use on. */
static void use_key(wt_settings *settings) {
  static const uint8_t digest[32];
  uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
  size_t size;
  must(mbedtls_pk_sign(&settings->last_identity->key, MBEDTLS_MD_SHA256, digest, sizeof digest, signature, sizeof signature, &size,
                       wt_fill_random, NULL), "a signature");
}

static void must(int error, const char *what) {
  if (error != 0) give_up(what);
}

/* What of Mbed TLS is compiled in. Owns every compile-time choice; knows nothing of the shim.
   Included by Mbed TLS in place of its own configuration (MBEDTLS_CONFIG_FILE). */
#ifndef WANTTLS_MBEDTLS_CONFIG_H
#define WANTTLS_MBEDTLS_CONFIG_H

#include <stdint.h>
#include <stddef.h>

#ifndef WANTTLS_CRYPTO_MBEDTLS
#include "crypto/config.h"
#endif

/* Platform: no sockets, files, timers or entropy devices. Memory, randomness and the clock are the shim's (platform.c). */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
void *wt_calloc(size_t count, size_t size);
void wt_free(void *block);
#define MBEDTLS_PLATFORM_CALLOC_MACRO wt_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO wt_free
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO int64_t
int64_t wt_time(int64_t *out);
#define MBEDTLS_PLATFORM_TIME_MACRO wt_time
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_CT_ASM /* empty assembly, not a volatile zero, keeps the compiler from seeing through masks made of secrets */

/* Crypto core. Everything goes through PSA, so that one driver serves TLS 1.2, TLS 1.3 and X.509 alike. */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_USE_PSA_CRYPTO
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC         /* one slot per live TLS 1.3 key: a fixed table would cap the connections */
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS  /* one thread; nobody changes a buffer under a call */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA1_C   /* fingerprints in ancient chains must parse; the certificate profile refuses SHA-1 signatures */
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_DES_C    /* only to open old encrypted keys */
#define MBEDTLS_MD5_C    /* likewise */
#define MBEDTLS_GCM_C
#define MBEDTLS_CCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_CIPHER_MODE_CBC
#define MBEDTLS_CIPHER_PADDING_PKCS7
#define MBEDTLS_ECP_C
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_GENPRIME /* PSA insists on it when RSA key pairs are on */

/* Keys and certificates. PEM, encrypted keys and PKCS#12 are opened in TypeScript, with passwords.c. */
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_PK_PARSE_EC_COMPRESSED
#define MBEDTLS_PK_PARSE_EC_EXTENDED
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CRL_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_REMOVE_INFO
#define MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK

/* TLS */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_RSA_ENABLED       /* legacy: never offered unless named */
#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_EARLY_DATA                 /* neither offered nor accepted; a server needs it to skip what it refused */
#define MBEDTLS_SSL_MAX_EARLY_DATA_SIZE 65536
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_ENCRYPT_THEN_MAC
#define MBEDTLS_SSL_RENEGOTIATION              /* tls-unique and peers that demand it; refused by default */
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT
#define MBEDTLS_SSL_KEYING_MATERIAL_EXPORT
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#define MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY 1 /* else a full record carries 16383 bytes, not 16384 */
#define MBEDTLS_PSK_MAX_LEN 256
#define MBEDTLS_VERSION_C

/* Called by our patch to the certificate parser (patches/0002): see chain.c. */
struct mbedtls_x509_crt;
int wt_add_certificate(struct mbedtls_x509_crt *chain, const unsigned char *der, size_t size);

/* Called by our patch to the record layer (patches/0012): see trace.c. */
struct mbedtls_ssl_context;
void wt_note_sent(struct mbedtls_ssl_context *ssl);
void wt_note_sent_size(struct mbedtls_ssl_context *ssl, size_t size);
void wt_note_received(struct mbedtls_ssl_context *ssl, int outer_type, size_t outer_size, int type,
                      const unsigned char *content, size_t size, int error);

#endif

/* Ciphers as their standards have them, bit by bit and without any haste: what the kernels of the module are compared with. Single
   blocks of AES are Mbed TLS's (test/crypto/module/stock.c), and so is SHA-256. */
#ifndef WANTTLS_FUZZ_REFERENCE_H
#define WANTTLS_FUZZ_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

/* NIST SP 800-38D with a nonce of 12 bytes and a tag of 16. */
void plain_gcm(const uint8_t *key, size_t bits, const uint8_t *nonce, const uint8_t *aad, size_t aad_size, const uint8_t *text,
               size_t size, uint8_t *sealed, uint8_t *tag);

/* RFC 8439, 2.8. */
void plain_chachapoly(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_size, const uint8_t *text, size_t size,
                      uint8_t *sealed, uint8_t *tag);

/* NIST SP 800-38A, 6.2: whole blocks. */
void plain_cbc(const uint8_t *key, size_t bits, const uint8_t *iv, const uint8_t *text, size_t size, uint8_t *encrypted);

/* FIPS 180-4, 6.2. */
void stock_sha256(const uint8_t *data, size_t size, uint8_t *hash);

#endif

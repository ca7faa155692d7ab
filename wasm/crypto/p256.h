/* NIST P-256: keys, ECDH and ECDSA over bytes. The curve is AWS-LC's, with field arithmetic that fiat-crypto derived with its
   proof, but for verification, which has a curve of ours (p256_verify.c) unless it is vetted.wasm; the arithmetic modulo the order n is
   Mbed TLS's. Knows nothing of key stores, hashes or where nonces come from.

   Numbers are 32 bytes, big-endian; points are x and y, one behind the other. Where keys, nonces and secrets go, time does not
   depend on them; points of others, signatures and digests are public, and time may depend on those. */
#ifndef WANTTLS_P256_H
#define WANTTLS_P256_H

#include <stddef.h>
#include <stdint.h>

#define WT_P256_SIZE 32
#define WT_P256_POINT_SIZE 64

/* Whether it is in [1, n - 1]: what private keys and nonces are drawn from. */
int wt_p256_is_scalar(const uint8_t scalar[WT_P256_SIZE]);

/* Whether both coordinates are below p and fulfil the equation of the curve. All such points have the order n. */
int wt_p256_is_point(const uint8_t point[WT_P256_POINT_SIZE]);

/* The digest's leftmost 256 bits as a number modulo n (SEC 1, section 4.1.3, step 5). */
void wt_p256_digest_to_scalar(uint8_t scalar[WT_P256_SIZE], const uint8_t *digest, size_t size);

/* The key must be a scalar. */
void wt_p256_public(uint8_t point[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_SIZE]);

/* The key must be a scalar, the peer a point. */
void wt_p256_shared(uint8_t x[WT_P256_SIZE], const uint8_t key[WT_P256_SIZE], const uint8_t peer[WT_P256_POINT_SIZE]);

/* Key and nonce must be scalars; the signature is r and s. 0, or -1 when another nonce is needed, as good as never. */
int wt_p256_sign(uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_SIZE], const uint8_t nonce[WT_P256_SIZE],
                 const uint8_t *digest, size_t size);

/* The key must be a point. 0 when the signature is right, else -1. By p256_verify.c, or in vetted.wasm by the next one. */
int wt_p256_verify(const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_POINT_SIZE], const uint8_t *digest,
                   size_t size);
int wt_p256_verify_awslc(const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_POINT_SIZE], const uint8_t *digest,
                         size_t size);

/* For verification only, whose numbers are public. The multipliers digest / s and r / s modulo n; -1 when r or s is not a scalar. */
int wt_p256_multipliers(uint8_t base_multiplier[WT_P256_SIZE], uint8_t key_multiplier[WT_P256_SIZE],
                        const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t *digest, size_t size);

/* The multiplier in digits, the lowest first, of which each is 0 or odd, and below 2^window up and down. */
#define WT_P256_DIGITS 257
void wt_p256_recode(int8_t digits[WT_P256_DIGITS], const uint8_t multiplier[WT_P256_SIZE], int window);

/* (2 index + 1) G: all odd multiples that digits with this window name. */
#define WT_P256_BASE_WINDOW 5
#define WT_P256_BASE_MULTIPLES (1 << (WT_P256_BASE_WINDOW - 1))
void wt_p256_base_multiple(uint8_t point[WT_P256_POINT_SIZE], int index);

#endif

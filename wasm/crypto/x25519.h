/* X25519 (RFC 7748), by AWS-LC: field arithmetic that fiat-crypto derived with its proof. In constant time. Numbers are 32
   bytes, little-endian; private keys need not be clamped. */
#ifndef WANTTLS_X25519_H
#define WANTTLS_X25519_H

#include <stdint.h>

#define WT_X25519_SIZE 32

void wt_x25519_clamp(uint8_t key[WT_X25519_SIZE]);
void wt_x25519_public(uint8_t u[WT_X25519_SIZE], const uint8_t key[WT_X25519_SIZE]);

/* 0, or -1 for a peer of small order: the secret would be zero whatever the key (RFC 7748, section 6.1). */
int wt_x25519_shared(uint8_t secret[WT_X25519_SIZE], const uint8_t key[WT_X25519_SIZE], const uint8_t peer[WT_X25519_SIZE]);

#endif

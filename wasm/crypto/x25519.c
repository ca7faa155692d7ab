/* See x25519.h. Owns the clamp and the check for zero; the curve is AWS-LC's. */
#include "crypto/fipsmodule/curve25519/curve25519_nohw.c"

#include "crypto/x25519.h"

void wt_x25519_clamp(uint8_t key[WT_X25519_SIZE]) {
  key[0] &= 248;
  key[31] = (key[31] & 127) | 64;
}

void wt_x25519_public(uint8_t u[WT_X25519_SIZE], const uint8_t key[WT_X25519_SIZE]) {
  x25519_public_from_private_nohw(u, key);
}

int wt_x25519_shared(uint8_t secret[WT_X25519_SIZE], const uint8_t key[WT_X25519_SIZE], const uint8_t peer[WT_X25519_SIZE]) {
  x25519_scalar_mult_generic_nohw(secret, key, peer);
  uint8_t any = 0;
  for (int i = 0; i < WT_X25519_SIZE; i++) any |= secret[i];
  return any == 0 ? -1 : 0;
}

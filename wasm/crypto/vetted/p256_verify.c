/* AWS-LC's verification for vetted.wasm, in place of ../p256_verify.c. */
#include "crypto/p256.h"

int wt_p256_verify(const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_POINT_SIZE], const uint8_t *digest,
                   size_t size) {
  return wt_p256_verify_awslc(signature, key, digest, size);
}

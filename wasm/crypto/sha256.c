/* One block of SHA-256 (FIPS 180-4, 6.2.2) behind Mbed TLS's entry point (MBEDTLS_SHA256_PROCESS_ALT). Owns the rounds; padding and
   lengths stay Mbed TLS's.

   The rounds are one chain of additions and rotations, which leaves vector units idle: so they make the schedule meanwhile,
   sixteen words ahead of the rounds. Both have to lie close together for that, and the chain has to be short; LLVM would undo both,
   as it may add in any order and likes all of the schedule first. The two empty __asm__ keep it from doing so.

   There is no table but of constants, read in order, and no branch on data. */
#include "sha256_schedule.h"
#include "vectors.h"

#include "mbedtls/sha256.h"

/* The first 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t constants[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

WT_SHA uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

/* x, about which the compiler knows no longer of what it is the sum, so that what is added next is added last. */
WT_SHA uint32_t summed(uint32_t x) {
  __asm__("" : "+r"(x));
  return x;
}

/* One round. The eight variables do not move; what is called a in this round is called b in the next. Of t1's terms those that do not
   need e come first and the sum of its rotations last, since the next e waits for it. */
WT_SHA void one_round(uint32_t v[8], int round, uint32_t word) {
#define NAMED(letter) v[((letter) - round) & 7]
  uint32_t a = NAMED(0), b = NAMED(1), c = NAMED(2), e = NAMED(4), f = NAMED(5), g = NAMED(6);
  uint32_t t1 = summed(summed(NAMED(7) + word) + (g ^ (e & (f ^ g)))) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25));
  uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (b ^ ((a ^ b) & (b ^ c)));
  NAMED(3) += t1;
  NAMED(7) = t1 + t2;
#undef NAMED
}

/* Four rounds, by words to which their constants were added. */
WT_SHA void four_rounds(uint32_t v[8], int first, const uint32_t words[4]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) one_round(v, first + i, words[i]);
}

/* Sixteen rounds, and w and words become those of the next sixteen. The next vector of the schedule waits for four rounds. */
WT_SHA void rounds_and_schedule(uint32_t v[8], v128_t w[4], uint32_t words[16], const uint32_t next[16]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    w[i] = wt_sha256_next(w[i], w[(i + 1) & 3], w[(i + 2) & 3], w[(i + 3) & 3]);
    four_rounds(v, 4 * i, words + 4 * i);
    wasm_v128_store(words + 4 * i, wasm_i32x4_add(w[i], wasm_v128_load(next + 4 * i)));
    __asm__ volatile("" : WT_IN_VECTOR(w[(i + 1) & 3]), "+r"(v[0]), "+r"(v[4]) : : "memory");
  }
}

int mbedtls_internal_sha256_process(mbedtls_sha256_context *sha, const unsigned char block[64]) {
  uint32_t v[8], words[16];
  v128_t w[4];
  for (int i = 0; i < 8; i++) v[i] = sha->MBEDTLS_PRIVATE(state)[i];
  for (int i = 0; i < 4; i++) {
    w[i] = wt_sha256_load(block, i);
    wasm_v128_store(words + 4 * i, wasm_i32x4_add(w[i], wasm_v128_load(constants + 4 * i)));
  }
#pragma clang loop unroll(disable)
  for (int first = 16; first < 64; first += 16) rounds_and_schedule(v, w, words, constants + first);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) four_rounds(v, 4 * i, words + 4 * i);
  for (int i = 0; i < 8; i++) sha->MBEDTLS_PRIVATE(state)[i] += v[i];
  for (int i = 0; i < 4; i++) wasm_v128_store(words + 4 * i, wasm_i64x2_const_splat(0));
  __asm__ volatile("" : : "r"(words) : "memory"); /* else what nobody reads again would not be wiped */
  return 0;
}

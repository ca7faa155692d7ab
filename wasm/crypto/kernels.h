/* AES and GHASH for crypto/gcm.c, for Mbed TLS's own modes (aes_alt.h) and for the evidence. Owns what the keys look like and
   how much is done in one call; knows nothing of modes, tags, TLS or Mbed TLS.

   No address and no branch depends on a key or on data: there are no tables that are indexed by them in memory. Sizes and
   counters may be seen. What the compiler made of it is looked at by test/crypto/traces.test.ts.

   Bytes have no alignment here: a context may lie anywhere. */
#ifndef WANTTLS_CRYPTO_KERNELS_H
#define WANTTLS_CRYPTO_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define WT_AES_BLOCK 16
#define WT_AES_BATCH (8 * WT_AES_BLOCK) /* eight blocks side by side: what one run of the cipher takes, however few are needed */
#define WT_AES_MAX_ROUNDS 14

/* Round keys as bit planes, for both directions: see aes_layers.h. In vetted.wasm AWS-LC's, in the same room. */
typedef struct {
  int rounds;
  uint8_t planes[WT_AES_MAX_ROUNDS + 1][8][16];
} wt_aes_key;

/* `size` is 16, 24 or 32 bytes. */
void wt_aes_set_key(wt_aes_key *key, const uint8_t *bytes, size_t size);

/* Eight independent blocks; `in` and `out` may be the same. */
void wt_aes_encrypt(const wt_aes_key *key, const uint8_t in[WT_AES_BATCH], uint8_t out[WT_AES_BATCH]);
void wt_aes_decrypt(const wt_aes_key *key, const uint8_t in[WT_AES_BATCH], uint8_t out[WT_AES_BATCH]);

/* For modes that encrypt block after block, beside the same key for eight at once: see aes_bytes.h. In vetted.wasm the latter
   serves both. */
typedef struct {
  wt_aes_key batch;
  uint8_t round_keys[WT_AES_MAX_ROUNDS + 1][WT_AES_BLOCK];
} wt_aes_block_key;

void wt_aes_set_block_key(wt_aes_block_key *key, const uint8_t *bytes, size_t size);

/* `in` and `out` may be the same. */
void wt_aes_encrypt_block(const wt_aes_block_key *key, const uint8_t in[WT_AES_BLOCK], uint8_t out[WT_AES_BLOCK]);

/* out = in ^ keystream, for whole batches. The last four bytes of `counter`, big-endian, count blocks modulo 2^32 and are left
   at the next one (inc32 of NIST SP 800-38D, 6.2). */
void wt_aes_ctr(const wt_aes_key *key, uint8_t counter[WT_AES_BLOCK], const uint8_t *in, uint8_t *out, size_t batches);

/* The multiples of H, H^2, H^3 and H^4 by every polynomial of four terms, by columns: see ghash.c. The last three are made when
   the first long message asks for them. */
typedef struct {
  uint8_t tables[4][16][16];
  int has_powers;
} wt_ghash_key;

void wt_ghash_set_key(wt_ghash_key *key, const uint8_t h[16]);

/* hash = (...((hash + block) H + block) H ...) H, over whole blocks (GHASH of NIST SP 800-38D, 6.4). */
void wt_ghash(wt_ghash_key *key, uint8_t hash[16], const uint8_t *data, size_t blocks);

/* The table of one factor; a step of wt_ghash_set_key that the evidence looks at alone. */
void wt_ghash_table(uint8_t table[16][16], const uint8_t factor[16]);

/* In vetted.wasm Mbed TLS's own contexts of ChaCha20 and of ChaCha20-Poly1305 lie in the room of ours, which is at least this. */
#define WT_CHACHA20_ROOM 256
#define WT_CHACHAPOLY_ROOM 512

#endif

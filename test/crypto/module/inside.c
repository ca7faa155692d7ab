/* What the evidence calls inside our own kernels: the layers of AES, the tables of GHASH, steps of Poly1305, the schedule of
   SHA-256, points of P-256. Owns names and nothing else. Not in the evidence for vetted.wasm, which has none of them.

   A state is eight blocks; its layers work on planes, so that all but the transposition are put between two of them. */
#include "evidence.h"

#include "aes_bytes.h"
#include "aes_layers.h"
#include "kernels.h"
#include "p256_point.h"
#include "poly1305.h"
#include "sha256_schedule.h"

static void load(v128_t q[8], const uint8_t *state) {
  for (int i = 0; i < 8; i++) q[i] = wasm_v128_load(state + 16 * i);
}

static void store(uint8_t *state, const v128_t q[8]) {
  for (int i = 0; i < 8; i++) wasm_v128_store(state + 16 * i, q[i]);
}

#define LAYER(name, work)                                         \
  EVIDENCE(void, name, uint8_t *state, uint32_t round) {          \
    const wt_aes_constants *constants = wt_opaque();              \
    v128_t q[8];                                                  \
    (void)round;                                                  \
    load(q, state);                                               \
    wt_transpose(q, constants);                                   \
    work;                                                         \
    wt_transpose(q, constants);                                   \
    store(state, q);                                              \
  }

LAYER(sub_bytes, wt_sub_bytes(q))
LAYER(undo_sub_bytes, wt_undo_sub_bytes(q))
LAYER(mix_columns, wt_mix_columns(q, constants->steps[round & 3]))
LAYER(undo_mix_columns, wt_undo_mix_columns(q, constants->steps[round & 3]))
LAYER(shift_rows, wt_permute(q, constants->shift_rows[round & 3]))

EVIDENCE(void, transpose, uint8_t *state) {
  v128_t q[8];
  load(q, state);
  wt_transpose(q, wt_opaque());
  store(state, q);
}

/* Eight blocks of a counter, from planes. */
EVIDENCE(void, counter_planes, uint8_t *state, const uint8_t *block, uint32_t count) {
  const wt_aes_constants *constants = wt_opaque();
  v128_t q[8], common[8];
  wt_spread(common, wasm_v128_load(block));
  wt_counter_planes(q, common, count, constants);
  wt_transpose(q, constants);
  store(state, q);
}

/* The layers of one block, as bytes. */
#define BYTE_LAYER(name, work)                                                        \
  EVIDENCE(void, name, uint8_t *block) {                                              \
    wasm_v128_store(block, work(wasm_v128_load(block), wt_opaque_bytes()));           \
  }

BYTE_LAYER(substitute, wt_substitute)
BYTE_LAYER(shift_rows_of_bytes, wt_shift_rows_of_bytes)
BYTE_LAYER(shift_and_mix, wt_shift_and_mix)

EVIDENCE(const uint8_t *, aes_planes, wt_aes_key *key) { return key->planes[0][0]; }

/* Any factor in the place of H^(power + 1), so that the four products of one step are four independent ones. */
EVIDENCE(void, ghash_set_power, wt_ghash_key *key, uint32_t power, const uint8_t *factor) {
  wt_ghash_table(key->tables[power], factor);
  key->has_powers = 1;
}

/* The sum after two blocks, by any factors. */
EVIDENCE(void, poly_step, uint64_t sum[5], const uint64_t r[5], const uint64_t square[5], const uint8_t *blocks) {
  wt_poly_factor first, second;
  for (int i = 0; i < 5; i++) {
    first.limb[i] = r[i], first.five[i] = 5 * r[i];
    second.limb[i] = square[i], second.five[i] = 5 * square[i];
  }
  wt_poly_step(sum, &first, &second, blocks);
}
EVIDENCE(void, poly_product, uint64_t d[5], const uint64_t a[5], const uint64_t b[5]) {
  wt_poly_factor factor;
  for (int i = 0; i < 5; i++) factor.limb[i] = b[i], factor.five[i] = 5 * b[i];
  wt_poly_add_product(d, a, &factor);
}
EVIDENCE(void, poly_carry, uint64_t d[5]) { wt_poly_carry(d, d); }
EVIDENCE(void, poly_add_block, uint64_t to[5], const uint8_t *block) { wt_poly_add_block(to, block); }
EVIDENCE(void, poly_mac, const uint8_t *key, const uint8_t *data, size_t blocks, uint8_t *tag) {
  wt_poly1305 poly;
  wt_poly_start(&poly, key);
  wt_poly_blocks(&poly, data, blocks);
  wt_poly_finish(&poly, tag);
}
/* The end, for any sum with limbs as steps leave them. */
EVIDENCE(void, poly_finish, const uint64_t sum[5], const uint8_t pad[16], uint8_t *tag) {
  wt_poly1305 poly;
  for (int i = 0; i < 5; i++) poly.sum[i] = sum[i];
  for (int i = 0; i < 16; i++) poly.pad[i] = pad[i];
  wt_poly_finish(&poly, tag);
}

/* The 64 words of a block. */
EVIDENCE(void, sha256_schedule, const uint8_t *block, uint32_t words[64]) {
  v128_t w[16];
  for (int i = 0; i < 4; i++) w[i] = wt_sha256_load(block, i);
  for (int i = 4; i < 16; i++) w[i] = wt_sha256_next(w[i - 4], w[i - 3], w[i - 2], w[i - 1]);
  for (int i = 0; i < 16; i++) wasm_v128_store(words + 4 * i, w[i]);
}

/* Points of P-256, whose numbers go in as bytes; whether an x is theirs is all that comes out. */
EVIDENCE(size_t, p256_point_size, void) { return sizeof(wt_p256_point); }
EVIDENCE(void, p256_infinite, wt_p256_point *point) { point->is_infinite = 1; }
EVIDENCE(int, p256_is_infinite, const wt_p256_point *point) { return point->is_infinite; }
EVIDENCE(void, p256_set, wt_p256_point *point, const uint8_t *x, const uint8_t *y, const uint8_t *z) {
  wt_p256_read(&point->x, 1, x);
  wt_p256_read(&point->y, 2, y);
  wt_p256_read(&point->z, 1, z);
  point->is_infinite = 0;
}
EVIDENCE(void, p256_double, wt_p256_point *point) { wt_p256_double(point); }
EVIDENCE(void, p256_add, wt_p256_point *sum, const wt_p256_point *other, int sign) { wt_p256_add(sum, other, sign); }
EVIDENCE(void, p256_double_add, wt_p256_point *sum, const wt_p256_point *other, int sign) {
  const wt_p256_affine affine = {other->x, other->y};
  wt_p256_double_add(sum, &affine, sign);
}
EVIDENCE(int, p256_has_x, const wt_p256_point *point, const uint8_t *bytes) {
  wt_p256_number x;
  wt_p256_read(&x, 1, bytes);
  return wt_p256_has_x(point, &x);
}
EVIDENCE(int, p256_is_zero, const int32_t *limbs) { return wt_p256_is_zero((const wt_p256_number *) limbs); }

/* GHASH (NIST SP 800-38D, 6.4), 20 times as fast as a table in memory that the data index, and without such a table. Owns
   multiplication in GF(2^128); knows nothing of AES, padding or tags.

   Field. Bit i of a block, counted from the highest bit of byte 0, is the coefficient of x^i; x^128 = x^7 + x^2 + x + 1. To
   multiply by x^8 is to move bytes to the next higher index.

   Multiplication by H. A block X is the sum over its bytes i of (a_i + x^4 b_i) x^(8 i), with a_i its high and b_i its low nibble, so
   XH = A + x^4 B, where A = sum of (a_i H) x^(8 i), and B alike. Byte j of (a_i H) belongs to byte i + j of A. For a fixed j the
   vector of byte j of a_i H, over all i, is one `swizzle`: the table of sixteen bytes j, indexed by the vector of nibbles. That
   is a shuffle of bytes in registers, and takes as long for any index. So A is summed over j from 15 to 0, moving by one byte
   between (Horner's rule). The whole table is read, always in the same order.

   Four blocks at a time: (Y + X0) H^4 + X1 H^3 + X2 H^2 + X3 H, summed before one reduction.

   Bounds: a_i H is reduced, thus has 128 bits; i + j <= 30, so A and B have 31 bytes, and x^4 B ends within the 32nd. */
#include "kernels.h"

#include <wasm_simd128.h>
#include "mbedtls/platform_util.h"

/* Blocks in one call from which on three more tables pay for themselves. Only speed depends on it. */
#define WORTH_POWERS 24

typedef struct {
  v128_t low, high; /* bytes 0 to 15 and 16 to 31 */
} product;

#define INLINE static inline __attribute__((always_inline))

/* Reversal of the bytes in both halves: between blocks and numbers whose highest bit is the lowest power. */
INLINE v128_t swap_halves_bytes(v128_t v) {
  return wasm_i8x16_shuffle(v, v, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}

/* times x^8 */
INLINE product one_byte_on(product p) {
  v128_t zero = wasm_i64x2_const_splat(0);
  p.high = wasm_i8x16_shuffle(p.low, p.high, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  p.low = wasm_i8x16_shuffle(zero, p.low, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  return p;
}

/* Numbers of 64 bits whose highest bit is the lowest power, two in a vector; multiplication by x^n shifts each right. What that
   shifts out at the right of one goes to the left of the next: `shifted_out` has it in place, `to_next` puts it there. */
INLINE v128_t shifted(v128_t v, uint32_t n) { return wasm_u64x2_shr(v, n); }
INLINE v128_t shifted_out(v128_t v, uint32_t n) { return wasm_i64x2_shl(v, 64 - n); }
INLINE v128_t to_next(v128_t before, v128_t v) { return wasm_i64x2_shuffle(before, v, 1, 2); }
INLINE v128_t sum(v128_t a, v128_t b) { return wasm_v128_xor(a, b); }

/* a + x^4 b modulo the polynomial. With W the upper half of this, x^128 W = W + x W + x^2 W + x^7 W. What that shifts out beyond
   x^127, seven bits at most, is multiplied likewise, as part of W. There it is leftmost, and shifts nothing out a second time. */
INLINE v128_t reduce(product a, product b) {
  v128_t zero = wasm_i64x2_const_splat(0), b_low = swap_halves_bytes(b.low), b_high = swap_halves_bytes(b.high);
  v128_t out_low = shifted_out(b_low, 4), out_high = shifted_out(b_high, 4);
  v128_t low = sum(sum(swap_halves_bytes(a.low), shifted(b_low, 4)), to_next(zero, out_low));
  v128_t w = sum(sum(swap_halves_bytes(a.high), shifted(b_high, 4)), to_next(out_low, out_high));
  v128_t out = sum(sum(shifted_out(w, 1), shifted_out(w, 2)), shifted_out(w, 7));
  w = sum(w, to_next(out, zero));
  low = sum(low, to_next(zero, out));
  return swap_halves_bytes(sum(low, sum(sum(w, shifted(w, 1)), sum(shifted(w, 2), shifted(w, 7)))));
}

/* The sum of the products of block[k] with the factor of table[k], for `count` blocks. */
INLINE v128_t multiply(const uint8_t (*const tables[])[16], const v128_t blocks[], int count) {
  v128_t nibble = wasm_i8x16_splat(15), zero = wasm_i64x2_const_splat(0), high[4], low[4];
  product a = { zero, zero }, b = { zero, zero };
  for (int k = 0; k < count; k++) {
    high[k] = wasm_u8x16_shr(blocks[k], 4);
    low[k] = wasm_v128_and(blocks[k], nibble);
  }
#pragma clang loop unroll_count(2)
  for (int j = 15; j >= 0; j--) {
    a = one_byte_on(a);
    b = one_byte_on(b);
    for (int k = 0; k < count; k++) {
      v128_t column = wasm_v128_load(tables[k][j]);
      a.low = wasm_v128_xor(a.low, wasm_i8x16_swizzle(column, high[k]));
      b.low = wasm_v128_xor(b.low, wasm_i8x16_swizzle(column, low[k]));
    }
  }
  return reduce(a, b);
}

INLINE uint64_t first(v128_t v) { return (uint64_t)wasm_i64x2_extract_lane(v, 0); }
INLINE uint64_t second(v128_t v) { return (uint64_t)wasm_i64x2_extract_lane(v, 1); }

/* times x */
INLINE v128_t one_bit_on(v128_t block) {
  v128_t v = swap_halves_bytes(block);
  uint64_t w0 = first(v), w1 = second(v);
  uint64_t over = 0 - (w1 & 1);
  uint64_t next = w1 >> 1 | w0 << 63;
  return swap_halves_bytes(wasm_i64x2_make((int64_t)(w0 >> 1 ^ (over & 0xe100000000000000u)), (int64_t)next));
}

/* table[j][n] is byte j of n times the factor, where the highest of the four bits of n stands for x^0. For one j it is linear
   in n: each bit of n adds its multiple of the factor, or nothing, and which n have that bit is always the same. */
void wt_ghash_table(uint8_t table[16][16], const uint8_t factor[16]) {
  static const uint8_t has_bit[4][16] = {
    { 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255 },
    { 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255 },
    { 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255 },
  };
  const uint8_t (*bits)[16] = has_bit;
  __asm__ volatile("" : "+r"(bits));
  uint8_t multiples[4][16];
  v128_t multiple = wasm_v128_load(factor), has[4];
  for (int bit = 0; bit < 4; bit++) {
    wasm_v128_store(multiples[bit], multiple);
    has[bit] = wasm_v128_load(bits[bit]);
    multiple = one_bit_on(multiple);
  }
  for (int j = 0; j < 16; j++) {
    v128_t column = wasm_i64x2_const_splat(0);
    for (int bit = 0; bit < 4; bit++) {
      v128_t byte = wasm_v128_load8_splat(&multiples[bit][j]);
      column = wasm_v128_xor(column, wasm_v128_and(byte, has[bit]));
    }
    wasm_v128_store(table[j], column);
  }
  mbedtls_platform_zeroize(multiples, sizeof multiples);
}

void wt_ghash_set_key(wt_ghash_key *key, const uint8_t h[16]) {
  wt_ghash_table(key->tables[0], h);
  key->has_powers = 0;
}

/* H itself is in its table: the multiple by 8, which is x^0. */
static void make_powers(wt_ghash_key *key) {
  const uint8_t(*const table[])[16] = { key->tables[0] };
  uint8_t power[16];
  for (int j = 0; j < 16; j++) power[j] = key->tables[0][j][8];
  for (int k = 1; k < 4; k++) {
    v128_t block = wasm_v128_load(power);
    wasm_v128_store(power, multiply(table, &block, 1));
    wt_ghash_table(key->tables[k], power);
  }
  key->has_powers = 1;
  mbedtls_platform_zeroize(power, sizeof power);
}

void wt_ghash(wt_ghash_key *key, uint8_t hash[16], const uint8_t *data, size_t blocks) {
  const uint8_t(*const powers[])[16] = { key->tables[3], key->tables[2], key->tables[1], key->tables[0] };
  v128_t y = wasm_v128_load(hash);
  if (blocks >= WORTH_POWERS && !key->has_powers) make_powers(key);
  for (; blocks >= 4 && key->has_powers; blocks -= 4, data += 64) {
    v128_t x[4];
    for (int k = 0; k < 4; k++) x[k] = wasm_v128_load(data + 16 * k);
    x[0] = wasm_v128_xor(x[0], y);
    y = multiply(powers, x, 4);
  }
  for (; blocks > 0; blocks--, data += 16) {
    v128_t x = wasm_v128_xor(wasm_v128_load(data), y);
    y = multiply(powers + 3, &x, 1);
  }
  wasm_v128_store(hash, y);
}

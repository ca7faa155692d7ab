/* See p256.h. AWS-LC's files are included, as AWS-LC itself does in its bcm.c: the field functions are static, and ec_nistp.c,
   which has the multiplications, cannot stand alone. Two kinds of numbers: `felem`, eight words modulo p in Montgomery form,
   and `scalar`, four limbs modulo n. */
#include "crypto/fipsmodule/ec/p256.c"
#include "crypto/fipsmodule/ec/ec_nistp.c"

#include "crypto/almost_inverse.h"
#include "crypto/p256.h"

#include "bignum_core.h"
#include "constant_time_internal.h"
#include "mbedtls/bignum.h"
#include "mbedtls/platform_util.h"

#define LIMBS 4
#define WORK_LIMBS (((1 << MBEDTLS_MPI_WINDOW_SIZE) + 3) * LIMBS + 1) /* mbedtls_mpi_core_exp_mod_working_limbs, at most */

typedef fiat_p256_felem felem;
typedef mbedtls_mpi_uint scalar[LIMBS];

/* The order n, n - 2, 2^512 mod n and -1/n mod 2^64, from the least significant limb. */
static const scalar order = {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};
static const scalar order_minus_two = {0xf3b9cac2fc63254f, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};
static const scalar order_rr = {0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, 0x66e12d94f3d95620};
static const mbedtls_mpi_uint order_mm = 0xccd1c8aaee00bc4f;

/* The prime p and the curve's b, little-endian words. */
static const uint32_t prime[8] = {0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 1, 0xffffffff};
static const uint32_t curve_b[8] = {0x27d2604b, 0x3bce3c3e, 0xcc53b0f6, 0x651d06b0,
                                    0x769886bc, 0xb3ebbd55, 0xaa3a93e7, 0x5ac635d8};

static void read_scalar(scalar to, const uint8_t bytes[WT_P256_SIZE]);
static void write_scalar(uint8_t bytes[WT_P256_SIZE], const scalar from);
static void digest_to_scalar(scalar to, const uint8_t *digest, size_t size);
static void reduce_once(scalar number);
static int is_in_range(const scalar number);
static void multiply(scalar product, const scalar a, const scalar b);
static void to_montgomery(scalar to, const scalar from);
static void invert(scalar inverse, const scalar number);
static void invert_public(scalar inverse, const scalar number);
static int read_coordinate(felem to, const uint8_t bytes[WT_P256_SIZE]);
static void write_affine(uint8_t x_bytes[WT_P256_SIZE], uint8_t *y_bytes, const felem x, const felem y, const felem z);
static int is_felem_equal(const felem a, const felem b);
static EC_SCALAR to_ec_scalar(const scalar from);

int wt_p256_is_scalar(const uint8_t bytes[WT_P256_SIZE]) {
  scalar number;
  read_scalar(number, bytes);
  int answer = is_in_range(number);
  mbedtls_platform_zeroize(number, sizeof number);
  return answer;
}

int wt_p256_is_point(const uint8_t point[WT_P256_POINT_SIZE]) {
  felem x, y, left, right, b;
  if (!read_coordinate(x, point) || !read_coordinate(y, point + WT_P256_SIZE)) return 0;
  fiat_p256_square(left, y);
  fiat_p256_square(right, x); /* y^2 = x^3 - 3 x + b, as (x^2 - 3) x + b */
  for (int i = 0; i < 3; i++) fiat_p256_sub(right, right, fiat_p256_one);
  fiat_p256_mul(right, right, x);
  fiat_p256_to_montgomery(b, curve_b);
  fiat_p256_add(right, right, b);
  return is_felem_equal(left, right);
}

void wt_p256_digest_to_scalar(uint8_t bytes[WT_P256_SIZE], const uint8_t *digest, size_t size) {
  scalar number;
  digest_to_scalar(number, digest, size);
  write_scalar(bytes, number);
}

void wt_p256_public(uint8_t point[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_SIZE]) {
  scalar d;
  read_scalar(d, key);
  EC_SCALAR multiplier = to_ec_scalar(d);
  felem x, y, z;
  ec_nistp_scalar_mul_base(p256_methods(), x, y, z, &multiplier);
  write_affine(point, point + WT_P256_SIZE, x, y, z);
  mbedtls_platform_zeroize(d, sizeof d);
  mbedtls_platform_zeroize(&multiplier, sizeof multiplier);
  mbedtls_platform_zeroize(z, sizeof z);
}

void wt_p256_shared(uint8_t x_bytes[WT_P256_SIZE], const uint8_t key[WT_P256_SIZE], const uint8_t peer[WT_P256_POINT_SIZE]) {
  scalar d;
  read_scalar(d, key);
  EC_SCALAR multiplier = to_ec_scalar(d);
  felem peer_x, peer_y, x, y, z;
  read_coordinate(peer_x, peer);
  read_coordinate(peer_y, peer + WT_P256_SIZE);
  ec_nistp_scalar_mul(p256_methods(), x, y, z, peer_x, peer_y, fiat_p256_one, &multiplier);
  write_affine(x_bytes, NULL, x, y, z);
  mbedtls_platform_zeroize(d, sizeof d);
  mbedtls_platform_zeroize(&multiplier, sizeof multiplier);
  mbedtls_platform_zeroize(x, sizeof x);
  mbedtls_platform_zeroize(y, sizeof y);
  mbedtls_platform_zeroize(z, sizeof z);
}

/* r is the x of nonce * G; s is (digest + r * key) / nonce. */
int wt_p256_sign(uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_SIZE], const uint8_t nonce[WT_P256_SIZE],
                 const uint8_t *digest, size_t size) {
  uint8_t point[WT_P256_POINT_SIZE];
  scalar r, s, d, k, e;
  wt_p256_public(point, nonce);
  read_scalar(r, point);
  reduce_once(r);
  read_scalar(d, key);
  read_scalar(k, nonce);
  digest_to_scalar(e, digest, size);

  to_montgomery(d, d);
  multiply(s, d, r);
  mbedtls_mpi_uint carry = mbedtls_mpi_core_add(s, s, e, LIMBS);
  scalar less;
  mbedtls_mpi_uint borrow = mbedtls_mpi_core_sub(less, s, order, LIMBS);
  mbedtls_mpi_core_cond_assign(s, less, LIMBS, mbedtls_ct_uint_ge(carry, borrow));
  invert(k, k);
  multiply(s, k, s);

  write_scalar(signature, r);
  write_scalar(signature + WT_P256_SIZE, s);
  int answer = is_in_range(r) && is_in_range(s) ? 0 : -1;
  mbedtls_platform_zeroize(d, sizeof d);
  mbedtls_platform_zeroize(k, sizeof k);
  mbedtls_platform_zeroize(less, sizeof less);
  return answer;
}

int wt_p256_multipliers(uint8_t base_multiplier[WT_P256_SIZE], uint8_t key_multiplier[WT_P256_SIZE],
                        const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t *digest, size_t size) {
  scalar r, s, e;
  read_scalar(r, signature);
  read_scalar(s, signature + WT_P256_SIZE);
  if (!is_in_range(r) || !is_in_range(s)) return -1;
  digest_to_scalar(e, digest, size);
  invert_public(s, s);
  multiply(e, s, e);
  multiply(s, s, r);
  write_scalar(base_multiplier, e);
  write_scalar(key_multiplier, s);
  return 0;
}

void wt_p256_recode(int8_t digits[WT_P256_DIGITS], const uint8_t multiplier[WT_P256_SIZE], int window) {
  scalar number;
  read_scalar(number, multiplier);
  EC_SCALAR words = to_ec_scalar(number);
  ec_compute_wNAF(digits, &words, WT_P256_DIGITS - 1, window);
}

void wt_p256_base_multiple(uint8_t point[WT_P256_POINT_SIZE], int index) {
  write_affine(point, point + WT_P256_SIZE, fiat_p256_g_pre_comp[0][index][0], fiat_p256_g_pre_comp[0][index][1], fiat_p256_one);
}

/* The x of (digest / s) * G + (r / s) * key, modulo n, is r. With X and Z: X = r Z^2, or X = (r + n) Z^2 if r + n < p. */
int wt_p256_verify_awslc(const uint8_t signature[WT_P256_POINT_SIZE], const uint8_t key[WT_P256_POINT_SIZE], const uint8_t *digest,
                         size_t size) {
  uint8_t bytes[WT_P256_SIZE], key_bytes[WT_P256_SIZE];
  if (wt_p256_multipliers(bytes, key_bytes, signature, digest, size) != 0) return -1;
  scalar r, base_scalar, key_scalar;
  read_scalar(r, signature);
  read_scalar(base_scalar, bytes);
  read_scalar(key_scalar, key_bytes);

  EC_SCALAR base_multiplier = to_ec_scalar(base_scalar), key_multiplier = to_ec_scalar(key_scalar);
  felem key_x, key_y, x, y, z;
  read_coordinate(key_x, key);
  read_coordinate(key_y, key + WT_P256_SIZE);
  ec_nistp_scalar_mul_public(p256_methods(), x, y, z, &base_multiplier, key_x, key_y, fiat_p256_one, &key_multiplier);
  if (fiat_p256_nz(z) == 0) return -1;

  felem z_squared, candidate;
  fiat_p256_square(z_squared, z);
  do {
    write_scalar(bytes, r);
    if (!read_coordinate(candidate, bytes)) return -1;
    fiat_p256_mul(candidate, candidate, z_squared);
    if (is_felem_equal(candidate, x)) return 0;
  } while (mbedtls_mpi_core_add(r, r, order, LIMBS) == 0);
  return -1;
}

static void read_scalar(scalar to, const uint8_t bytes[WT_P256_SIZE]) { mbedtls_mpi_core_read_be(to, LIMBS, bytes, WT_P256_SIZE); }

static void write_scalar(uint8_t bytes[WT_P256_SIZE], const scalar from) {
  mbedtls_mpi_core_write_be(from, LIMBS, bytes, WT_P256_SIZE);
}

static void digest_to_scalar(scalar to, const uint8_t *digest, size_t size) {
  mbedtls_mpi_core_read_be(to, LIMBS, digest, size < WT_P256_SIZE ? size : WT_P256_SIZE);
  reduce_once(to);
}

/* Modulo n, of a number below 2^256 < 2 n. */
static void reduce_once(scalar number) {
  scalar less;
  mbedtls_mpi_uint borrow = mbedtls_mpi_core_sub(less, number, order, LIMBS);
  mbedtls_mpi_core_cond_assign(number, less, LIMBS, mbedtls_ct_uint_eq(borrow, 0));
  mbedtls_platform_zeroize(less, sizeof less);
}

/* Of Mbed TLS's two answers the first is whether the number is not zero, in spite of its name. */
static int is_in_range(const scalar number) {
  return mbedtls_ct_uint_if_else_0(mbedtls_ct_bool_and(mbedtls_mpi_core_check_zero_ct(number, LIMBS),
                                                       mbedtls_mpi_core_lt_ct(number, order, LIMBS)),
                                   1);
}

/* a * b * 2^-256 modulo n: of a number in Montgomery form and one that is not, the plain product. */
static void multiply(scalar product, const scalar a, const scalar b) {
  mbedtls_mpi_uint work[2 * LIMBS + 1];
  mbedtls_mpi_core_montmul(product, a, b, LIMBS, order, LIMBS, order_mm, work);
  mbedtls_platform_zeroize(work, sizeof work);
}

static void to_montgomery(scalar to, const scalar from) { multiply(to, from, order_rr); }

/* 1 / number, in Montgomery form, as number^(n - 2): "unsafe" for the exponent only, which is public. */
static void invert(scalar inverse, const scalar number) {
  mbedtls_mpi_uint work[WORK_LIMBS];
  scalar base;
  to_montgomery(base, number);
  mbedtls_mpi_core_exp_mod_unsafe(inverse, base, order, LIMBS, order_minus_two, LIMBS, order_rr, work);
  mbedtls_platform_zeroize(work, sizeof work);
  mbedtls_platform_zeroize(base, sizeof base);
}

/* The same for a number that is public. The fast way is believed only after a product: whatever went wrong in it, and for the few numbers
   where it takes too few shifts, the answer is the other one's. */
static void invert_public(scalar inverse, const scalar number) {
  static const scalar one = {1};
  scalar almost, answer, product, power = {0};
  const int missing = 512 - wt_almost_invert(almost, number, order);
  if (missing >= 0 && missing < 256) {
    power[missing / 64] = (mbedtls_mpi_uint) 1 << missing % 64;
    multiply(answer, almost, power);
    multiply(product, answer, number);
    if (memcmp(product, one, sizeof product) == 0) {
      memcpy(inverse, answer, sizeof answer);
      return;
    }
  }
  invert(inverse, number);
}

/* In Montgomery form; false, and nothing to be used, when it is not below p. Coordinates that come from outside are public. */
static int read_coordinate(felem to, const uint8_t bytes[WT_P256_SIZE]) {
  uint32_t words[8], difference;
  fiat_p256_uint1 borrow = 0;
  for (int i = 0; i < 8; i++) words[i] = CRYPTO_load_u32_be(bytes + 28 - 4 * i);
  for (int i = 0; i < 8; i++) fiat_p256_subborrowx_u32(&difference, &borrow, borrow, words[i], prime[i]);
  if (borrow == 0) return 0;
  fiat_p256_to_montgomery(to, words);
  return 1;
}

/* x / z^2 and, if asked for, y / z^3. */
static void write_affine(uint8_t x_bytes[WT_P256_SIZE], uint8_t *y_bytes, const felem x, const felem y, const felem z) {
  felem z_power, affine;
  fiat_p256_inv_square(z_power, z);
  fiat_p256_mul(affine, x, z_power);
  fiat_p256_from_montgomery(affine, affine);
  for (int i = 0; i < 8; i++) CRYPTO_store_u32_be(x_bytes + 28 - 4 * i, affine[i]);
  if (y_bytes != NULL) {
    fiat_p256_square(z_power, z_power); /* z^-4, and with one z more z^-3 */
    fiat_p256_mul(affine, y, z);
    fiat_p256_mul(affine, affine, z_power);
    fiat_p256_from_montgomery(affine, affine);
    for (int i = 0; i < 8; i++) CRYPTO_store_u32_be(y_bytes + 28 - 4 * i, affine[i]);
  }
  mbedtls_platform_zeroize(z_power, sizeof z_power);
  mbedtls_platform_zeroize(affine, sizeof affine);
}

static int is_felem_equal(const felem a, const felem b) {
  felem difference;
  fiat_p256_sub(difference, a, b);
  return fiat_p256_nz(difference) == 0;
}

/* Words of 32 bits and limbs of 64 lie the same way in memory. */
static EC_SCALAR to_ec_scalar(const scalar from) {
  EC_SCALAR to = {0};
  memcpy(to.words, from, sizeof(scalar));
  return to;
}

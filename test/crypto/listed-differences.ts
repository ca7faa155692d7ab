// Functions that do not show the same for all secrets, and what that means. Owns the reasons; every name stands here because
// traces.test.ts or conversations.test.ts found it. SECURITY.md sums it up.

import { moduleUnderTest } from "./evidence.ts";

/** By the name of a function: why it may differ. */
export type Listed = Readonly<Record<string, string>>;

function listed(why: string, names: string): Listed {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, why]));
}

/** Where a `select` makes a mask of a borrow, 0 or all ones: LLVM's form of fiat-crypto's conditional subtraction. */
export const masks: Listed = listed(
  "chooses between two constants",
  `fiat_p256_square fiat_p256_mul fiat_p256_sub fiat_p256_add ec_nistp_point_add ec_nistp_scalar_mul
  ec_nistp_scalar_mul_base`,
);

/**
 * RSA outside of the exponentiation: the reduction of the input times the blinding factor, and the Chinese remainders of the
 * result, which is blinded still. What they show belongs to numbers that are random in each operation, but here held still.
 */
export const rsa: Listed = listed(
  "works on blinded numbers",
  `mbedtls_mpi_copy mbedtls_mpi_lset mbedtls_mpi_mul_int add_sub_mpi mbedtls_mpi_div_mpi mbedtls_int_div_int mbedtls_mpi_cmp_mpi
  mbedtls_mpi_add_abs mbedtls_mpi_sub_abs
  mbedtls_mpi_mod_mpi mbedtls_mpi_core_sub mbedtls_mpi_core_mla`,
);

/** In vetted.wasm wt_multiply is so small that it becomes a part of its export in the evidence. */
const multiply = moduleUnderTest().includes("vetted") ? "multiply" : "wt_multiply";

/**
 * P-384 and P-521, which are Mbed TLS's: its arithmetic modulo the prime branches on numbers, allocates for them, and leaves out
 * limbs that are zero. The coordinates of the point are multiplied by a random number first, here held still. Which
 * multiple of the point is taken from the table is not shown, nor the order of doublings and additions.
 */
export const curves: Listed = listed(
  "works on coordinates that were multiplied by a random number",
  `mbedtls_mpi_copy mbedtls_mpi_lset mbedtls_mpi_grow mbedtls_mpi_mul_int add_sub_mpi mbedtls_mpi_shift_l mbedtls_mpi_cmp_mpi
  mbedtls_mpi_cmp_int mbedtls_mpi_add_abs mbedtls_mpi_sub_abs mbedtls_mpi_add_mpi mbedtls_mpi_mul_mpi mbedtls_mpi_div_mpi mbedtls_int_div_int
  mbedtls_mpi_sub_mod mbedtls_mpi_shift_l_mod mbedtls_mpi_core_bitlen mbedtls_mpi_core_cond_assign
  mbedtls_mpi_core_write_be mbedtls_mpi_core_add mbedtls_mpi_core_add_if mbedtls_mpi_core_sub mbedtls_mpi_core_sub_int
  mbedtls_mpi_core_shift_l mbedtls_mpi_core_shift_r mbedtls_mpi_core_mla ${multiply} ecp_double_jac ecp_mod_p384 ecp_mod_p521
  mbedtls_platform_zeroize mbedtls_zeroize_and_free wt_calloc wt_release emscripten_builtin_free
  emscripten_builtin_malloc emscripten_builtin_calloc dlmalloc_usable_size __memset`,
);

/** The random bytes of a ServerHello are compared with those that mean something (RFC 8446, 4.1.3): they are public. */
export const hello: Listed = listed("compares what is public", "memcmp");

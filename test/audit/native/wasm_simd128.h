/* The vector instructions of WebAssembly on this machine, as SIMDe has them: for kernels that include <wasm_simd128.h>. */
#ifndef WANTTLS_NATIVE_WASM_SIMD128_H
#define WANTTLS_NATIVE_WASM_SIMD128_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
typedef simde_v128_t v128_t;
#define wasm_i64x2_const_splat(value) simde_wasm_i64x2_splat(value)

#endif

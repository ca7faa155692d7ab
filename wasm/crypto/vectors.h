/* What the empty __asm__, which hides from the compiler where a value is from, has to say of a vector: wasm has one kind of local,
   processors have registers for vectors (the native audit and the fuzzers compile these files for such). */
#ifndef WANTTLS_CRYPTO_VECTORS_H
#define WANTTLS_CRYPTO_VECTORS_H

#include <wasm_simd128.h>

#if defined(__wasm__)
#define WT_IN_VECTOR "+r"
#elif defined(__SSE2__)
#define WT_IN_VECTOR "+x"
#else
#define WT_IN_VECTOR "+w"
#endif

#endif

/* Goes before AWS-LC's files, so that a machine of 64 bits compiles the arithmetic that the wasm has, which is of 32. */
#ifndef WANTTLS_NATIVE_NARROW_H
#define WANTTLS_NATIVE_NARROW_H

#include <openssl/base.h> /* asserts that the machine is what it is */
#undef OPENSSL_64_BIT
#undef OPENSSL_X86_64
#undef OPENSSL_AARCH64
#define OPENSSL_32_BIT

#endif

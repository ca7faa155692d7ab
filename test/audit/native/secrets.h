/* Marks for valgrind: a secret is memory that counts as undefined, so that each branch and each address that depends on it is
   reported, as with the hooks of Mbed TLS's own tests (tests/include/test/constant_flow.h). */
#ifndef WANTTLS_NATIVE_SECRETS_H
#define WANTTLS_NATIVE_SECRETS_H

#include <stddef.h>
#include <valgrind/memcheck.h>

static inline void secret(const void *at, size_t size) { (void) VALGRIND_MAKE_MEM_UNDEFINED(at, size); }

/* What becomes public, or is so although it was made of secrets. */
static inline void published(const void *at, size_t size) { (void) VALGRIND_MAKE_MEM_DEFINED(at, size); }

#endif

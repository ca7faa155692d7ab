/* Mbed TLS's own ChaCha20-Poly1305 for vetted.wasm, in place of chacha20.c and chachapoly.c. All other objects are the same as in the default
   module and know our contexts; Mbed TLS's are smaller and lie in their room. */
#include "mbedtls/build_info.h"

#include "kernels.h"

#undef MBEDTLS_CHACHA20_ALT
#undef MBEDTLS_CHACHAPOLY_ALT

#include "../mbedtls/library/chacha20.c"
#include "../mbedtls/library/chachapoly.c"

_Static_assert(sizeof(mbedtls_chacha20_context) <= WT_CHACHA20_ROOM, "Mbed TLS's context has room in ours");
_Static_assert(sizeof(mbedtls_chachapoly_context) <= WT_CHACHAPOLY_ROOM, "Mbed TLS's context has room in ours");

/* Mbed TLS's AES context, by the name that its header includes (MBEDTLS_AES_ALT). Its functions are in aes_modes.c. */
#ifndef WANTTLS_CRYPTO_AES_ALT_H
#define WANTTLS_CRYPTO_AES_ALT_H

#include "kernels.h"

typedef wt_aes_block_key mbedtls_aes_context;

#endif

/* What Mbed TLS expects of a platform: memory (counted, wiped when freed), randomness and time (imported). */
#include "shim.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mbedtls/error.h"
#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/version.h"
#include "psa/crypto.h"

#include "internal.h"

static size_t live_blocks;
static size_t live_objects;
static int allocation_failed;
static uint8_t scratch[WT_SCRATCH_SIZE];

/* What the compiler puts behind the locals of a function and compares before it returns (-fstack-protector-strong). */
uintptr_t __stack_chk_guard = 0x5A17C0DE;

static void *noted(void *block);

__attribute__((no_stack_protector)) int wt_start(void) {
  (void) wt_random((uint8_t *) &__stack_chk_guard, sizeof __stack_chk_guard); /* the handshake fails for want of it, not the start */
  return psa_crypto_init() == PSA_SUCCESS ? wt_make_spare_buffers() : WT_ERR_OUT_OF_MEMORY;
}

/* Locals were written beyond: a trap, after which nobody enters this memory again. */
_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }

int wt_abi(void) { return WT_ABI; }

uint8_t *wt_scratch(void) { return scratch; }

/* What is lent begins a call. */
uint8_t *wt_allocate(size_t size) {
  wt_forget_failed_allocation();
  return wt_calloc(1, size);
}

void wt_release(uint8_t *block) { wt_free(block); }

size_t wt_live_blocks(void) { return live_blocks; }

size_t wt_live_objects(void) { return live_objects; }

/* Whether the call that has just failed asked for memory and got none: Mbed TLS has a dozen ways to say so, some of them misleading. */
int wt_allocation_failed(void) { return allocation_failed; }

/* At the beginning of a call whose failure may have to be explained. */
void wt_forget_failed_allocation(void) { allocation_failed = 0; }

const char *wt_version_text(void) { return MBEDTLS_VERSION_STRING_FULL; }

void wt_object_made(void) { live_objects++; }

void wt_object_gone(void) { live_objects--; }

void *wt_calloc(size_t count, size_t size) {
  return noted(calloc(count, size));
}

/* For what is written before it is read. */
void *wt_malloc(size_t size) {
  return noted(malloc(size));
}

/* Everything is wiped: most of what Mbed TLS allocates has held a key, a secret or somebody's plaintext. */
void wt_free(void *block) {
  if (block == NULL) return;
  mbedtls_platform_zeroize(block, malloc_usable_size(block));
  free(block);
  live_blocks--;
}

/* One instruction instead of the C library's loop, which takes longer than a copy. The empty assembly reads all memory, so that
   the wiping of a block that is freed next is not taken for useless. */
void mbedtls_platform_zeroize(void *bytes, size_t size) {
  memset(bytes, 0, size);
  __asm__ volatile("" : : "r"(bytes) : "memory");
}

/* A copy of the bytes, or as many zeros, instead of what the block held. */
int wt_block_set(wt_block *block, const uint8_t *bytes, size_t size) {
  wt_block_clear(block);
  if (size == 0) return 0;
  block->data = wt_calloc(1, size);
  if (block->data == NULL) return WT_ERR_OUT_OF_MEMORY;
  if (bytes != NULL) memcpy(block->data, bytes, size);
  block->size = size;
  return 0;
}

void wt_block_clear(wt_block *block) {
  wt_free(block->data);
  memset(block, 0, sizeof *block);
}

static void *noted(void *block) {
  if (block != NULL) live_blocks++;
  else allocation_failed = 1;
  return block;
}

int64_t wt_time(int64_t *out) {
  int64_t seconds = (int64_t) (wt_now() / 1000.0);
  if (out != NULL) *out = seconds;
  return seconds;
}

mbedtls_ms_time_t mbedtls_ms_time(void) { return (mbedtls_ms_time_t) wt_now(); }

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *at, struct tm *into) {
  time_t seconds = (time_t) *at;
  return gmtime_r(&seconds, into);
}

int wt_fill_random(void *context, unsigned char *into, size_t size) {
  (void) context;
  return wt_random(into, size) == 0 ? 0 : MBEDTLS_ERR_ERROR_GENERIC_ERROR;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *output,
                                             size_t output_size, size_t *output_length) {
  (void) context;
  if (wt_random(output, output_size) != 0) return PSA_ERROR_INSUFFICIENT_ENTROPY;
  *output_length = output_size;
  return PSA_SUCCESS;
}

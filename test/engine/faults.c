/* Exports for tests only: at one allocation in the middle of whatever the module does, something goes wrong on purpose. Linked into
   the probe module (scripts/build-wasm.sh) with the linker's --wrap, so that the objects beside it are those that are shipped. */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

/* In the order of test/engine/faulty-module.ts. */
enum { NOTHING, FAIL_ONCE, FAIL_FROM_THEN_ON, TRAP, WRITE_BEYOND_BLOCK, WRITE_BEYOND_LOCALS, OVERFLOW_STACK, CHANGE_GUARD, GROW_MEMORY };

#define STRAY 0xA5
#define BEYOND_BLOCK (256 * 1024)
#define BEYOND_LOCALS 256
#define DEEPEST 300 /* a little more than the stack of 256 KiB */

/* At the `at`-th allocation from now on, 1 being the next. */
void WT_EXPORT(fault_arm)(int fault, size_t at);
/* Allocations asked for since fault_arm. */
size_t WT_EXPORT(fault_allocations)(void);
/* Bytes in blocks that are not free, with what the allocator adds to each. */
size_t WT_EXPORT(fault_live_bytes)(void);
/* What functions with a stack guard find behind their locals. */
uintptr_t WT_EXPORT(fault_guard)(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);

extern uintptr_t __stack_chk_guard;

static int armed;
static size_t due, asked;

void fault_arm(int fault, size_t at) {
  armed = fault;
  due = at;
  asked = 0;
}

size_t fault_allocations(void) { return asked; }

size_t fault_live_bytes(void) { return (size_t) mallinfo().uordblks; }

uintptr_t fault_guard(void) { return __stack_chk_guard; }

/* What a missing bounds check would do: the compiler must not see where it ends. */
static void write_from(volatile uint8_t *at, size_t size) {
  for (size_t i = 0; i < size; i++) at[i] = STRAY;
}

__attribute__((noinline)) static void write_beyond_locals(void) {
  uint8_t local[16];
  uint8_t *volatile at = local;
  write_from(at, BEYOND_LOCALS);
}

/* Calls itself in a way that the compiler cannot make a loop of. */
static int overflow_stack(size_t depth) {
  static int (*volatile again)(size_t depth) = overflow_stack;
  volatile uint8_t frame[1024];
  frame[depth] = STRAY;
  return depth == 0 ? 0 : again(depth - 1) + frame[depth];
}

/* Whether the allocation is to fail. */
static int go_wrong(void) {
  int now = ++asked == due;
  switch (armed) {
    case FAIL_ONCE: return now;
    case FAIL_FROM_THEN_ON: return asked >= due;
    case TRAP:
      if (now) __builtin_trap();
      return 0;
    case WRITE_BEYOND_LOCALS:
      if (now) write_beyond_locals();
      return 0;
    case OVERFLOW_STACK:
      if (now) overflow_stack(DEEPEST);
      return 0;
    case CHANGE_GUARD: /* as if all that was called until now had written beyond its locals */
      if (now) __stack_chk_guard = ~__stack_chk_guard;
      return 0;
    case GROW_MEMORY: /* at this and at every one that follows */
      if (asked >= due) (void) __builtin_wasm_memory_grow(0, 1);
      return 0;
    default: return 0;
  }
}

static void *perhaps_overrun(void *block, size_t size) {
  if (armed == WRITE_BEYOND_BLOCK && asked == due && block != NULL) write_from((uint8_t *) block + size, BEYOND_BLOCK);
  return block;
}

void *__wrap_malloc(size_t size) { return go_wrong() ? NULL : perhaps_overrun(__real_malloc(size), size); }

void *__wrap_calloc(size_t count, size_t size) { return go_wrong() ? NULL : perhaps_overrun(__real_calloc(count, size), count * size); }

/* Bytes that are put at one end and taken from the other. */
#include "internal.h"

#include <string.h>

#define SMALLEST_BUFFER 512

static size_t roomy(const wt_buffer *buffer, size_t size);

/* Room for `size` more bytes at the end, or NULL. What is there already moves to the front first. */
uint8_t *wt_buffer_reserve(wt_buffer *buffer, size_t size) {
  size_t there = wt_buffer_size(buffer);
  if (buffer->capacity - buffer->end >= size && buffer->data != NULL) return buffer->data + buffer->end;
  if (buffer->capacity - there >= size && buffer->data != NULL) {
    memmove(buffer->data, buffer->data + buffer->start, there);
  } else {
    size_t capacity = roomy(buffer, there + size);
    uint8_t *data = wt_malloc(capacity);
    if (data == NULL) return NULL;
    if (there > 0) memcpy(data, buffer->data + buffer->start, there);
    wt_free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
  }
  buffer->start = 0;
  buffer->end = there;
  return buffer->data + there;
}

/* What is asked for at first, as most buffers hold one record and are empty again; twice as much as before when that was too little. */
static size_t roomy(const wt_buffer *buffer, size_t size) {
  size_t least = buffer->capacity == 0 ? SMALLEST_BUFFER : 2 * buffer->capacity;
  return size < least ? least : size;
}

size_t wt_buffer_size(const wt_buffer *buffer) { return buffer->end - buffer->start; }

/* An empty buffer gives its memory back: most connections are idle most of the time. */
void wt_buffer_consume(wt_buffer *buffer, size_t size) {
  buffer->start += size;
  if (buffer->start < buffer->end) return;
  wt_free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

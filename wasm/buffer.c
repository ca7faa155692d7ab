/* Bytes that are put at one end and taken from the other. */
#include "internal.h"

#include <string.h>

#define SMALLEST_BUFFER 512

/* Room for `size` more bytes at the end, or NULL. What is there already moves to the front first. */
uint8_t *wt_buffer_reserve(wt_buffer *buffer, size_t size) {
  size_t there = wt_buffer_size(buffer);
  if (buffer->capacity - buffer->end >= size && buffer->data != NULL) return buffer->data + buffer->end;
  if (buffer->capacity - there >= size && buffer->data != NULL) {
    memmove(buffer->data, buffer->data + buffer->start, there);
  } else {
    size_t capacity = buffer->capacity < SMALLEST_BUFFER ? SMALLEST_BUFFER : buffer->capacity;
    while (capacity - there < size) capacity *= 2;
    uint8_t *data = wt_calloc(1, capacity);
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

size_t wt_buffer_size(const wt_buffer *buffer) { return buffer->end - buffer->start; }

/* An empty buffer gives its memory back: most connections are idle most of the time. */
void wt_buffer_consume(wt_buffer *buffer, size_t size) {
  buffer->start += size;
  if (buffer->start < buffer->end) return;
  wt_free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

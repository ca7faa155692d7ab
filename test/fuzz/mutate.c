/* How libFuzzer changes an input that is a byte and records behind it: whole records, or the content of one, whose length is then put
   right, and mostly the lengths of the vectors around the place too, so that the harm is found deeper than in the first length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

enum { HEADER_SIZE = 5, MOST_RECORDS = 64, LONGEST_RECORD = 16384 };

typedef struct {
  uint8_t *data;
  size_t size, room;
  size_t starts[MOST_RECORDS + 1]; /* of the records, and the end of the last */
  size_t records;
} script;

static uint32_t state;

static size_t below(size_t limit);
static void find_records(script *script);
static size_t replace(script *script, size_t from, size_t to, const uint8_t *with, size_t size);
static size_t change_content(script *script, size_t record);
static size_t resize_vector(script *script, size_t record);
static size_t move_records(script *script, size_t record);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed) {
  state = seed;
  script script = { .data = data, .size = size, .room = room };
  find_records(&script);
  size_t way = below(16);
  if (script.records == 0 || way == 0) return LLVMFuzzerMutate(data, size, room);
  size_t record = below(script.records);
  if (way == 1) data[0] ^= 1u << below(8);
  if (way < 4) return move_records(&script, record);
  return way < 10 ? change_content(&script, record) : resize_vector(&script, record);
}

static size_t below(size_t limit) {
  state = state * 1664525u + 1013904223u;
  return (size_t) ((uint64_t) (state >> 8) * limit >> 24);
}

static void find_records(script *script) {
  size_t at = 1;
  while (script->records < MOST_RECORDS && at + HEADER_SIZE <= script->size) {
    script->starts[script->records++] = at;
    at += HEADER_SIZE + ((size_t) script->data[at + 3] << 8 | script->data[at + 4]);
    if (at > script->size) at = script->size;
    script->starts[script->records] = at;
  }
}

/* Other bytes in the place of some; the new size, or the old one when there is no room. */
static size_t replace(script *script, size_t from, size_t to, const uint8_t *with, size_t size) {
  size_t whole = script->size - (to - from) + size;
  if (whole > script->room) return script->size;
  memmove(script->data + from + size, script->data + to, script->size - to);
  if (size > 0) memcpy(script->data + from, with, size);
  return script->size = whole;
}

static void put_length(uint8_t *header, size_t size) {
  header[3] = (uint8_t) (size >> 8);
  header[4] = (uint8_t) size;
}

static size_t change_content(script *script, size_t record) {
  size_t start = script->starts[record] + HEADER_SIZE, end = script->starts[record + 1], size = end - start;
  size_t most = size + 64 < LONGEST_RECORD ? size + 64 : LONGEST_RECORD;
  if (size > most) return script->size;
  uint8_t *content = malloc(most + 1);
  memcpy(content, script->data + start, size);
  size_t changed = LLVMFuzzerMutate(content, size, most);
  size_t before = script->size;
  replace(script, start, end, content, changed);
  if (script->size - before == changed - size) put_length(script->data + start - HEADER_SIZE, changed);
  free(content);
  return script->size;
}

static size_t number_at(const uint8_t *at, size_t width) {
  size_t number = 0;
  for (size_t i = 0; i < width; i++) number = number << 8 | at[i];
  return number;
}

static void add_to_number(uint8_t *at, size_t width, size_t what) {
  size_t number = number_at(at, width) + what;
  for (size_t i = width; i-- > 0; number >>= 8) at[i] = (uint8_t) number;
}

/* Puts bytes in or takes some out, and corrects lengths before the place: of vectors that end with the record, and of one that ends
   elsewhere behind it. Bytes that look like a length are taken for one. */
static size_t resize_vector(script *script, size_t record) {
  size_t start = script->starts[record] + HEADER_SIZE, end = script->starts[record + 1];
  if (end - start < 4) return script->size;
  size_t place = start + 4 + below(end - start - 3), old = below(2) ? below(end - place + 1) % 40 : 0, fresh = below(2) ? below(40) : 0;
  uint8_t bytes[40];
  for (size_t i = 0; i < fresh; i++) bytes[i] = (uint8_t) below(256);
  size_t from = start + below(end - start);
  if (below(2)) memcpy(bytes, script->data + from, fresh < end - from ? fresh : end - from);
  uint8_t *data = script->data;
  size_t another = start + below(place - start);
  for (size_t at = start; at + 1 <= place; at++) {
    for (size_t width = 1; width <= 3 && at + width <= place; width++) {
      size_t vector_end = at + width + number_at(data + at, width);
      int around = vector_end == end || (at >= another && vector_end >= place + old && vector_end < end);
      if (!around || (width == 1 && vector_end != end)) continue;
      if (vector_end != end) another = end;
      add_to_number(data + at, width, fresh - old);
      at += width - 1;
      break;
    }
  }
  size_t before = script->size;
  if (replace(script, place, place + old, bytes, fresh) - before == fresh - old)
    put_length(data + start - HEADER_SIZE, end - start + fresh - old);
  return script->size;
}

/* Takes the record out, doubles it, or puts it elsewhere. */
static size_t move_records(script *script, size_t record) {
  size_t start = script->starts[record], end = script->starts[record + 1], way = below(3);
  size_t there = script->starts[below(script->records)];
  uint8_t *copy = malloc(end - start);
  memcpy(copy, script->data + start, end - start);
  if (way != 1) replace(script, start, end, NULL, 0);
  if (way == 2 && there > start) there -= end - start;
  if (way != 0 && there <= script->size) replace(script, there, there, copy, end - start);
  free(copy);
  return script->size;
}

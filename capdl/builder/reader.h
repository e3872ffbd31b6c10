/* One item at a time out of deterministically encoded CBOR ([RFC8949] 4.2), on libcbor's streaming decoder:
 * no heap, no recursion, nothing indefinite, no floats, no tags. The first failure sticks: every later read
 * answers zero, so a parser asks once at the end. */
#ifndef BUILDER_READER_H
#define BUILDER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refusal.h"

/* Nesting that a description may have: docs/system.cddl needs no more. */
#define READER_MAX_DEPTH 7

enum item_kind {
    ITEM_UNSIGNED,
    ITEM_NEGATIVE,
    ITEM_BYTES,
    ITEM_TEXT,
    ITEM_ARRAY,
    ITEM_MAP,
    ITEM_BOOLEAN,
    ITEM_NULL
};

struct item {
    enum item_kind kind;
    uint64_t value;       /* the number, truth, length in bytes, or count of elements or pairs */
    const uint8_t *bytes; /* of bytes and text */
};

struct reader {
    const uint8_t *bytes;
    uint64_t len_bytes;
    uint64_t at;
    struct refusal *why;
    bool failed;
};

/* Walks all of @bytes first: well-formed, shortest form, keys ascending, at most READER_MAX_DEPTH deep,
 * nothing left over. Readers of schemas then meet only well-formed input. */
bool reader_check(const uint8_t *bytes, uint64_t len_bytes, struct refusal *why);

void reader_open(struct reader *reader, const uint8_t *bytes, uint64_t len_bytes, struct refusal *why);

/* Marks the reader failed with a reason; always false. */
bool reader_refuse(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool reader_item(struct reader *reader, struct item *item);

/* Typed reads. @what names the field in a refusal. */
uint64_t reader_unsigned(struct reader *reader, const char *what, uint64_t min, uint64_t max);
bool reader_boolean(struct reader *reader, const char *what);
uint32_t reader_array(struct reader *reader, const char *what, uint32_t min, uint32_t max);
uint32_t reader_map(struct reader *reader, const char *what, uint32_t max);
/* Text of 1 to @capacity - 1 bytes, printable ASCII, terminated and padded with zeros. */
void reader_text(struct reader *reader, const char *what, char *out, size_t capacity);
void reader_bytes(struct reader *reader, const char *what, uint8_t *out, size_t len_bytes);
/* Takes the next item with all that is in it. */
void reader_skip(struct reader *reader);
/* The kind of the next item, without taking it; false at the end or after a failure. */
bool reader_peek(struct reader *reader, enum item_kind *kind);

#endif

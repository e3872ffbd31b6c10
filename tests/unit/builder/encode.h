/* The inverse of spec_decode: a description as CBOR, for tests that want to say things no compiler would. */
#ifndef TEST_ENCODE_H
#define TEST_ENCODE_H

#include <stddef.h>

#include "spec.h"

struct encoder {
    uint8_t *out;
    size_t capacity, used;
};

/* [RFC8949] 3: the head of an item of major type @major, in the shortest form. */
void encode_head(struct encoder *encoder, unsigned major, uint64_t value);
void encode_text(struct encoder *encoder, const char *text);

/* Answers the bytes written. */
size_t encode_spec(const struct spec *spec, uint64_t version, uint8_t *out, size_t capacity);

#endif

/* The few items of CBOR that the machine link needs, [RFC8949] 3: definite lengths, no floats, no tags, nothing nested on
 * the way in. No heap and general registers only, which libcbor cannot promise. */
#ifndef BULKHEAD_MGMT_CBOR_H
#define BULKHEAD_MGMT_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cbor_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t length; /* <= capacity */
    bool cut;      /* something did not fit: what stands there is no item */
};

struct cbor_writer cbor_over(uint8_t *bytes, size_t capacity);
void cbor_array(struct cbor_writer *writer, uint64_t items);
void cbor_number(struct cbor_writer *writer, uint64_t value);
void cbor_bool(struct cbor_writer *writer, bool value);
void cbor_null(struct cbor_writer *writer);
/* ASCII. */
void cbor_text(struct cbor_writer *writer, const char *string);
void cbor_bytes(struct cbor_writer *writer, const char *bytes, size_t count);

struct cbor_reader {
    const uint8_t *bytes;
    size_t count;
    size_t at; /* <= count */
};

/* False: another item stands there, or none; the reader is then of no further use. */
bool cbor_read_array(struct cbor_reader *reader, uint64_t *items);
bool cbor_read_number(struct cbor_reader *reader, uint64_t max, uint64_t *value);
/* A view of a text string of at most @max bytes. */
bool cbor_read_text(struct cbor_reader *reader, size_t max, const char **text, size_t *count);
bool cbor_at_end(const struct cbor_reader *reader);

#endif

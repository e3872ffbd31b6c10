#include "cbor.h"

#include <string.h>

/* [RFC8949] 3: the high three bits of an item's first byte. */
enum major { MAJOR_NUMBER = 0, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_ARRAY = 4, MAJOR_SIMPLE = 7 };
/* [RFC8949] 3.3, table 4. */
enum simple { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };
/* The low five bits: a value below 24, or how many bytes of it follow, as a power of two. */
enum { ARGUMENT_INLINE = 24, ARGUMENT_SIZES = 4, MAJOR_SHIFT = 5, ARGUMENT_MASK = 31 };

struct cbor_writer cbor_over(uint8_t *bytes, size_t capacity)
{
    return (struct cbor_writer){.bytes = bytes, .capacity = capacity, .length = 0, .cut = false};
}

static void put(struct cbor_writer *writer, const void *bytes, size_t count)
{
    if (writer->cut || writer->capacity - writer->length < count) {
        writer->cut = true;
        return;
    }
    memcpy(writer->bytes + writer->length, bytes, count);
    writer->length += count;
}

/* In as few bytes as will do: [RFC8949] 4.1. */
static void put_head(struct cbor_writer *writer, enum major major, uint64_t value)
{
    uint8_t head[1 + sizeof(value)];
    unsigned log = 0;
    if (value < ARGUMENT_INLINE) {
        head[0] = (uint8_t)((unsigned)major << MAJOR_SHIFT | (unsigned)value);
        put(writer, head, 1);
        return;
    }
    while (log < ARGUMENT_SIZES - 1 && value >> (8u << log) != 0)
        log++;
    const size_t size = (size_t)1 << log;
    head[0] = (uint8_t)((unsigned)major << MAJOR_SHIFT | (ARGUMENT_INLINE + log));
    for (size_t index = 0; index < size; index++)
        head[1 + index] = (uint8_t)(value >> (8 * (size - 1 - index)));
    put(writer, head, 1 + size);
}

void cbor_array(struct cbor_writer *writer, uint64_t items)
{
    put_head(writer, MAJOR_ARRAY, items);
}

void cbor_number(struct cbor_writer *writer, uint64_t value)
{
    put_head(writer, MAJOR_NUMBER, value);
}

void cbor_bool(struct cbor_writer *writer, bool value)
{
    put_head(writer, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void cbor_null(struct cbor_writer *writer)
{
    put_head(writer, MAJOR_SIMPLE, SIMPLE_NULL);
}

void cbor_text(struct cbor_writer *writer, const char *string)
{
    const size_t count = strlen(string);
    put_head(writer, MAJOR_TEXT, count);
    put(writer, string, count);
}

void cbor_bytes(struct cbor_writer *writer, const char *bytes, size_t count)
{
    put_head(writer, MAJOR_BYTES, count);
    put(writer, bytes, count);
}

static bool take_head(struct cbor_reader *reader, enum major major, uint64_t *value)
{
    if (reader->at == reader->count || reader->bytes[reader->at] >> MAJOR_SHIFT != (uint8_t)major)
        return false;
    const unsigned low = reader->bytes[reader->at++] & ARGUMENT_MASK;
    if (low < ARGUMENT_INLINE) {
        *value = low;
        return true;
    }
    if (low >= ARGUMENT_INLINE + ARGUMENT_SIZES)
        return false; /* reserved, or an indefinite length */
    const size_t size = (size_t)1 << (low - ARGUMENT_INLINE);
    if (reader->count - reader->at < size)
        return false;
    *value = 0;
    for (size_t index = 0; index < size; index++)
        *value = *value << 8 | reader->bytes[reader->at++];
    return true;
}

bool cbor_read_array(struct cbor_reader *reader, uint64_t *items)
{
    return take_head(reader, MAJOR_ARRAY, items);
}

bool cbor_read_number(struct cbor_reader *reader, uint64_t max, uint64_t *value)
{
    return take_head(reader, MAJOR_NUMBER, value) && *value <= max;
}

bool cbor_read_text(struct cbor_reader *reader, size_t max, const char **text, size_t *count)
{
    uint64_t length;
    if (!take_head(reader, MAJOR_TEXT, &length) || length > max || length > reader->count - reader->at)
        return false;
    *text = (const char *)reader->bytes + reader->at;
    *count = (size_t)length;
    reader->at += (size_t)length;
    return true;
}

bool cbor_at_end(const struct cbor_reader *reader)
{
    return reader->at == reader->count;
}

#include "reader.h"

#include <stdarg.h>
#include <string.h>

#include <cbor/callbacks.h>
#include <cbor/streaming.h>

#include "format.h"

/* ---- libcbor's callbacks put what they get into one item ------------------------------------------------ */

struct decoded {
    struct item item;
    bool accepted; /* false: an item that deterministic descriptions never hold */
};

static void take(void *context, enum item_kind kind, uint64_t value, const uint8_t *bytes)
{
    struct decoded *decoded = context;
    decoded->item = (struct item){.kind = kind, .value = value, .bytes = bytes};
    decoded->accepted = true;
}

static void take_uint8(void *context, uint8_t value)
{
    take(context, ITEM_UNSIGNED, value, NULL);
}
static void take_uint16(void *context, uint16_t value)
{
    take(context, ITEM_UNSIGNED, value, NULL);
}
static void take_uint32(void *context, uint32_t value)
{
    take(context, ITEM_UNSIGNED, value, NULL);
}
static void take_uint64(void *context, uint64_t value)
{
    take(context, ITEM_UNSIGNED, value, NULL);
}
static void take_negint8(void *context, uint8_t value)
{
    take(context, ITEM_NEGATIVE, value, NULL);
}
static void take_negint16(void *context, uint16_t value)
{
    take(context, ITEM_NEGATIVE, value, NULL);
}
static void take_negint32(void *context, uint32_t value)
{
    take(context, ITEM_NEGATIVE, value, NULL);
}
static void take_negint64(void *context, uint64_t value)
{
    take(context, ITEM_NEGATIVE, value, NULL);
}
static void take_bytes(void *context, cbor_data bytes, uint64_t len)
{
    take(context, ITEM_BYTES, len, bytes);
}
static void take_text(void *context, cbor_data bytes, uint64_t len)
{
    take(context, ITEM_TEXT, len, bytes);
}
static void take_array(void *context, uint64_t count)
{
    take(context, ITEM_ARRAY, count, NULL);
}
static void take_map(void *context, uint64_t count)
{
    take(context, ITEM_MAP, count, NULL);
}
static void take_boolean(void *context, bool value)
{
    take(context, ITEM_BOOLEAN, value, NULL);
}
static void take_null(void *context)
{
    take(context, ITEM_NULL, 0, NULL);
}
/* [RFC8949] 4.2.1: no indefinite lengths; [CDDL] system.cddl has no tags, floats or undefined. */
static void refuse_simple(void *context)
{
    (void)context;
}
static void refuse_tag(void *context, uint64_t value)
{
    (void)context;
    (void)value;
}
static void refuse_float(void *context, float value)
{
    (void)context;
    (void)value;
}
static void refuse_double(void *context, double value)
{
    (void)context;
    (void)value;
}

static const struct cbor_callbacks callbacks = {
    .uint8 = take_uint8,
    .uint16 = take_uint16,
    .uint32 = take_uint32,
    .uint64 = take_uint64,
    .negint8 = take_negint8,
    .negint16 = take_negint16,
    .negint32 = take_negint32,
    .negint64 = take_negint64,
    .byte_string = take_bytes,
    .byte_string_start = refuse_simple,
    .string = take_text,
    .string_start = refuse_simple,
    .array_start = take_array,
    .indef_array_start = refuse_simple,
    .map_start = take_map,
    .indef_map_start = refuse_simple,
    .tag = refuse_tag,
    .float2 = refuse_float,
    .float4 = refuse_float,
    .float8 = refuse_double,
    .undefined = refuse_simple,
    .null = take_null,
    .boolean = take_boolean,
    .indef_break = refuse_simple,
};

/* ---- one item -------------------------------------------------------------------------------------------- */

void reader_open(struct reader *reader, const uint8_t *bytes, uint64_t len_bytes, struct refusal *why)
{
    *reader = (struct reader){.bytes = bytes, .len_bytes = len_bytes, .why = why};
}

bool reader_refuse(struct reader *reader, const char *format, ...)
{
    char text[sizeof reader->why->text];
    va_list arguments;
    va_start(arguments, format);
    format_list(text, sizeof text, format, arguments);
    va_end(arguments);
    reader->failed = true;
    return refuse(reader->why, "%s (byte %llu)", text, (unsigned long long)reader->at);
}

/* [RFC8949] 4.2.1: the argument stands in the shortest form that holds it. @head_bytes includes the first. */
static bool shortest(uint64_t value, uint64_t head_bytes)
{
    switch (head_bytes) {
    case 1:
        return value < 24;
    case 2:
        return value >= 24 && value <= UINT8_MAX;
    case 3:
        return value > UINT8_MAX && value <= UINT16_MAX;
    case 5:
        return value > UINT16_MAX && value <= UINT32_MAX;
    case 9:
        return value > UINT32_MAX;
    default:
        return false;
    }
}

bool reader_item(struct reader *reader, struct item *item)
{
    struct decoded decoded = {.accepted = false};
    *item = (struct item){.kind = ITEM_NULL};
    if (reader->failed) {
        return false;
    }
    uint64_t left = reader->len_bytes - reader->at;
    struct cbor_decoder_result result =
        cbor_stream_decode(reader->bytes + reader->at, left, &callbacks, &decoded);
    if (result.status == CBOR_DECODER_NEDATA) {
        return reader_refuse(reader, "CBOR truncated");
    }
    if (result.status != CBOR_DECODER_FINISHED || !decoded.accepted) {
        return reader_refuse(reader, "CBOR item of a kind that descriptions do not use");
    }
    bool string = decoded.item.kind == ITEM_BYTES || decoded.item.kind == ITEM_TEXT;
    bool simple = decoded.item.kind == ITEM_BOOLEAN || decoded.item.kind == ITEM_NULL;
    uint64_t head_bytes = string ? result.read - decoded.item.value : result.read;
    if (!simple && !shortest(decoded.item.value, head_bytes)) {
        return reader_refuse(reader, "CBOR not in its shortest form");
    }
    reader->at += result.read;
    *item = decoded.item;
    return true;
}

bool reader_peek(struct reader *reader, enum item_kind *kind)
{
    uint64_t at = reader->at;
    struct item item;
    bool there = reader_item(reader, &item);
    reader->at = at;
    *kind = item.kind;
    return there;
}

void reader_skip(struct reader *reader)
{
    /* reader_check has seen everything: counts are at most the bytes that are there, so the sum cannot wrap. */
    for (uint64_t left = 1; left > 0; left--) {
        struct item item;
        if (!reader_item(reader, &item)) {
            return;
        }
        left += item.kind == ITEM_ARRAY ? item.value : item.kind == ITEM_MAP ? 2 * item.value : 0;
    }
}

/* ---- the walk over everything ------------------------------------------------------------------------------ */

/* An array or map that is still open. Elements count down; a map counts keys and values. */
struct level {
    uint64_t left;
    bool map;
    uint64_t key_at; /* the previous key of a map, as encoded bytes */
    uint64_t key_bytes;
};

/* [RFC8949] 4.2.1: keys ascend bytewise, which also keeps them different. */
static bool key_ascends(const struct reader *reader, const struct level *level, uint64_t at, uint64_t len)
{
    if (level->key_bytes == 0) {
        return true;
    }
    uint64_t common = len < level->key_bytes ? len : level->key_bytes;
    int order = memcmp(reader->bytes + level->key_at, reader->bytes + at, common);
    return order < 0 || (order == 0 && level->key_bytes < len);
}

static bool check_key(struct reader *reader, struct level *level, const struct item *item, uint64_t at)
{
    if (!level->map || level->left % 2 != 0) {
        return true;
    }
    if (item->kind == ITEM_ARRAY || item->kind == ITEM_MAP) {
        return reader_refuse(reader, "CBOR map with a key that is not a number or text");
    }
    if (!key_ascends(reader, level, at, reader->at - at)) {
        return reader_refuse(reader, "CBOR map keys repeated or out of order");
    }
    level->key_at = at;
    level->key_bytes = reader->at - at;
    return true;
}

static bool open_level(struct reader *reader, struct level *levels, unsigned *depth, const struct item *item)
{
    if (*depth == READER_MAX_DEPTH) {
        return reader_refuse(reader, "CBOR nested deeper than %u", READER_MAX_DEPTH);
    }
    /* Every element takes a byte at least, so a count beyond what is left is a lie found early. */
    uint64_t left = reader->len_bytes - reader->at;
    if (item->value > left || (item->kind == ITEM_MAP && item->value > left / 2)) {
        return reader_refuse(reader, "CBOR truncated");
    }
    bool map = item->kind == ITEM_MAP;
    levels[(*depth)++] = (struct level){.left = map ? item->value * 2 : item->value, .map = map};
    return true;
}

bool reader_check(const uint8_t *bytes, uint64_t len_bytes, struct refusal *why)
{
    struct level levels[READER_MAX_DEPTH];
    struct reader reader;
    unsigned depth = 0;
    reader_open(&reader, bytes, len_bytes, why);
    do {
        struct item item;
        uint64_t at = reader.at;
        if (!reader_item(&reader, &item)) {
            return false;
        }
        if (depth > 0) {
            if (!check_key(&reader, &levels[depth - 1], &item, at)) {
                return false;
            }
            levels[depth - 1].left--;
        }
        if ((item.kind == ITEM_ARRAY || item.kind == ITEM_MAP) &&
            !open_level(&reader, levels, &depth, &item)) {
            return false;
        }
        while (depth > 0 && levels[depth - 1].left == 0) {
            depth--;
        }
    } while (depth > 0);
    return reader.at == len_bytes || reader_refuse(&reader, "bytes left over behind the CBOR");
}

/* ---- typed reads ---------------------------------------------------------------------------------------------- */

uint64_t reader_unsigned(struct reader *reader, const char *what, uint64_t min, uint64_t max)
{
    struct item item;
    if (!reader_item(reader, &item)) {
        return 0;
    }
    if (item.kind != ITEM_UNSIGNED) {
        reader_refuse(reader, "%s is not a number", what);
        return 0;
    }
    if (item.value < min || item.value > max) {
        reader_refuse(reader, "%s is %llu, allowed %llu to %llu", what, (unsigned long long)item.value,
                      (unsigned long long)min, (unsigned long long)max);
        return 0;
    }
    return item.value;
}

bool reader_boolean(struct reader *reader, const char *what)
{
    struct item item;
    if (reader_item(reader, &item) && item.kind != ITEM_BOOLEAN) {
        return reader_refuse(reader, "%s is not true or false", what);
    }
    return item.value != 0;
}

static uint64_t reader_container(struct reader *reader, const char *what, enum item_kind kind, uint32_t max)
{
    struct item item;
    if (!reader_item(reader, &item)) {
        return 0;
    }
    if (item.kind != kind) {
        reader_refuse(reader, "%s is not %s", what, kind == ITEM_MAP ? "a map" : "an array");
        return 0;
    }
    if (item.value > max) {
        reader_refuse(reader, "%s has %llu entries, at most %u", what, (unsigned long long)item.value, max);
        return 0;
    }
    return item.value;
}

uint32_t reader_array(struct reader *reader, const char *what, uint32_t min, uint32_t max)
{
    uint32_t count = (uint32_t)reader_container(reader, what, ITEM_ARRAY, max);
    if (!reader->failed && count < min) {
        reader_refuse(reader, "%s has %u entries, at least %u", what, count, min);
    }
    return reader->failed ? 0 : count;
}

uint32_t reader_map(struct reader *reader, const char *what, uint32_t max)
{
    return (uint32_t)reader_container(reader, what, ITEM_MAP, max);
}

void reader_text(struct reader *reader, const char *what, char *out, size_t capacity)
{
    struct item item;
    memset(out, 0, capacity);
    if (!reader_item(reader, &item)) {
        return;
    }
    if (item.kind != ITEM_TEXT || item.value == 0 || item.value >= capacity) {
        reader_refuse(reader, "%s is not a text of 1 to %u bytes", what, (unsigned)(capacity - 1));
        return;
    }
    for (uint64_t i = 0; i < item.value; i++) {
        if (item.bytes[i] < 0x20 || item.bytes[i] > 0x7e) {
            reader_refuse(reader, "%s has a byte that is not printable ASCII", what);
            return;
        }
        out[i] = (char)item.bytes[i];
    }
}

void reader_bytes(struct reader *reader, const char *what, uint8_t *out, size_t len_bytes)
{
    struct item item;
    memset(out, 0, len_bytes);
    if (!reader_item(reader, &item)) {
        return;
    }
    if (item.kind != ITEM_BYTES || item.value != len_bytes) {
        reader_refuse(reader, "%s is not a string of %u bytes", what, (unsigned)len_bytes);
        return;
    }
    memcpy(out, item.bytes, len_bytes);
}

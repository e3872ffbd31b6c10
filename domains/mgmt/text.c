#include "text.h"

#include <string.h>

enum { DECIMAL_DIGITS = 20, HEX_DIGITS = 16 };

struct text text_over(char *bytes, size_t capacity)
{
    return (struct text){.bytes = bytes, .capacity = capacity, .length = 0, .cut = false};
}

void text_byte(struct text *text, char byte)
{
    if (text->length == text->capacity) {
        text->cut = true;
        return;
    }
    text->bytes[text->length++] = byte;
}

void text_bytes(struct text *text, const char *bytes, size_t count)
{
    for (size_t index = 0; index < count; index++)
        text_byte(text, bytes[index]);
}

void text_string(struct text *text, const char *string)
{
    text_bytes(text, string, strlen(string));
}

void text_number(struct text *text, uint64_t value)
{
    char digits[DECIMAL_DIGITS];
    size_t first = DECIMAL_DIGITS;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    text_bytes(text, digits + first, DECIMAL_DIGITS - first);
}

void text_hex(struct text *text, uint64_t value)
{
    char digits[HEX_DIGITS];
    size_t first = HEX_DIGITS;
    do {
        digits[--first] = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value != 0);
    text_string(text, "0x");
    text_bytes(text, digits + first, HEX_DIGITS - first);
}

static void text_spaces(struct text *text, size_t used, size_t width)
{
    for (size_t column = used; column < width; column++)
        text_byte(text, ' ');
}

void text_left(struct text *text, const char *string, size_t width)
{
    text_string(text, string);
    text_spaces(text, strlen(string), width);
}

void text_right(struct text *text, const char *string, size_t width)
{
    text_spaces(text, strlen(string), width);
    text_string(text, string);
}

static void text_right_aligned(struct text *text, const struct text *part, size_t width)
{
    text_spaces(text, part->length, width);
    text_bytes(text, part->bytes, part->length);
}

void text_number_right(struct text *text, uint64_t value, size_t width)
{
    char bytes[DECIMAL_DIGITS];
    struct text part = text_over(bytes, sizeof(bytes));
    text_number(&part, value);
    text_right_aligned(text, &part, width);
}

void text_size_right(struct text *text, uint64_t kib, size_t width)
{
    static const char *const units[] = {" KiB", " MiB", " GiB", " TiB"};
    char bytes[DECIMAL_DIGITS + 8];
    struct text part = text_over(bytes, sizeof(bytes));
    uint64_t whole = kib;
    uint64_t tenth = 0;
    size_t unit = 0;
    while (whole >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        tenth = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit++;
    }
    text_number(&part, whole);
    if (unit != 0) {
        text_byte(&part, '.');
        text_number(&part, tenth);
    }
    text_string(&part, units[unit]);
    text_right_aligned(text, &part, width);
}

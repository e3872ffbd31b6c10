#include "format.h"

#include <stdbool.h>
#include <stdint.h>

struct sink {
    char *out;
    size_t capacity;
    size_t used;
};

/* One conversion between its '%' and its letter. */
struct conversion {
    unsigned width;
    int precision; /* -1: none given */
    char pad;
    unsigned longs; /* 0 int, 1 or 2 sixty-four bits */
};

static void put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->capacity) {
        sink->out[sink->used++] = c;
    }
}

static void put_padded(struct sink *sink, const struct conversion *how, const char *text, size_t len)
{
    for (size_t i = len; i < how->width; i++) {
        put(sink, how->pad);
    }
    for (size_t i = 0; i < len; i++) {
        put(sink, text[i]);
    }
}

static void put_number(struct sink *sink, struct conversion how, uint64_t value, unsigned base, bool negative)
{
    char digits[21];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative) {
        /* The sign comes before zeros and after spaces. */
        if (how.pad == '0') {
            put(sink, '-');
            how.width = how.width > 0 ? how.width - 1 : 0;
        } else {
            digits[--at] = '-';
        }
    }
    put_padded(sink, &how, &digits[at], sizeof digits - at);
}

static void put_string(struct sink *sink, const struct conversion *how, const char *text)
{
    if (text == NULL) {
        text = "(null)";
    }
    size_t len = 0;
    while ((how->precision < 0 || len < (size_t)how->precision) && text[len] != 0) {
        len++;
    }
    put_padded(sink, how, text, len);
}

/* clang-analyzer does not follow a va_list through a pointer.
 * NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */

/* Reads flags, width, precision and length; answers where the conversion letter stands. */
static const char *parse(const char *at, struct conversion *how, va_list *arguments)
{
    *how = (struct conversion){.precision = -1, .pad = ' '};
    if (*at == '0') {
        how->pad = '0';
        at++;
    }
    while (*at >= '0' && *at <= '9') {
        how->width = (how->width * 10 + (unsigned)(*at++ - '0')) % 256;
    }
    if (at[0] == '.' && at[1] == '*') {
        int precision = va_arg(*arguments, int);
        how->precision = precision < 0 ? 0 : precision;
        at += 2;
    }
    while (*at == 'l' || *at == 'z' || *at == 'j') {
        how->longs++;
        at++;
    }
    return at;
}

static uint64_t take_unsigned(const struct conversion *how, va_list *arguments)
{
    return how->longs != 0 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
}

static void put_signed(struct sink *sink, const struct conversion *how, va_list *arguments)
{
    int64_t value = how->longs != 0 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
    uint64_t magnitude = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
    put_number(sink, *how, magnitude, 10, value < 0);
}

static void convert(struct sink *sink, const struct conversion *how, char letter, va_list *arguments)
{
    switch (letter) {
    case 's':
        put_string(sink, how, va_arg(*arguments, const char *));
        break;
    case 'c':
        put(sink, (char)va_arg(*arguments, int));
        break;
    case 'd':
    case 'i':
        put_signed(sink, how, arguments);
        break;
    case 'u':
        put_number(sink, *how, take_unsigned(how, arguments), 10, false);
        break;
    case 'x':
        put_number(sink, *how, take_unsigned(how, arguments), 16, false);
        break;
    case 'p':
        put_number(sink, *how, (uint64_t)(uintptr_t)va_arg(*arguments, void *), 16, false);
        break;
    case '%':
        put(sink, '%');
        break;
    default:
        put(sink, '%');
        put(sink, letter);
        break;
    }
}

size_t format_list(char *out, size_t capacity, const char *format, va_list arguments)
{
    struct sink sink = {.out = out, .capacity = capacity};
    va_list rest;
    va_copy(rest, arguments);
    for (const char *at = format; *at != 0; at++) {
        if (*at != '%') {
            put(&sink, *at);
            continue;
        }
        struct conversion how;
        at = parse(at + 1, &how, &rest);
        if (*at == 0) {
            break;
        }
        convert(&sink, &how, *at, &rest);
    }
    va_end(rest);
    out[sink.used] = 0;
    return sink.used;
}

/* NOLINTEND(clang-analyzer-valist.Uninitialized) */

size_t format_text(char *out, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t len = format_list(out, capacity, format, arguments);
    va_end(arguments);
    return len;
}

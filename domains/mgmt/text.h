/* Text put together in a buffer of fixed size; what does not fit is cut, never overrun. */
#ifndef BULKHEAD_MGMT_TEXT_H
#define BULKHEAD_MGMT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes;
    size_t capacity;
    size_t length; /* <= capacity */
    bool cut;      /* something did not fit */
};

struct text text_over(char *bytes, size_t capacity);
void text_byte(struct text *text, char byte);
void text_bytes(struct text *text, const char *bytes, size_t count);
void text_string(struct text *text, const char *string);
void text_number(struct text *text, uint64_t value);
void text_hex(struct text *text, uint64_t value);
/* @string, then spaces up to @width columns. */
void text_left(struct text *text, const char *string, size_t width);
/* Spaces, then @string, @width columns in all. */
void text_right(struct text *text, const char *string, size_t width);
void text_number_right(struct text *text, uint64_t value, size_t width);
/* @kib as "1.2 MiB", "512 KiB" or "3.0 GiB", @width columns. */
void text_size_right(struct text *text, uint64_t kib, size_t width);

#endif
